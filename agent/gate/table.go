package gate

import (
	"github.com/tidegate-io/tidegate/internal/change"
	"github.com/tidegate-io/tidegate/internal/schema"
)

// phase is how far a table's copy is.
type phase int

const (
	untouched phase = iota // nothing handed out: its changes are dropped
	paging                 // ranges are being handed out in key order
	handedOut              // the last range is handed out: nothing is dropped any more
	exact                  // read in one snapshot at one position
)

// Table is a table's place in the copy. Methods that change it belong to the
// copy, the others to the applier.
type Table struct {
	g     *Gate
	phase phase
	done  bool                  // every chunk is committed
	above func(raw []byte) bool // is a key value above the highest handed out? nil: not comparable
	high  *change.Set           // union of high marks; where the window ends
	at    *change.Set           // exact: the position
	moved uint64                // how often the copy has come further
}

// Add registers a table that is to be copied. Tables that were never added are
// not copied, and all their changes are applied strictly.
func (g *Gate) Add(id schema.ID) *Table {
	g.mu.Lock()
	defer g.mu.Unlock()
	t := &Table{g: g, high: change.NewSet(g.executed.Kind()), at: change.NewSet(g.executed.Kind())}
	g.tables[id] = t
	return t
}

// Remove forgets a table: dropped, renamed away, or no longer selected.
func (g *Gate) Remove(id schema.ID) {
	g.mu.Lock()
	defer g.mu.Unlock()
	delete(g.tables, id)
	g.notify()
}

// Table returns a table's place in the copy, nil if it is not being copied.
func (g *Gate) Table(id schema.ID) *Table {
	g.mu.Lock()
	defer g.mu.Unlock()
	return g.tables[id]
}

// HandOut notes that ranges up to a bound are handed out (I-3); it must be
// durable on the target already. above tells whether the log's form of the key
// column's value lies above the bound; nil where such keys are not compared.
func (t *Table) HandOut(above func(raw []byte) bool) {
	t.g.mu.Lock()
	defer t.g.mu.Unlock()
	t.moved++
	t.phase, t.above = paging, above
}

// HandOutLast notes that the last range, which has no upper bound, is handed
// out.
func (t *Table) HandOutLast() {
	t.g.mu.Lock()
	defer t.g.mu.Unlock()
	t.moved++
	t.phase, t.above = handedOut, nil
}

// Exact notes that the table is read in one snapshot at a position: what the
// position contains is in the snapshot, all else is applied strictly. The copy
// holds a Chunk open at that position until the last piece is committed.
func (t *Table) Exact(at *change.Set) {
	t.g.mu.Lock()
	defer t.g.mu.Unlock()
	t.moved++
	t.phase, t.at = exact, at
}

// ReadAt returns the position of a copy in one snapshot; nil for other copies.
func (t *Table) ReadAt() *change.Set {
	t.g.mu.Lock()
	defer t.g.mu.Unlock()
	if t.phase != exact {
		return nil
	}
	return t.at.Clone()
}

// Window restores the union of the high marks of chunks committed by an earlier
// process.
func (t *Table) Window(high *change.Set) {
	t.g.mu.Lock()
	defer t.g.mu.Unlock()
	t.high.Union(high)
}

// Finish notes that every chunk of the table is committed.
func (t *Table) Finish() {
	t.g.mu.Lock()
	defer t.g.mu.Unlock()
	t.moved++
	t.done = true
	if t.phase != exact {
		t.phase = handedOut
	}
}

// Restart puts the table back to the start: its copy was thrown away.
func (t *Table) Restart() {
	t.g.mu.Lock()
	defer t.g.mu.Unlock()
	t.moved++
	t.phase, t.above, t.done = untouched, nil, false
	t.high, t.at = change.NewSet(t.high.Kind()), change.NewSet(t.high.Kind())
}

// Skip reports whether a change to this table must be dropped: nobody has read
// the row's place yet, or the snapshot already contains the transaction. key is
// the value of the paging column in the log's form; nil asks for the table as a
// whole.
func (t *Table) Skip(ids []change.ID, key []byte) bool {
	t.g.mu.Lock()
	defer t.g.mu.Unlock()
	switch t.phase {
	case untouched:
		return true
	case paging:
		return key != nil && t.above != nil && t.above(key)
	case exact:
		return containsAll(t.at, ids)
	default:
		return false
	}
}

// Moved counts the steps of the table's copy: as long as it is the same, so is
// what Skip answers.
func (t *Table) Moved() uint64 {
	t.g.mu.Lock()
	defer t.g.mu.Unlock()
	return t.moved
}

// Tolerant reports whether a batch that begins at from is in the table's window
// (I-3b).
func (t *Table) Tolerant(from *change.Set) bool {
	t.g.mu.Lock()
	defer t.g.mu.Unlock()
	if t.phase == exact {
		return false
	}
	return !t.done || !from.Includes(t.high)
}

// High returns where the table's window ends, and whether all chunks are
// committed.
func (t *Table) High() (*change.Set, bool) {
	t.g.mu.Lock()
	defer t.g.mu.Unlock()
	if t.phase == exact {
		return t.at.Clone(), t.done
	}
	return t.high.Clone(), t.done
}
