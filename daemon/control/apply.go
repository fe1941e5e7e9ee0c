package control

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/tidegate-io/tidegate/daemon/store"
	"github.com/tidegate-io/tidegate/internal/run"
	"github.com/tidegate-io/tidegate/internal/spec"
)

// The actions of a Change.
const (
	ActionCreate    = "create"    // a new pipeline, and its first run
	ActionNewRun    = "new_run"   // the pipeline's last run is over
	ActionUpdate    = "update"    // of the present run
	ActionUnchanged = "unchanged" // nothing to do
)

// Change is what applying a pipeline did or would do.
type Change struct {
	Pipeline string
	Run      string
	Action   string
	Fields   []string // that differ from the stored version
	Wait     store.Wait
}

// ApplyRequest gives pipelines to the daemon.
type ApplyRequest struct {
	Pipelines []spec.Pipeline
	Source    string
	Actor     string
	DryRun    bool // say what would change

	// OnlyChanged leaves pipelines alone whose text is as stored, however their
	// run ended: a directory is read again and again.
	OnlyChanged bool
}

// Apply takes all pipelines of a request or none.
func (c *Control) Apply(ctx context.Context, q ApplyRequest) ([]Change, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	x := c.begin()
	var out []Change
	dry := c.begin() // for looking only
	for i, s := range q.Pipelines {
		if slices.ContainsFunc(q.Pipelines[:i], func(p spec.Pipeline) bool { return p.Name == s.Name }) { // each would have a run
			return nil, &Error{Kind: Invalid, Code: "name-twice", Message: fmt.Sprintf("two pipelines are named %q", s.Name)}
		}
		ch, err := c.applyOne(x, s, q)
		if err != nil {
			return nil, err
		}
		out = append(out, ch)
	}
	if !q.DryRun {
		for _, id := range sortedKeys(x.runs) {
			r := x.runs[id]
			c.turnRun(x, &r)
			x.put(r)
		}
		if err := x.commit(ctx); err != nil {
			return nil, err
		}
	}
	for i, ch := range out {
		r, ok := c.data.Runs[ch.Run]
		if !ok || q.DryRun {
			r = store.Run{Spec: q.Pipelines[i]}
		}
		if out[i].Wait = r.Wait; ch.Action == ActionCreate && q.DryRun && !c.someFits(dry, r) {
			out[i].Wait = c.whyUnfit(r)
		}
		if r.State == run.Errored && out[i].Wait.Reason == "" {
			out[i].Wait.Reason = "the run is in error, go on with: tidegate retry " + ch.Pipeline
		}
	}
	return out, nil
}

func (c *Control) someFits(x *change, r store.Run) bool {
	_, ok := c.pick(x, r)
	return ok
}

func (c *Control) applyOne(x *change, s spec.Pipeline, q ApplyRequest) (Change, error) {
	if s.Name == "" {
		return Change{}, &Error{Kind: Invalid, Code: "no-name", Message: "a pipeline has no name"}
	}
	p, ok := c.data.Pipelines[s.Name]
	if !ok {
		p = store.Pipeline{Name: s.Name, Version: 1, Spec: s, Source: q.Source, Changed: c.deps.Now()}
		r := x.newRun(&p, q.Actor, "applied from "+q.Source)
		x.batch.Pipelines = append(x.batch.Pipelines, p)
		return Change{Pipeline: s.Name, Run: r.ID, Action: ActionCreate}, nil
	}
	changed, err := fields(p.Spec, s)
	if err != nil {
		return Change{}, err
	}
	r := c.data.Runs[p.Run]
	ch := Change{Pipeline: s.Name, Run: r.ID, Action: ActionUnchanged, Fields: changed}
	if len(changed) > 0 {
		p.Version++
		p.Spec, p.Source, p.Changed = s, q.Source, c.deps.Now()
	}
	switch {
	case over(r) && (len(changed) > 0 || r.State != run.Completed && !q.OnlyChanged):
		ch.Action = ActionNewRun
		if !r.State.Final() && begun(r) {
			r.Want.Stop, r.Wait = true, store.Wait{}
			x.move(&r, run.Stopping, q.Actor, "applied from "+q.Source)
			x.put(r)
		}
		ch.Run = x.newRun(&p, q.Actor, "applied from "+q.Source+" after run "+r.ID+" ended "+string(r.State)).ID
	case len(changed) == 0:
		return ch, nil
	default:
		if no := frozen(changed, r.State); len(no) > 0 {
			return Change{}, &Error{
				Kind: Refused, Code: "not-changeable",
				Message: fmt.Sprintf("pipeline %s is %s: cannot change %s now; nothing has been applied", s.Name, r.State, strings.Join(no, ", ")),
				Remedy:  "undo these changes in the file, or end this run with: tidegate stop " + s.Name + ", and apply again for a new run",
			}
		}
		ch.Action = ActionUpdate
		r.Version, r.Spec = p.Version, s
		x.event(r, "changed", q.Actor, "applied from "+q.Source+": "+strings.Join(changed, ", "))
		recheck(x, &r, q.Actor)
		x.put(r)
	}
	x.batch.Pipelines = append(x.batch.Pipelines, p)
	return ch, nil
}

// over says that a run is past going on, so that applying makes a new one.
func over(r store.Run) bool {
	return r.State.Final() || r.State == run.CheckFailed ||
		r.State == run.Errored && r.Status.Error != nil && !r.Status.Error.Retryable()
}

// recheck starts a changed run's check again, if it has moved nothing yet.
func recheck(x *change, r *store.Run, actor string) {
	switch r.State {
	case run.Created, run.Checking, run.CheckPassed, run.Waiting:
		r.Mode, r.Wait = run.ModeCheck, store.Wait{}
		x.release(r)
		x.move(r, run.Created, actor, "the pipeline has changed")
	}
}
