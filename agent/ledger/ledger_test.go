package ledger_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/tidegate-io/tidegate/agent/ledger"
	"github.com/tidegate-io/tidegate/integration/dbtest"
	"github.com/tidegate-io/tidegate/internal/change"
	"github.com/tidegate-io/tidegate/internal/mysql"
	"github.com/tidegate-io/tidegate/internal/spec"
)

func TestMain(m *testing.M) { dbtest.Tests(m).Run() }

var servers = []dbtest.Flavor{dbtest.MySQL, dbtest.MariaDB}

func onEach(t *testing.T, f func(t *testing.T, db *sql.DB)) {
	for _, flavor := range servers {
		t.Run(string(flavor), func(t *testing.T) {
			f(t, openLedger(t, dbtest.Shared(t, dbtest.Config{Flavor: flavor}).Endpoint()))
		})
	}
}

// openLedger makes the control tables and a pool that sees them.
func openLedger(t *testing.T, at spec.Endpoint) *sql.DB {
	t.Helper()
	conn, err := mysql.Dial(t.Context(), at)
	if err != nil {
		t.Fatal(err)
	}
	db, err := conn.Open(mysql.Text, 8, mysql.Several())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	if err := ledger.Create(t.Context(), db); err != nil {
		t.Fatal(err)
	}
	return db
}

func at(n int) change.Position {
	return change.Position{Kind: change.MySQL, GTID: fmt.Sprintf("3e11fa47-71ca-11e1-9e33-c80aa9429562:1-%d", n), File: "binlog.000001", Offset: uint64(n)}
}

func begin(t *testing.T, db *sql.DB, run string, lanes int) *ledger.Ledger {
	t.Helper()
	l := &ledger.Ledger{DB: db, Run: run, Epoch: 5}
	if _, err := l.Begin(t.Context(), ledger.Run{Pipeline: "p", Start: at(10), Lanes: lanes, Config: []byte(`{}`), ConfigHash: "h"}); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		last := &ledger.Ledger{DB: db, Run: run, Epoch: 1 << 40}
		if err := last.Forget(context.Background()); err != nil {
			t.Error(err)
		}
	})
	return l
}

func step(n uint64) ledger.Step {
	return ledger.Step{Batch: n, From: at(9 + int(n)).Encode(), To: at(10 + int(n)).Encode()}
}

// cas runs one lane's update in tx and returns its count.
func cas(t *testing.T, tx *sql.Tx, l *ledger.Ledger, n uint64, lane int) int64 {
	t.Helper()
	res, err := tx.ExecContext(t.Context(), string(l.AppendUpdate(nil, step(n), lane)))
	if err != nil {
		t.Fatal(err)
	}
	c, _ := res.RowsAffected()
	return c
}

func TestHalfAppliedBatchIsSeen(t *testing.T) {
	onEach(t, func(t *testing.T, db *sql.DB) {
		l := begin(t, db, "half", 3)
		tx, err := db.Begin()
		if err != nil {
			t.Fatal(err)
		}
		if got := cas(t, tx, l, 1, 1); got != 1 {
			t.Fatalf("compare-and-set changed %d rows, want 1", got)
		}
		if err := tx.Commit(); err != nil {
			t.Fatal(err)
		}
		st, err := l.TakeOver(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		half, done := st.Half()
		if half.Batch != 1 || half.From != at(10) || half.To != at(11) || fmt.Sprint(done) != "[false true false]" {
			t.Fatalf("half = %+v, done = %v", half, done)
		}
		if n, pos := st.Frontier(); n != 0 || pos != at(10) {
			t.Fatalf("frontier = %d %v", n, pos)
		}
		if err := l.Reconfigure(t.Context(), 2, nil, "h2"); !errors.Is(err, ledger.ErrOutOfStep) {
			t.Fatalf("reconfigure in a half-applied batch: %v", err)
		}
	})
}

// An older owner that takes over once more gets nothing, and does not lower the
// epoch of the one that has the run.
func TestOlderOwnerTakesNothing(t *testing.T) {
	onEach(t, func(t *testing.T, db *sql.DB) {
		old := begin(t, db, "older", 2)
		next := &ledger.Ledger{DB: db, Run: "older", Epoch: 6}
		if _, err := next.TakeOver(t.Context()); err != nil {
			t.Fatal(err)
		}
		if _, err := old.TakeOver(t.Context()); !errors.Is(err, ledger.ErrFenced) {
			t.Fatalf("the older owner takes over: %v", err)
		}
		tx, err := db.Begin()
		if err != nil {
			t.Fatal(err)
		}
		defer tx.Rollback()
		if got := cas(t, tx, next, 1, -1); got != 2 {
			t.Fatalf("the owner moves %d rows, want 2", got)
		}
	})
}

// Two owners take over at once, and the older one has looked before the newer
// one's epoch is there to be seen: it waits, and does not lower it.
func TestRaisesMeet(t *testing.T) {
	onEach(t, func(t *testing.T, db *sql.DB) {
		old := begin(t, db, "met", 2)
		tx, err := db.Begin()
		if err != nil {
			t.Fatal(err)
		}
		defer tx.Rollback()
		for _, table := range []string{"run", "ledger"} {
			if _, err := tx.ExecContext(t.Context(), "UPDATE _tidegate."+table+" SET epoch = 6 WHERE run = 'met'"); err != nil {
				t.Fatal(err)
			}
		}
		took := make(chan error, 1)
		go func() {
			_, err := old.TakeOver(context.Background())
			took <- err
		}()
		const waiting = "SELECT COUNT(*) FROM information_schema.PROCESSLIST WHERE INFO LIKE 'UPDATE `\\_tidegate`.`run` SET epoch%'"
		for value(t, db, waiting) == "0" {
			select {
			case err := <-took:
				t.Fatalf("the older owner ended before it met the newer one: %v", err)
			case <-time.After(5 * time.Millisecond):
			}
		}
		if err := tx.Commit(); err != nil {
			t.Fatal(err)
		}
		if err := <-took; !errors.Is(err, ledger.ErrFenced) {
			t.Errorf("the older owner takes over: %v", err)
		}
		next := &ledger.Ledger{DB: db, Run: "met", Epoch: 6}
		if err := next.Advance(t.Context(), db, step(1), 2); err != nil {
			t.Errorf("the newer owner: %v", err)
		}
	})
}

// TestCompareAndSet: lanes move one batch at a time, all or none, and only for the
// owner, who alone says what it is about to run.
func TestCompareAndSet(t *testing.T) {
	onEach(t, func(t *testing.T, db *sql.DB) {
		l := begin(t, db, "compared", 2)
		advance := func(n uint64) error {
			tx, err := db.Begin()
			if err != nil {
				t.Fatal(err)
			}
			defer tx.Rollback()
			if err := l.Advance(t.Context(), tx, step(n), 2); err != nil {
				return err
			}
			return tx.Commit()
		}
		if err := advance(1); err != nil {
			t.Fatal(err)
		}
		for _, n := range []uint64{1, 3} {
			if err := advance(n); !errors.Is(err, ledger.ErrOutOfStep) {
				t.Errorf("batch %d after the first: %v", n, err)
			}
		}
		if _, err := db.Exec(string(l.AppendUpdate(nil, step(2), 0))); err != nil {
			t.Fatal(err)
		}
		if err := advance(2); !errors.Is(err, ledger.ErrOutOfStep) {
			t.Errorf("all lanes, of which one has the batch: %v", err)
		}
		if _, err := db.Exec(string(l.AppendUpdate(nil, step(2), 1))); err != nil {
			t.Fatal(err)
		}
		next := &ledger.Ledger{DB: db, Run: "compared", Epoch: 6}
		if _, err := next.TakeOver(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := advance(3); !errors.Is(err, ledger.ErrFenced) {
			t.Errorf("an older owner's batch: %v", err)
		}
		if err := l.Intend(t.Context(), ledger.Intent{Seq: 3, Statement: "DO 1"}); !errors.Is(err, ledger.ErrFenced) {
			t.Errorf("an older owner's intent: %v", err)
		}
	})
}

// Rows that no lanes can have left behind are not taken for a state.
func TestLanesOutOfStep(t *testing.T) {
	onEach(t, func(t *testing.T, db *sql.DB) {
		l := begin(t, db, "skewed", 2)
		move := func(n uint64, lane int) {
			tx, err := db.Begin()
			if err != nil {
				t.Fatal(err)
			}
			if got := cas(t, tx, l, n, lane); got != 1 {
				t.Fatalf("compare-and-set changed %d rows, want 1", got)
			}
			if err := tx.Commit(); err != nil {
				t.Fatal(err)
			}
		}
		move(1, 0)
		move(2, 0)
		if _, err := l.TakeOver(t.Context()); !errors.Is(err, ledger.ErrOutOfStep) {
			t.Fatalf("lanes two batches apart: %v", err)
		}
		move(1, 1)
		if _, err := l.TakeOver(t.Context()); err != nil {
			t.Fatal(err)
		}
	})
}

// The history of REVIEW R1: the old owner has run its ledger update and not yet
// committed while the new one takes over.
func TestTakeOverWaitsForTheOldOwnersCommit(t *testing.T) {
	onEach(t, func(t *testing.T, db *sql.DB) {
		old := begin(t, db, "r1", 2)
		tx, err := db.Begin()
		if err != nil {
			t.Fatal(err)
		}
		if got := cas(t, tx, old, 1, -1); got != 2 {
			t.Fatalf("compare-and-set of all lanes changed %d rows, want 2", got)
		}
		next := &ledger.Ledger{DB: db, Run: "r1", Epoch: 6}
		type answer struct {
			st  *ledger.State
			err error
		}
		got := make(chan answer, 1)
		go func() {
			st, err := next.TakeOver(context.Background())
			got <- answer{st, err}
		}()
		select {
		case a := <-got:
			t.Fatalf("took over past an open transaction: %+v, %v", a.st, a.err)
		case <-time.After(300 * time.Millisecond):
		}
		if err := tx.Commit(); err != nil {
			t.Fatal(err)
		}
		a := <-got
		if a.err != nil {
			t.Fatal(a.err)
		}
		if n, _ := a.st.Frontier(); n != 1 {
			t.Fatalf("the new owner reads batch %d, want 1", n)
		}

		// Now the old owner is shut out.
		tx, err = db.Begin()
		if err != nil {
			t.Fatal(err)
		}
		defer tx.Rollback()
		if got := cas(t, tx, old, 2, 0); got != 0 {
			t.Fatalf("a fenced owner's update changed %d rows", got)
		}
		if err := old.Refused(t.Context(), step(2)); !errors.Is(err, ledger.ErrFenced) || mysql.Classify(err) != mysql.Fatal {
			t.Fatalf("refused: %v", err)
		}
		if _, err := old.TakeOver(t.Context()); !errors.Is(err, ledger.ErrFenced) {
			t.Fatalf("take over by the old owner: %v", err)
		}
		if got := cas(t, tx, next, 1, 0); got != 0 {
			t.Fatalf("the same batch twice changed %d rows", got)
		}
	})
}

func TestReconfigure(t *testing.T) {
	onEach(t, func(t *testing.T, db *sql.DB) {
		l := begin(t, db, "lanes", 2)
		if err := l.Advance(t.Context(), db, step(1), 2); err != nil {
			t.Fatal(err)
		}
		if err := l.Reconfigure(t.Context(), 5, []byte(`{"lanes":5}`), "h2"); err != nil {
			t.Fatal(err)
		}
		st, err := l.TakeOver(t.Context())
		if err != nil {
			t.Fatal(err)
		}
		if n, pos := st.Frontier(); len(st.Lanes) != 5 || st.Run.ConfigHash != "h2" || n != 1 || pos != at(11) {
			t.Fatalf("after the change: %+v", st)
		}
	})
}

func TestLockEndsItsOldHolder(t *testing.T) {
	onEach(t, func(t *testing.T, db *sql.DB) {
		run := "lock-" + strings.Repeat("x", 59)
		old := begin(t, db, run[:64], 1)
		first, err := old.Lock(t.Context(), db)
		if err != nil {
			t.Fatal(err)
		}
		stuck := make(chan error, 1)
		go func() {
			_, err := first.Conn.ExecContext(context.Background(), "DO SLEEP(60)")
			stuck <- err
		}()
		next := &ledger.Ledger{DB: db, Run: old.Run, Epoch: 6}
		if _, err := next.TakeOver(t.Context()); err != nil {
			t.Fatal(err)
		}
		ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second) // the statement takes longer
		defer cancel()
		second, err := next.Lock(ctx, db)
		if err != nil {
			t.Fatal(err)
		}
		select {
		case <-stuck:
		case <-time.After(10 * time.Second):
			t.Fatal("the old holder's statement still runs")
		}
		if err := second.Check(t.Context()); err != nil {
			t.Fatal(err)
		}
		if _, err := old.Lock(t.Context(), db); !errors.Is(err, ledger.ErrFenced) {
			t.Fatalf("a fenced owner asked for the lock: %v", err)
		}
		if err := second.Check(t.Context()); err != nil {
			t.Fatalf("the fenced owner disturbed the holder: %v", err)
		}
		if err := second.Close(t.Context()); err != nil {
			t.Fatal(err)
		}
		if _, err := old.Lock(t.Context(), db); !errors.Is(err, ledger.ErrFenced) {
			t.Fatalf("a fenced owner got the free lock: %v", err)
		}
	})
}

// Sessions that help an owner must be out of the way of the next one as the
// lock's own session is, also when that one is gone already.
func TestLockEndsOldHelpers(t *testing.T) {
	onEach(t, func(t *testing.T, db *sql.DB) {
		old := begin(t, db, "helped", 1)
		first, err := old.Lock(t.Context(), db)
		if err != nil {
			t.Fatal(err)
		}
		var asleep sync.WaitGroup
		asleep.Add(2)
		var ended atomic.Int32
		spread := make(chan error, 1)
		go func() {
			spread <- first.Spread(context.Background(), db, 2, func(ctx context.Context, l *ledger.Lock) error {
				if l == first {
					return nil
				}
				asleep.Done()
				_, err := l.Conn.ExecContext(ctx, "DO SLEEP(60)")
				ended.Add(1)
				return err
			})
		}()
		asleep.Wait()
		_ = first.Close(context.Background()) // the helpers outlive it
		next := &ledger.Ledger{DB: db, Run: old.Run, Epoch: 6}
		if _, err := next.TakeOver(t.Context()); err != nil {
			t.Fatal(err)
		}
		second, err := next.Lock(t.Context(), db)
		if err != nil {
			t.Fatal(err)
		}
		defer second.Close(context.Background())
		if got := value(t, db, "SELECT COUNT(*) FROM information_schema.PROCESSLIST WHERE INFO LIKE '%SLEEP(60)%' AND ID <> CONNECTION_ID()"); got != "0" {
			t.Errorf("%s helpers of the old owner still run", got)
		}
		if err := <-spread; err == nil {
			t.Error("the old owner's helpers ended well")
		}
		if ended.Load() != 2 {
			t.Errorf("%d helpers ended", ended.Load())
		}

		third, err := next.Lock(t.Context(), db) // takes it from the second, as after a lost connection
		if err != nil {
			t.Fatal(err)
		}
		defer third.Close(context.Background())
		err = second.Spread(t.Context(), db, 1, func(ctx context.Context, l *ledger.Lock) error {
			if l != second {
				t.Error("a helper works for a lock that is lost")
			}
			return nil
		})
		if err == nil {
			t.Error("a lock that is lost was spread")
		}
	})
}

func value(t *testing.T, db *sql.DB, query string) (v string) {
	t.Helper()
	if err := db.QueryRowContext(t.Context(), query).Scan(&v); err != nil {
		t.Fatal(err)
	}
	return v
}
