// Package ledger keeps a run's own tables on the target: who owns the run, what
// every lane has committed, how far the copy of every table is, what a chunk's
// REPLACE removed, and which DDL is under way.
//
// They are the truth about a run (I-0): every row here is written in the same
// target transaction as the rows it speaks of, and whatever another store says
// beyond it is forgotten. All names are compared by their bytes.
package ledger

// Schema is the database that holds the tables. It is never migrated.
const Schema = "_tidegate"
