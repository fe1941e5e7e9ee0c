// Package stream reads a source's binary log and yields whole transactions
// (change.Txn) in log order, and answers the questions about a source's log that
// the other parts of a run have: where to start, what is visible, what is left.
//
// Source asks the server by SQL. Reader holds the replication connection: it
// reads packets, reconnects by itself at the last whole transaction, and cuts
// rows of selected tables into change.Row without turning values into Go types.
// Nothing but its position moves between two transactions, so that whatever it
// hands over can be stored.
//
// An event that can carry rows or end a transaction and is not understood is
// fatal. Rows that are not full images, changes logged as text on a selected
// table, and anything else that would lose a row stop the run with a remedy.
package stream
