// Package snapshot copies the rows of tables while they are written to, without
// locks and without one long snapshot (ENGINE §3).
//
// A table is read in ranges of its key. Each range is recorded on the target
// before it is read, is read by one SELECT between two marks, and is written in
// one fenced transaction that also notes it as done. Package gate holds the
// applier back to what every chunk in flight has surely seen, so that the log's
// replay brings every row to its last state. Ranges that are all of a small table
// share their view and their transaction with others. Tables without a usable key, and
// families that a foreign key cascades through, are read in one snapshot at one
// exact position instead.
//
// What is on the target decides (I-0): a Copier that starts reads from the
// chunk rows what is left to do.
package snapshot
