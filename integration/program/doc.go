// Package program runs the built program for programs that are not tests: a
// daemon and agents as processes of their own, an operator's commands, and what
// the kernel says the processes used. Tests have package site.
package program
