// Package dbtest starts real, private MySQL and MariaDB servers for tests, the
// demo and benchmarks.
//
// Every server has its own data directory, port and socket, and listens on
// loopback only. The data directory is a copy of a template that is initialised
// once per flavour and version, so a server is up in about a second.
//
// A server never outlives the process that started it: Stop ends it, and if the
// process dies first, by whatever signal, a small watcher beside each server
// kills it and removes its files. What even the watcher could not remove (the
// whole machine went down) is swept by the next process that starts a server.
//
// MySQL and MariaDB 11.8 run by chroot in Debian trees which `make deps` puts
// under the cache directory; that needs root. MariaDB 10.11 is the system's, or
// a tree too where the system has another version.
package dbtest
