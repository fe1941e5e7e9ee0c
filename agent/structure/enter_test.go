package structure

import (
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
			m, err := ReadTables(t.Context(), r.src, r.Source, r.Selection, append(ids, schema.ID{Schema: r.schema, Name: "nothere"}))
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
