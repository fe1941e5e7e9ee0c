package control

import (
	"context"
	"fmt"
	"math/rand/v2"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/rs/zerolog"

	"github.com/tidegate-io/tidegate/daemon/store"
	"github.com/tidegate-io/tidegate/internal/run"
)

// Config of a Control.
type Config struct {
	Lease time.Duration // how long an agent may be silent; 0: 10 s
	Sync  time.Duration // how often agents shall report; 0: 1 s
}

// Deps of a Control.
type Deps struct {
	Store   store.Store
	Log     zerolog.Logger
	Metrics prometheus.Registerer // may be nil
	Now     func() time.Time      // may be nil
}

// Control is the daemon's mind. Its methods are safe for concurrent use.
type Control struct {
	cfg  Config
	deps Deps
	log  zerolog.Logger

	presence   *presence
	bells      *bells
	serverBase uint32 // of the binlog readers' ids; never changes

	// mu guards all below. Commits to the store are made under it, so that
	// what is stored and what is held never differ in order.
	mu      mutex
	data    store.Snapshot
	index   index // of data.Runs
	plans   map[string]*planJob
	changed chan struct{} // closed and replaced at every change
	turned  time.Time     // last turn of the loop
}

// New reads what is stored. It starts nothing.
func New(ctx context.Context, cfg Config, deps Deps) (*Control, error) {
	if cfg.Lease == 0 {
		cfg.Lease = 10 * time.Second
	}
	if cfg.Sync == 0 {
		cfg.Sync = time.Second
	}
	if deps.Now == nil {
		deps.Now = time.Now
	}
	data, err := deps.Store.Load(ctx)
	if err != nil {
		return nil, err
	}
	c := &Control{
		cfg: cfg, deps: deps, log: deps.Log.With().Str("component", "control").Logger(), data: data,
		mu: newMutex(), presence: newPresence(data.Agents, deps.Now()), bells: newBells(deps.Now()), plans: map[string]*planJob{}, changed: make(chan struct{}),
	}
	c.turned, c.index = deps.Now(), newIndex(data.Runs)
	if data.Counters.ServerBase == 0 {
		// Far from the small numbers people give their servers, and for each
		// daemon another block of 65536.
		base := store.Counters{Epoch: data.Counters.Epoch, Seq: data.Counters.Seq, ServerBase: (0x4000 + rand.Uint32N(0x8000)) << 16}
		if err := deps.Store.Commit(ctx, store.Batch{Counters: &base}); err != nil {
			return nil, err
		}
		c.data.Counters = base
	}
	c.serverBase = c.data.Counters.ServerBase
	if deps.Metrics != nil {
		if err := deps.Metrics.Register(collector{c}); err != nil {
			return nil, fmt.Errorf("register metrics: %w", err)
		}
	}
	return c, nil
}

// Run schedules until ctx ends.
func (c *Control) Run(ctx context.Context) error {
	tick := time.NewTicker(min(c.cfg.Sync/2, c.cfg.Lease/8))
	defer tick.Stop()
	for {
		if err := c.turn(ctx); err != nil && ctx.Err() == nil {
			c.log.Error().Err(err).Msg("scheduling")
		}
		select {
		case <-ctx.Done():
			return nil
		case <-tick.C:
		}
	}
}

// Alive reports whether the loop of Run turns.
func (c *Control) Alive() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.deps.Now().Sub(c.turned) < c.cfg.Lease
}

// Changed returns a channel that is closed at the next change.
func (c *Control) Changed() <-chan struct{} {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.changed
}

// Intervals tells agents how long a lease is and how often to report.
func (c *Control) Intervals() (lease, sync time.Duration) { return c.cfg.Lease, c.cfg.Sync }

// newest returns a pipeline's newest run.
func (c *Control) newest(pipeline string) (store.Run, error) {
	p, ok := c.data.Pipelines[pipeline]
	if !ok {
		return store.Run{}, &Error{
			Kind: NotFound, Code: "unknown-pipeline", Message: fmt.Sprintf("there is no pipeline %q", pipeline),
			Remedy: "list them with: tidegate status",
		}
	}
	return c.data.Runs[p.Run], nil
}

// View is a run as people see it.
type View struct {
	Run     store.Run
	Status  run.Status
	Allowed []Op
}

func view(r store.Run) View {
	s := r.Status
	s.State = r.State
	if r.Wait.Reason != "" {
		s.Reason = r.Wait.Reason
	}
	if s.Tables == nil {
		s.Tables = []run.Table{}
	}
	switch r.State {
	case run.Errored, run.CheckFailed, run.Retrying, run.Stopped, run.Stopping:
	default:
		s.Error = nil
	}
	return View{Run: r, Status: s, Allowed: Allowed(r)}
}
