package structure

import (
	"sync/atomic"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tidegate-io/tidegate/agent/ledger"
)

func TestLeftOutIndexes(t *testing.T) {
	r := newReplay(t, pairs["mysql"])
	r.DeferIndexes = true
	r.exec(t, "CREATE TABLE a (id INT PRIMARY KEY, v INT, w INT, x TEXT, KEY kv (v, w), KEY kw (w), KEY kx (x(5)), FULLTEXT KEY ft (x), UNIQUE KEY uv (v, id))",
		"CREATE TABLE b (id INT PRIMARY KEY, v INT, KEY kv (v))")
	m := r.read(t)
	made := createAll(t, r.pair, m)
	id := m.Tables[0].ID()
	for i, table := range m.Tables {
		r.reg.defs[table.ID()], r.reg.left[table.ID()] = table.Definition, made.Tables[i].LeftOut
	}
	if len(r.reg.left[id]) != 4 {
		t.Fatalf("left out: %q", r.reg.left[id])
	}
	r.both(t, "DROP INDEX kw ON a", "ALTER TABLE a RENAME INDEX kv TO kv2, ADD COLUMN z INT", "ALTER TABLE a CHANGE v v3 BIGINT", "ALTER TABLE a DROP COLUMN w",
		"ALTER TABLE a ALTER INDEX kx INVISIBLE", "CREATE TABLE copy LIKE a", "CREATE TABLE copy2 LIKE b", "DROP INDEX kv ON b")
	want := []string{"ADD KEY `kv2` (`v3`)", "ADD KEY `kx` (`x`(5)) INVISIBLE", "ADD FULLTEXT KEY `ft` (`x`)"}
	if diff := cmp.Diff(want, r.reg.left[id]); diff != "" {
		t.Fatal(diff)
	}
	for i, table := range m.Tables {
		made.Tables[i].LeftOut = r.reg.left[table.ID()]
	}
	buildLeftOut(t, r.pair, made)
	r.same(t)
}

// An index that is built, and noted as left out, since a statement cut the building
// short, is there.
func TestBuiltIndexesOnTheList(t *testing.T) {
	for _, name := range []string{"mysql", "mariadb"} {
		t.Run(name, func(t *testing.T) {
			r := newReplay(t, pairs[name])
			r.DeferIndexes = true
			r.exec(t, "CREATE TABLE a (id INT PRIMARY KEY, v INT, w INT, x TEXT, KEY kv (v), KEY kw (w), KEY kx (x(5)), KEY kz (w, v), FULLTEXT KEY ft (x))")
			m := r.read(t)
			made := createAll(t, r.pair, m)
			id := m.Tables[0].ID()
			r.reg.defs[id], r.reg.left[id] = m.Tables[0].Definition, made.Tables[0].LeftOut
			r.both(t, "ALTER TABLE a ADD COLUMN y INT") // its definition is read back without the indexes
			r.onTarget(t, "ALTER TABLE a ADD KEY kv (v), ADD KEY kw (w), ADD KEY kx (x(5))")
			r.crash(t, "DROP INDEX kv ON a")
			r.crash(t, "ALTER TABLE a DROP KEY kw, ADD COLUMN z INT")
			if name == "mysql" {
				r.crash(t, "ALTER TABLE a RENAME INDEX kx TO ky")
			} else {
				r.crash(t, "ALTER TABLE a DROP KEY IF EXISTS kx, ADD KEY IF NOT EXISTS kz (v)")
			}
			r.both(t, "CREATE TABLE b LIKE a")
			if diff := cmp.Diff([]string{"ADD KEY `kz` (`w`,`v`)", "ADD FULLTEXT KEY `ft` (`x`)"}, r.reg.left[id]); diff != "" {
				t.Fatal(diff)
			}
			made.Tables[0].LeftOut = r.reg.left[id]
			buildLeftOut(t, r.pair, made)
			r.same(t)
		})
	}
}

// Indexes left out are built from the list on the target, and a statement of
// the log gets its turn.
func TestBuildIndexes(t *testing.T) {
	r := newReplay(t, pairs["mysql"])
	r.DeferIndexes = true
	for _, name := range []string{"a", "b", "c", "d"} {
		r.exec(t, "CREATE TABLE "+name+" (id INT PRIMARY KEY, v INT, x TEXT, KEY kv (v), FULLTEXT KEY f1 (x), FULLTEXT KEY f2 (x))")
	}
	m := r.read(t)
	made := createAll(t, r.pair, m)
	l := r.x.deps.Ledger
	var rows []ledger.TableRow
	for i, c := range made.Tables {
		rows = append(rows, ledger.TableRow{ID: i + 1, Source: c.Source, Target: c.Target, State: ledger.Copied, LeftOut: c.LeftOut, Definition: m.Tables[i].Definition})
	}
	if err := l.Register(t.Context(), rows); err != nil {
		t.Fatal(err)
	}
	if _, err := r.dst.Exec("ALTER TABLE " + quoteID(rows[0].Target) + " ADD KEY `kv` (`v`)"); err != nil { // an earlier attempt got so far
		t.Fatal(err)
	}
	var built atomic.Int32
	ix := &Indexer{Ledger: l, LockDB: r.dst, Turn: r.x.deps.Turn, Server: r.Target, Threads: 3, Built: func(int) { built.Add(1) }}
	if err := ix.BuildIndexes(t.Context()); err != nil {
		t.Fatal(err)
	}
	compareAll(t, r.pair, m)
	left, err := l.Unindexed(t.Context())
	if err != nil || len(left) != 0 || built.Load() != 4 {
		t.Fatalf("after the build of %d tables: %v are left, %v", built.Load(), left, err)
	}
}
