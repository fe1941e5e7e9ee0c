// Package systemd tests the units of packaging/systemd: that systemd accepts
// them, and that daemon and agent live by them in a container that boots a real
// systemd.
package systemd
