// Package change holds what travels from a source's log to a target: sets of
// executed transactions, transactions, and row images as the log carries them.
//
// It is a leaf: standard library only, no I/O, no logger. Row images stay in
// the binary form of the log until a statement is rendered from them (package
// schema), so that a change costs no allocation per value.
package change
