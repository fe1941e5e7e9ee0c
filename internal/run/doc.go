// Package run holds what is said about one run of one pipeline: what it shall
// do (Assignment, Command), how it stands (Status), what it found (Report), and
// why it stopped (Error).
//
// It is a leaf of plain values, shared by everything that executes a run and
// everything that shows one. The JSON names are contracts: "tidegate status
// --json" and "tidegate verify --json" print these structs as they are.
package run
