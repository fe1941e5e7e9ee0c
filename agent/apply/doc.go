// Package apply writes the changes of a source's log to the target, each
// exactly once.
//
// Whole transactions are gathered into batches; a batch is reduced to the net
// change of every row; the rows are split over lanes by their key; every lane
// writes its share and its ledger row in one transaction of its own. No lane
// begins a batch before every lane has committed the one before, so between
// batches the target equals a prefix of the source's history (I-6), and after a
// crash the ledger tells which lanes lack at most one batch (I-4).
//
// What decides the outcome, in the order of the files: intake (which
// transactions may be taken), batch (what goes together), net (what happened to
// a row), images (the same where no key tells rows apart), partition (which lane
// gets it), share and match (the statements), lane (the transaction), strict
// (what a wrong count means), op and cascade (what cannot be reduced or split),
// big (transactions above the memory budget), recover (who has which batch).
package apply
