package structure

import (
	"errors"
	"strings"
	"testing"

	"github.com/tidegate-io/tidegate/internal/mysql"
	"github.com/tidegate-io/tidegate/internal/schema"
)

// Conditions that only MariaDB reads come to the same on the target, also where a
// statement is broken off before its end and carried out again.
func TestConditions(t *testing.T) {
	for _, name := range []string{"mariadb", "mariadb to mysql"} {
		t.Run(name, func(t *testing.T) {
			r := newReplay(t, pairs[name])
			r.both(t, "CREATE TABLE p (id INT PRIMARY KEY)", "CREATE TABLE t (id INT PRIMARY KEY, a INT, KEY ka (a), CONSTRAINT f FOREIGN KEY (a) REFERENCES p (id))")
			for _, q := range []string{
				"ALTER TABLE t ADD COLUMN IF NOT EXISTS A INT, ADD IF NOT EXISTS b INT DEFAULT 2, ADD COLUMN IF NOT EXISTS (id INT, a INT)",
				"ALTER TABLE t ADD COLUMN IF NOT EXISTS b VARCHAR(5)", // nothing at all
				"ALTER TABLE t DROP COLUMN IF EXISTS zz, DROP INDEX IF EXISTS nix, ADD INDEX IF NOT EXISTS kb (b), ADD UNIQUE KEY IF NOT EXISTS (id)",
				"ALTER TABLE t ADD INDEX IF NOT EXISTS KB (b, a), ADD INDEX IF NOT EXISTS (id)",
				"ALTER ONLINE TABLE IF EXISTS t WAIT 5 ADD COLUMN c INT AFTER id",
				"ALTER TABLE t NOWAIT MODIFY COLUMN IF EXISTS b BIGINT, CHANGE COLUMN IF EXISTS zz yy INT, MODIFY IF EXISTS yy INT",
				"ALTER TABLE t RENAME COLUMN IF EXISTS c TO `if`, RENAME COLUMN IF EXISTS zz TO yy, RENAME INDEX IF EXISTS nix TO nox, RENAME KEY IF EXISTS kb TO kc",
				"ALTER TABLE t ALTER COLUMN IF EXISTS yy SET DEFAULT 9, ALTER IF EXISTS zz SET DEFAULT 1",
				"ALTER TABLE t ADD FOREIGN KEY IF NOT EXISTS f (a) REFERENCES p (id), DROP FOREIGN KEY IF EXISTS nof",
				"ALTER TABLE IF EXISTS nowhere ADD COLUMN x INT",
				"CREATE INDEX IF NOT EXISTS kc ON t (a, b)",
				"CREATE INDEX IF NOT EXISTS kd USING BTREE ON t (a, b) NOWAIT COMMENT 'x'",
				"CREATE OR REPLACE INDEX kd ON t (b)",
				"CREATE OR REPLACE UNIQUE INDEX `on` USING BTREE ON t (id, b) COMMENT 'y' ALGORITHM=INPLACE",
				"DROP INDEX IF EXISTS nix ON t", "DROP INDEX IF EXISTS kc ON t",
				"ALTER TABLE t ADD COLUMN m INT, ADD d INT, ADD COLUMN IF NOT EXISTS M BIGINT, ADD PRIMARY KEY IF NOT EXISTS (a)",
				"ALTER TABLE t DROP COLUMN d, ADD COLUMN IF NOT EXISTS d BIGINT, DROP COLUMN IF EXISTS d", // d is gone: what was there before decides
				"ALTER TABLE t CHANGE m n INT, ADD COLUMN IF NOT EXISTS n BIGINT, DROP COLUMN IF EXISTS zz",
				"ALTER TABLE t ADD INDEX IF NOT EXISTS kn (n), ADD INDEX IF NOT EXISTS kn (n, a), ADD INDEX IF NOT EXISTS (n), ADD INDEX IF NOT EXISTS (n, id)",
				"ALTER TABLE t DROP INDEX kn, ADD INDEX IF NOT EXISTS kn (id), DROP INDEX IF EXISTS kn",
				"ALTER TABLE t DROP FOREIGN KEY IF EXISTS f, DROP KEY IF EXISTS ka, DROP IF EXISTS `if`",
			} {
				r.exec(t, q)
				r.seq++
				r.breakAt = func() error { return errBroken }
				if err := r.execute(t, r.event(q)); !errors.Is(err, errBroken) {
					t.Fatalf("%s: %v", q, err)
				}
				r.breakAt = nil
				if err := r.execute(t, r.event(q)); err != nil {
					t.Fatalf("again: %s: %v", q, err)
				}
				r.same(t)
				sameKeys(t, r)
			}
		})
	}
}

// sameKeys compares the names of indexes, which between flavours same does not.
func sameKeys(t *testing.T, r *replay) {
	t.Helper()
	names := func(def *schema.Table) (out string) {
		for _, k := range def.Keys {
			out += k.Name + " "
			for _, p := range k.Parts {
				out += p.Column + ","
			}
		}
		return out
	}
	for _, src := range r.read(t).Tables {
		target, _ := r.Selection.target(src.ID())
		dst, err := ReadTable(t.Context(), r.dst, r.Target, target)
		if err != nil {
			t.Fatal(err)
		}
		if s, d := names(src.Definition), names(dst.Definition); s != d {
			t.Errorf("%s: the source's keys are %s, the target's %s", src.ID(), s, d)
		}
	}
}

// An index that is still to be built is there on the source.
func TestConditionsOfLeftOutIndexes(t *testing.T) {
	r := newReplay(t, pairs["mariadb"])
	r.both(t, "CREATE TABLE t (id INT PRIMARY KEY, a INT)")
	r.exec(t, "ALTER TABLE t ADD KEY k (a)")
	id := schema.ID{Schema: r.schema, Name: "t"}
	r.reg.left[id] = []string{"ADD KEY `k` (`a`)"}
	r.both(t, "ALTER TABLE t ADD INDEX IF NOT EXISTS k (id)", "CREATE INDEX IF NOT EXISTS k ON t (id)")
	if len(r.reg.left[id]) != 1 {
		t.Errorf("left out are now %v", r.reg.left[id])
	}
	if dst, err := ReadTable(t.Context(), r.dst, r.Target, schema.ID{Schema: r.schema + "_to", Name: "t"}); err != nil || len(dst.Definition.Keys) != 1 {
		t.Errorf("the target has made the index: %v, %v", dst, err)
	}
	r.both(t, "ALTER TABLE t DROP INDEX IF EXISTS k")
	if len(r.reg.left[id]) != 0 {
		t.Errorf("left out are still %v", r.reg.left[id])
	}
}

// What is not known of a table is refused by name, before anything is run.
func TestUndecidedConditions(t *testing.T) {
	r := newReplay(t, pairs["mariadb to mysql"])
	r.both(t, "CREATE TABLE t (id INT PRIMARY KEY, a INT, CONSTRAINT c CHECK (a > 0))")
	for _, q := range []string{
		"ALTER TABLE t DROP CONSTRAINT IF EXISTS c",
		"ALTER TABLE t ADD CONSTRAINT IF NOT EXISTS c CHECK (a > 1)",
		"ALTER TABLE t DROP PARTITION IF EXISTS p",
		"ALTER TABLE t ADD COLUMN IF NOT EXISTS (a INT, b INT)",
	} {
		r.seq++
		err := r.execute(t, r.event(q))
		var e *mysql.Error
		if !errors.As(err, &e) || e.Code != "ddl_refused" || e.Remedy == "" || !strings.Contains(err.Error(), q) {
			t.Errorf("%s: %v", q, err)
		}
	}
	r.both(t, "ALTER TABLE t ADD b INT")
	r.same(t)
}
