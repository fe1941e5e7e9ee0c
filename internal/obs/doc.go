// Package obs is how a process is observed: its logger, its metrics registry
// and debug handler, and what it tells systemd.
package obs
