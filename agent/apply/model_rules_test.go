package apply

import (
	"slices"
)

// harm breaks a rule of net changes or of the partition in a prepared batch, as
// code that did not keep it would have prepared it.
func (m *model) harm(b *batch) {
	switch m.broken {
	case "inside a window, inserted and deleted is a delete":
		m.dropOps(b, func(tb *tableBatch, e *entry) bool { return tb.tolerant && e.before == nil && e.after == nil })
	case "inside a window, a row that ends as it was is written":
		m.dropOps(b, func(tb *tableBatch, e *entry) bool {
			return tb.tolerant && e.before != nil && e.after != nil && unimage(e.before) == unimage(e.after)
		})
	case "deletes come before everything else":
		for _, s := range b.shares {
			slices.SortStableFunc(s.ops, func(x, y op) int { return late(x) - late(y) })
		}
	case "a table without a key keeps the log's order":
		for _, s := range b.shares {
			var keyless []int
			for i := range s.ops {
				if s.ops[i].table.keyless() {
					keyless = append(keyless, i)
				}
			}
			for i, j := 0, len(keyless)-1; i < j; i, j = i+1, j-1 {
				s.ops[keyless[i]], s.ops[keyless[j]] = s.ops[keyless[j]], s.ops[keyless[i]]
			}
		}
	case "rows that share a unique value are on one lane":
		m.scatter(b)
	case "a rebuilt batch gives all of a window's rows to those who lack it":
		m.onlyLacking(b)
	}
}

func late(o op) int {
	if o.deletes() {
		return 1
	}
	return 0
}

// dropOps removes the ops of some entries.
func (m *model) dropOps(b *batch, drop func(*tableBatch, *entry) bool) {
	for _, tb := range b.tables {
		for i := range tb.entries {
			e := &tb.entries[i]
			if !drop(tb, e) {
				continue
			}
			for _, s := range b.shares {
				s.ops = slices.DeleteFunc(s.ops, func(o op) bool {
					return o.table == tb.table && (o.before == e.last || o.after == e.after && e.after != nil)
				})
			}
		}
	}
}

// scatter places every row by its own key alone.
func (m *model) scatter(b *batch) {
	if b.single {
		return
	}
	var all []op
	for i, s := range b.shares {
		if !b.done[i] {
			all, s.ops = append(all, s.ops...), nil
		}
	}
	for _, o := range all {
		n := unimage(o.image()).id % len(b.shares)
		if b.done[n] || o.table.keyless() {
			n = slices.Index(b.done, false)
		}
		b.shares[n].ops = append(b.shares[n].ops, o)
	}
}

// onlyLacking undoes what prepare gave to another lane because its own has the
// batch already.
func (m *model) onlyLacking(b *batch) {
	if !slices.Contains(b.done, true) {
		return
	}
	for _, tb := range b.tables {
		if !tb.tolerant || tb.serial {
			continue
		}
		for i := range tb.entries {
			if e := &tb.entries[i]; b.done[tb.lane(int32(i), len(b.shares))] {
				for _, s := range b.shares {
					s.ops = slices.DeleteFunc(s.ops, func(o op) bool {
						return o.table == tb.table && (o.before == e.last || o.after == e.after && e.after != nil)
					})
				}
			}
		}
	}
}
