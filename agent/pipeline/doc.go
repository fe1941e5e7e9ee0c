// Package pipeline runs one run of one pipeline: it puts the stages together,
// keeps their order (ENGINE §2), and is the only place that knows them all.
//
// A Runner is a loop of sessions. A session connects, takes the run over on the
// target (the ledger fences every earlier owner), rebuilds what it needs from
// there, and works until it is done, paused, or meets an error. Nothing a
// session holds in memory is needed by the next one, so a pause, a retry after
// a lost connection, another process and another agent are all the same thing:
// a new session.
package pipeline
