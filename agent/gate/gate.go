// Package gate is what the copy and the applier share: how far the log may be
// taken while chunks are in flight, which changes concern rows nobody has read
// yet, and which tables are still in their window (ENGINE §3).
//
// It keeps no durable state and does no I/O. The copy writes it, the applier
// asks it; both sides see one order of events because everything is under one
// mutex.
package gate

import (
	"errors"
	"sync"

	"github.com/tidegate-io/tidegate/internal/change"
	"github.com/tidegate-io/tidegate/internal/schema"
)

// ErrStale says that a low mark does not contain all that may have been taken
// meanwhile (I-2b): read it again.
var ErrStale = errors.New("low mark is older than what may have been applied")

// Gate is the trailing gate of one run.
type Gate struct {
	mu       sync.Mutex
	changed  chan struct{} // closed and renewed at every change that may let more through
	executed *change.Set   // newest set read from the source while chunks are left
	ahead    *change.Set   // admitted while no chunk was to be read, so maybe not in executed
	copying  bool          // some chunk is still to be read
	hold     bool          // no chunk may be opened
	lows     map[*Chunk]*change.Set
	tables   map[schema.ID]*Table

	taken *change.Set // what has been admitted; nil unless Bound
	begun *change.Set // what a batch that is half applied contains; nil: there is none
	stop  *change.Set // where a bounded run ends; nil: not known yet
}

// New returns a gate of a run that copies nothing: everything passes.
func New(kind change.Kind) *Gate {
	return &Gate{changed: make(chan struct{}), executed: change.NewSet(kind), ahead: change.NewSet(kind), lows: map[*Chunk]*change.Set{}, tables: map[schema.ID]*Table{}}
}

func (g *Gate) notify() {
	close(g.changed)
	g.changed = make(chan struct{})
}

// Changed returns a channel that is closed when more may have become
// admissible. Take it before asking Admit.
func (g *Gate) Changed() <-chan struct{} {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.changed
}

// Copying says whether chunks are left to be read. While they are, only what
// is in the newest set given to Executed is admitted, so that every later low
// mark contains all that was taken (I-2b).
func (g *Gate) Copying(yes bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.copying = yes
	g.notify()
}

// Executed publishes a newer executed set of the source (on MariaDB, the
// position of a consistent snapshot). It must have been read after every set
// published before.
func (g *Gate) Executed(s *change.Set) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if !g.executed.Includes(s) {
		g.executed.Union(s)
		g.notify()
	}
}

// Admit reports whether a transaction may be taken (I-2): it is in the low mark
// of every chunk that is read and not yet committed on the target, and, while
// chunks are left, in the newest executed set. The caller stops at the first
// transaction in log order that is refused.
func (g *Gate) Admit(ids []change.ID) bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.stop != nil && g.taken != nil && g.taken.Includes(g.stop) {
		return false
	}
	if g.copying && !containsAll(g.executed, ids) {
		return false
	}
	for _, low := range g.lows {
		if !containsAll(low, ids) {
			return false
		}
	}
	for _, id := range ids {
		if !g.copying { // a table that enters the copy later must be read behind this
			g.ahead.Add(id)
		}
		if g.taken != nil {
			g.taken.Add(id)
		}
	}
	return true
}

func containsAll(s *change.Set, ids []change.ID) bool {
	for _, id := range ids {
		if !s.Contains(id) {
			return false
		}
	}
	return true
}

// Idle reports that no chunk write can be in flight: none is read and not yet
// committed. Transactions above the memory budget, and statements that give tables other
// names, begin only then.
func (g *Gate) Idle() bool {
	g.mu.Lock()
	defer g.mu.Unlock()
	return len(g.lows) == 0
}

// Hold keeps new chunks back: Open answers ErrStale, as if more had been taken
// meanwhile, until the hold is over. The applier holds while what it has waits for
// Idle, and until that is done.
func (g *Gate) Hold(yes bool) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.hold = yes
	g.notify()
}

// Chunk is one range between its SELECT and its commit on the target.
type Chunk struct {
	g *Gate
	t *Table
}

// Open registers a chunk with the low mark read before its SELECT. Its range
// must have been handed out before the mark was read.
func (g *Gate) Open(t *Table, low *change.Set) (*Chunk, error) {
	g.mu.Lock()
	defer g.mu.Unlock()
	if g.hold || !low.Includes(g.executed) || !low.Includes(g.ahead) {
		return nil, ErrStale
	}
	c := &Chunk{g: g, t: t}
	g.lows[c] = low
	return c, nil
}

// Done takes the chunk out of the gate after its commit. high is its high mark:
// the table's window lasts until the log has passed it.
func (c *Chunk) Done(high *change.Set) {
	c.g.mu.Lock()
	defer c.g.mu.Unlock()
	c.t.high.Union(high)
	delete(c.g.lows, c)
	c.g.notify()
}

// Drop takes the chunk out of the gate without rows written.
func (c *Chunk) Drop() {
	c.g.mu.Lock()
	defer c.g.mu.Unlock()
	delete(c.g.lows, c)
	c.g.notify()
}

// Bound makes the gate note what it admits, beginning with what is applied
// already, so that StopAt can be used.
func (g *Gate) Bound(applied *change.Set) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.taken = applied.Clone()
}

// Begun notes what a batch contains that some lanes have committed and others
// lack: no bounded run ends before it.
func (g *Gate) Begun(s *change.Set) {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.begun = s.Clone()
}

// StopAt admits nothing more once all of s has been admitted: the applier ends
// at the first transaction boundary that contains s, and that is not in the past.
// It returns what must be applied then. nil lifts that. It needs Bound.
func (g *Gate) StopAt(s *change.Set) *change.Set {
	g.mu.Lock()
	defer g.mu.Unlock()
	g.stop = s
	if s != nil {
		g.stop = s.Clone()
		if g.begun != nil {
			g.stop.Union(g.begun)
		}
		if g.taken.Includes(g.stop) {
			g.stop = g.taken.Clone()
		}
	}
	g.notify()
	return g.stop
}
