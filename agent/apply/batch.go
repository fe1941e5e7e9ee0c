package apply

import (
	"time"

	"github.com/tidegate-io/tidegate/agent/ledger"
	"github.com/tidegate-io/tidegate/internal/change"
)

// batch is a run of whole source transactions that is applied as one unit.
type batch struct {
	seq      uint64
	from, to place
	oldest   time.Time // commit time of its first transaction on the source
	newest   time.Time

	items []item
	txns  int
	rows  int // row changes of selected tables
	bytes int // memory held, to be given back to the queue

	// rowwise: a cascade fires in it. It is one transaction, applied by one lane
	// row by row.
	rowwise bool

	tables []*tableBatch // in the order of their first change
	byPlan map[int]*tableBatch

	lanes  int // that it is split over
	single bool
	shares []*share // by lane; with single, one that moves all ledger rows
	done   []bool   // lanes that have committed it
	kept   arena
	behind bool        // prepared before the batch before it was committed
	bigIDs []change.ID // of the large transaction this batch is
}

// item is one row change of a batch.
type item struct {
	table *table
	ch    *change.Change
	ids   []change.ID
}

// place is a position with its set.
type place struct {
	set  *change.Set
	pos  change.Position
	text string
}

func placeAt(pos change.Position) (place, error) {
	set, err := pos.Set()
	if err != nil {
		return place{}, err
	}
	return place{set: set, pos: pos, text: pos.Encode()}, nil
}

// after is the place behind one more transaction. The set is shared until
// settle is called.
func (p *place) add(t *change.Txn) {
	for _, id := range t.IDs {
		p.set.Add(id)
	}
	p.pos.File, p.pos.Offset, p.pos.ReadFrom = t.File, t.Offset, t.ReadFrom
}

// settle makes the texts of the position; it is asked once per batch.
func (p *place) settle() {
	if p.set.Kind() != change.File {
		p.pos.GTID = p.set.String()
	}
	p.text = p.pos.Encode()
}

func (p place) clone() place {
	p.set = p.set.Clone()
	return p
}

func newBatch(seq uint64, from place) *batch {
	return &batch{seq: seq, from: from, to: from.clone()}
}

// step is the batch's place in the ledger.
func (b *batch) step() ledger.Step {
	return ledger.Step{Batch: b.seq, From: b.from.text, To: b.to.text}
}

// add takes a transaction whose changes are resolved to tables.
func (b *batch) add(t *change.Txn, tables []*table) {
	if b.txns == 0 {
		b.oldest = t.Time
	}
	b.newest = t.Time
	b.txns++
	b.bytes += t.Bytes
	for i, tbl := range tables {
		if tbl == nil {
			continue
		}
		if tbl.text != nil {
			b.rows++
		}
		b.items = append(b.items, item{table: tbl, ch: &t.Changes[i], ids: t.IDs})
	}
	b.to.add(t)
}

// tableBatch is the part of a batch that concerns one table.
type tableBatch struct {
	table    *table
	tolerant bool
	items    []item // in log order
	serial   bool   // not split

	entries []entry
	tallies []tally // of a table without a key whose changes are not applied one by one

	skipped bool   // changes were left out: the copy had not reached them
	copied  uint64 // how far the copy was then
}

// skip reports whether a change is left out, and remembers that some was.
func (tb *tableBatch) skip(ids []change.ID, row *change.Row) bool {
	skip := tb.table.skip(ids, row)
	tb.skipped = tb.skipped || skip
	return skip
}

// outdated reports whether the copy has come further in a table since changes
// of it were left out. With the batch before not committed then, that was too
// early: a row that a chunk has read and written meanwhile, and that a row of
// the batch before removes because it has the same unique value, would never
// come back.
func (b *batch) outdated() bool {
	for _, tb := range b.tables {
		if tb.skipped && tb.table.plan.Window.Moved() != tb.copied {
			return true
		}
	}
	return false
}

// sort splits the batch's items by table.
func (b *batch) sort() {
	b.tables, b.byPlan = nil, map[int]*tableBatch{}
	for _, it := range b.items {
		tb := b.byPlan[it.table.plan.ID]
		if tb == nil {
			tb = &tableBatch{table: it.table, tolerant: it.table.tolerant(b.from.set), copied: it.table.moved()}
			b.byPlan[it.table.plan.ID] = tb
			b.tables = append(b.tables, tb)
		}
		tb.items = append(tb.items, it)
	}
}
