package apply

import (
	"context"
	"errors"
	"runtime"
	"time"

	"github.com/tidegate-io/tidegate/internal/change"
	"github.com/tidegate-io/tidegate/internal/guard"
)

// emptyEvery is how often a position is stored when nothing is to be written.
const emptyEvery = 250 * time.Millisecond

// moment is how long a burst of transactions may take to arrive in the queue:
// each hand-over of a few wakes three parties, and a commit costs the target and
// the agent the same for one row as for a hundred.
const moment = 3 * time.Millisecond

const (
	handful      = 256 // transactions that are handed over together
	handfulLeast = 64  // of fewer, more are waited for
)

// loop is the state of Run's one deciding goroutine. At any moment one batch is
// executed, one may be prepared, and one gathers transactions.
type loop struct {
	a     *Applier
	group *guard.Group
	work  context.Context // of what is in flight: outlives Run's by the grace
	in    chan []*change.Txn

	pending []*change.Txn // delivered, not taken
	later   []*change.Txn // met while a half-applied batch is gathered, not of it
	held    <-chan struct{}

	gather   *batch // its since is when it got its first transaction
	since    time.Time
	ready    *batch
	flight   *batch
	landed   chan error
	resolved []*table // scratch
}

func newLoop(a *Applier, g *guard.Group, work context.Context) *loop {
	seq, at := a.frontier.place()
	return &loop{a: a, group: g, work: work, in: make(chan []*change.Txn), landed: make(chan error, 1), gather: newBatch(seq+1, at)}
}

// fetch brings transactions from the queue in handfuls. A part of a large one
// comes alone, so that no more of them than needed leave the queue's budget.
func (r *loop) fetch(ctx context.Context) error {
	q := r.a.deps.Queue
	for {
		t, err := q.Get(ctx)
		if err != nil {
			return err
		}
		few := []*change.Txn{t}
		whole := !t.More && t.Part == 0
		if whole && q.Len() < handfulLeast {
			if err := pause(ctx, moment); err != nil {
				return err
			}
		}
		for ok := whole; ok && len(few) < handful && !t.More && t.Part == 0; {
			if t, ok = q.TryGet(); ok {
				few = append(few, t)
			}
		}
		select {
		case r.in <- few:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// run decides what is taken, what is closed and what is launched.
func (r *loop) run(ctx context.Context) error {
	if err := r.a.openLanes(ctx, r.a.frontier.lanes()); err != nil {
		if !retryable(err) {
			return err
		}
		if _, err := r.a.fence(ctx, err); err != nil {
			return err
		}
	}
	err := r.decide(ctx)
	if r.flight != nil { // a wanted stop: let it land
		if landed := r.land(<-r.landed); landed != nil && ctx.Err() != nil && !errors.Is(landed, context.Canceled) {
			err = landed
		}
	}
	return err
}

func (r *loop) decide(ctx context.Context) error {
	for {
		if err := r.takePending(ctx); err != nil {
			return err
		}
		if err := r.dispatch(); err != nil {
			return err
		}
		r.noteOldest()
		if err := r.wait(ctx); err != nil {
			return err
		}
	}
}

// takePending takes delivered transactions until one may not be taken yet or
// the batch is full.
func (r *loop) takePending(ctx context.Context) error {
	r.held = nil
	for len(r.pending) > 0 && (r.ready == nil || !r.full()) {
		t := r.pending[0]
		changed := r.a.deps.Gate.Changed()
		if !r.known(t) && !r.a.deps.Gate.Admit(t.IDs) {
			r.held = changed
			return nil
		}
		r.pending = r.pending[1:]
		if err := r.take(ctx, t); err != nil {
			return err
		}
		if r.full() {
			if err := r.dispatch(); err != nil {
				return err
			}
		}
	}
	return nil
}

func (r *loop) full() bool {
	return len(r.gather.items) >= r.a.cfg.BatchRows || int64(r.gather.bytes) >= r.a.cfg.BatchBytes
}

// worth reports whether the gathered batch should be launched now that nothing
// is in flight.
func (r *loop) worth() bool {
	return r.gather.txns > 0 && r.a.half == nil && time.Since(r.since) >= r.patience()
}

// patience is how long the gathered batch may wait, from its first transaction on.
func (r *loop) patience() time.Duration {
	if len(r.gather.items) == 0 {
		return emptyEvery
	}
	return 0
}

// idle reports that nothing more is there to be taken at once.
func (r *loop) idle() bool { return r.held != nil || len(r.pending) == 0 && r.a.deps.Queue.Len() == 0 }

// dispatch closes and launches what can be.
func (r *loop) dispatch() error {
	if r.flight == nil && r.ready != nil {
		if err := r.launch(); err != nil {
			return err
		}
	}
	if r.ready == nil && r.a.half == nil && (r.full() || r.flight == nil && r.worth() && r.idle()) {
		if err := r.close(); err != nil {
			return err
		}
		if r.flight == nil {
			return r.launch()
		}
	}
	return nil
}

// close ends the gathered batch, prepares it and begins the next.
func (r *loop) close() error {
	b := r.gather
	b.to.settle()
	b.behind = r.flight != nil
	if err := r.a.prepare(b, r.a.frontier.lanes(), nil); err != nil {
		return err
	}
	r.ready = b
	r.gather = newBatch(b.seq+1, b.to)
	return nil
}

// next takes the prepared batch; everything before it is committed. If it was
// prepared earlier than that, and the copy has come further meanwhile, it is
// prepared again.
func (r *loop) next() (*batch, error) {
	b := r.ready
	r.ready, r.flight = nil, b
	if !b.behind || !b.outdated() {
		return b, nil
	}
	r.a.texts.put(b)
	return b, r.a.prepare(b, b.lanes, nil)
}

// launch executes the prepared batch.
func (r *loop) launch() error {
	b, err := r.next()
	if err != nil {
		r.flight = nil
		return err
	}
	r.group.Go(func() error {
		begun := time.Now()
		err := guard.Call(func() error { return r.a.execute(r.work, b) })
		if err == nil {
			r.a.metrics.done(b, time.Since(begun))
		}
		r.landed <- err // its reader decides; nobody else may end the group for it
		return nil
	})
	runtime.Gosched() // its statements go out before the next batch is prepared, which takes this processor for 10 ms
	return nil
}

// land notes that the batch in flight has ended.
func (r *loop) land(err error) error {
	b := r.flight
	r.flight = nil
	if err != nil {
		return err
	}
	r.pass(b)
	return nil
}

// pass moves the frontier behind a committed batch.
func (r *loop) pass(b *batch) {
	r.a.failing = time.Time{}
	r.a.frontier.pass(b)
	r.a.deps.Queue.Release(b.bytes)
	r.a.texts.put(b)
}

// drain launches all that is taken and waits until it is committed.
func (r *loop) drain(ctx context.Context) error {
	for {
		if r.flight == nil && r.ready != nil {
			if err := r.launch(); err != nil {
				return err
			}
		}
		if r.ready == nil && r.gather.txns > 0 {
			if err := r.close(); err != nil {
				return err
			}
			continue
		}
		if r.flight == nil {
			return nil
		}
		select {
		case err := <-r.landed:
			if err := r.land(err); err != nil {
				return err
			}
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// wait blocks until something may have to be decided.
func (r *loop) wait(ctx context.Context) error {
	in := r.in
	if len(r.pending) > 0 { // held by the gate, or the batch is full
		in = nil
	}
	var tick <-chan time.Time
	if r.flight == nil && r.gather.txns > 0 {
		t := time.NewTimer(max(moment, r.patience()-time.Since(r.since)))
		defer t.Stop()
		tick = t.C
	}
	select {
	case few := <-in:
		r.pending = few
	case err := <-r.landed:
		return r.land(err)
	case <-r.held:
	case <-tick:
	case q := <-r.a.retunes:
		q.done <- r.retune(ctx, q)
	case <-ctx.Done():
		return context.Cause(ctx)
	}
	return nil
}

// retune changes the lanes between two batches.
func (r *loop) retune(ctx context.Context, q retune) error {
	if r.a.half != nil {
		return errors.New("a half-applied batch is being completed; ask again")
	}
	if err := r.drain(ctx); err != nil {
		return err
	}
	if err := r.a.deps.Ledger.Reconfigure(ctx, q.lanes, q.config, q.hash); err != nil {
		return err
	}
	r.a.closeLanes()
	r.a.pool.SetMaxOpenConns(q.lanes)
	r.a.pool.SetMaxIdleConns(q.lanes)
	r.a.frontier.setLanes(q.lanes)
	return r.a.openLanes(ctx, q.lanes)
}

func (r *loop) noteOldest() {
	var oldest time.Time
	for _, b := range []*batch{r.flight, r.ready, r.gather} {
		if b != nil && b.txns > 0 {
			oldest = b.oldest
			break
		}
	}
	if oldest.IsZero() && len(r.pending) > 0 {
		oldest = r.pending[0].Time
	}
	r.a.frontier.waiting(oldest)
}
