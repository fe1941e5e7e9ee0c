package control

import (
	"context"

	"github.com/google/uuid"

	"github.com/tidegate-io/tidegate/daemon/store"
	"github.com/tidegate-io/tidegate/internal/run"
)

// change collects what one request does, to be stored at once. It lives under
// Control.mu.
type change struct {
	c        *Control
	counters store.Counters
	batch    store.Batch
	runs     map[string]store.Run // the batch's runs, by id
	seats    seats
}

func (c *Control) begin() *change {
	return &change{c: c, counters: c.data.Counters, runs: map[string]store.Run{}, seats: newSeats()}
}

// run returns a run as this change has left it.
func (x *change) run(id string) (store.Run, bool) {
	if r, ok := x.runs[id]; ok {
		return r, true
	}
	r, ok := x.c.data.Runs[id]
	return r, ok
}

func (x *change) put(r store.Run) {
	before, _ := x.run(r.ID)
	x.moved(before.Agent, r.Agent)
	x.runs[r.ID] = r
}

func (x *change) nextSeq() uint64 {
	x.counters.Seq++
	return x.counters.Seq
}

func (x *change) nextEpoch() uint64 {
	x.counters.Epoch++
	return x.counters.Epoch
}

// event notes that something happened to r.
func (x *change) event(r store.Run, kind, actor, message string) {
	x.batch.Events = append(x.batch.Events, store.Event{
		Seq: x.nextSeq(), Time: x.c.deps.Now(), Pipeline: r.Pipeline, Run: r.ID, Kind: kind, Actor: actor, Message: message,
	})
}

// move takes r to a state, with an event if it is another one.
func (x *change) move(r *store.Run, to run.State, actor, why string) {
	if r.State == to {
		return
	}
	x.event(*r, "state", actor, why)
	e := &x.batch.Events[len(x.batch.Events)-1]
	e.From, e.To = r.State, to
	r.State, r.Changed = to, e.Time
}

// release takes r from its agent.
func (x *change) release(r *store.Run) {
	if r.Agent != "" {
		r.LastAgent = r.Agent
	}
	r.Agent, r.Instance = "", ""
}

// newRun makes the next run of a pipeline.
func (x *change) newRun(p *store.Pipeline, actor, why string) store.Run {
	now := x.c.deps.Now()
	r := store.Run{
		ID: uuid.Must(uuid.NewV7()).String(), Pipeline: p.Name, Version: p.Version, Spec: p.Spec,
		State: run.Created, Mode: run.ModeCheck, Created: now, Changed: now, After: p.Run,
	}
	p.Run = r.ID
	x.event(r, "created", actor, why)
	x.put(r)
	return r
}

// commit stores the change and only then makes it true.
func (x *change) commit(ctx context.Context) error {
	c := x.c
	for _, r := range x.runs {
		x.batch.Runs = append(x.batch.Runs, r)
	}
	if x.counters != c.data.Counters {
		x.batch.Counters = &x.counters
	}
	b := x.batch
	if b.Counters == nil && len(b.Runs)+len(b.Pipelines)+len(b.Agents) == 0 {
		return nil
	}
	if err := c.deps.Store.Commit(ctx, b); err != nil {
		return err
	}
	c.data.Counters = x.counters
	for _, p := range b.Pipelines {
		c.data.Pipelines[p.Name] = p
	}
	for _, r := range b.Runs {
		c.bells.ringFor(c.data.Runs[r.ID], r)
		c.index.set(c.data.Runs[r.ID], r)
		c.data.Runs[r.ID] = r
	}
	for _, a := range b.Agents {
		c.data.Agents[a.ID] = a
	}
	for _, id := range b.DeleteRuns {
		c.bells.ring(c.data.Runs[id].Agent)
		c.index.drop(c.data.Runs[id])
		delete(c.data.Runs, id)
	}
	for _, name := range b.DeletePipelines {
		delete(c.data.Pipelines, name)
	}
	for _, e := range b.Events {
		if e.To != "" {
			c.log.Info().Str("pipeline", e.Pipeline).Str("run", e.Run).Str("from", string(e.From)).Str("to", string(e.To)).
				Str("actor", e.Actor).Str("reason", e.Message).Msg("state")
		}
	}
	close(c.changed)
	c.changed = make(chan struct{})
	return nil
}
