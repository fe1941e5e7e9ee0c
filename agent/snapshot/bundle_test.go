package snapshot

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"testing"

	"github.com/tidegate-io/tidegate/agent/ledger"
	"github.com/tidegate-io/tidegate/integration/dbtest"
)

// TestBundles copies many small tables: in few transactions, and those that do
// not go smoothly by themselves.
func TestBundles(t *testing.T) {
	for _, f := range []dbtest.Flavor{dbtest.MySQL, dbtest.MariaDB} {
		t.Run(string(f), func(t *testing.T) {
			r := newRig(t, dbtest.Config{Flavor: f}, dbtest.Config{Flavor: f})
			var names []string
			create := func(name, columns string, stmts ...string) {
				r.create("CREATE TABLE {}." + name + " (" + columns + ")")
				r.exec(r.src, stmts...)
				names = append(names, name)
			}
			const plain = 96
			for i := range plain {
				name := fmt.Sprintf("plain_%d", i)
				create(name, "id INT NOT NULL PRIMARY KEY, v VARCHAR(100)")
				r.exec(r.src, fmt.Sprintf("INSERT INTO {}.%s SELECT 10*b.n + a.n AS x, REPEAT('x', a.n) FROM %s,%s HAVING x < %d", name, digits("a"), digits("b"), i))
			}
			create("more", "id INT NOT NULL PRIMARY KEY, v VARCHAR(100)")
			r.numbers("more", 2*fewRows)
			create("wide", "id INT NOT NULL PRIMARY KEY, v LONGTEXT", "INSERT INTO {}.wide SELECT 100*c.n + 10*b.n + a.n AS x, REPEAT('w', 6000) FROM "+digits("a")+","+digits("b")+","+digits("c")+" HAVING x < 900")
			create("taken", "id INT NOT NULL PRIMARY KEY, v VARCHAR(100)", "INSERT INTO {}.taken VALUES (1,'new')")
			r.execTo("INSERT INTO {}.taken VALUES (1,'old')")
			zero := r.src.Open(r.src.User, r.src.Password, r.from)
			defer zero.Close()
			zero.SetMaxOpenConns(1)
			create("zero", "id INT NOT NULL PRIMARY KEY, d DATE")
			for _, q := range []string{"SET sql_mode = ''", "INSERT INTO zero VALUES (1, '0000-00-00'), (2, '2024-02-00')"} {
				if _, err := zero.Exec(q); err != nil {
					t.Fatal(err)
				}
			}
			for _, name := range names {
				r.register(name)
			}
			for i := range r.tables {
				r.tables[i].Rows = 0 // what a server says of a table that was just filled
			}
			r.cfg.ChunkBytes = 16 << 20
			before := r.commits()
			r.run()
			if n := r.commits() - before; n > plain/2 {
				t.Errorf("%d tables were copied by %d transactions", len(names), n)
			} else {
				t.Logf("%d tables by %d transactions", len(names), n)
			}
			r.equal(names...)
			for i := range plain {
				r.covered(fmt.Sprintf("plain_%d", i), i)
			}
			r.covered("more", 2*fewRows)
			var first int
			if err := r.text.QueryRow(fmt.Sprintf("SELECT row_count FROM _tidegate.chunk WHERE run = '%s' AND tbl = %d AND seq = 0", r.ledger.Run, r.id("more"))).Scan(&first); err != nil || first != fewRows {
				t.Errorf("the first range of a table that was to have few rows has %d, %v", first, err)
			}
		})
	}
}

// commits is how many transactions the target has committed.
func (r *rig) commits() int {
	r.Helper()
	var name, value string
	if err := r.text.QueryRow("SHOW GLOBAL STATUS LIKE 'Com_commit'").Scan(&name, &value); err != nil {
		r.Fatal(err)
	}
	n, err := strconv.Atoi(value)
	if err != nil {
		r.Fatal(err)
	}
	return n
}

// handedBundle is three tables of one row each, handed out, and their copier.
func handedBundle(t *testing.T) (*rig, *Copier, *bundle) {
	t.Helper()
	r := newRig(t, dbtest.Config{}, dbtest.Config{})
	r.cfg.ChunkBytes = 16 << 20
	for i := range 3 {
		name := fmt.Sprintf("t%d", i)
		r.create("CREATE TABLE {}." + name + " (id INT NOT NULL PRIMARY KEY, v VARCHAR(100))")
		r.exec(r.src, "INSERT INTO {}."+name+" VALUES (1,'a')")
		r.register(name)
	}
	r.begin()
	c := r.copier()
	if _, err := c.planOnce(t.Context()); err != nil {
		t.Fatal(err)
	}
	jobs, _, err := c.take(t.Context())
	if err != nil || len(jobs) != 3 {
		t.Fatalf("%d jobs: %v", len(jobs), err)
	}
	return r, c, newBundle(jobs)
}

// TestBundleOutcome: the answer to a bundle's COMMIT is lost because the copy of
// one of its tables is thrown away. The others are found to be there.
func TestBundleOutcome(t *testing.T) {
	_, c, b := handedBundle(t)
	v, in, err := c.openBundle(t.Context(), b)
	if err != nil {
		t.Fatal(err)
	}
	high, err := c.carryBundle(t.Context(), v, b)
	if err != nil {
		t.Fatal(err)
	}
	b.jobs[0].table.end()
	lost := ledger.CommitError(context.Canceled)
	errs := c.concludeBundle(t.Context(), b, in, high, lost)
	if !errors.Is(errs[0], lost) || errs[1] != nil || errs[2] != nil {
		t.Errorf("%v", errs)
	}
}

// TestBundleRefused: what must not be written by a bundle is not, nor is anything
// else of it.
func TestBundleRefused(t *testing.T) {
	for name, c := range map[string]struct {
		spoil func(*rig)
		want  error
	}{
		"fenced": {func(r *rig) {
			r.exec(r.dst, "UPDATE _tidegate.run SET epoch = epoch + 1 WHERE run = '"+r.ledger.Run+"'")
		}, ledger.ErrFenced},
		"thrown away": {func(r *rig) { r.exec(r.dst, "DELETE FROM _tidegate.chunk WHERE run = '"+r.ledger.Run+"' AND tbl = 2") }, errAlone},
		"altered":     {func(r *rig) { r.exec(r.src, "ALTER TABLE {}.t1 ADD w INT") }, errDiffers},
		"taken":       {func(r *rig) { r.execTo("INSERT INTO {}.t1 VALUES (1, 'by the log')") }, nil},
	} {
		t.Run(name, func(t *testing.T) {
			r, copier, b := handedBundle(t)
			c.spoil(r)
			errs := copier.copyBundle(t.Context(), b)
			for i, err := range errs {
				if err == nil || c.want != nil && !errors.Is(err, c.want) {
					t.Errorf("chunk %d: %v", i, err)
				}
			}
			for _, q := range []string{"SELECT COUNT(*) FROM " + r.to + ".t0", "SELECT COUNT(*) FROM " + r.to + ".t2", "SELECT COUNT(*) FROM _tidegate.chunk WHERE state = 'done' AND run = '" + r.ledger.Run + "'"} {
				var n int
				if err := r.text.QueryRow(q).Scan(&n); err != nil || n != 0 {
					t.Errorf("%s: %d (%v)", q, n, err)
				}
			}
		})
	}
}

// TestLiveBundlesConverge is TestLiveCopyConverges with many tables of few rows.
func TestLiveBundlesConverge(t *testing.T) {
	for _, f := range []dbtest.Flavor{dbtest.MySQL, dbtest.MariaDB} {
		t.Run(string(f), func(t *testing.T) {
			r := newRig(t, dbtest.Config{Flavor: f}, dbtest.Config{Flavor: f})
			r.cfg.ChunkBytes, r.cfg.MaxRows = 1, 1500
			var names []string
			for i := range 40 {
				for _, kind := range []string{"counted", "named", "hashed"} {
					names = append(names, fmt.Sprintf("%s_%d", kind, i))
				}
			}
			r.keys = 40 // every row is changed often
			r.liveTables(func() { r.fill(6000) }, names...)
			r.live()
		})
	}
}
