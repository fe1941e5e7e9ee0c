package apply

import (
	"cmp"
	"slices"

	"github.com/cespare/xxhash/v2"
)

// find returns the root of an entry's group.
func (tb *tableBatch) find(i int32) int32 {
	for tb.entries[i].parent != i {
		tb.entries[i].parent = tb.entries[tb.entries[i].parent].parent
		i = tb.entries[i].parent
	}
	return i
}

// union joins two groups. The root is the smallest key of the group, whatever
// the order of the unions, so that a rebuilt batch is split the same way.
func (tb *tableBatch) union(a, b int32) {
	a, b = tb.find(a), tb.find(b)
	if a == b {
		return
	}
	if tb.entries[b].key < tb.entries[a].key {
		a, b = b, a
	}
	tb.entries[b].parent = a
}

// lane places an entry: by the hash of its group's smallest key. It depends on
// the table's changes in this batch and the number of lanes alone.
func (tb *tableBatch) lane(i int32, lanes int) int {
	return int(xxhash.Sum64String(tb.entries[tb.find(i)].key) % uint64(lanes))
}

// split returns each lane's entries in key order.
func (tb *tableBatch) split(lanes int) [][]int32 {
	out := make([][]int32, lanes)
	for i := range tb.entries {
		l := 0
		if lanes > 1 {
			l = tb.lane(int32(i), lanes)
		}
		out[l] = append(out[l], int32(i))
	}
	for _, part := range out {
		slices.SortFunc(part, func(a, b int32) int { return cmp.Compare(tb.entries[a].key, tb.entries[b].key) })
	}
	return out
}
