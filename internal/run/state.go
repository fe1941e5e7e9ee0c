package run

import "slices"

// State is where a run stands. The states of a working run (structure, copying,
// ...) are states of their own, because each allows different operations.
type State string

// The states of a run.
const (
	Created     State = "created"      // known, nothing has been done
	Checking    State = "checking"     // the prechecks run
	CheckFailed State = "check_failed" // at least one check forbids the run
	CheckPassed State = "check_passed" // may start
	Waiting     State = "waiting"      // checked; waits for start.at or for a person
	Preparing   State = "preparing"    // an agent takes the run over or starts it
	Structure   State = "structure"    // definitions are carried over
	Copying     State = "copying"      // rows are copied (and the log is followed)
	CatchingUp  State = "catching_up"  // copied; changes are applied, not yet up to date
	CaughtUp    State = "caught_up"    // nothing, or next to nothing, behind: may be completed
	CuttingOver State = "cutting_over" // the switch is under way
	Completing  State = "completing"   // the last work before the end
	Completed   State = "completed"    // done, final
	Paused      State = "paused"       // halted by a person, resumable
	Retrying    State = "retrying"     // a transient error is being retried
	Errored     State = "error"        // stopped by an error
	Stopping    State = "stopping"     // a person ended the run; the agent lets go
	Stopped     State = "stopped"      // ended by a person, final
)

// States lists every state in the order a run meets them.
func States() []State {
	return []State{
		Created, Checking, CheckFailed, CheckPassed, Waiting, Preparing, Structure, Copying, CatchingUp, CaughtUp,
		CuttingOver, Completing, Completed, Paused, Retrying, Errored, Stopping, Stopped,
	}
}

// Valid reports whether s is one of the states.
func (s State) Valid() bool { return slices.Contains(States(), s) }

// Final reports whether a run never leaves s again.
func (s State) Final() bool { return s == Completed || s == Stopped }

// Working reports whether a runner moves data, or is about to, in s.
func (s State) Working() bool {
	switch s {
	case Preparing, Structure, Copying, CatchingUp, CaughtUp, CuttingOver, Completing, Retrying:
		return true
	}
	return false
}
