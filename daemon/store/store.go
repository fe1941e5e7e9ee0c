package store

import (
	"context"

	"github.com/tidegate-io/tidegate/internal/run"
)

// Counters never go back, whatever is deleted.
type Counters struct {
	Epoch uint64 `json:"epoch"` // of the last assignment of any run
	Seq   uint64 `json:"seq"`   // of the last event or report

	// ServerBase is where this daemon's binlog reader ids begin, chosen once.
	ServerBase uint32 `json:"server_base"`
}

// Snapshot is all that the daemon holds in memory.
type Snapshot struct {
	Counters  Counters
	Pipelines map[string]Pipeline
	Runs      map[string]Run
	Agents    map[string]Agent
}

// Batch is one change, stored whole or not at all.
type Batch struct {
	Counters  *Counters
	Pipelines []Pipeline // each also kept as its version
	Runs      []Run
	Agents    []Agent
	Events    []Event
	Reports   []Report

	DeletePipelines []string // with their versions
	DeleteRuns      []string // with their reports and checkpoints
}

// EventQuery selects events.
type EventQuery struct {
	Pipeline string // empty: all
	After    uint64 // only those with a higher Seq
	Limit    int    // only the newest so many; 0: all
}

// Store keeps the daemon's data. All methods are safe for concurrent use.
type Store interface {
	// Load reads everything but events, reports and checkpoints.
	Load(ctx context.Context) (Snapshot, error)
	// Commit stores a batch; when it returns, the batch survives a power cut.
	Commit(ctx context.Context, b Batch) error
	// SaveCheckpoints stores records of different runs, each unless a later one
	// is there. Calls at the same time share their way to the disk.
	SaveCheckpoints(ctx context.Context, list []Checkpoint) error
	// Events returns events by rising Seq. Old ones are dropped once a pipeline
	// has more than KeepEvents, or all have more than KeepAllEvents.
	Events(ctx context.Context, q EventQuery) ([]Event, error)
	// Report returns the newest report of a kind, or the one with the id. The
	// second result is false if there is none.
	Report(ctx context.Context, runID, kind, id string) (run.Report, bool, error)
	// Checkpoint returns a run's record, a zero one if there is none.
	Checkpoint(ctx context.Context, runID string) (Checkpoint, error)
}

// The bounds of what is kept.
const (
	KeepEvents    = 2000 // of a pipeline
	KeepAllEvents = 200000
	KeepReports   = 20 // of a run and kind
)
