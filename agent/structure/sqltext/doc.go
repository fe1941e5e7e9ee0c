// Package sqltext reads and rewrites SQL text on the level of tokens: what
// SHOW CREATE prints, and the statements of a log.
//
// No grammar of one server version is complete for another, and a parser that
// prints a statement anew loses what it did not know. So text is cut into
// tokens (strings, identifiers, comments and versioned comments are told apart
// exactly), the places that matter are found by the few keywords around them,
// and everything else stays byte for byte as the source wrote it. Whether a
// statement is valid is the target's answer to give.
package sqltext
