package cases

import (
	"context"
	"encoding/json"
	"fmt"
	"strings"
	"sync"
	"time"

	"github.com/tidegate-io/tidegate/integration/site"
	"github.com/tidegate-io/tidegate/internal/run"
)

// board holds how all pipelines stand: one look serves all who wait.
type board struct {
	site *site.Site
	mu   sync.Mutex // guards what follows
	all  map[string]site.Status
}

// watch looks until the context ends.
func (b *board) watch(ctx context.Context) {
	for tick := time.NewTicker(200 * time.Millisecond); ; {
		if all, ok := b.site.Statuses(); ok {
			b.mu.Lock()
			for _, st := range all {
				b.all[st.Pipeline] = st
			}
			b.mu.Unlock()
		}
		select {
		case <-ctx.Done():
			tick.Stop()
			return
		case <-tick.C:
		}
	}
}

// status tells how a pipeline stood at the newest look.
func (b *board) status(pipeline string) site.Status {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.all[pipeline]
}

// halt is the end of a run that did not do what was asked.
type halt struct {
	state    run.State
	err      run.Error
	findings []run.Finding // those that forbid it
}

func (h *halt) Error() string {
	if h.state != run.CheckFailed {
		return fmt.Sprintf("the run is in state %s: %s: %s (%s)", h.state, h.err.Code, h.err.Message, h.err.Remedy)
	}
	var lines []string
	for _, f := range h.findings {
		lines = append(lines, fmt.Sprintf("%s (%s): %s", f.ID, f.Object, f.Found))
	}
	return "the check refuses: " + strings.Join(lines, "\n  ")
}

// until waits for a pipeline. A run that ends before is an error.
func (b *board) until(ctx context.Context, limit time.Duration, pipeline, what string, ok func(site.Status) bool) error {
	ctx, cancel := context.WithTimeout(ctx, limit)
	defer cancel()
	tick := time.NewTicker(50 * time.Millisecond)
	defer tick.Stop()
	for {
		st := b.status(pipeline)
		if ok(st) {
			return nil
		}
		switch st.State {
		case run.CheckFailed:
			return &halt{state: st.State, findings: b.findings(pipeline)}
		case run.Errored, run.Stopped, run.Completed:
			h := &halt{state: st.State}
			if st.Error != nil {
				h.err = *st.Error
			}
			return h
		}
		select {
		case <-ctx.Done():
			why := st.Reason
			if st.Error != nil {
				why += ": " + st.Error.Message
			}
			return fmt.Errorf("waited %s for it to be %s: state %s, step %s, %s", limit, what, st.State, st.Step, why)
		case <-tick.C:
		}
	}
}

// findings reads what a check holds against a run.
func (b *board) findings(pipeline string) []run.Finding {
	a := b.site.Call("--json", "report", pipeline, "check")
	var r run.CheckReport
	if err := json.Unmarshal([]byte(a.Out), &r); err != nil {
		return []run.Finding{{ID: "unreadable", Found: a.String()}}
	}
	var out []run.Finding
	for _, f := range r.Findings {
		if f.Level == run.LevelError {
			out = append(out, f)
		}
	}
	return out
}
