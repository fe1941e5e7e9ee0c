package store

import (
	"time"

	"github.com/tidegate-io/tidegate/internal/run"
	"github.com/tidegate-io/tidegate/internal/spec"
)

// Pipeline is what was applied last under a name.
type Pipeline struct {
	Name    string        `json:"name"`
	Version uint64        `json:"version"` // rises with every change; every version is kept
	Spec    spec.Pipeline `json:"spec"`
	Source  string        `json:"source"` // file or directory it came from
	Run     string        `json:"run"`    // newest run
	Changed time.Time     `json:"changed"`
}

// Run is one execution of a pipeline.
type Run struct {
	ID       string        `json:"id"`
	Pipeline string        `json:"pipeline"`
	Version  uint64        `json:"version"`
	Spec     spec.Pipeline `json:"spec"`
	State    run.State     `json:"state"`
	Mode     run.Mode      `json:"mode"` // what its runner is for, now or next
	Created  time.Time     `json:"created"`
	Changed  time.Time     `json:"changed"` // of State
	After    string        `json:"after"`   // the pipeline's run before it, "" for the first

	// The assignment. Agent is empty while nobody has the run.
	Epoch     uint64 `json:"epoch"`
	Agent     string `json:"agent"`
	Instance  string `json:"instance"`
	LastAgent string `json:"last_agent"`

	Want   Want       `json:"want"`
	Wait   Wait       `json:"wait"`
	Status run.Status `json:"status"` // as last reported when the state changed
}

// Want is what an operator asked for and has not got yet.
type Want struct {
	Start    bool   `json:"start,omitempty"` // do not wait for start.at or a person
	Paused   bool   `json:"paused,omitempty"`
	Stop     bool   `json:"stop,omitempty"`
	Complete bool   `json:"complete,omitempty"`
	Verify   string `json:"verify,omitempty"` // id of the report that is wanted
	Cutover  string `json:"cutover,omitempty"`
}

// Wait is why a run does not go on by itself.
type Wait struct {
	Code   string `json:"code,omitempty"`
	Reason string `json:"reason,omitempty"`
}

// Agent is an agent that has registered.
type Agent struct {
	ID       string            `json:"id"`
	Instance string            `json:"instance"` // of its process
	Labels   map[string]string `json:"labels"`
	Capacity int               `json:"capacity"`
	Version  string            `json:"version"`
	Host     string            `json:"host"`
	LastSeen time.Time         `json:"last_seen"`
}

// Event is one thing that happened.
type Event struct {
	Seq      uint64    `json:"seq"`
	Time     time.Time `json:"time"`
	Pipeline string    `json:"pipeline"`
	Run      string    `json:"run,omitempty"`
	Kind     string    `json:"kind"`
	Actor    string    `json:"actor"`
	Message  string    `json:"message"`
	From     run.State `json:"from,omitempty"`
	To       run.State `json:"to,omitempty"`
}

// Report is a report of a run.
type Report struct {
	Run    string
	Seq    uint64 // orders the reports of a run
	Report run.Report
}

// Checkpoint is an agent's record of a run. (Epoch, Sequence) orders versions.
type Checkpoint struct {
	Run      string            `json:"run"`
	Epoch    uint64            `json:"epoch"`
	Sequence uint64            `json:"sequence"`
	Records  map[string][]byte `json:"records"`
}
