package cutover

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/tidegate-io/tidegate/internal/run"
)

// Step is one step. Both functions may be called again after a crash and then
// find their work half or wholly done.
type Step struct {
	Name string
	Do   func(context.Context) error
	Undo func(context.Context) error // nil: nothing to undo
	// Stops marks the step that stops writes on the source: the write stop is
	// counted from its beginning, and its limit runs from there.
	Stops bool
}

// Progress is what is stored of a cutover.
type Progress struct {
	ID      string            `json:"id"`
	Started time.Time         `json:"started"`
	Stopped time.Time         `json:"stopped,omitzero"` // when the writes were stopped
	Steps   []run.CutoverStep `json:"steps"`
	Done    int               `json:"done"` // steps completed
	Undone  bool              `json:"undone,omitempty"`
}

// Store keeps the progress of one cutover durably.
type Store interface {
	LoadCutover(ctx context.Context) (*Progress, error) // nil: none
	SaveCutover(ctx context.Context, p *Progress) error
}

// Switch is one cutover.
type Switch struct {
	ID      string
	Steps   []Step
	Timeout time.Duration // longest write stop; then everything is undone
	Store   Store
	Now     func() time.Time
}

// errUndone tells that the switch was given up and the source is as before.
var errUndone = errors.New("cutover given up, everything is as before")

// Run carries the steps out, or goes on where an earlier process ended. The
// report is never nil; its outcome says where things stand. The error is why a
// switch was not done.
func (s *Switch) Run(ctx context.Context) (*run.CutoverReport, error) {
	p, err := s.load(ctx)
	if p == nil { // an earlier process may have stopped the writes
		return s.report(&Progress{ID: s.ID, Started: s.Now()}, run.CutoverUnknown, err), err
	}
	if err != nil {
		return s.report(p, run.CutoverUndone, err), err
	}
	if p.Undone {
		return s.report(p, run.CutoverUndone, errUndone), errUndone
	}
	for p.Done < len(s.Steps) {
		if err := s.step(ctx, p); err != nil {
			if context.Cause(ctx) != nil && ctx.Err() != nil { // the process ends: the next one goes on
				return s.report(p, run.CutoverUnknown, err), err
			}
			return s.giveUp(ctx, p, err)
		}
	}
	return s.report(p, run.CutoverDone, nil), nil
}

// load returns no progress if it cannot be told whether there is one.
func (s *Switch) load(ctx context.Context) (*Progress, error) {
	p, err := s.Store.LoadCutover(ctx)
	if err != nil {
		return nil, fmt.Errorf("read the cutover's progress: %w", err)
	}
	if p != nil && p.ID == s.ID {
		return p, nil
	}
	p = &Progress{ID: s.ID, Started: s.Now()}
	return p, s.save(ctx, p)
}

func (s *Switch) save(ctx context.Context, p *Progress) error {
	if err := s.Store.SaveCutover(ctx, p); err != nil {
		return fmt.Errorf("save the cutover's progress: %w", err)
	}
	return nil
}

// step carries out the first step that is not done.
func (s *Switch) step(ctx context.Context, p *Progress) error {
	st := s.Steps[p.Done]
	if len(p.Steps) == p.Done { // not one that an earlier process began
		p.Steps = append(p.Steps, run.CutoverStep{Name: st.Name, Started: s.Now()})
	}
	if st.Stops && p.Stopped.IsZero() {
		p.Stopped = s.Now()
	}
	if err := s.save(ctx, p); err != nil {
		return err
	}
	limited := ctx
	if !p.Stopped.IsZero() && s.Timeout > 0 {
		var cancel context.CancelFunc
		left := s.Timeout - s.Now().Sub(p.Stopped)
		limited, cancel = context.WithTimeoutCause(ctx, left, fmt.Errorf("writes were stopped for longer than cutover.timeout, %s", s.Timeout))
		defer cancel()
	}
	if err := st.Do(limited); err != nil {
		if cause := context.Cause(limited); cause != nil && ctx.Err() == nil {
			err = fmt.Errorf("%w (%w)", cause, err)
		}
		return fmt.Errorf("%s: %w", st.Name, err)
	}
	p.Steps[p.Done].Finished = s.Now()
	p.Done++
	return s.save(ctx, p)
}

// giveUp undoes the steps begun, last first.
func (s *Switch) giveUp(ctx context.Context, p *Progress, why error) (*run.CutoverReport, error) {
	p.Steps[len(p.Steps)-1].Error = why.Error()
	for i := min(p.Done, len(s.Steps)-1); i >= 0; i-- {
		undo := s.Steps[i].Undo
		if undo == nil {
			continue
		}
		if err := undo(ctx); err != nil {
			err = fmt.Errorf("%w; and undoing %q: %w", why, s.Steps[i].Name, err)
			return s.report(p, run.CutoverUnknown, err), err
		}
	}
	p.Undone = true
	if err := s.save(ctx, p); err != nil {
		return s.report(p, run.CutoverUnknown, err), err
	}
	return s.report(p, run.CutoverUndone, why), why
}

func (s *Switch) report(p *Progress, outcome string, err error) *run.CutoverReport {
	r := &run.CutoverReport{Outcome: outcome, Started: p.Started, Finished: s.Now(), Steps: p.Steps}
	if !p.Stopped.IsZero() {
		end := r.Finished
		if n := len(p.Steps); outcome == run.CutoverDone && n > 0 {
			end = p.Steps[n-1].Finished
		}
		r.WriteStopMS = float64(end.Sub(p.Stopped).Microseconds()) / 1000
	}
	if err != nil {
		r.Message = err.Error()
	}
	return r
}
