package apply

import (
	"context"
	"sync"
	"time"

	"github.com/tidegate-io/tidegate/internal/change"
)

// frontier is the last batch that every lane has committed, and what is known
// around it.
type frontier struct {
	mu      sync.Mutex // guards what follows
	changed chan struct{}
	seq     uint64
	at      place
	nLanes  int
	stats   Stats
}

// Stats are an Applier's numbers.
type Stats struct {
	Transactions int64 // applied since New; empty ones included
	Rows         int64 // row changes applied since New
	Batches      int64
	Conflicts    int64 // overwritten or ignored since New

	Batch    uint64          // the frontier's batch, over the whole run
	Frontier change.Position // after the last batch that every lane has committed

	// Oldest is when the source committed the oldest transaction that has been
	// taken and is not at the frontier; zero if there is none. Newest is the time
	// of the last transaction at the frontier.
	Oldest, Newest time.Time
	Lanes          int
}

func newFrontier() *frontier { return &frontier{changed: make(chan struct{})} }

func (f *frontier) reset(seq uint64, at place, lanes int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.seq, f.at, f.nLanes = seq, at, lanes
	f.notify()
}

func (f *frontier) notify() {
	close(f.changed)
	f.changed = make(chan struct{})
}

// pass moves the frontier behind a batch.
func (f *frontier) pass(b *batch) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.seq, f.at = b.seq, b.to
	f.stats.Transactions += int64(b.txns)
	f.stats.Rows += int64(b.rows)
	f.stats.Batches++
	if !b.newest.IsZero() {
		f.stats.Newest = b.newest
	}
	f.notify()
}

func (f *frontier) waiting(oldest time.Time) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.stats.Oldest = oldest
}

func (f *frontier) place() (uint64, place) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.seq, f.at
}

func (f *frontier) position() change.Position {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.at.pos
}

func (f *frontier) lanes() int {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.nLanes
}

func (f *frontier) setLanes(n int) {
	f.mu.Lock()
	defer f.mu.Unlock()
	f.nLanes = n
}

// includes reports whether the frontier contains the set, and else what to wait
// for.
func (f *frontier) includes(s *change.Set) (bool, <-chan struct{}) {
	f.mu.Lock()
	defer f.mu.Unlock()
	return f.at.set != nil && f.at.set.Includes(s), f.changed
}

// WaitFor returns when everything in the set is at the frontier.
func (a *Applier) WaitFor(ctx context.Context, s *change.Set) error {
	for {
		ok, changed := a.frontier.includes(s)
		if ok {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

// Frontier returns the position after the last batch that every lane has
// committed.
func (a *Applier) Frontier() change.Position { return a.frontier.position() }

// Applied reports whether the frontier contains everything in the set.
func (a *Applier) Applied(s *change.Set) bool {
	ok, _ := a.frontier.includes(s)
	return ok
}

// Changed returns a channel that is closed when the frontier moves the next time.
func (a *Applier) Changed() <-chan struct{} {
	a.frontier.mu.Lock()
	defer a.frontier.mu.Unlock()
	return a.frontier.changed
}

// Stats returns a copy of the Applier's numbers.
func (a *Applier) Stats() Stats {
	f := a.frontier
	f.mu.Lock()
	defer f.mu.Unlock()
	s := f.stats
	s.Batch, s.Frontier, s.Lanes, s.Conflicts = f.seq, f.at.pos, f.nLanes, a.conflicts.Load()
	return s
}
