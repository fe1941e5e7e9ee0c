package structure

import (
	"context"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tidegate-io/tidegate/internal/change"
	"github.com/tidegate-io/tidegate/internal/mysql"
	"github.com/tidegate-io/tidegate/internal/schema"
)

// begin carries what the source has, as a run's start does.
func (r *replay) begin(t *testing.T) *Model {
	t.Helper()
	m := r.read(t)
	if err := m.ReadParents(t.Context(), r.src, r.Selection); err != nil {
		t.Fatal(err)
	}
	made, err := (&Creator{Carrier: r.Carrier, Run: r.schema}).Create(t.Context(), r.conn, m)
	if err != nil {
		t.Fatal(err)
	}
	for _, tab := range slices.Concat(m.Tables, m.Parents) {
		MarkAbsent(tab.Definition, r.Selection)
		r.reg.defs[tab.ID()] = tab.Definition
	}
	for _, p := range made.Parents {
		r.reg.parents[p.Source] = Parent{Shadow: p.Target}
	}
	t.Cleanup(func() {
		for _, p := range r.reg.parents {
			if err := DropShadow(context.Background(), r.conn, p.Shadow); err != nil {
				t.Error(err)
			}
		}
	})
	return m
}

// sameKeys compares what is known of every table, followed ones included, with
// the source: columns, and foreign keys whether the target has them or not.
func (r *replay) sameKeys(t *testing.T, after string) {
	t.Helper()
	for id, known := range r.reg.defs {
		src, err := ReadTable(t.Context(), r.src, r.Source, id)
		if err != nil {
			t.Errorf("after %s: %s: %v", after, id, err)
			continue
		}
		if diff := cmp.Diff(src.Definition.Columns, known.Columns); diff != "" {
			t.Errorf("after %s: columns of %s (-source +known):\n%s", after, id, diff)
		}
		keys := func(def *schema.Table) []schema.ForeignKey {
			out := slices.Clone(def.ForeignKeys)
			for i := range out {
				out[i].Absent = false
			}
			slices.SortFunc(out, func(a, b schema.ForeignKey) int { return strings.Compare(a.Name, b.Name) })
			return out
		}
		if diff := cmp.Diff(keys(src.Definition), keys(known)); diff != "" {
			t.Errorf("after %s: foreign keys of %s (-source +known):\n%s", after, id, diff)
		}
		if target, ok := r.Selection.target(id); ok {
			dst, err := ReadTable(t.Context(), r.dst, r.Target, target)
			if err != nil {
				t.Errorf("after %s: %v", after, err)
				continue
			}
			if want := len(known.ForeignKeys) - len(absentKeys(known)); len(dst.Definition.ForeignKeys) != want {
				t.Errorf("after %s: %s has %d foreign keys on the target, wanted %d", after, id, len(dst.Definition.ForeignKeys), want)
			}
		}
	}
}

// What is known of a parent that is not selected, and of the foreign keys that
// refer to it, stays what the source has, whatever statement changes either.
func TestFollowedParents(t *testing.T) {
	for _, name := range []string{"mysql", "mariadb", "mariadb to mysql"} {
		t.Run(name, func(t *testing.T) {
			r := newReplay(t, pairs[name])
			r.exec(t, "CREATE TABLE unselected_p (id INT PRIMARY KEY, v INT, CONSTRAINT named CHECK (v <> 3))", "CREATE TABLE unselected_q (id INT PRIMARY KEY, t TEXT)",
				"CREATE TABLE unselected_r (id INT PRIMARY KEY)", "CREATE TABLE a (id INT PRIMARY KEY)",
				"CREATE TABLE c (id INT PRIMARY KEY, pid INT, qid INT, aid INT, CONSTRAINT fk_p FOREIGN KEY (pid) REFERENCES unselected_p (id) ON DELETE CASCADE, CONSTRAINT fk_r FOREIGN KEY (id) REFERENCES unselected_r (id))")
			if m := r.begin(t); len(m.Parents) != 1 || m.Parents[0].ID().Name != "unselected_p" || len(m.NeedsRows()) > 0 {
				t.Fatalf("followed are %v", m.Parents)
			}
			followed := 1
			for _, step := range []struct {
				sql  string
				more int // parents that are followed from here on
			}{
				{sql: "ALTER TABLE unselected_p ADD x INT NOT NULL DEFAULT 5 FIRST, MODIFY v BIGINT"},
				{sql: "CREATE INDEX k ON unselected_p (v)"},
				{sql: "RENAME TABLE unselected_p TO unselected_p2"},
				{sql: "ALTER TABLE unselected_p2 CHANGE id id2 INT NOT NULL, RENAME TO unselected_p3"},
				{sql: "ALTER TABLE c CHANGE pid pid2 INT"},
				{sql: "ALTER TABLE c ADD FOREIGN KEY (qid) REFERENCES unselected_q (id) ON DELETE SET NULL", more: 1},
				{sql: "ALTER TABLE c ADD FOREIGN KEY (aid) REFERENCES a (id)"},
				{sql: "RENAME TABLE c TO d"},
				{sql: "ALTER TABLE d DROP FOREIGN KEY d_ibfk_1, DROP FOREIGN KEY fk_r"},
				{sql: "ALTER TABLE d DROP FOREIGN KEY d_ibfk_2, ADD CONSTRAINT fk_a FOREIGN KEY (aid) REFERENCES a (id) ON UPDATE CASCADE"},
				{sql: "RENAME TABLE a TO b"},
				{sql: "ALTER TABLE b CHANGE id id3 INT NOT NULL"},
				{sql: "RENAME TABLE b TO unselected_b, unselected_q TO unselected_q2", more: 1},
				{sql: "ALTER TABLE unselected_b ADD z INT FIRST"},
				{sql: "CREATE TABLE e (id INT PRIMARY KEY, FOREIGN KEY (id) REFERENCES unselected_b (id3) ON DELETE CASCADE, FOREIGN KEY (id) REFERENCES d (id))"},
				{sql: "ALTER TABLE e DROP FOREIGN KEY e_ibfk_2"},
				{sql: "DROP TABLE unselected_p3", more: -1},
				{sql: "CREATE TABLE unselected_p3 (n INT, id2 INT NOT NULL PRIMARY KEY)", more: 1},
				{sql: "DROP TABLE d, e, unselected_b, unselected_p3, unselected_q2", more: -3},
			} {
				r.both(t, step.sql)
				followed += step.more
				if len(r.reg.parents) != followed {
					t.Errorf("after %s: followed are %v", step.sql, r.reg.parents)
				}
				if step.sql != "DROP TABLE unselected_p3" {
					r.sameKeys(t, step.sql)
				}
			}
		})
	}
}

// Tables that swap names take with them the foreign keys that the target lacks.
func TestSwappedKeys(t *testing.T) {
	for _, order := range []string{"c TO x, d TO c, x TO d", "d TO x, c TO d, x TO c", "c TO unselected_x, d TO c, unselected_x TO d"} {
		r := newReplay(t, pairs["mariadb"])
		r.exec(t, "CREATE TABLE unselected_p (id INT PRIMARY KEY)", "CREATE TABLE d (id INT PRIMARY KEY)",
			"CREATE TABLE c (id INT PRIMARY KEY, pid INT, CONSTRAINT fk_p FOREIGN KEY (pid) REFERENCES unselected_p (id) ON DELETE CASCADE)")
		r.begin(t)
		r.both(t, "RENAME TABLE "+order)
		r.sameKeys(t, order)
		r.both(t, "ALTER TABLE d DROP FOREIGN KEY fk_p")
		r.sameKeys(t, "the key is gone")
	}
}

// A parent that comes into the selection enters as a table with its rows, and a
// foreign key goes with it.
func TestParentEnters(t *testing.T) {
	r := newReplay(t, pairs["mysql"])
	r.exec(t, "CREATE TABLE unselected_p (id INT PRIMARY KEY)", "CREATE TABLE c (id INT PRIMARY KEY, pid INT, CONSTRAINT fk_p FOREIGN KEY (pid) REFERENCES unselected_p (id) ON DELETE CASCADE)")
	r.begin(t)
	r.both(t, "RENAME TABLE unselected_p TO p")
	p := schema.ID{Schema: r.schema, Name: "p"}
	if !slices.Contains(r.last.Entered, p) || len(r.reg.parents) != 0 || parentOf(&r.reg.defs[schema.ID{Schema: r.schema, Name: "c"}].ForeignKeys[0]) != p {
		t.Errorf("%+v, followed are %v", r.last, r.reg.parents)
	}
	r.both(t, "ALTER TABLE c DROP FOREIGN KEY fk_p, ADD CONSTRAINT again FOREIGN KEY (pid) REFERENCES p (id) ON DELETE CASCADE")
	if keys := r.reg.defs[schema.ID{Schema: r.schema, Name: "c"}].ForeignKeys; len(keys) != 1 || keys[0].Absent {
		t.Errorf("the target lacks %v", keys)
	}
}

// What cannot be followed is refused by name.
func TestParentsRefused(t *testing.T) {
	r := newReplay(t, pairs["mysql"])
	r.exec(t, "CREATE TABLE unselected_top (id INT PRIMARY KEY)", "CREATE TABLE unselected_mid (id INT PRIMARY KEY, CONSTRAINT up FOREIGN KEY (id) REFERENCES unselected_top (id) ON DELETE CASCADE)",
		"CREATE TABLE low (id INT PRIMARY KEY, CONSTRAINT fk_low FOREIGN KEY (id) REFERENCES unselected_mid (id) ON DELETE CASCADE)")
	m := r.begin(t)
	needs := m.NeedsRows()
	if len(m.Parents) != 2 || len(needs) != 1 || !needs[0].Fatal || needs[0].Object != r.schema+".unselected_mid" || !strings.Contains(needs[0].Remedy, "unselected_mid") {
		t.Errorf("parents %v, findings %v", m.Parents, needs)
	}
	r.both(t, "ALTER TABLE low DROP FOREIGN KEY fk_low")
	delete(r.reg.parents, schema.ID{Schema: r.schema, Name: "unselected_mid"})
	delete(r.reg.defs, schema.ID{Schema: r.schema, Name: "unselected_mid"})
	refused := func(q string, class mysql.Class) {
		t.Helper()
		r.seq++
		ev := r.event(q)
		ev.IDs = []change.ID{{Source: "s", N: 7}}
		err := r.execute(t, ev)
		if e, ok := errors.AsType[*mysql.Error](err); !ok || e.Class != class || e.Remedy == "" {
			t.Errorf("%s: got %v, wanted a refusal with a remedy", q, err)
		}
	}
	refused("ALTER TABLE low ADD CONSTRAINT fk_low FOREIGN KEY (id) REFERENCES unselected_mid (id) ON DELETE CASCADE", mysql.Config)
	refused("ALTER TABLE low ADD COLUMN mid INT REFERENCES unselected_mid (id)", mysql.Config)
	refused("ALTER TABLE low ADD CONSTRAINT gone FOREIGN KEY (id) REFERENCES unselected_nothere (id) ON DELETE CASCADE", mysql.Config)
	read := change.NewSet(change.File)
	read.Add(change.ID{Source: "s", N: 7})
	top := schema.ID{Schema: r.schema, Name: "unselected_top"}
	r.reg.parents[top] = Parent{Shadow: r.reg.parents[top].Shadow, Read: read}
	refused("ALTER TABLE unselected_top ADD c INT", mysql.Fatal)
}

// Broken off anywhere, a statement about parents ends as if it had not been.
func TestParentsAfterCrash(t *testing.T) {
	r := newReplay(t, pairs["mysql"])
	r.exec(t, "CREATE TABLE unselected_p (id INT PRIMARY KEY)", "CREATE TABLE a (id INT PRIMARY KEY)", "CREATE TABLE c (id INT PRIMARY KEY, pid INT, CONSTRAINT fk_a FOREIGN KEY (id) REFERENCES a (id) ON DELETE CASCADE)")
	r.begin(t)
	for _, q := range []string{"ALTER TABLE c ADD CONSTRAINT fk_p FOREIGN KEY (pid) REFERENCES unselected_p (id) ON DELETE CASCADE",
		"ALTER TABLE unselected_p ADD x INT FIRST", "RENAME TABLE a TO unselected_a, unselected_p TO unselected_p2", "ALTER TABLE unselected_a ADD x INT FIRST"} {
		r.exec(t, q)
		r.seq++
		r.breakAt = func() error { return errBroken }
		for range 2 {
			if err := r.execute(t, r.event(q)); !errors.Is(err, errBroken) {
				t.Fatalf("%s: %v", q, err)
			}
		}
		r.breakAt = nil
		if err := r.execute(t, r.event(q)); err != nil {
			t.Fatalf("again after a crash: %s: %v", q, err)
		}
		r.sameKeys(t, q)
	}
}
