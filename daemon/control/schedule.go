package control

import (
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
	WaitEarlier    = "earlier-run" // the pipeline's run before it is not let go of yet
)

const system = "daemon"

// turn looks at every run once.
func (c *Control) turn(ctx context.Context) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.turned = c.deps.Now()
	x := c.begin()
	for _, id := range sortedKeys(c.index.open) {
		r := c.data.Runs[id]
		before := r
		c.turnRun(x, &r)
		switch {
		case before.State != r.State || before.Epoch != r.Epoch || before.Agent != r.Agent || before.Wait.Code != r.Wait.Code || before.Mode != r.Mode:
			x.put(r)
		case before.Wait != r.Wait:
			c.data.Runs[id] = r // other words only: not worth a write
		}
	}
	for _, id := range sortedKeys(c.plans) {
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
	before, _ := x.run(r.After)
	switch {
	case !needsAgent(*r):
	case before.State == run.Stopping:
		r.Wait = store.Wait{Code: WaitEarlier, Reason: "waits until what run " + r.After + " has on the target is removed"}
	default:
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
	at, ok := c.presence.at(r.Agent)
	if !ok {
		at = c.data.Agents[r.Agent].LastSeen
	}
	seen := at.UTC().Format(time.RFC3339)
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
	labels := labelText(r.Spec.AgentLabels)
	if w, known := x.seats.unfit[labels]; known && r.State != run.Stopping {
		r.Wait = w
		return
	}
	a, ok := c.pick(x, *r)
	if !ok {
		r.Wait = c.whyUnfit(*r)
		x.seats.unfit[labels] = r.Wait
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
// room, unless the run is only to be let go of; among those the one that had the
// run last, then the least busy.
func (c *Control) pick(x *change, r store.Run) (store.Agent, bool) {
	var best *seat
	for _, s := range x.fitting(r.Spec.AgentLabels) {
		if s.load >= s.agent.Capacity && r.State != run.Stopping || s.agent.ID == r.Agent {
			continue
		}
		if s.agent.ID == r.LastAgent {
			return s.agent, true
		}
		if best == nil || s.load < best.load || s.load == best.load && s.agent.ID < best.agent.ID {
			best = s
		}
	}
	if best == nil {
		return store.Agent{}, false
	}
	return best.agent, true
}

func (c *Control) alive(agent string) bool {
	seen, ok := c.presence.at(agent)
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
		return store.Wait{Code: WaitNoCapacity, Reason: "no room on " + someOf(full) + ": waits for another run to end"}
	case len(known) > 0 && want != "":
		return store.Wait{Code: WaitNoAgent, Reason: "no agent with labels " + want + " is connected (known: " + someOf(known) + ")"}
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
	return someOf(out)
}

// someOf lists names for people: a thousand would tell them no more.
func someOf(names []string) string {
	const most = 8
	if len(names) <= most+1 {
		return strings.Join(names, ", ")
	}
	return fmt.Sprintf("%s and %d more", strings.Join(names[:most], ", "), len(names)-most)
}

func labelText(labels map[string]string) string {
	var out []string
	for _, k := range slices.Sorted(maps.Keys(labels)) {
		out = append(out, k+"="+labels[k])
	}
	return strings.Join(out, ",")
}
