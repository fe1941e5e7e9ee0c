package apply_test

import (
	"errors"
	"fmt"
	"runtime"
	"runtime/debug"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/tidegate-io/tidegate/agent/ledger"
	"github.com/tidegate-io/tidegate/integration/dbtest"
	"github.com/tidegate-io/tidegate/integration/faultnet"
	"github.com/tidegate-io/tidegate/internal/mysql"
)

// A transaction above the memory budget is applied in parts, in one target
// transaction, in bounded memory; cut off in the middle it comes again
// (REVIEW R24, I-7).
func TestLargeTransaction(t *testing.T) {
	pairs(t, func(t *testing.T, p *pair) {
		p.exec("CREATE TABLE big (id INT NOT NULL PRIMARY KEY, u INT NOT NULL, v VARCHAR(200), UNIQUE KEY u (u))", "CREATE TABLE bare (a INT)",
			"CREATE TABLE kin (id INT NOT NULL PRIMARY KEY)", "CREATE TABLE kid (id INT NOT NULL PRIMARY KEY, up INT, FOREIGN KEY (up) REFERENCES kin (id) ON DELETE CASCADE)")
		p.begin()
		tg := p.newTarget(3)
		tg.queue, tg.part = 2<<20, 256<<10
		p.bigTransaction(60000)
		p.exec("INSERT INTO kin VALUES (1),(2)", "INSERT INTO kid VALUES (10,1),(11,2)")
		tx := must(p.db.Begin())
		must(tx.Exec("DELETE FROM kin WHERE id=1"))
		must(tx.Exec("UPDATE big SET v=REPEAT('z',190)"))
		must(tx.Exec("UPDATE big SET u=u+1 ORDER BY u DESC"))
		must(tx.Exec("DELETE FROM big WHERE id < 5000"))
		if err := tx.Commit(); err != nil {
			t.Fatal(err)
		}
		var cuts atomic.Int32
		tg.proxy.OnConn(func(c *faultnet.Conn) {
			c.On(faultnet.ToServer, "SAVEPOINT part", func() {
				if cuts.Add(1) <= 2 {
					c.CutAfter(faultnet.ToServer, 900<<10)
				}
			})
		})
		var peak atomic.Uint64
		debug.FreeOSMemory()
		var before runtime.MemStats
		runtime.ReadMemStats(&before)
		done := make(chan struct{})
		var g errgroup.Group
		g.Go(func() error { peakHeap(&peak, done); return nil })
		tg.mustReplay()
		close(done)
		g.Wait()
		if tg.proxy.Stats().Cut == 0 {
			t.Error("nothing was cut")
		}
		if mb := int64(peak.Load()-before.HeapInuse) >> 20; mb > 100 {
			t.Errorf("the heap grew to %d MiB", mb)
		}
		tg.compare()
	})
}

func (p *pair) bigTransaction(rows int) {
	p.t.Helper()
	tx := must(p.db.Begin())
	for at := 0; at < rows; at += 1000 {
		var v []string
		for i := at; i < at+1000; i++ {
			v = append(v, fmt.Sprintf("(%d,%d,REPEAT('a',150))", i, i))
		}
		must(tx.Exec("INSERT INTO big VALUES " + strings.Join(v, ",")))
	}
	must(tx.Exec("INSERT INTO bare VALUES (1),(1),(2)"))
	must(tx.Exec("DELETE FROM bare WHERE a=1 LIMIT 1"))
	if err := tx.Commit(); err != nil {
		p.t.Fatal(err)
	}
}

func peakHeap(peak *atomic.Uint64, done <-chan struct{}) {
	for {
		select {
		case <-done:
			return
		case <-time.After(20 * time.Millisecond):
		}
		var m runtime.MemStats
		runtime.ReadMemStats(&m)
		peak.Store(max(peak.Load(), m.HeapInuse))
	}
}

// bigTarget has tables for bigTransaction, and takes it in parts.
func (p *pair) bigTarget(lanes int) *target {
	p.t.Helper()
	p.exec("CREATE TABLE big (id INT NOT NULL PRIMARY KEY, u INT NOT NULL, v VARCHAR(200), UNIQUE KEY u (u))", "CREATE TABLE bare (a INT)")
	p.begin()
	tg := p.newTarget(lanes)
	tg.queue, tg.part = 2<<20, 256<<10
	return tg
}

// onPart has f called when a lane begins the nth part it is given.
func (t *target) onPart(nth int32, f func()) {
	var parts atomic.Int32
	t.proxy.OnConn(func(c *faultnet.Conn) {
		var begun func()
		begun = func() {
			c.On(faultnet.ToServer, "SAVEPOINT part", begun)
			if parts.Add(1) == nth {
				f()
			}
		}
		c.On(faultnet.ToServer, "SAVEPOINT part", begun)
	})
}

// A source that is lost in the middle sends the transaction from its beginning:
// what is written of it goes first.
func TestLargeTransactionFromTheStart(t *testing.T) {
	for _, from := range []dbtest.Config{mysqlServer, mariaServer} {
		t.Run(string(from.Flavor), func(t *testing.T) {
			p := newPair(t, from, targetMySQL)
			source := p.byProxy()
			tg := p.bigTarget(2)
			p.bigTransaction(40000)
			tg.onPart(2, source.Cut)
			tg.mustReplay()
			if source.Stats().Cut == 0 {
				t.Error("nothing was cut")
			}
			tg.compare()
		})
	}
}

// A row that the target refuses in a part is named, and not one that was written
// before it in the same part.
func TestLargeTransactionNamesItsRow(t *testing.T) {
	p := newPair(t, mysqlServer, targetMySQL)
	tg := p.bigTarget(2)
	p.bigTransaction(4000)
	tg.mustReplay()
	tg.sql("INSERT INTO big VALUES (70000, 70000, 'mine')")
	tx := must(p.db.Begin())
	must(tx.Exec("UPDATE big SET v = REPEAT('b', 150)"))
	must(tx.Exec("DELETE FROM big WHERE id < 3"))
	must(tx.Exec("INSERT INTO big VALUES (70000, 70000, 'theirs')"))
	must(tx.Exec("UPDATE big SET v = REPEAT('c', 150)"))
	if err := tx.Commit(); err != nil {
		t.Fatal(err)
	}
	err := tg.replayErr()
	if e, ok := errors.AsType[*mysql.Error](err); !ok || e.Code != "conflict" || !strings.Contains(err.Error(), "id=70000") {
		t.Fatalf("got %v", err)
	}
	tg.sql("DELETE FROM big WHERE id = 70000")
	tg.mustReplay()
	tg.compare()
}

// An owner whose lanes connect when the next one has taken over already finds
// out at the ledger, and commits nothing.
func TestFencedLargeTransaction(t *testing.T) {
	p := newPair(t, mysqlServer, targetMySQL)
	tg := p.bigTarget(2)
	p.bigTransaction(4000)
	tg.opened = func() {
		next := &ledger.Ledger{DB: tg.ctl, Run: tg.run, Epoch: tg.epoch + 1}
		if _, err := next.TakeOver(t.Context()); err != nil {
			t.Fatal(err)
		}
	}
	if err := tg.replayErr(); !errors.Is(err, ledger.ErrFenced) {
		t.Errorf("the older owner ended with %v", err)
	}
	if n := len(dump(t, tg.to, tg.schema, "big")); n != 0 {
		t.Errorf("it committed %d rows", n)
	}
}

// No chunk is between its SELECT and its commit while a large transaction holds
// its locks: each would wait for the other.
func TestLargeTransactionWaitsForChunks(t *testing.T) {
	p := newPair(t, mysqlServer, targetMySQL)
	tg := p.bigTarget(2)
	p.bigTransaction(4000)
	var met atomic.Bool
	tg.onPart(1, func() { met.Store(!tg.gate.Idle()) })
	tg.during = tg.chunkUntilHeld()
	tg.mustReplay()
	if met.Load() {
		t.Error("it began while a chunk was in flight")
	}
	tg.compare()
}
