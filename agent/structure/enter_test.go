package structure

import (
	"context"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tidegate-io/tidegate/internal/schema"
)

// Tables that come into the selection with their rows are named and left alone
// until somebody makes them; what refers to them is carried.
func TestEnter(t *testing.T) {
	for _, name := range []string{"mysql", "mariadb", "mariadb to mysql"} {
		t.Run(name, func(t *testing.T) {
			r := newReplay(t, pairs[name])
			r.both(t, "CREATE TABLE unselected_s (id INT PRIMARY KEY)", "CREATE TABLE unselected_z LIKE unselected_s", "CREATE TABLE a (id INT PRIMARY KEY)", "CREATE TABLE b (id INT PRIMARY KEY)")
			for _, step := range []struct{ sql, entered, touched, dropped, created string }{
				{sql: "RENAME TABLE unselected_s TO t", entered: "t"},
				{sql: "ALTER TABLE t ADD v INT", touched: "t"},
				{sql: "CREATE INDEX k ON t (v)", touched: "t"},
				{sql: "CREATE VIEW above AS SELECT id FROM t"},
				{sql: "DROP VIEW above"},
				{sql: "TRUNCATE TABLE t"},
				{sql: "CREATE TABLE IF NOT EXISTS t (x INT)"},
				{sql: "CREATE TABLE c (id INT PRIMARY KEY, tid INT, CONSTRAINT fk_c FOREIGN KEY (tid) REFERENCES t (id) ON DELETE CASCADE)", created: "c"},
				{sql: "ALTER TABLE c DROP FOREIGN KEY fk_c"},
				{sql: "RENAME TABLE t TO unselected_away"},
				{sql: "RENAME TABLE unselected_away TO t", entered: "t"},
				{sql: "CREATE TABLE l LIKE t", entered: "l"},
				{sql: "CREATE TABLE z LIKE unselected_z", entered: "z"},
				{sql: "CREATE TABLE IF NOT EXISTS a LIKE unselected_z"},
				{sql: "DROP TABLE l, z", dropped: "l z"},
				{sql: "RENAME TABLE t TO unselected_o, a TO t, unselected_o TO a", entered: "a", dropped: "t"},
				{sql: "ALTER TABLE a RENAME TO u, ADD w INT", entered: "u", dropped: "a"},
				{sql: "RENAME TABLE b TO unselected_b, u TO b", entered: "b", dropped: "u b"},
				{sql: "RENAME TABLE unselected_b TO p, p TO unselected_b"},
			} {
				if step.sql == "RENAME TABLE t TO unselected_away" {
					step.dropped = "t"
				}
				r.both(t, step.sql)
				for what, ids := range map[string]struct {
					got  []schema.ID
					want string
				}{"entered": {r.last.Entered, step.entered}, "touched": {r.last.Touched, step.touched}, "dropped": {r.last.Dropped, step.dropped}, "created": {r.last.Created, step.created}} {
					var got []string
					for _, id := range ids.got {
						got = append(got, id.Name)
					}
					want := strings.Fields(ids.want)
					slices.Sort(got)
					slices.Sort(want)
					if diff := cmp.Diff(want, got); diff != "" && len(want)+len(got) > 0 {
						t.Errorf("%s: %s (-want +got):\n%s", step.sql, what, diff)
					}
				}
			}
			ids, _ := r.reg.Entering()
			m, err := ReadTables(t.Context(), Whole, r.src, r.Source, r.Selection, append(ids, schema.ID{Schema: r.schema, Name: "nothere"}))
			if err != nil || len(m.Tables) != 1 || m.Tables[0].ID().Name != "b" {
				t.Fatalf("read %v: %v", m, err)
			}
			if _, err := (&Creator{Carrier: r.Carrier}).Create(t.Context(), r.conn, m); err != nil {
				t.Fatal(err)
			}
			r.reg.entering = map[schema.ID]bool{}
			r.reg.defs[m.Tables[0].ID()] = m.Tables[0].Definition
			r.both(t, "ALTER TABLE b ADD last INT")
			r.same(t)
		})
	}
}

// What an attempt to make an entering table left on the target goes with the next
// statement that drops, renames or changes the table; what holds rows stays.
func TestLeftOfEntering(t *testing.T) {
	for _, name := range []string{"mysql", "mariadb", "mariadb to mysql"} {
		t.Run(name, func(t *testing.T) {
			r := newReplay(t, pairs[name])
			r.both(t, "CREATE TABLE p (id INT PRIMARY KEY)", "CREATE TABLE a (id INT PRIMARY KEY)")
			left := func(table string) bool {
				there, err := Exists(t.Context(), r.conn, schema.ID{Schema: r.schema + "_to", Name: table})
				if err != nil {
					t.Fatal(err)
				}
				return there
			}
			for _, step := range []struct{ sql, gone, there string }{
				{"DROP TABLE t", "t", ""},
				{"RENAME TABLE t TO unselected_away", "t", ""},
				{"RENAME TABLE t TO u", "t u", ""},
				{"RENAME TABLE t TO unselected_u, a TO t, unselected_u TO a", "a", "t"},
				{"ALTER TABLE t RENAME TO v", "t v", ""},
				{"ALTER TABLE t DROP FOREIGN KEY f", "t", ""},
				{"CREATE INDEX k ON t (v)", "t", ""},
				{"CREATE OR REPLACE TABLE t (id INT PRIMARY KEY)", "", "t"},
			} {
				if strings.HasPrefix(step.sql, "CREATE OR") && !strings.HasPrefix(name, "mariadb") {
					continue
				}
				r.both(t, "DROP TABLE IF EXISTS t, u, v, a, unselected_away", "CREATE TABLE a (id INT PRIMARY KEY)",
					"CREATE TABLE unselected_s (id INT PRIMARY KEY, v INT, CONSTRAINT f FOREIGN KEY (v) REFERENCES p (id))", "RENAME TABLE unselected_s TO t")
				id := schema.ID{Schema: r.schema, Name: "t"}
				m, err := ReadTables(t.Context(), Whole, r.src, r.Source, r.Selection, []schema.ID{id})
				if err != nil || len(m.Tables) != 1 {
					t.Fatalf("read %v: %v", m, err)
				}
				var begun []schema.ID
				creator := &Creator{Carrier: r.Carrier, Begin: func(_ context.Context, ids []schema.ID) error { begun = append(begun, ids...); return nil }}
				if _, err := creator.Create(t.Context(), r.conn, m); err != nil {
					t.Fatal(err)
				}
				if len(begun) != 1 || begun[0] != id || !left("t") {
					t.Fatalf("begun %v, made %v", begun, left("t"))
				}
				r.reg.begun = map[schema.ID]bool{id: true}
				r.crash(t, step.sql)
				r.reg.begun = nil
				for _, table := range strings.Fields(step.gone) {
					if left(table) {
						t.Errorf("%s: %s is left on the target", step.sql, table)
					}
				}
				for _, table := range strings.Fields(step.there) {
					if !left(table) {
						t.Errorf("%s: %s is not on the target", step.sql, table)
					}
				}
			}
			r.both(t, "DROP TABLE IF EXISTS t", "CREATE TABLE unselected_s (id INT PRIMARY KEY)", "RENAME TABLE unselected_s TO t")
			r.onTarget(t, "CREATE TABLE t (other INT)", "INSERT INTO t VALUES (1)")
			r.reg.begun = map[schema.ID]bool{{Schema: r.schema, Name: "t"}: true}
			r.both(t, "DROP TABLE t")
			if !left("t") {
				t.Error("a table with rows was dropped")
			}
		})
	}
}

// With on_exists "keep" a table that is there stays, but for one that an earlier
// attempt was to make: the source may have changed it since.
func TestKeptOfEntering(t *testing.T) {
	r := newReplay(t, pairs["mysql"])
	r.both(t, "CREATE TABLE unselected_s (id INT PRIMARY KEY)", "CREATE TABLE unselected_u LIKE unselected_s", "RENAME TABLE unselected_s TO t, unselected_u TO u")
	ids := []schema.ID{{Schema: r.schema, Name: "t"}, {Schema: r.schema, Name: "u"}}
	r.onTarget(t, "CREATE TABLE t (other INT)", "CREATE TABLE u (other INT)")
	m, err := ReadTables(t.Context(), Whole, r.src, r.Source, r.Selection, ids)
	if err != nil {
		t.Fatal(err)
	}
	var begun []schema.ID
	creator := &Creator{Carrier: r.Carrier, OnExists: "keep", Begun: func(id schema.ID) bool { return id == ids[1] },
		Begin: func(_ context.Context, ids []schema.ID) error { begun = ids; return nil }}
	if _, err := creator.Create(t.Context(), r.conn, m); err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(ids[1:], begun); diff != "" {
		t.Errorf("begun (-want +got):\n%s", diff)
	}
	for i, want := range []string{"other", "id"} {
		var column string
		err := r.dst.QueryRow("SELECT COLUMN_NAME FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = ? AND TABLE_NAME = ?", r.schema+"_to", ids[i].Name).Scan(&column)
		if err != nil || column != want {
			t.Errorf("%s has column %q, not %q: %v", ids[i], column, want, err)
		}
	}
}
