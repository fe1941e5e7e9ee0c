package control

import (
	"slices"

	"github.com/tidegate-io/tidegate/daemon/store"
	"github.com/tidegate-io/tidegate/internal/run"
)

// Op is an operation on a run.
type Op string

// The operations.
const (
	OpCheck    Op = "check"
	OpStart    Op = "start"
	OpPause    Op = "pause"
	OpResume   Op = "resume"
	OpRetry    Op = "retry"
	OpVerify   Op = "verify"
	OpCutover  Op = "cutover"
	OpComplete Op = "complete"
	OpStop     Op = "stop"
	OpDelete   Op = "delete"
)

// Ops lists the operations.
func Ops() []Op {
	return []Op{OpCheck, OpStart, OpPause, OpResume, OpRetry, OpVerify, OpCutover, OpComplete, OpStop, OpDelete}
}

// allowed is the table of operations per state.
var allowed = map[run.State][]Op{
	run.Created:     {OpStop},
	run.Checking:    {OpStop},
	run.CheckFailed: {OpCheck, OpStop, OpDelete},
	run.CheckPassed: {OpCheck, OpStart, OpStop},
	run.Waiting:     {OpCheck, OpStart, OpStop},
	run.Preparing:   {OpPause, OpStop},
	run.Structure:   {OpPause, OpStop},
	run.Copying:     {OpPause, OpStop},
	run.CatchingUp:  {OpPause, OpVerify, OpStop},
	run.CaughtUp:    {OpPause, OpVerify, OpCutover, OpComplete, OpStop},
	run.CuttingOver: {OpStop},
	run.Completing:  {OpStop},
	run.Completed:   {OpDelete},
	run.Paused:      {OpResume, OpStop},
	run.Retrying:    {OpPause, OpRetry, OpStop},
	run.Errored:     {OpRetry, OpStop},
	run.Stopping:    {OpStop},
	run.Stopped:     {OpDelete},
}

// already maps an operation to the states in which it has been done before, so
// that asking twice is not an error.
var already = map[Op][]run.State{
	OpCheck:    {run.Created, run.Checking},
	OpStart:    {run.Preparing, run.Structure, run.Copying, run.CatchingUp, run.CaughtUp},
	OpPause:    {run.Paused, run.Preparing, run.Structure, run.Copying, run.CatchingUp, run.CaughtUp, run.Retrying},
	OpResume:   {run.Paused},
	OpCutover:  {run.CuttingOver},
	OpComplete: {run.Completing, run.Completed},
	OpStop:     {run.Stopped},
}

// Allowed lists what may be asked of a run now.
func Allowed(r store.Run) []Op {
	ops := slices.Clone(allowed[r.State])
	if r.State == run.Errored && r.Status.Error != nil && !r.Status.Error.Retryable() {
		ops = slices.DeleteFunc(ops, func(o Op) bool { return o == OpRetry })
	}
	// What was asked for counts, not how far the agent has got with it.
	for i, op := range ops {
		switch {
		case op == OpPause && r.Want.Paused:
			ops[i] = OpResume
		case op == OpResume && !r.Want.Paused:
			ops[i] = OpPause
		}
	}
	return ops
}

// advance says where a report of its runner takes a run. released means that
// the runner is gone and the run has no agent any more.
func advance(r store.Run, reported run.State, ended bool) (to run.State, released bool) {
	switch {
	case r.Want.Stop && ended && (!begun(r) || reported == run.Stopped || reported == run.Completed):
		return run.Stopped, true
	case r.Want.Stop && ended: // it has not let go: another agent will
		return run.Stopping, true
	case r.Want.Stop:
		return run.Stopping, false
	case ended:
		return advanceEnded(r, reported), true
	case r.Mode == run.ModeCheck:
		return run.Checking, false
	case !reported.Working() && reported != run.Paused:
		return r.State, false // a runner that has not begun to say anything
	}
	behind := reported == run.CatchingUp || reported == run.CaughtUp
	switch {
	case r.Want.Cutover != "" && behind:
		return run.CuttingOver, false // it has not got the command yet
	case r.Want.Complete && behind:
		return run.Completing, false
	}
	return reported, false
}

// advanceEnded is advance for a runner that is gone. One that ended for reasons
// of its agent, not of the run, leaves the run to the next agent.
func advanceEnded(r store.Run, reported run.State) run.State {
	switch reported {
	case run.Errored:
		return reported
	case run.Completed:
		if r.Mode == run.ModeRun {
			return reported
		}
	case run.CheckPassed, run.CheckFailed:
		if r.Mode == run.ModeCheck {
			return reported
		}
	}
	return unassigned(r)
}

// begun reports whether a run may have something on the target: rows in the control
// tables, and shadows. An agent removes that before the run is over.
func begun(r store.Run) bool { return r.Mode == run.ModeRun }

// unassigned is the state of a run whose assignment is void.
func unassigned(r store.Run) run.State {
	switch {
	case r.Want.Stop && begun(r):
		return run.Stopping
	case r.Want.Stop:
		return run.Stopped
	case r.Mode == run.ModeCheck:
		return run.Created
	case r.Want.Paused:
		return run.Paused
	}
	return run.Preparing
}

// needsAgent says that a run wants to be on some agent and is on none.
func needsAgent(r store.Run) bool {
	return r.Agent == "" && (r.State == run.Created || r.State == run.Preparing || r.State == run.Stopping)
}
