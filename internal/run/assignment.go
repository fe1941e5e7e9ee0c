package run

import (
	"errors"

	"github.com/tidegate-io/tidegate/internal/spec"
)

// Mode says what a runner is made for.
type Mode string

// The modes of an assignment.
const (
	ModeCheck Mode = "check" // run the prechecks, report, end
	ModePlan  Mode = "plan"  // list objects, sizes and checks, report, end
	ModeRun   Mode = "run"   // move the data
)

// Assignment gives one run to one agent. It never changes: whatever makes a
// runner start again (another agent, a retry, a new process) is a new
// assignment with a higher epoch.
type Assignment struct {
	Run      string        `json:"run"` // unique for all time, at most 40 characters
	Pipeline string        `json:"pipeline"`
	Epoch    uint64        `json:"epoch"` // fencing number, rises with every assignment of the daemon
	Mode     Mode          `json:"mode"`
	Spec     spec.Pipeline `json:"spec"`
	ServerID uint32        `json:"server_id"` // for the binlog reader, unlike that of any other assignment
}

// The causes with which a runner's context is cancelled (context.Cause). None
// of them is an error of the run.
var (
	ErrStopped  = errors.New("run stopped by an operator")           // final: the run never comes back
	ErrFenced   = errors.New("run is assigned elsewhere")            // another epoch owns it: write nothing more
	ErrShutdown = errors.New("agent process is ending, run goes on") // resumed by the next assignment
)

// CommandKind names a command.
type CommandKind string

// The commands of a live run.
const (
	Pause    CommandKind = "pause"    // stop reading and writing, keep what is known
	Resume   CommandKind = "resume"   // go on after Pause
	Verify   CommandKind = "verify"   // compare both sides, report under ID
	Cutover  CommandKind = "cutover"  // switch over, report under ID
	Complete CommandKind = "complete" // finish what is in flight and end in Completed
	Retune   CommandKind = "retune"   // take rates, threads, lanes and alerts from Spec
)

// Command asks a live runner for something. Commands are declarative and may
// come twice (after an agent's restart): a runner that already does or did what
// is asked does nothing.
type Command struct {
	Kind CommandKind    `json:"kind"`
	ID   string         `json:"id,omitempty"`   // of a verify or cutover: names its report
	Spec *spec.Pipeline `json:"spec,omitempty"` // of a retune
}
