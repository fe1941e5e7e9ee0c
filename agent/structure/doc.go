// Package structure moves definitions: which tables a pipeline selects and what
// they are called on the target, reading what the source has, making it on the
// target, and carrying out the DDL of the source's log.
//
// Definitions come from SHOW CREATE, which is complete, and are rewritten on
// the level of tokens (package sqltext); information_schema only says of what
// type columns are and which indexes there are. What cannot be carried is named
// (Finding), never left out silently.
//
// DDL commits by itself, so no ledger row can be in its transaction. Executor
// notes an intent before, with what the target holds under every name, and
// decides by comparing after a crash (ENGINE §7).
package structure
