package snapshot

import (
	"context"
	"fmt"
	"sync"
	"testing"
	"time"

	"github.com/tidegate-io/tidegate/integration/dbtest"
	"github.com/tidegate-io/tidegate/internal/change"
	"github.com/tidegate-io/tidegate/internal/mysql"
)

// asked runs something when the copy asks for a low mark, or for one of a locked
// table, and something else when a low mark has been read.
type asked struct {
	Marks
	asked, told func()
}

func (a *asked) MarkLow(ctx context.Context, q mysql.Querier) (*change.Set, error) {
	if a.asked != nil {
		a.asked()
	}
	low, err := a.Marks.MarkLow(ctx, q)
	if a.told != nil {
		a.told()
	}
	return low, err
}

func (a *asked) MarkLocked(ctx context.Context, q mysql.Querier) (*change.Set, error) {
	a.asked()
	return a.Marks.MarkLocked(ctx, q)
}

// both runs a test within each flavour.
func both(t *testing.T, test func(t *testing.T, r *rig)) {
	for _, f := range []dbtest.Flavor{dbtest.MySQL, dbtest.MariaDB} {
		t.Run(string(f), func(t *testing.T) { test(t, newRig(t, dbtest.Config{Flavor: f}, dbtest.Config{Flavor: f})) })
	}
}

// TestMarksAroundARange changes a row before a chunk's low mark is read, and another
// behind that: the chunk has what the low mark contains, and the high mark contains
// what the chunk has.
func TestMarksAroundARange(t *testing.T) {
	both(t, func(t *testing.T, r *rig) {
		r.create("CREATE TABLE {}.m (id INT NOT NULL PRIMARY KEY, v VARCHAR(100))")
		r.exec(r.src, "INSERT INTO {}.m VALUES (1,'old'),(2,'old')")
		id := r.register("m")
		r.begin()
		c := r.copier()
		var seen *change.Set
		before := sync.OnceFunc(func() { r.exec(r.src, "UPDATE {}.m SET v = 'new' WHERE id = 1") })
		behind := sync.OnceFunc(func() {
			r.exec(r.src, "UPDATE {}.m SET v = 'new' WHERE id = 2")
			var err error
			if seen, err = r.marks.Logged(t.Context()); err != nil {
				t.Error(err)
			}
		})
		c.Marks = &asked{Marks: c.Marks, asked: before, told: behind}
		if err := c.Run(t.Context()); err != nil {
			t.Fatal(err)
		}
		r.equal("m")
		chunks, err := r.ledger.CopyStates(t.Context(), r.marks.Kind())
		if err != nil {
			t.Fatal(err)
		}
		if high := chunks[id].High; !high.Includes(seen) {
			t.Errorf("of %s, all of which was seen, the high mark has %s", seen, high)
		}
	})
}

// TestNotTransactional: a table of an engine without snapshots is locked for as long
// as it is read, from one mark to the other.
func TestNotTransactional(t *testing.T) {
	both(t, func(t *testing.T, r *rig) {
		r.exec(r.src, "CREATE TABLE {}.m (id INT NOT NULL PRIMARY KEY, v VARCHAR(100)) ENGINE=MyISAM", "INSERT INTO {}.m VALUES (1,'a')")
		r.execTo("CREATE TABLE {}.m (id INT NOT NULL PRIMARY KEY, v VARCHAR(100))")
		r.register("m")
		r.begin()
		c := r.copier()
		writer := r.src.Session(t)
		if _, err := writer.ExecContext(t.Context(), "SET lock_wait_timeout = 1"); err != nil {
			t.Fatal(err)
		}
		marks := 0
		c.Marks = &asked{Marks: c.Marks, asked: func() {
			marks++
			if _, err := writer.ExecContext(t.Context(), "UPDATE "+r.from+".m SET v = 'b'"); mysql.Number(err) != 1205 {
				t.Errorf("mark %d: a writer was not held back: %v", marks, err)
			}
		}}
		if err := c.Run(t.Context()); err != nil || marks != 2 {
			t.Fatalf("%d marks, %v", marks, err)
		}
		r.equal("m")
	})
}

// TestPreparedAndAway: the session that prepared a transaction is gone, and with it,
// on a MariaDB, all that LOCK TABLES by itself would wait for. Its rows are neither
// in a snapshot nor behind the position, if it commits just then.
func TestPreparedAndAway(t *testing.T) {
	both(t, func(t *testing.T, r *rig) {
		r.create("CREATE TABLE {}.loose (a INT)")
		r.register("loose")
		r.begin()
		away := r.src.Open(r.src.User, r.src.Password, r.from)
		away.SetMaxOpenConns(1)
		var session int
		if err := away.QueryRow("SELECT CONNECTION_ID()").Scan(&session); err != nil {
			t.Fatal(err)
		}
		for _, q := range []string{"XA START 'away'", "INSERT INTO loose VALUES (1)", "XA END 'away'", "XA PREPARE 'away'"} {
			if _, err := away.Exec(q); err != nil {
				t.Fatal(q, err)
			}
		}
		away.Close()
		for r.sessions(fmt.Sprintf("id = %d", session)) > 0 {
			time.Sleep(5 * time.Millisecond)
		}
		ended := make(chan error, 1)
		c := r.copier()
		go func() { ended <- c.Run(t.Context()) }()
		for r.sessions("info LIKE 'LOCK TABLES `"+r.from+"`%'") == 0 && len(ended) == 0 {
			time.Sleep(5 * time.Millisecond)
		}
		r.exec(r.src, "XA COMMIT 'away'")
		if err := <-ended; err != nil {
			t.Fatal(err)
		}
		r.equal("loose")
	})
}

// sessions counts those of the source that satisfy a condition.
func (r *rig) sessions(cond string) (n int) {
	r.Helper()
	if err := r.src.DB().QueryRow("SELECT COUNT(*) FROM information_schema.processlist WHERE " + cond).Scan(&n); err != nil {
		r.Fatal(err)
	}
	return n
}
