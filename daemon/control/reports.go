package control

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"

	"github.com/tidegate-io/tidegate/daemon/store"
	"github.com/tidegate-io/tidegate/internal/run"
)

func sortedKeys[K cmp.Ordered, V any](m map[K]V) []K { return slices.Sorted(maps.Keys(m)) }

// owned returns a run if agent has it under epoch.
func (c *Control) owned(agent, runID string, epoch uint64) (store.Run, error) {
	r, ok := c.data.Runs[runID]
	if !ok || r.Agent != agent || r.Epoch != epoch {
		return store.Run{}, &Error{Kind: Fenced, Code: "fenced", Message: fmt.Sprintf("run %s is not assigned to agent %s with epoch %d", runID, agent, epoch)}
	}
	return r, nil
}

// Findings are what one runner has to tell.
type Findings struct {
	Run     string
	Epoch   uint64
	Events  []store.Event
	Reports []run.Report
}

// Report stores what an agent's runners found, and names the runs that it does
// not have.
func (c *Control) Report(ctx context.Context, agent string, list []Findings) (fenced []string, err error) {
	if err := c.mu.LockOr(ctx); err != nil {
		return nil, err
	}
	defer c.mu.Unlock()
	x := c.begin()
	for _, f := range list {
		if p, ok := c.plans[f.Run]; ok {
			p.report(f.Reports)
		} else if r, err := c.owned(agent, f.Run, f.Epoch); err != nil {
			fenced = append(fenced, f.Run)
		} else {
			x.findings(r, f)
		}
	}
	return fenced, x.commit(ctx)
}

// findings notes what the runner of r found.
func (x *change) findings(r store.Run, f Findings) {
	actor := "agent:" + r.Agent
	for _, e := range f.Events {
		x.event(r, e.Kind, actor, e.Message)
		if !e.Time.IsZero() {
			x.batch.Events[len(x.batch.Events)-1].Time = e.Time
		}
	}
	for _, rep := range f.Reports {
		x.batch.Reports = append(x.batch.Reports, store.Report{Run: r.ID, Seq: x.nextSeq(), Report: rep})
		x.event(r, "report", actor, reportText(rep))
		switch {
		case rep.Kind == run.ReportVerify && rep.ID == r.Want.Verify:
			r.Want.Verify = ""
		case rep.Kind == run.ReportCutover && rep.ID == r.Want.Cutover:
			r.Want.Cutover = ""
		}
	}
	x.put(r)
}

func reportText(r run.Report) string {
	switch {
	case r.Check != nil && r.Check.Failed():
		return "check: failed"
	case r.Check != nil:
		return "check: passed"
	case r.Verify != nil && r.Verify.Error != nil:
		return "verify: not finished: " + r.Verify.Error.Message
	case r.Verify != nil && r.Verify.Equal:
		return "verify: equal"
	case r.Verify != nil:
		return "verify: the sides differ"
	case r.Cutover != nil:
		return "cutover: " + r.Cutover.Outcome
	}
	return r.Kind
}

// FindReport returns a report of a pipeline's newest run.
func (c *Control) FindReport(ctx context.Context, pipeline, kind, id string) (run.Report, bool, error) {
	c.mu.Lock()
	r, err := c.newest(pipeline)
	c.mu.Unlock()
	if err != nil {
		return run.Report{}, false, err
	}
	return c.deps.Store.Report(ctx, r.ID, kind, id)
}

// SaveCheckpoints keeps an agent's records of its runs, each unless a later one
// is there, and names the runs that it does not have.
func (c *Control) SaveCheckpoints(ctx context.Context, agent string, list []store.Checkpoint) (fenced []string, err error) {
	if err := c.mu.LockOr(ctx); err != nil {
		return nil, err
	}
	list = slices.DeleteFunc(list, func(cp store.Checkpoint) bool {
		_, err := c.owned(agent, cp.Run, cp.Epoch)
		if err != nil {
			fenced = append(fenced, cp.Run)
		}
		return err != nil
	})
	c.mu.Unlock()
	// Not under the lock: everybody would wait for the disk. The store keeps the
	// order of one run's records by itself.
	return fenced, c.deps.Store.SaveCheckpoints(ctx, list)
}

// LoadCheckpoint gives the newest record of a run to the agent that has it.
func (c *Control) LoadCheckpoint(ctx context.Context, agent, runID string) (store.Checkpoint, error) {
	if err := c.mu.LockOr(ctx); err != nil {
		return store.Checkpoint{}, err
	}
	defer c.mu.Unlock()
	r, ok := c.data.Runs[runID]
	if !ok || r.Agent != agent {
		return store.Checkpoint{}, &Error{Kind: Fenced, Code: "fenced", Message: "run " + runID + " is not assigned to agent " + agent}
	}
	return c.deps.Store.Checkpoint(ctx, runID)
}

// Events returns events of one pipeline, or of all.
func (c *Control) Events(ctx context.Context, q store.EventQuery) ([]store.Event, error) {
	c.mu.Lock()
	_, ok := c.data.Pipelines[q.Pipeline]
	c.mu.Unlock()
	events, err := c.deps.Store.Events(ctx, q)
	if err == nil && q.Pipeline != "" && !ok && len(events) == 0 {
		c.mu.Lock()
		defer c.mu.Unlock()
		_, err = c.newest(q.Pipeline)
	}
	return events, err
}
