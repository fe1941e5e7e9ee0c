package control

import (
	"cmp"
	"context"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/tidegate-io/tidegate/daemon/store"
	"github.com/tidegate-io/tidegate/internal/run"
)

// The codes of waits.
const (
	WaitNoAgent    = "no-agent"    // none is connected
	WaitNoLabels   = "no-labels"   // none that is known carries the labels
	WaitNoCapacity = "no-capacity" // those that fit are full
	WaitAgentLost  = "agent-lost"  // the one that has the run is out of touch
	WaitStartAt    = "start-at"
	WaitManual     = "manual"
)

const system = "daemon"

// turn looks at every run once.
func (c *Control) turn(ctx context.Context) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.turned = c.deps.Now()
	x := c.begin()
	for _, id := range slices.Sorted(maps.Keys(c.data.Runs)) {
		r := c.data.Runs[id]
		before := r
		c.turnRun(x, &r)
		if before.State != r.State || before.Epoch != r.Epoch || before.Agent != r.Agent || before.Wait != r.Wait || before.Mode != r.Mode {
			x.put(r)
		}
	}
	for _, id := range slices.Sorted(maps.Keys(c.plans)) {
		c.turnPlan(x, c.plans[id])
	}
	return x.commit(ctx)
}

func (c *Control) turnRun(x *change, r *store.Run) {
	switch {
	case r.State.Final():
		return
	case r.State == run.Waiting:
		c.maybeStart(x, r)
	case r.Agent != "":
		c.checkLease(x, r)
	}
	if needsAgent(*r) {
		c.assign(x, r)
	}
}

// maybeStart takes a checked run on if its time has come.
func (c *Control) maybeStart(x *change, r *store.Run) {
	s := r.Spec.Start
	why := "checked"
	switch {
	case r.Want.Start:
		why = "start was asked for"
	case s.Manual:
		c.wait(x, r, store.Wait{Code: WaitManual, Reason: "waits to be started: tidegate start " + r.Pipeline})
		return
	case s.At.After(c.deps.Now()):
		c.wait(x, r, store.Wait{Code: WaitStartAt, Reason: "starts at " + s.At.Format(time.RFC3339)})
		return
	case !s.At.IsZero():
		why = "start time has come"
	}
	r.Mode, r.Wait = run.ModeRun, store.Wait{}
	x.move(r, run.Preparing, system, why)
}

func (c *Control) wait(x *change, r *store.Run, w store.Wait) {
	r.Wait = w
	x.move(r, run.Waiting, system, w.Reason)
}

// checkLease takes a run from an agent that is out of touch, if another can
// have it.
func (c *Control) checkLease(x *change, r *store.Run) {
	if c.alive(r.Agent) {
		if r.Wait.Code == WaitAgentLost {
			r.Wait = store.Wait{}
		}
		return
	}
	at, ok := c.seen[r.Agent]
	if !ok {
		at = c.data.Agents[r.Agent].LastSeen
	}
	seen := at.UTC().Format(time.RFC3339)
	if r.Want.Stop {
		r.Wait = store.Wait{Code: WaitAgentLost, Reason: fmt.Sprintf("agent %s has the run and has not been heard of since %s", r.Agent, seen)}
		return
	}
	if _, ok := c.pick(x, *r); !ok {
		r.Wait = store.Wait{Code: WaitAgentLost, Reason: fmt.Sprintf("agent %s has not been heard of since %s, and no other agent fits", r.Agent, seen)}
		return
	}
	lost := r.Agent
	x.event(*r, "agent-lost", system, fmt.Sprintf("agent %s has not been heard of since %s", lost, seen))
	x.release(r)
	x.move(r, unassigned(*r), system, "agent "+lost+" is lost")
}

// assign gives a run to the best fitting agent, or notes why there is none.
func (c *Control) assign(x *change, r *store.Run) {
	a, ok := c.pick(x, *r)
	if !ok {
		r.Wait = c.whyUnfit(*r)
		return
	}
	r.Epoch, r.Agent, r.Instance, r.Wait = x.nextEpoch(), a.ID, a.Instance, store.Wait{}
	x.put(*r) // counts for the next pick
	x.event(*r, "assigned", system, fmt.Sprintf("to agent %s with epoch %d", a.ID, r.Epoch))
	if r.Mode == run.ModeCheck {
		x.move(r, run.Checking, system, "agent "+a.ID+" checks")
	}
}

// pick finds the agent for a run: one that is alive, carries the labels and has
// room; among those the one that had the run last, then the least busy.
func (c *Control) pick(x *change, r store.Run) (store.Agent, bool) {
	var fit []store.Agent
	for _, a := range c.data.Agents {
		if a.ID != r.Agent && c.alive(a.ID) && carries(a, r.Spec.AgentLabels) && c.load(x, a.ID) < a.Capacity {
			fit = append(fit, a)
		}
	}
	if len(fit) == 0 {
		return store.Agent{}, false
	}
	return slices.MinFunc(fit, func(a, b store.Agent) int {
		if (a.ID == r.LastAgent) != (b.ID == r.LastAgent) {
			if a.ID == r.LastAgent {
				return -1
			}
			return 1
		}
		return cmp.Or(cmp.Compare(c.load(x, a.ID), c.load(x, b.ID)), strings.Compare(a.ID, b.ID))
	}), true
}

// load counts an agent's runs.
func (c *Control) load(x *change, agent string) int {
	n := 0
	for id := range c.data.Runs {
		if r, _ := x.run(id); r.Agent == agent {
			n++
		}
	}
	return n
}

func (c *Control) alive(agent string) bool {
	seen, ok := c.seen[agent]
	return ok && c.deps.Now().Sub(seen) <= c.cfg.Lease
}

func carries(a store.Agent, labels map[string]string) bool {
	for k, v := range labels {
		if a.Labels[k] != v {
			return false
		}
	}
	return true
}

// whyUnfit says what is missing, for people.
func (c *Control) whyUnfit(r store.Run) store.Wait {
	var known, full []string
	for _, a := range c.data.Agents {
		if carries(a, r.Spec.AgentLabels) {
			known = append(known, a.ID)
			if c.alive(a.ID) {
				full = append(full, a.ID)
			}
		}
	}
	slices.Sort(known)
	slices.Sort(full)
	want := labelText(r.Spec.AgentLabels)
	switch {
	case len(full) > 0:
		return store.Wait{Code: WaitNoCapacity, Reason: "no room on " + strings.Join(full, ", ") + ": waits for another run to end"}
	case len(known) > 0 && want != "":
		return store.Wait{Code: WaitNoAgent, Reason: "no agent with labels " + want + " is connected (known: " + strings.Join(known, ", ") + ")"}
	case len(known) > 0 || want == "" || len(c.data.Agents) == 0:
		return store.Wait{Code: WaitNoAgent, Reason: "no agent is connected"}
	}
	return store.Wait{Code: WaitNoLabels, Reason: "no agent carries the labels " + want + "; there are: " + c.agentText()}
}

func (c *Control) agentText() string {
	var out []string
	for _, a := range c.data.Agents {
		l := labelText(a.Labels)
		if l == "" {
			l = "no labels"
		}
		out = append(out, a.ID+" ("+l+")")
	}
	slices.Sort(out)
	return strings.Join(out, ", ")
}

func labelText(labels map[string]string) string {
	var out []string
	for _, k := range slices.Sorted(maps.Keys(labels)) {
		out = append(out, k+"="+labels[k])
	}
	return strings.Join(out, ",")
}
