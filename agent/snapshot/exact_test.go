package snapshot

import (
	"context"
	"errors"
	"fmt"
	"strconv"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tidegate-io/tidegate/agent/ledger"
	"github.com/tidegate-io/tidegate/integration/dbtest"
	"github.com/tidegate-io/tidegate/internal/change"
	"github.com/tidegate-io/tidegate/internal/schema"
)

// TestExactPosition looks at a table again and again while it is written to, as
// tables without a key are read: what is seen are exactly the transactions in
// the position. Other sessions ask for the places of their snapshots meanwhile,
// whose answers a MariaDB mixes up.
func TestExactPosition(t *testing.T) {
	if testing.Short() {
		t.Skip("needs servers")
	}
	r := newRig(t, dbtest.Config{Flavor: dbtest.MariaDB, ServerID: 11}, dbtest.Config{Flavor: dbtest.MariaDB, ServerID: 22})
	r.create("CREATE TABLE {}.loose (w INT, n INT)")
	r.exec(r.src, "INSERT INTO {}.loose VALUES (0,0),(1,0)")
	id := r.register("loose")
	r.begin()
	c := r.copier()
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	var wg sync.WaitGroup
	var history [2][]change.ID // by writer: the transaction that made n
	for w := range history {
		wg.Go(func() { history[w] = r.count(ctx, w) })
		wg.Go(func() { r.distract(ctx) })
	}
	type look struct {
		at   *change.Set
		seen [2]int
	}
	var looks []look
	for range 400 {
		v, err := c.beginGroup(ctx, []*schema.Table{r.source_[id]})
		if err != nil {
			t.Fatal(err)
		}
		l := look{at: v.low}
		for w := range l.seen {
			if err := v.conn.QueryRowContext(ctx, fmt.Sprintf("SELECT n FROM %s.loose WHERE w = %d", r.from, w)).Scan(&l.seen[w]); err != nil {
				t.Fatal(err)
			}
		}
		v.done = true
		v.close()
		looks = append(looks, l)
	}
	cancel()
	wg.Wait()
	for i, l := range looks {
		for w, n := range l.seen {
			if n > 0 && !l.at.Contains(history[w][n]) {
				t.Errorf("look %d: %v was seen and is not in %s", i, history[w][n], l.at)
			}
			if n+1 < len(history[w]) && l.at.Contains(history[w][n+1]) {
				t.Errorf("look %d: %v is in %s and was not seen", i, history[w][n+1], l.at)
			}
		}
	}
	t.Logf("%d and %d transactions", len(history[0])-1, len(history[1])-1)
}

// count raises a counter until ctx ends, and returns which transaction made each
// value.
func (r *rig) count(ctx context.Context, w int) []change.ID {
	history := []change.ID{{}}
	conn, err := r.src.DB().Conn(context.Background())
	if err != nil {
		r.Error(err)
		return history
	}
	defer conn.Close()
	for ctx.Err() == nil {
		_, err := conn.ExecContext(context.Background(), fmt.Sprintf("UPDATE %s.loose SET n = n + 1 WHERE w = %d", r.from, w))
		if err != nil {
			continue // a deadlock with the other writer: rolled back
		}
		var last string
		if err := conn.QueryRowContext(context.Background(), "SELECT @@last_gtid").Scan(&last); err != nil {
			r.Error(err)
			return history
		}
		part := strings.Split(last, "-")
		seq, _ := strconv.ParseUint(part[2], 10, 64)
		history = append(history, change.ID{Source: part[0], N: seq})
	}
	return history
}

// distract asks for the places of older snapshots until ctx ends.
func (r *rig) distract(ctx context.Context) {
	conn, err := r.src.DB().Conn(context.Background())
	if err != nil {
		r.Error(err)
		return
	}
	defer conn.Close()
	for n := 0; ctx.Err() == nil; n++ { // errors are those of ctx's end
		if n%20 == 0 {
			_, _ = conn.ExecContext(ctx, "START TRANSACTION WITH CONSISTENT SNAPSHOT")
		}
		_, _ = conn.ExecContext(ctx, "SHOW STATUS LIKE 'binlog_snapshot_%'")
	}
}

// TestStaleSnapshotIsTakenAgain: a snapshot whose position is older than what
// may have been applied is given up, and the table is read in another one.
func TestStaleSnapshotIsTakenAgain(t *testing.T) {
	if testing.Short() {
		t.Skip("needs servers")
	}
	for _, flavor := range []dbtest.Flavor{dbtest.MySQL, dbtest.MariaDB} {
		t.Run(string(flavor), func(t *testing.T) {
			r := newRig(t, dbtest.Config{Flavor: flavor, ServerID: 11}, dbtest.Config{Flavor: flavor, ServerID: 22})
			r.create("CREATE TABLE {}.loose (a INT, b VARCHAR(20))")
			r.exec(r.src, "INSERT INTO {}.loose VALUES (1,'x'),(1,'x'),(NULL,NULL)")
			r.register("loose")
			r.begin()
			c := r.copier()
			r.gate.Hold(true) // as if more had been taken, whatever the snapshot's position
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			defer cancel()
			ended := make(chan error, 1)
			go func() { ended <- c.Run(ctx) }()
			select {
			case err := <-ended:
				t.Fatalf("the copy did not wait: %v", err)
			case <-time.After(300 * time.Millisecond):
			}
			r.gate.Hold(false)
			if err := <-ended; err != nil {
				t.Fatalf("the copy did not go on: %v", err)
			}
			r.equal("loose")
		})
	}
}

// wideLoose makes a table without a key whose rows come in several pieces, and
// others that are read in one snapshot with it.
func (r *rig) wideLoose(with ...string) {
	r.create("CREATE TABLE {}.loose (a INT, b LONGTEXT)")
	r.exec(r.src, "INSERT INTO {}.loose SELECT 1, REPEAT('x', 4096) FROM "+digits("a")+","+digits("b")+","+digits("c")+", (SELECT n FROM "+digits("e")+" LIMIT 6) d")
	r.register("loose")
	for _, name := range with {
		r.create("CREATE TABLE {}." + name + " (id INT NOT NULL PRIMARY KEY, v VARCHAR(100))")
		r.numbers(name, 100)
		r.register(name)
	}
	for i := range r.tables {
		r.tables[i].Group = 1
	}
	r.begin()
}

// somePieces runs a copy until a piece of the first table is written; the others
// wait for SetRate.
func (r *rig) somePieces() (*Copier, <-chan error) {
	r.Helper()
	r.cfg.MaxRate = 1
	c := r.copier()
	ended := make(chan error, 1)
	go func() { ended <- c.Run(context.Background()) }()
	for limit := time.Now().Add(time.Minute); c.Stats().Tables[0].RowsDone == 0; time.Sleep(5 * time.Millisecond) {
		if time.Now().After(limit) {
			r.Fatal("no piece is written")
		}
	}
	return c, ended
}

// TestPiecesOfAnOldOwner: who lost the run with a snapshot in its hands writes no
// piece of it, which would stand beside the rows of the next copy.
func TestPiecesOfAnOldOwner(t *testing.T) {
	r := newRig(t, dbtest.Config{}, dbtest.Config{})
	r.wideLoose()
	old := r.copier()
	v, err := old.beginGroup(t.Context(), []*schema.Table{r.source_[1]})
	if err != nil {
		t.Fatal(err)
	}
	defer v.close()
	if err := old.Ledger.BeginExact(t.Context(), v.low.String(), 1); err != nil {
		t.Fatal(err)
	}
	r.succeed()
	next := r.copier()
	if err := old.carryGroup(t.Context(), old.groups[0], v); !errors.Is(err, ledger.ErrFenced) {
		t.Errorf("the old owner: %v", err)
	}
	if err := next.Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	r.equal("loose")
}

// TestChunkOfAnOldOwner: nor does it write a range that it was about to read.
func TestChunkOfAnOldOwner(t *testing.T) {
	r := newRig(t, dbtest.Config{}, dbtest.Config{})
	r.create("CREATE TABLE {}.t (id INT NOT NULL PRIMARY KEY, v VARCHAR(100))")
	r.numbers("t", 100)
	r.register("t")
	r.begin()
	old := r.copier()
	if err := old.handOut(t.Context(), old.pick()); err != nil {
		t.Fatal(err)
	}
	jobs, _, err := old.take(t.Context())
	if err != nil || len(jobs) != 1 {
		t.Fatalf("%d jobs, %v", len(jobs), err)
	}
	r.succeed()
	if _, err := old.copyChunk(t.Context(), jobs[0]); !errors.Is(err, ledger.ErrFenced) {
		t.Errorf("the old owner: %v", err)
	}
	if err := r.copier().Run(t.Context()); err != nil {
		t.Fatal(err)
	}
	r.equal("t")
}

// TestBrokenSnapshot ends the session that reads a table without a key, after the
// first piece: the pieces that are there are of no use to the next snapshot.
func TestBrokenSnapshot(t *testing.T) {
	r := newRig(t, dbtest.Config{}, dbtest.Config{})
	r.wideLoose()
	c, ended := r.somePieces()
	var reader int
	if err := r.src.DB().QueryRow("SELECT id FROM information_schema.processlist WHERE info LIKE 'SELECT%`" + r.from + "`.`loose`%' AND id <> CONNECTION_ID()").Scan(&reader); err != nil {
		t.Fatal(err)
	}
	r.exec(r.src, fmt.Sprintf("KILL %d", reader))
	c.SetRate(0, 0)
	if err := <-ended; err != nil {
		t.Fatal(err)
	}
	r.equal("loose")
}

// TestRemovedFromItsGroup drops a table that is to be read in one snapshot with
// another: the other is read all the same.
func TestRemovedFromItsGroup(t *testing.T) {
	both(t, func(t *testing.T, r *rig) {
		r.create("CREATE TABLE {}.stays (id INT NOT NULL PRIMARY KEY, v VARCHAR(100))")
		r.create("CREATE TABLE {}.goes (id INT NOT NULL PRIMARY KEY, v VARCHAR(100))")
		r.numbers("stays", 500)
		r.register("stays")
		gone := r.register("goes")
		for i := range r.tables {
			r.tables[i].Group = 1
		}
		r.exec(r.src, "DROP TABLE {}.goes")
		r.begin()
		c := r.copier()
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
		defer cancel()
		ended := make(chan error, 1)
		go func() { ended <- c.Run(ctx) }()
		select {
		case err := <-ended:
			t.Fatalf("the copy ended without its tables: %v", err)
		case <-time.After(700 * time.Millisecond):
		}
		if err := c.Remove(ctx, gone); err != nil {
			t.Fatal(err)
		}
		if err := <-ended; err != nil {
			t.Fatal(err)
		}
		r.equal("stays")
	})
}

// TestRemovedWhileItsGroupIsWritten: the statement that removes a table does not
// wait for the snapshot's end, and the next one has the others only.
func TestRemovedWhileItsGroupIsWritten(t *testing.T) {
	both(t, func(t *testing.T, r *rig) {
		r.wideLoose("before", "goes", "behind")
		c, ended := r.somePieces()
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
		defer cancel()
		if err := c.Remove(ctx, 3); err != nil {
			t.Fatal(err)
		}
		c.SetRate(0, 0)
		if err := <-ended; err != nil {
			t.Fatal(err)
		}
		r.equal("loose", "before", "behind")
	})
}
