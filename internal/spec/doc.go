// Package spec holds a pipeline as plain Go values: what the pipeline language
// evaluates to, what the daemon stores and hands out, and what an agent runs.
//
// It is a leaf: no I/O, no hcl, no database. Every value is complete: defaults
// are filled in by package dsl, so a reader never has to know them. The JSON
// form is the stored and transported form; Secret is the one exception to
// "plain", see there.
package spec
