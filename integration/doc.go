// Package integration holds the tests of the whole program: the real binary as
// child processes, driven by its command line alone, between real servers.
//
// What drives the program is package site. Both sides are compared by means of
// the tests' own; what the program says about itself is checked against that.
// The tests need servers (make deps) and are skipped with -short.
package integration
