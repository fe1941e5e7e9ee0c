package apply

import (
	"encoding/binary"
	"fmt"
	"maps"
	"slices"
	"testing"

	"pgregory.net/rapid"

	"github.com/tidegate-io/tidegate/agent/apply/sqltext"
	"github.com/tidegate-io/tidegate/internal/change"
	"github.com/tidegate-io/tidegate/internal/schema"
)

// row is (id INT, u INT NULL, v INT); state maps id to row.
type row struct {
	id int
	u  int // 0 is NULL
	v  int
}

var threeInts = &change.TableMap{Schema: "s", Name: "t", Types: []byte{change.TypeLong, change.TypeLong, change.TypeLong}, Meta: []uint16{0, 0, 0}}

func definition() *schema.Table {
	column := func(name string, null bool) schema.Column {
		return schema.Column{Name: name, Type: "int", DataType: "int", Nullable: null}
	}
	return &schema.Table{Schema: "s", Name: "t", Columns: []schema.Column{column("id", false), column("u", true), column("v", false)},
		Keys: []schema.Key{
			{Name: "PRIMARY", Unique: true, Visible: true, Parts: []schema.KeyPart{{Column: "id"}}},
			{Name: "u", Unique: true, Visible: true, Parts: []schema.KeyPart{{Column: "u"}}},
		}}
}

func compiled(t testing.TB) *table {
	t.Helper()
	tbl, err := compile(&Plan{ID: 1, Source: definition(), Target: definition(), PageColumn: -1}, threeInts, sqltext.Form{RowAlias: true})
	if err != nil {
		t.Fatal(err)
	}
	if tbl.serial() || len(tbl.uniques) != 1 {
		t.Fatalf("keys of integers must be computable: %+v", tbl)
	}
	return tbl
}

func image(r row) change.Row {
	data := []byte{0}
	if r.u == 0 {
		data[0] = 2
	}
	data = binary.LittleEndian.AppendUint32(data, uint32(r.id))
	if r.u != 0 {
		data = binary.LittleEndian.AppendUint32(data, uint32(r.u))
	}
	data = binary.LittleEndian.AppendUint32(data, uint32(r.v))
	out, _, err := threeInts.Cut(data, make([]change.Span, 3))
	if err != nil {
		panic(err)
	}
	return out
}

func unimage(r *change.Row) row {
	n := func(i int) int {
		if r.Null(i) {
			return 0
		}
		return int(binary.LittleEndian.Uint32(r.Value(i)))
	}
	return row{id: n(0), u: n(1), v: n(2)}
}

// history draws changes that a source with both keys can log, and the states
// before and after them.
func history(t *rapid.T) (before, after map[int]row, changes []change.Change) {
	state := map[int]row{}
	free := func(u, but int) bool {
		for _, r := range state {
			if u != 0 && r.u == u && r.id != but {
				return false
			}
		}
		return true
	}
	draw := func() row {
		return row{id: rapid.IntRange(1, 9).Draw(t, "id"), u: rapid.IntRange(0, 5).Draw(t, "u"), v: rapid.IntRange(0, 3).Draw(t, "v")}
	}
	for range rapid.IntRange(0, 9).Draw(t, "rows") {
		if r := draw(); free(r.u, r.id) {
			state[r.id] = r
		}
	}
	before = maps.Clone(state)
	for range rapid.IntRange(0, 40).Draw(t, "changes") {
		r := draw()
		old, is := state[r.id]
		switch rapid.IntRange(0, 3).Draw(t, "op") {
		case 0:
			if is {
				delete(state, r.id)
				changes = append(changes, change.Change{Op: change.Delete, Table: threeInts, Before: image(old)})
			}
		case 1: // the key moves
			to := draw()
			if _, taken := state[to.id]; is && !taken && free(to.u, old.id) {
				delete(state, old.id)
				state[to.id] = to
				changes = append(changes, change.Change{Op: change.Update, Table: threeInts, Before: image(old), After: image(to)})
			}
		default:
			if !free(r.u, r.id) {
				continue
			}
			state[r.id] = r
			if is {
				changes = append(changes, change.Change{Op: change.Update, Table: threeInts, Before: image(old), After: image(r)})
			} else {
				changes = append(changes, change.Change{Op: change.Insert, Table: threeInts, After: image(r)})
			}
		}
	}
	return before, state, changes
}

func reduced(t testing.TB, changes []change.Change) *tableBatch {
	t.Helper()
	tbl := compiled(t)
	tb := &tableBatch{table: tbl}
	for i := range changes {
		tb.items = append(tb.items, item{table: tbl, ch: &changes[i]})
	}
	if err := tb.reduce(&arena{}); err != nil {
		t.Fatal(err)
	}
	if tb.serial {
		t.Fatal("a source's history was found irregular")
	}
	return tb
}

// play applies a lane's ops to a table with both keys, counting strictly.
func play(state map[int]row, ops []op) error {
	for _, o := range ops {
		r := unimage(o.image())
		old, is := state[r.id]
		if o.kind == deleteKey {
			if !is {
				return fmt.Errorf("delete of %d meets no row", r.id)
			}
			delete(state, r.id)
			continue
		}
		if is == (o.kind == insertRow) {
			return fmt.Errorf("kind %d of %d: row there: %v", o.kind, r.id, is)
		}
		if o.kind == upsertRow && old == r {
			return fmt.Errorf("upsert of %d changes nothing", r.id)
		}
		for _, other := range state {
			if r.u != 0 && other.u == r.u && other.id != r.id {
				return fmt.Errorf("%d and %d both have u=%d", r.id, other.id, r.u)
			}
		}
		state[r.id] = r
	}
	return nil
}

// The net changes, split over any number of lanes that run in any order, make
// the state the changes made, and every count is as expected.
func TestNetChangesOverLanesEqualReplay(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		before, after, changes := history(rt)
		lanes := rapid.IntRange(1, 5).Draw(rt, "lanes")
		tb := reduced(t, changes)
		parts := tb.split(lanes)
		seen := map[int32]bool{}
		order := rapid.Permutation(numbers(lanes)).Draw(rt, "order")
		got := maps.Clone(before)
		for _, lane := range order {
			var deletes, rest []op
			for _, i := range parts[lane] {
				if seen[i] {
					rt.Fatalf("entry %d is on two lanes", i)
				}
				seen[i] = true
				deletes, rest = tb.netOps(&tb.entries[i], deletes, rest)
			}
			if err := play(got, append(deletes, rest...)); err != nil {
				rt.Fatalf("lane %d of %d: %v", lane, lanes, err)
			}
		}
		if len(seen) != len(tb.entries) {
			rt.Fatalf("%d of %d entries are on a lane", len(seen), len(tb.entries))
		}
		if !maps.Equal(got, after) {
			rt.Fatalf("got %v, want %v", got, after)
		}
	})
}

func numbers(n int) []int {
	out := make([]int, n)
	for i := range out {
		out[i] = i
	}
	return out
}

// Where an entry goes depends on which values its rows share, not on the order
// in which that was seen.
func TestPartitionDoesNotDependOnOrder(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		keys := rapid.SliceOfNDistinct(rapid.StringN(1, 6, 12), 1, 12, rapid.ID[string]).Draw(rt, "keys")
		n := len(keys)
		links := rapid.SliceOfN(rapid.Custom(func(rt *rapid.T) [2]int32 {
			return [2]int32{rapid.Int32Range(0, int32(n-1)).Draw(rt, "a"), rapid.Int32Range(0, int32(n-1)).Draw(rt, "b")}
		}), 0, 15).Draw(rt, "links")
		lanesOf := func(links [][2]int32) []int {
			tb := &tableBatch{}
			for i, k := range keys {
				tb.entries = append(tb.entries, entry{key: k, parent: int32(i)})
			}
			for _, l := range links {
				tb.union(l[0], l[1])
			}
			var out []int
			for i := range keys {
				out = append(out, tb.lane(int32(i), 7))
			}
			return out
		}
		want := lanesOf(links)
		if got := lanesOf(rapid.Permutation(links).Draw(rt, "order")); !slices.Equal(got, want) {
			rt.Fatalf("lanes %v, in another order %v", want, got)
		}
	})
}

// A row inserted twice can only come from keys that the target holds equal and
// the source does not: the table must go row by row, where the target objects.
func TestIrregularHistoryIsSerial(t *testing.T) {
	changes := []change.Change{
		{Op: change.Insert, Table: threeInts, After: image(row{id: 1, v: 1})},
		{Op: change.Insert, Table: threeInts, After: image(row{id: 1, v: 2})},
	}
	tbl := compiled(t)
	tb := &tableBatch{table: tbl}
	for i := range changes {
		tb.items = append(tb.items, item{table: tbl, ch: &changes[i]})
	}
	if err := tb.reduce(&arena{}); err != nil {
		t.Fatal(err)
	}
	if !tb.serial {
		t.Fatal("not serial")
	}
}
