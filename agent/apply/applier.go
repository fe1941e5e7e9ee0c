package apply

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"sync"
	"sync/atomic"
	"time"

	"golang.org/x/time/rate"

	"github.com/tidegate-io/tidegate/agent/apply/sqltext"
	"github.com/tidegate-io/tidegate/agent/ledger"
	"github.com/tidegate-io/tidegate/internal/change"
	"github.com/tidegate-io/tidegate/internal/guard"
	"github.com/tidegate-io/tidegate/internal/mysql"
)

// Applier applies one run's changes. It is used once: Open, then Run. After Run
// has returned, a new Applier takes up from what the ledger says.
type Applier struct {
	cfg  Config
	deps Deps
	form sqltext.Form

	pool   *sql.DB
	lanes  []*lane // used by the batch in flight
	tables tables  // used by Run's loop
	texts  buffers

	// What Open read: where the run stands, and the batch that only some lanes
	// have.
	half    *ledger.Lane
	has     []bool
	ddlDone bool // the statement of the next transaction has run, its rows are missing

	frontier *frontier
	progress atomic.Int64 // shares committed
	failing  time.Time    // since when nothing has been committed, while errors are retried
	failures int
	limiter  *rate.Limiter
	retunes  chan retune

	conflicts atomic.Int64
	metrics   *metrics
}

// New returns an Applier. Nothing is started or asked.
func New(cfg Config, deps Deps) *Applier {
	a := &Applier{
		cfg: cfg.withDefaults(deps.Target.Server), deps: deps, form: sqltext.FormOf(deps.Target.Server),
		frontier: newFrontier(), retunes: make(chan retune), texts: buffers{free: make(chan []byte, 8)}, metrics: newMetrics(),
	}
	a.tables = newTables(deps.Catalog, a.form)
	if cfg.MaxRate > 0 {
		a.limiter = rate.NewLimiter(rate.Limit(cfg.MaxRate), int(min(cfg.MaxRate, 1<<30)))
	}
	return a
}

// Open reads from the target where the run stands, which its owner has taken over:
// nothing of an older owner, nor of an earlier Applier, is in flight there any more.
// After it, Resume tells where reading begins.
func (a *Applier) Open(ctx context.Context) (*ledger.State, error) {
	state, err := a.deps.Ledger.Read(ctx)
	if err != nil {
		return nil, err
	}
	return state, a.adopt(state)
}

// adopt goes on from where the target says the run stands.
func (a *Applier) adopt(state *ledger.State) error {
	seq, pos := state.Frontier()
	at, err := placeAt(pos)
	if err != nil {
		return err
	}
	if half, has := state.Half(); has != nil {
		begun, err := half.To.Set()
		if err != nil {
			return err
		}
		a.half, a.has = &half, has
		a.deps.Gate.Begun(begun)
	} else {
		// Only the statement of a CREATE TABLE … SELECT is a batch that does not
		// move the position: its rows are of the same transaction.
		a.ddlDone = seq > 0 && half.From == half.To
	}
	a.frontier.reset(seq, at, len(state.Lanes))
	return nil
}

// Resume is where reading of the log must begin: after the last batch that
// every lane has committed. What lies behind it and is applied is dropped.
func (a *Applier) Resume() change.Position { return a.frontier.position() }

// Run applies what the queue brings until ctx ends or an error cannot be
// retried. An error of code "reread" says that the log must be read again from
// where a new Applier's Resume says, with a new queue.
func (a *Applier) Run(ctx context.Context) error {
	if a.frontier.lanes() == 0 {
		return errors.New("apply: Run before Open")
	}
	unregister, err := a.metrics.register(a.deps.Registerer)
	if err != nil {
		return err
	}
	defer unregister()
	pool, err := a.openPool(a.frontier.lanes())
	if err != nil {
		return err
	}
	a.pool = pool
	defer func() { a.closeLanes(); a.pool.Close() }()

	work, stop := withGrace(ctx, a.cfg.StopGrace)
	defer stop()
	g, ctx := guard.WithContext(ctx)
	r := newLoop(a, g, work)
	g.Go(func() error { return r.fetch(ctx) })
	g.Go(func() error { return r.run(ctx) })
	return g.Wait()
}

// openPool makes a pool of row sessions, one for each lane.
func (a *Applier) openPool(lanes int) (*sql.DB, error) {
	// A long list of keys must stay a list of ranges in the index: neither given
	// up as too much memory, nor turned into a join with a temporary table.
	opt := mysql.Set("range_optimizer_max_mem_size", "0")
	if a.deps.Target.Server.Flavor == mysql.MariaDB {
		opt = mysql.Set("in_predicate_conversion_threshold", "0")
	}
	return a.deps.Target.Open(mysql.Raw, lanes, opt, mysql.Several())
}

// openLanes connects the lanes that are not.
func (a *Applier) openLanes(ctx context.Context, lanes int) error {
	first := len(a.lanes)
	opened := make([]*lane, max(lanes-first, 0))
	errs := make([]error, len(opened))
	var wg sync.WaitGroup
	for i := range opened {
		wg.Go(func() {
			errs[i] = guard.Call(func() (err error) {
				opened[i], err = a.openLane(ctx, first+i)
				return err
			})
		})
	}
	wg.Wait()
	for i, l := range opened { // those before one that failed are kept for the next try
		switch {
		case l != nil && len(a.lanes) == first+i:
			a.lanes = append(a.lanes, l)
		case l != nil:
			l.close()
		}
	}
	return worst(errs)
}

func (a *Applier) closeLanes() {
	for _, l := range a.lanes {
		l.close()
	}
	a.lanes = nil
}

// withGrace returns a context for the work in flight: it outlives ctx by the
// grace, so that a wanted stop does not leave a batch half applied. A fenced run
// gets none.
func withGrace(ctx context.Context, grace time.Duration) (context.Context, context.CancelFunc) {
	work, cancel := context.WithCancelCause(context.WithoutCancel(ctx))
	stop := context.AfterFunc(ctx, func() {
		if errors.Is(context.Cause(ctx), ledger.ErrFenced) {
			cancel(context.Cause(ctx))
			return
		}
		timer := time.NewTimer(grace)
		defer timer.Stop()
		select {
		case <-timer.C:
			cancel(context.Cause(ctx))
		case <-work.Done():
		}
	})
	return work, func() { stop(); cancel(context.Canceled) }
}

// throttle holds a batch back to the rate the pipeline allows.
func (a *Applier) throttle(ctx context.Context, b *batch) error {
	if a.limiter == nil {
		return nil
	}
	n := 0
	for _, s := range b.shares {
		n += len(s.text)
	}
	for n > 0 {
		step := min(n, a.limiter.Burst())
		if err := a.limiter.WaitN(ctx, step); err != nil {
			return err
		}
		n -= step
	}
	return nil
}

// retune asks for another number of lanes.
type retune struct {
	lanes  int
	config []byte
	hash   string
	done   chan error
}

// Retune changes the number of lanes, and what is recorded of the configuration
// that batches depend on, between two batches while Run runs.
func (a *Applier) Retune(ctx context.Context, lanes int, config []byte, hash string) error {
	if lanes < 1 {
		return fmt.Errorf("apply with %d lanes", lanes)
	}
	r := retune{lanes: lanes, config: config, hash: hash, done: make(chan error, 1)}
	select {
	case a.retunes <- r:
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	select {
	case err := <-r.done:
		return err
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}
