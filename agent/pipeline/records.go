package pipeline

import (
	"context"
	"time"

	"github.com/tidegate-io/tidegate/agent/cutover"
	"github.com/tidegate-io/tidegate/checkpoint"
	"github.com/tidegate-io/tidegate/internal/change"
	"github.com/tidegate-io/tidegate/internal/run"
)

// The records of a run in the checkpoint. The target knows all of it better but
// for two things: that there once was a ledger, and that the run is complete.
const (
	recordBegun    = "begun"
	recordPosition = "position"
	recordDone     = "completed"
	recordCutover  = "cutover"
)

// positionRecord is where the run stood when it was last saved.
type positionRecord struct {
	Phase    string          `json:"phase"`
	Position change.Position `json:"position"`

	Applied   run.Applied `json:"applied"`
	Conflicts uint64      `json:"conflicts"`
	Saved     time.Time   `json:"saved"`
}

func (r *Runner) save(ctx context.Context, name string, v any) error {
	b, err := checkpoint.Encode(v)
	if err != nil {
		return err
	}
	return r.deps.Checkpoints.Save(ctx, r.task.Run, checkpoint.Records{name: b})
}

// find reads one record; false if there is none.
func (r *Runner) find(ctx context.Context, name string, v any) (bool, error) {
	all, err := r.deps.Checkpoints.Load(ctx, r.task.Run)
	if err != nil || all[name] == nil {
		return false, err
	}
	return true, checkpoint.Decode(all[name], v)
}

func (r *Runner) begunBefore(ctx context.Context) (bool, error) {
	var p change.Position
	return r.find(ctx, recordBegun, &p)
}

func (r *Runner) noteBegun(ctx context.Context, start change.Position) error {
	return r.save(ctx, recordBegun, start)
}

// completedBefore reports whether an earlier session had finished the run and
// only its last message was lost.
func (r *Runner) completedBefore(ctx context.Context) (bool, error) {
	var at time.Time
	return r.find(ctx, recordDone, &at)
}

func (r *Runner) noteCompleted(ctx context.Context) error {
	return r.save(ctx, recordDone, time.Now().UTC())
}

// LoadCutover implements cutover.Store.
func (r *Runner) LoadCutover(ctx context.Context) (*cutover.Progress, error) {
	var p cutover.Progress
	found, err := r.find(ctx, recordCutover, &p)
	if !found {
		return nil, err
	}
	return &p, err
}

// SaveCutover implements cutover.Store.
func (r *Runner) SaveCutover(ctx context.Context, p *cutover.Progress) error {
	return r.save(ctx, recordCutover, p)
}

// remember takes over the counts of an earlier process.
func (r *Runner) remember(ctx context.Context) error {
	var p positionRecord
	found, err := r.find(ctx, recordPosition, &p)
	if found {
		r.restore(p.Applied, p.Conflicts)
	}
	return err
}
