package structure

import (
	"context"
	"errors"
	"fmt"
	"strings"
	"testing"

	"github.com/tidegate-io/tidegate/agent/ledger"
	"github.com/tidegate-io/tidegate/internal/mysql"
	"github.com/tidegate-io/tidegate/internal/schema"
)

// Broken off before its end, a statement is not run again if it ran, and is run
// if it did not.
func TestReplayAfterCrash(t *testing.T) {
	for _, name := range []string{"mysql", "mariadb"} {
		t.Run(name, func(t *testing.T) {
			r := newReplay(t, pairs[name])
			for _, q := range ddlCorpus(r.schema) {
				if strings.Contains(q, "TEMPORARY") || strings.HasPrefix(q, "FLUSH") || strings.HasPrefix(q, "--") {
					continue
				}
				r.crash(t, q)
			}
			r.same(t)
		})
	}
}

// An owner that is fenced between the intent and the statement does not run it.
func TestFencedBehindTheIntent(t *testing.T) {
	r := newReplay(t, pairs["mysql"])
	r.both(t, "CREATE TABLE a (id INT PRIMARY KEY)")
	lock, err := r.x.deps.Ledger.Lock(t.Context(), r.dst)
	if err != nil {
		t.Fatal(err)
	}
	defer lock.Close(context.Background()) //nolint:errcheck // it is not ours any more
	if _, err := r.dst.Exec("UPDATE _tidegate.run SET epoch = epoch + 1 WHERE run = ?", r.schema); err != nil {
		t.Fatal(err)
	}
	a := schema.ID{Schema: r.schema + "_to", Name: "a"}
	if err := r.x.run(t.Context(), lock, &plan{}, &step{sql: []string{"DROP TABLE " + quoteID(a)}}); !errors.Is(err, ledger.ErrFenced) {
		t.Errorf("a fenced owner's statement: %v", err)
	}
	if o, err := observeOne(t.Context(), r.dst, r.Target, a, true); err != nil || !o.Exists {
		t.Errorf("the table is gone, %v", err)
	}
}

// A swap that ran is not undone by running again, though both definitions are
// equal (the numbers tell); one that did not run is run.
func TestSwapAfterCrash(t *testing.T) {
	for _, name := range []string{"mysql", "mariadb"} {
		t.Run(name, func(t *testing.T) {
			r := newReplay(t, pairs[name])
			r.both(t, "CREATE TABLE a (id INT PRIMARY KEY)", "CREATE TABLE b (id INT PRIMARY KEY)")
			target := r.schema + "_to"
			if _, err := r.dst.Exec(fmt.Sprintf("INSERT INTO `%s`.a VALUES (1)", target)); err != nil {
				t.Fatal(err)
			}
			rowsIn := func(table string) (n int) {
				if err := r.dst.QueryRow(fmt.Sprintf("SELECT COUNT(*) FROM `%s`.%s", target, table)).Scan(&n); err != nil {
					t.Fatal(err)
				}
				return n
			}
			swap := r.event("RENAME TABLE a TO x, b TO a, x TO b")
			r.seq++
			r.breakAt = func() error { return errBroken }
			for range 3 {
				if err := r.execute(t, swap); !errors.Is(err, errBroken) {
					t.Fatal(err)
				}
				if rowsIn("b") != 1 || rowsIn("a") != 0 {
					t.Fatal("the row is not in b")
				}
			}
			r.breakAt = nil
			// The target is changed by hand: nobody can tell.
			r.seq++
			r.breakAt = func() error { return errBroken }
			alter := r.event("RENAME TABLE a TO c")
			if err := r.execute(t, alter); !errors.Is(err, errBroken) {
				t.Fatal(err)
			}
			if _, err := r.dst.Exec(fmt.Sprintf("DROP TABLE `%s`.c", target)); err != nil {
				t.Fatal(err)
			}
			err := r.execute(t, alter)
			if e, ok := errors.AsType[*mysql.Error](err); !ok || e.Code != "ddl_unclear" || e.Remedy == "" {
				t.Fatalf("got %v, wanted it to be unclear", err)
			}
		})
	}
}

// A statement whose objects somebody changed after a crash, so that they are neither
// as before it nor as behind it, is not taken for done.
func TestChangedByHandAfterCrash(t *testing.T) {
	for _, name := range []string{"mysql", "mariadb"} {
		t.Run(name, func(t *testing.T) {
			r := newReplay(t, pairs[name])
			r.both(t, "CREATE TABLE p (id INT NOT NULL) PARTITION BY HASH (id) PARTITIONS 2", "CREATE TABLE q (id INT NOT NULL)")
			r.breakAt = func() error { return errBroken }
			for _, c := range []struct {
				statement string
				by        []string // the first undoes the statement
			}{
				{"ALTER TABLE p EXCHANGE PARTITION p0 WITH TABLE q", []string{"ALTER TABLE p EXCHANGE PARTITION p0 WITH TABLE q", "TRUNCATE TABLE q"}},
				{"RENAME TABLE q TO x", []string{"RENAME TABLE x TO q", "CREATE TABLE x (id INT NOT NULL)"}},
			} {
				r.seq++
				ev := r.event(c.statement)
				for range 2 {
					if err := r.execute(t, ev); !errors.Is(err, errBroken) {
						t.Fatal(err)
					}
				}
				r.onTarget(t, c.by...)
				if e, ok := errors.AsType[*mysql.Error](r.execute(t, ev)); !ok || e.Code != "ddl_unclear" {
					t.Errorf("%s, undone, and then %s: %v", c.statement, c.by[1], e)
				}
			}
		})
	}
}

// TestColumnsChangePlacesOnce: columns of one type that change places leave the
// definition as it was; only InnoDB's numbers tell that it was done before a crash.
func TestColumnsChangePlacesOnce(t *testing.T) {
	for _, name := range []string{"mysql", "mariadb"} {
		t.Run(name, func(t *testing.T) {
			r := newReplay(t, pairs[name])
			r.both(t, "CREATE TABLE a (id INT PRIMARY KEY, x INT NOT NULL DEFAULT 7, y INT NOT NULL DEFAULT 7)")
			r.onTarget(t, "INSERT INTO a VALUES (1, 10, 20)")
			// The names change places, and the columns too, so that the text is the same.
			for _, q := range []string{
				"ALTER TABLE a CHANGE x y INT NOT NULL DEFAULT 7 AFTER id, CHANGE y x INT NOT NULL DEFAULT 7 AFTER id",
				"ALTER TABLE a DROP y, CHANGE x y INT NOT NULL DEFAULT 7 AFTER id, ADD x INT NOT NULL DEFAULT 7 AFTER id",
			} {
				r.crash(t, q)
			}
			r.same(t)
			var x, y int
			if err := r.dst.QueryRowContext(t.Context(), "SELECT x, y FROM "+mysql.Table(r.schema+"_to", "a")).Scan(&x, &y); err != nil || x != 7 || y != 20 {
				t.Errorf("x = %d, y = %d, %v", x, y, err)
			}
		})
	}
}
