// Package precheck finds out, before anything is touched, what would make a run
// fail, lose rows, or surprise its operator. Checks are read-only on both
// sides; all of them run, and each says what was found, why it matters, and the
// remedy as SQL or settings for the server at hand.
//
// A check is one file with one Check value; checks.go lists them.
package precheck
