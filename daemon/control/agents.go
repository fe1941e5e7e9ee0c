package control

import (
	"context"
	"fmt"
	"time"

	"github.com/tidegate-io/tidegate/daemon/store"
	"github.com/tidegate-io/tidegate/internal/run"
)

// Register makes an agent known. A new process under a known id takes the id
// over: what the old process ran is assigned anew, with higher epochs.
func (c *Control) Register(ctx context.Context, a store.Agent) error {
	if a.ID == "" || a.Instance == "" || a.Capacity < 1 {
		return &Error{Kind: Invalid, Code: "bad-agent", Message: "an agent needs an id, an instance and a capacity of at least 1"}
	}
	if err := c.mu.LockOr(ctx); err != nil {
		return err
	}
	defer c.mu.Unlock()
	a.LastSeen = c.deps.Now()
	x := c.begin()
	x.batch.Agents = append(x.batch.Agents, a)
	for _, id := range c.index.of(a.ID) {
		if r := c.data.Runs[id]; r.Instance != a.Instance {
			x.release(&r)
			x.event(r, "agent-restarted", system, "agent "+a.ID+" is a new process")
			x.move(&r, unassigned(r), system, "agent "+a.ID+" has restarted")
			x.put(r)
		}
	}
	if err := x.commit(ctx); err != nil {
		return err
	}
	for _, p := range c.plans {
		if p.run.Agent == a.ID {
			p.run.Agent = ""
		}
	}
	c.presence.registered(a.ID, a.Instance, c.deps.Now())
	c.log.Info().Str("agent", a.ID).Str("host", a.Host).Interface("labels", a.Labels).Int("capacity", a.Capacity).Msg("agent registered")
	return nil
}

// RunReport is how one runner of an agent stands.
type RunReport struct {
	Run    string
	Epoch  uint64
	Status run.Status
	Ended  bool
}

// Sync takes an agent's reports and returns all that it shall run. leaving
// means that its process is ending.
func (c *Control) Sync(ctx context.Context, agent, instance string, reports []RunReport, leaving bool) ([]store.Run, error) {
	c.presence.heard(agent, instance, c.deps.Now())
	if err := c.mu.LockOr(ctx); err != nil {
		return nil, err
	}
	defer c.mu.Unlock()
	a, ok := c.data.Agents[agent]
	if !ok {
		return nil, &Error{Kind: Unknown, Code: "unknown-agent", Message: "agent " + agent + " has not registered"}
	}
	if a.Instance != instance {
		return nil, &Error{
			Kind: Replaced, Code: "agent-replaced", Message: "another process has registered as agent " + agent,
			Remedy: "give every agent an id of its own with --id",
		}
	}
	if leaving {
		c.presence.left(agent)
	}
	x := c.begin()
	for _, rep := range reports {
		if p, ok := c.plans[rep.Run]; ok {
			p.absorb(rep)
		} else if r, ok := x.run(rep.Run); ok && r.Agent == agent && r.Epoch == rep.Epoch {
			if err := c.absorb(ctx, x, r, rep); err != nil {
				return nil, err
			}
		}
	}
	for _, id := range sortedKeys(x.runs) { // what ended may go on at once
		if r := x.runs[id]; r.Agent == "" && !leaving {
			c.turnRun(x, &r)
			x.put(r)
		}
	}
	if err := x.commit(ctx); err != nil {
		return nil, err
	}
	return c.assignments(agent), nil
}

// absorb takes what a runner says about its run.
func (c *Control) absorb(ctx context.Context, x *change, r store.Run, rep RunReport) error {
	to, released := advance(r, rep.Status.State, rep.Ended)
	before := r
	r.Status = rep.Status
	if to == run.CheckFailed {
		rpt, _, err := c.deps.Store.Report(ctx, r.ID, run.ReportCheck, "")
		if err != nil {
			return err
		}
		r.Status.Error = checkError(r.Pipeline, rpt.Check)
	}
	if r.Wait.Code == WaitAgentLost {
		r.Wait = store.Wait{}
	}
	agent := "agent:" + before.Agent
	if released {
		x.release(&r)
	}
	if to == run.Errored || to.Final() {
		r.Want.Verify, r.Want.Cutover = "", ""
	}
	reason := why(r, to)
	if released && (to == run.Preparing || to == run.Created) {
		reason = "agent " + before.Agent + " gave the run back"
	}
	x.move(&r, to, agent, reason)
	if to == run.CheckPassed {
		c.maybeStart(x, &r)
	}
	if before.State == r.State && before.Agent == r.Agent && before.Wait == r.Wait {
		c.data.Runs[r.ID] = r // numbers only: not worth a write
		return nil
	}
	x.put(r)
	return nil
}

// why puts a transition into words.
func why(r store.Run, to run.State) string {
	if e := r.Status.Error; e != nil && (to == run.Errored || to == run.Retrying || to == run.CheckFailed) {
		return e.Message
	}
	if r.Status.Reason != "" {
		return r.Status.Reason
	}
	return "reported"
}

// checkError sums a failed check up for those who only look at the status.
func checkError(pipeline string, rep *run.CheckReport) *run.Error {
	e := &run.Error{Class: run.Config, Code: "check-failed", Message: "a check forbids this run", Remedy: "see: tidegate check " + pipeline}
	if rep == nil {
		return e
	}
	n := 0
	for _, f := range rep.Findings {
		if f.Level != run.LevelError {
			continue
		}
		if n++; n == 1 {
			e.Message = fmt.Sprintf("%s: %s: %s", f.ID, f.Object, f.Found)
			if f.Remedy != "" {
				e.Remedy = f.Remedy
			}
		}
	}
	if n > 1 {
		e.Message += fmt.Sprintf(" (and %d more)", n-1)
		e.Remedy += "; all findings: tidegate check " + pipeline
	}
	return e
}

// assignments lists all that an agent shall run.
func (c *Control) assignments(agent string) []store.Run {
	var out []store.Run
	for _, id := range c.index.of(agent) {
		out = append(out, c.data.Runs[id])
	}
	for _, id := range sortedKeys(c.plans) {
		if p := c.plans[id]; p.run.Agent == agent && !p.ended() {
			out = append(out, p.run)
		}
	}
	return out
}

// ServerID is the id for the binlog reader of a run's assignment, unlike that
// of any other recent one.
func (c *Control) ServerID(r store.Run) uint32 { return c.serverBase + uint32(r.Epoch&0xffff) }

// AgentView is an agent as people see it.
type AgentView struct {
	Agent store.Agent
	Alive bool
	Runs  int
	Seen  time.Time
}

// Agents lists all agents by id.
func (c *Control) Agents() []AgentView {
	c.mu.Lock()
	defer c.mu.Unlock()
	var out []AgentView
	for _, id := range sortedKeys(c.data.Agents) {
		a := c.data.Agents[id]
		seen, ok := c.presence.at(id)
		if !ok {
			seen = a.LastSeen
		}
		out = append(out, AgentView{Agent: a, Alive: c.alive(id), Runs: len(c.index.held[id]), Seen: seen})
	}
	return out
}
