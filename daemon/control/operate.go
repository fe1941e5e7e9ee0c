package control

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/google/uuid"

	"github.com/tidegate-io/tidegate/daemon/store"
	"github.com/tidegate-io/tidegate/internal/run"
)

// Request asks for an operation on a pipeline's newest run.
type Request struct {
	Pipeline string
	Op       Op
	Actor    string
	Reason   string
	Force    bool // stop without waiting for an agent that is out of touch
}

// Operate carries a request out, or refuses it and names what is allowed. The
// string is the id of the report that a verify or cutover will leave.
func (c *Control) Operate(ctx context.Context, q Request) (View, string, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	r, err := c.newest(q.Pipeline)
	if err != nil {
		return View{}, "", err
	}
	if !slices.Contains(Ops(), q.Op) {
		return View{}, "", &Error{Kind: Invalid, Code: "unknown-operation", Message: fmt.Sprintf("there is no operation %q", q.Op), Remedy: "one of: " + opText(Ops())}
	}
	if !slices.Contains(Allowed(r), q.Op) {
		if slices.Contains(already[q.Op], r.State) {
			return view(r), r.Want.Cutover, nil
		}
		return View{}, "", refuse(r, q.Op)
	}
	x := c.begin()
	if q.Op == OpDelete {
		return view(r), "", c.delete(ctx, x, r, q)
	}
	id := c.apply(x, &r, q)
	c.turnRun(x, &r)
	x.put(r)
	if err := x.commit(ctx); err != nil {
		return View{}, "", err
	}
	return view(r), id, nil
}

func refuse(r store.Run, op Op) error {
	e := &Error{Kind: Refused, Code: "not-allowed", Message: fmt.Sprintf("%s is not allowed while %s is %s", op, r.Pipeline, r.State)}
	if a := Allowed(r); len(a) > 0 {
		e.Remedy = "allowed now: " + opText(a)
	}
	if r.State == run.Stopped || r.State == run.Completed || r.State == run.Errored && op == OpRetry {
		e.Remedy += "; a new run is made by: tidegate apply FILE"
		e.Remedy = strings.TrimPrefix(e.Remedy, "; ")
	}
	return e
}

func opText(ops []Op) string {
	var out []string
	for _, o := range ops {
		out = append(out, string(o))
	}
	return strings.Join(out, ", ")
}

// apply changes r as q wants. q is allowed in r's state.
func (c *Control) apply(x *change, r *store.Run, q Request) (id string) {
	why := q.Reason
	if why == "" {
		why = string(q.Op) + " was asked for"
	}
	x.event(*r, "operation", q.Actor, strings.TrimSuffix(string(q.Op)+": "+q.Reason, ": "))
	switch q.Op {
	case OpCheck:
		r.Mode, r.Wait = run.ModeCheck, store.Wait{}
		x.release(r)
		x.move(r, run.Created, q.Actor, why)
	case OpStart:
		r.Want.Start = true
		c.maybeStart(x, r)
	case OpPause:
		r.Want.Paused = true
		if r.Agent == "" {
			r.Wait = store.Wait{}
			x.move(r, run.Paused, q.Actor, why)
		}
	case OpResume:
		r.Want.Paused = false
		if r.Agent == "" {
			x.move(r, run.Preparing, q.Actor, why)
		}
	case OpRetry:
		r.Wait = store.Wait{}
		x.release(r)
		x.move(r, unassigned(*r), q.Actor, why)
	case OpVerify:
		if r.Want.Verify == "" {
			r.Want.Verify = uuid.Must(uuid.NewV7()).String()
		}
		return r.Want.Verify
	case OpCutover:
		r.Want.Cutover = uuid.Must(uuid.NewV7()).String()
		x.move(r, run.CuttingOver, q.Actor, why)
		return r.Want.Cutover
	case OpComplete:
		r.Want.Complete = true
		x.move(r, run.Completing, q.Actor, why)
	case OpStop:
		r.Want.Stop, r.Wait = true, store.Wait{}
		if r.Agent == "" && !begun(*r) || q.Force {
			x.release(r)
			x.move(r, run.Stopped, q.Actor, why)
		} else {
			x.move(r, run.Stopping, q.Actor, why)
		}
	}
	return ""
}

// delete forgets a pipeline with all its runs. Counters stay, so an agent that
// still has one of them is fenced for ever.
func (c *Control) delete(ctx context.Context, x *change, last store.Run, q Request) error {
	x.event(last, "deleted", q.Actor, q.Reason)
	x.batch.DeletePipelines = []string{last.Pipeline}
	for id, r := range c.data.Runs {
		if r.Pipeline == last.Pipeline {
			x.batch.DeleteRuns = append(x.batch.DeleteRuns, id)
		}
	}
	return x.commit(ctx)
}

// Get returns a pipeline's newest run.
func (c *Control) Get(pipeline string) (View, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	r, err := c.newest(pipeline)
	if err != nil {
		return View{}, err
	}
	return view(r), nil
}

// List returns the newest run of every pipeline, by name.
func (c *Control) List() []View {
	c.mu.Lock()
	defer c.mu.Unlock()
	var out []View
	for _, name := range sortedKeys(c.data.Pipelines) {
		out = append(out, view(c.data.Runs[c.data.Pipelines[name].Run]))
	}
	return out
}
