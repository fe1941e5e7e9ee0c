// Package mutation plants bugs in the program's own code, one at a time, and
// holds the suite to noticing each. See integration/README.md.
package mutation
