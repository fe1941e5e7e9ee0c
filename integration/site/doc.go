// Package site is one installation of the program for tests: the real binary as
// child processes, a source and a target, a workload in which every lost or
// doubled change shows, and a comparison of both sides that uses nothing of the
// program.
package site
