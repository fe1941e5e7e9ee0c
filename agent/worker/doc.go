// Package worker is an agent's side of the control plane: it dials the daemon,
// says what it runs, is told what it shall run, and makes that so.
//
// One goroutine, Run's loop, owns the set of jobs; each job owns its runner.
// While the daemon is away jobs go on; the ledger on the target fences them if
// the run has been given to another agent meanwhile. A runner's end is told to
// the daemon only after everything it reported has arrived there.
package worker
