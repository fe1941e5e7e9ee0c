package apply

import (
	"fmt"

	"github.com/cespare/xxhash/v2"

	"github.com/tidegate-io/tidegate/internal/change"
)

// fewMatches: so many rows of a table without a key are looked for by one look at
// the table; fewer each by itself, which ends where the row is found.
const fewMatches = 4

// tally is how often an image of a table without a key comes, or goes, in a batch.
type tally struct {
	row *change.Row
	n   int
}

// tallier reduces the changes of a table without a key to the images that come and
// go in the end. Its rows are nothing but their images, so that neither the order
// of the changes nor which of several equal rows is meant says anything.
type tallier struct {
	table  *table
	byText map[uint64]int32 // hash of an image's text: its index
	all    []tally          // in the order of their first change
	text   []byte

	// alike: two images have one hash.
	alike bool
}

// tally fills tb.tallies, or leaves the table's changes to be applied one by one.
func (tb *tableBatch) tally() error {
	rows := 0
	for i := range tb.items {
		if tb.items[i].ch.Op != change.Insert {
			rows++
		}
	}
	if rows < fewMatches || tb.tolerant || !tb.table.imagesOnly() {
		return nil
	}
	s := &tallier{table: tb.table, byText: make(map[uint64]int32, len(tb.items))}
	for i := range tb.items {
		if err := s.take(tb, &tb.items[i]); err != nil {
			return fmt.Errorf("an image of a row of %s: %w", tb.table.name(), err)
		}
	}
	if !s.alike {
		tb.tallies = s.all
	}
	return nil
}

func (s *tallier) take(tb *tableBatch, it *item) error {
	c := it.ch
	named := &c.After
	if c.Op == change.Delete {
		named = &c.Before
	}
	if tb.skip(it.ids, named) {
		return nil
	}
	if c.Op != change.Insert {
		if err := s.add(&c.Before, -1); err != nil {
			return err
		}
	}
	if c.Op != change.Delete {
		return s.add(&c.After, 1)
	}
	return nil
}

func (s *tallier) add(row *change.Row, n int) error {
	var err error
	if s.text, err = s.table.text.AppendRow(s.text[:0], *row); err != nil {
		return err
	}
	h := xxhash.Sum64(s.text)
	i, known := s.byText[h]
	if !known {
		i = int32(len(s.all))
		s.byText[h] = i
		s.all = append(s.all, tally{row: row})
	}
	t := &s.all[i]
	s.alike = s.alike || !s.table.text.Equal(*t.row, *row)
	t.n += n
	return nil
}

// tallyOps appends what the tallies ask for: a change of a row is its going and
// its coming.
func (tb *tableBatch) tallyOps(deletes, rest []op) ([]op, []op) {
	for i := range tb.tallies {
		t := &tb.tallies[i]
		for n := t.n; n < 0; n++ {
			deletes = append(deletes, op{table: tb.table, kind: deleteMatch, before: t.row})
		}
		for n := t.n; n > 0; n-- {
			rest = append(rest, op{table: tb.table, kind: insertRow, after: t.row})
		}
	}
	return deletes, rest
}

// imagesOnly reports whether rows of a table without a key are on the target what
// they are in the log: a column that the target alone has would be lost with a row
// that goes and comes again.
func (t *table) imagesOnly() bool {
	if !t.keyless() {
		return false
	}
	for i := range t.plan.Target.Columns {
		c := &t.plan.Target.Columns[i]
		if _, ok := find(t.text.Columns, c.Name); !ok && c.Written() {
			return false
		}
	}
	return len(t.text.Columns) > 0
}

// plain is a share's ops with every change of a table without a key by itself, in
// the log's order.
func (b *batch) plain(s *share) []op {
	var out []op
	seen := map[*tableBatch]bool{}
	for i := range s.ops {
		tb := b.byPlan[s.ops[i].table.plan.ID]
		switch {
		case tb.tallies == nil:
			out = append(out, s.ops[i])
		case !seen[tb]:
			seen[tb] = true
			for j := range tb.items {
				out = tb.serialOps(&tb.items[j], out)
			}
		}
	}
	return out
}
