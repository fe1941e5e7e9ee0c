package apply

import (
	"maps"
	"testing"

	"github.com/cespare/xxhash/v2"
	"pgregory.net/rapid"

	"github.com/tidegate-io/tidegate/agent/apply/sqltext"
	"github.com/tidegate-io/tidegate/agent/gate"
	"github.com/tidegate-io/tidegate/internal/change"
	"github.com/tidegate-io/tidegate/internal/schema"
)

// withoutKey compiles the table of three integers without its keys, as one that was
// read in one snapshot at a position.
func withoutKey(t testing.TB, at *change.Set) *table {
	t.Helper()
	def := definition()
	def.Keys = nil
	w := gate.New(change.MySQL).Add(schema.ID{Schema: "s", Name: "t"})
	w.Exact(at)
	tbl, err := compile(&Plan{ID: 1, Source: def, Target: def, PageColumn: -1, Window: w}, threeInts, sqltext.Form{RowAlias: true})
	if err != nil {
		t.Fatal(err)
	}
	return tbl
}

const someSource = "01234567-89ab-cdef-0123-456789abcdef"

// TestTallies: what the tallies of a table without a key ask for makes of its rows,
// each counted, what its changes make of them one by one; changes that the snapshot
// has already are left out of both.
func TestTallies(t *testing.T) {
	rapid.Check(t, func(rt *rapid.T) {
		at := change.NewSet(change.MySQL)
		read := uint64(rapid.IntRange(0, 10).Draw(rt, "read"))
		for n := uint64(1); n <= read; n++ {
			at.Add(change.ID{Source: someSource, N: n})
		}
		tbl := withoutKey(t, at)
		tb := &tableBatch{table: tbl}
		b := &batch{byPlan: map[int]*tableBatch{1: tb}}
		rows := func() row {
			return row{id: rapid.IntRange(1, 2).Draw(rt, "id"), u: rapid.IntRange(0, 1).Draw(rt, "u"), v: rapid.IntRange(1, 2).Draw(rt, "v")}
		}
		for n := range rapid.IntRange(0, 30).Draw(rt, "changes") {
			c := change.Change{Table: threeInts, Op: rapid.SampledFrom([]change.Op{change.Insert, change.Update, change.Delete}).Draw(rt, "op")}
			if c.Op != change.Insert {
				c.Before = image(rows())
			}
			if c.Op != change.Delete {
				c.After = image(rows())
			}
			tb.items = append(tb.items, item{table: tbl, ch: &c, ids: []change.ID{{Source: someSource, N: uint64(n + 1)}}})
		}
		if err := tb.reduce(&b.kept); err != nil {
			rt.Fatal(err)
		}
		if tb.tallies == nil {
			return
		}
		deletes, rest := tb.tallyOps(nil, nil)
		s := &share{ops: append(deletes, rest...)}
		got, want := map[row]int{}, map[row]int{}
		for i := range s.ops {
			tallied(got, &s.ops[i])
		}
		if len(s.ops) > 0 {
			for _, o := range b.plain(s) {
				tallied(want, &o)
			}
			if !maps.Equal(got, want) {
				rt.Fatalf("tallies ask for %v, the changes for %v", got, want)
			}
		}
		for i := range s.ops {
			for j := range s.ops {
				if s.ops[i].kind == deleteMatch && s.ops[j].kind == insertRow && unimage(s.ops[i].before) == unimage(s.ops[j].after) {
					rt.Fatalf("%v goes and comes", unimage(s.ops[i].before))
				}
			}
		}
	})
}

// tallied adds what an op does to the number of each row; zeros are left out.
func tallied(n map[row]int, o *op) {
	add := func(r *change.Row, by int) {
		if n[unimage(r)] += by; n[unimage(r)] == 0 {
			delete(n, unimage(r))
		}
	}
	if o.kind != insertRow {
		add(o.before, -1)
	}
	if o.kind != deleteMatch {
		add(o.after, 1)
	}
}

// TestTalliesAlike: two images whose hashes are one are not taken for one.
func TestTalliesAlike(t *testing.T) {
	a, b := image(row{id: 1, v: 1}), image(row{id: 2, v: 2})
	s := &tallier{table: withoutKey(t, change.NewSet(change.MySQL)), byText: map[uint64]int32{}}
	if err := s.add(&a, 1); err != nil || s.alike {
		t.Fatal(err, s.alike)
	}
	text, err := s.table.text.AppendRow(nil, b)
	if err != nil {
		t.Fatal(err)
	}
	s.byText[xxhash.Sum64(text)] = 0
	if err := s.add(&b, -1); err != nil || !s.alike {
		t.Errorf("%v; alike: %v", err, s.alike)
	}
}
