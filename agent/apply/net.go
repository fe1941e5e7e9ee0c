package apply

import (
	"bytes"
	"fmt"
	"slices"

	"github.com/tidegate-io/tidegate/internal/change"
)

// entry is the net change of one row key: its first image before the batch and
// its last after it. nil means the row was not there.
type entry struct {
	key           string // encoded in the target's collation
	before, after *change.Row
	last          *change.Row // any image that has the key

	parent int32 // union-find; the root has the smallest key of its group
}

// netter reduces one table's items to entries.
type netter struct {
	tb      *tableBatch
	kept    *arena
	byKey   map[string]int32
	byValue []map[string]int32 // per unique key: the entry that first had the value
	scratch []byte
	at      int // the item that is being taken

	// irregular: a row is inserted that is there already, or changed while it is
	// not. The source told two rows apart that the target's collation does not.
	irregular bool
}

// reduce fills tb.entries, or tb.tallies of a table without a key. A strict table
// whose changes do not fit each other becomes serial: row by row the target itself
// says what is wrong.
func (tb *tableBatch) reduce(kept *arena) error {
	if tb.table.serial() {
		tb.serial = true
		return tb.tally()
	}
	n := &netter{tb: tb, kept: kept, byKey: make(map[string]int32, len(tb.items))}
	tb.entries = make([]entry, 0, len(tb.items))
	n.byValue = make([]map[string]int32, len(tb.table.uniques))
	for i := range n.byValue {
		n.byValue[i] = make(map[string]int32, len(tb.items))
	}
	for i := range tb.items {
		n.at = i
		if err := n.take(&tb.items[i]); err != nil {
			return fmt.Errorf("key of a row of %s: %w", tb.table.name(), err)
		}
	}
	if n.irregular && !tb.tolerant {
		tb.serial, tb.entries = true, nil
	}
	return nil
}

func (n *netter) take(it *item) error {
	c := it.ch
	switch c.Op {
	case change.Insert:
		return n.put(it, nil, &c.After)
	case change.Delete:
		return n.put(it, &c.Before, nil)
	}
	same, err := n.sameKey(c)
	if err != nil {
		return err
	}
	if same {
		return n.put(it, &c.Before, &c.After)
	}
	if err := n.put(it, &c.Before, nil); err != nil {
		return err
	}
	return n.put(it, nil, &c.After)
}

// sameKey reports whether an update leaves the row under its key.
func (n *netter) sameKey(c *change.Change) (bool, error) {
	key := n.tb.table.key
	before, _, err := key.Append(n.scratch[:0], c.Before)
	if err != nil {
		return false, err
	}
	both, _, err := key.Append(before, c.After)
	n.scratch = both
	if err != nil {
		return false, err
	}
	return string(both[:len(before)]) == string(both[len(before):]), nil
}

// put notes that a row went from one image to another under one key. A change
// of a row that the copy has not reached is left out.
func (n *netter) put(it *item, before, after *change.Row) error {
	image := after
	if image == nil {
		image = before
	}
	t := n.tb.table
	if n.tb.skip(it.ids, image) {
		return nil
	}
	key, _, err := t.key.Append(n.scratch[:0], *image)
	n.scratch = key
	if err != nil {
		return err
	}
	i, known := n.byKey[string(key)]
	if !known {
		i = int32(len(n.tb.entries))
		k := n.kept.keep(key)
		n.byKey[k] = i
		n.tb.entries = append(n.tb.entries, entry{key: k, before: before, after: after, last: image, parent: i})
	} else {
		e := &n.tb.entries[i]
		if (e.after == nil) != (before == nil) {
			if after == nil && n.again(it) {
				return nil
			}
			n.irregular = true
		}
		e.after = after
	}
	for u := range t.uniques {
		if err := n.link(u, i, before, after); err != nil {
			return err
		}
	}
	return nil
}

// again reports whether a transaction has deleted this very row before: MySQL's
// log has the row that a ring of ON DELETE CASCADE comes back to twice.
func (n *netter) again(it *item) bool {
	for i := n.at - 1; i >= 0 && slices.Equal(n.tb.items[i].ids, it.ids); i-- {
		ch := n.tb.items[i].ch
		if ch.Op == change.Delete && bytes.Equal(ch.Before.Image(), it.ch.Before.Image()) {
			return true
		}
	}
	return false
}

// link joins an entry with those that had or have the same unique value.
func (n *netter) link(u int, i int32, images ...*change.Row) error {
	for _, image := range images {
		if image == nil {
			continue
		}
		value, null, err := n.tb.table.uniques[u].Append(n.scratch[:0], *image)
		n.scratch = value
		if err != nil {
			return err
		}
		if null {
			continue
		}
		if other, known := n.byValue[u][string(value)]; known {
			n.tb.union(i, other)
		} else {
			n.byValue[u][n.kept.keep(value)] = i
		}
	}
	return nil
}
