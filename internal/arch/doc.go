// Package arch holds no code, only the test of which package may depend on
// which. The table in rules_test.go is the layout of this project: change it
// only together with the design.
package arch
