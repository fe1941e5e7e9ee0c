// Package cases runs SQL test cases, kept as data below testdata, through the
// whole program on real servers. A new case is a new file; its format is in
// integration/README.md.
package cases
