package apply

import (
	"github.com/tidegate-io/tidegate/internal/change"
)

// kind is what an op does.
type kind uint8

const (
	deleteKey   kind = iota + 1 // counts 1
	deleteAny                   // tolerant: any count
	insertRow                   // counts 1
	replaceRow                  // tolerant: any count
	upsertRow                   // counts 2
	deleteMatch                 // one row that holds these bytes; counts 1
	updateMatch                 // counts 1
	updateKey                   // counts 1
	fireCascade                 // foreign keys that the source carried out unseen
)

// many reports that ops of this kind share a statement.
func (k kind) many() bool { return k <= upsertRow }

// want is what one op of a kind counts; any reports that it does not matter.
func (k kind) want() (n int64, any bool) {
	switch k {
	case deleteAny, replaceRow, fireCascade:
		return 0, true
	case upsertRow:
		return 2, false
	default:
		return 1, false
	}
}

// op is one row's change on the target.
type op struct {
	table  *table
	kind   kind
	before *change.Row
	after  *change.Row

	ids []change.ID // of fireCascade: the transaction

	// paired: this insert and a delete of the same entry are one change of a row.
	paired bool
}

// image is the row by which the op finds its place.
func (o *op) image() *change.Row {
	switch o.kind {
	case insertRow, replaceRow, upsertRow:
		return o.after
	default:
		return o.before
	}
}

// netOps appends what an entry asks for, deletes to one list and the rest to
// another.
func (tb *tableBatch) netOps(e *entry, deletes, rest []op) ([]op, []op) {
	t := tb.table
	switch {
	case tb.tolerant && e.after == nil:
		deletes = append(deletes, op{table: t, kind: deleteAny, before: e.last})
	case tb.tolerant:
		rest = append(rest, op{table: t, kind: replaceRow, after: e.after})
	case e.before == nil && e.after == nil:
	case e.before == nil:
		rest = append(rest, op{table: t, kind: insertRow, after: e.after})
	case e.after == nil:
		deletes = append(deletes, op{table: t, kind: deleteKey, before: e.before})
	case t.text.Equal(*e.before, *e.after):
	case t.rewrite:
		deletes = append(deletes, op{table: t, kind: deleteKey, before: e.before, after: e.after, paired: true})
		rest = append(rest, op{table: t, kind: insertRow, before: e.before, after: e.after, paired: true})
	default:
		rest = append(rest, op{table: t, kind: upsertRow, before: e.before, after: e.after})
	}
	return deletes, rest
}

// serialOps appends what one change asks for when it is applied on its own.
func (tb *tableBatch) serialOps(it *item, ops []op) []op {
	t, c := tb.table, it.ch
	if t.text == nil {
		return ops
	}
	if tb.tolerant {
		return tb.tolerantOps(it, ops)
	}
	switch c.Op {
	case change.Insert:
		if !tb.skip(it.ids, &c.After) {
			ops = append(ops, op{table: t, kind: insertRow, after: &c.After})
		}
	case change.Delete:
		if !tb.skip(it.ids, &c.Before) {
			ops = append(ops, op{table: t, kind: t.pick(deleteKey, deleteMatch), before: &c.Before})
		}
	default:
		if !tb.skip(it.ids, &c.After) && !t.text.Equal(c.Before, c.After) {
			ops = append(ops, op{table: t, kind: t.pick(updateKey, updateMatch), before: &c.Before, after: &c.After})
		}
	}
	return ops
}

func (tb *tableBatch) tolerantOps(it *item, ops []op) []op {
	t, c := tb.table, it.ch
	if c.Op != change.Insert && !tb.skip(it.ids, &c.Before) && (c.Op == change.Delete || !t.sameKeyBytes(c)) {
		ops = append(ops, op{table: t, kind: deleteAny, before: &c.Before})
	}
	if c.Op != change.Delete && !tb.skip(it.ids, &c.After) {
		ops = append(ops, op{table: t, kind: replaceRow, after: &c.After})
	}
	return ops
}

func (t *table) pick(keyed, keyless kind) kind {
	if t.keyless() {
		return keyless
	}
	return keyed
}

func (t *table) sameKeyBytes(c *change.Change) bool {
	for _, k := range t.text.Key {
		if !k.Codec.Equal(c.Before.Value(k.Source), c.After.Value(k.Source)) {
			return false
		}
	}
	return true
}
