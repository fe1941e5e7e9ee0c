package control

import (
	"context"
	"time"

	"github.com/google/uuid"

	"github.com/tidegate-io/tidegate/daemon/store"
	"github.com/tidegate-io/tidegate/internal/run"
	"github.com/tidegate-io/tidegate/internal/spec"
)

// planJob is a run that only looks. It is not stored: a daemon that restarts
// has forgotten it, and who asked sees the connection end.
type planJob struct {
	run    store.Run
	result *run.Report
	err    *run.Error
	done   chan struct{}
}

func (p *planJob) ended() bool {
	select {
	case <-p.done:
		return true
	default:
		return false
	}
}

func (p *planJob) report(reports []run.Report) {
	for _, r := range reports {
		if r.Kind == run.ReportPlan {
			p.result = &r
		}
	}
}

func (p *planJob) absorb(rep RunReport) {
	if !rep.Ended || rep.Epoch != p.run.Epoch || p.ended() {
		return
	}
	if p.err = rep.Status.Error; p.err == nil && p.result == nil {
		p.err = &run.Error{Class: run.Transient, Code: "no-plan", Message: "agent " + p.run.Agent + " ended without a plan", Remedy: "try again"}
	}
	close(p.done)
}

// turnPlan finds an agent for a plan; capacity does not matter, it is short.
func (c *Control) turnPlan(x *change, p *planJob) {
	if p.ended() || p.run.Agent != "" && c.alive(p.run.Agent) {
		return
	}
	p.run.Agent = ""
	for _, id := range sortedKeys(c.data.Agents) {
		if a := c.data.Agents[id]; c.alive(id) && carries(a, p.run.Spec.AgentLabels) {
			p.run.Agent, p.run.Instance, p.run.Epoch = id, a.Instance, x.nextEpoch()
			c.bells.ring(id)
			return
		}
	}
	p.run.Wait = c.whyUnfit(p.run)
}

// planPatience is how long a plan waits for an agent to turn up.
const planPatience = 5 * time.Second

// Plan has a fitting agent look at what a pipeline would do.
func (c *Control) Plan(ctx context.Context, s spec.Pipeline) (*run.Report, *run.Error, error) {
	p := &planJob{done: make(chan struct{}), run: store.Run{
		ID: uuid.Must(uuid.NewV7()).String(), Pipeline: s.Name, Spec: s, Mode: run.ModePlan, State: run.Checking,
	}}
	if err := c.addPlan(ctx, p); err != nil {
		return nil, nil, err
	}
	defer func() {
		c.mu.Lock()
		delete(c.plans, p.run.ID)
		c.mu.Unlock()
	}()
	patience := time.NewTimer(planPatience)
	defer patience.Stop()
	for {
		select {
		case <-p.done:
			return p.result, p.err, nil
		case <-ctx.Done():
			return nil, nil, ctx.Err()
		case <-patience.C:
			c.mu.Lock()
			waiting, w := p.run.Agent == "", p.run.Wait
			c.mu.Unlock()
			if waiting {
				return nil, nil, &Error{Kind: Unfit, Code: w.Code, Message: "no plan: " + w.Reason, Remedy: unfitRemedy(s)}
			}
		}
	}
}

// addPlan takes a plan on, and gives it to an agent if one fits now.
func (c *Control) addPlan(ctx context.Context, p *planJob) error {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.plans[p.run.ID] = p
	x := c.begin()
	c.turnPlan(x, p)
	if err := x.commit(ctx); err != nil {
		delete(c.plans, p.run.ID)
		return err
	}
	return nil
}

func unfitRemedy(s spec.Pipeline) string {
	if len(s.AgentLabels) == 0 {
		return "start an agent: tidegate agent --daemon URL"
	}
	return "start an agent with --labels " + labelText(s.AgentLabels) + ", or correct agent.labels of pipeline " + s.Name
}
