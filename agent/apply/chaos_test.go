package apply_test

import (
	"context"
	"errors"
	"math/rand/v2"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/tidegate-io/tidegate/agent/apply"
	"github.com/tidegate-io/tidegate/agent/gate"
	"github.com/tidegate-io/tidegate/agent/ledger"
	"github.com/tidegate-io/tidegate/integration/faultnet"
	"github.com/tidegate-io/tidegate/internal/mysql"
)

// dice is a random source that goroutines share.
type dice struct {
	mu  sync.Mutex
	rng *rand.Rand
}

func roll(seed uint64) *dice { return &dice{rng: rand.New(rand.NewPCG(seed, 7))} }

func (d *dice) n(n int) int {
	d.mu.Lock()
	defer d.mu.Unlock()
	return d.rng.IntN(n)
}

// Every connection to the target is cut after a random number of bytes in a
// random direction, also between COMMIT and its answer: no row is lost or
// doubled.
func TestCutConnections(t *testing.T) {
	pairs(t, func(t *testing.T, p *pair) {
		p.world()
		p.churn(rand.New(rand.NewPCG(2, 2)), 700)
		tg := p.newTarget(3)
		d := roll(3)
		tg.proxy.OnConn(func(c *faultnet.Conn) {
			if d.n(4) == 0 {
				return
			}
			c.CutAfter(faultnet.Direction(d.n(2)), int64(1500+d.n(8000)))
		})
		tg.mustReplay()
		if cut := tg.proxy.Stats().Cut; cut < 3 {
			t.Errorf("only %d connections were cut", cut)
		}
		tg.compare()
	})
}

// The answers to COMMIT are swallowed and the connection lost: the ledger says
// what happened.
func TestLostCommitAnswers(t *testing.T) {
	pairs(t, func(t *testing.T, p *pair) {
		p.world()
		p.churn(rand.New(rand.NewPCG(4, 4)), 500)
		tg := p.newTarget(4)
		d := roll(5)
		var work sync.WaitGroup
		defer work.Wait()
		tg.proxy.OnConn(func(c *faultnet.Conn) {
			if d.n(3) == 0 {
				return
			}
			c.On(faultnet.ToServer, "\x03COMMIT", func() { // the statement: READ-COMMITTED is in every greeting
				c.DropAnswers()
				work.Go(func() {
					time.Sleep(20 * time.Millisecond) // the server commits meanwhile, or not
					c.Cut()
				})
			})
		})
		tg.mustReplay()
		tg.compare()
	})
}

// Owner after owner is abandoned at a random moment; the next one has a higher
// epoch, takes over while the server may still run what the last sent, and rebuilds what was half
// applied (REVIEW R1, R5, R6).
func TestAbandonedOwners(t *testing.T) {
	pairs(t, func(t *testing.T, p *pair) {
		p.world()
		p.churn(rand.New(rand.NewPCG(6, 6)), 900)
		tg := p.newTarget(4)
		tg.cfg.BatchRows = 220
		d := roll(8)
		until := tg.now()
		halves := 0
		for {
			tg.epoch++
			ctx, cancel := context.WithTimeout(t.Context(), time.Duration(20+d.n(150))*time.Millisecond)
			err := tg.replayOnce(ctx, until)
			stopped := ctx.Err() != nil
			cancel()
			if err == nil {
				break
			}
			if c := mysql.Classify(err); !stopped && c != mysql.Transient && c != mysql.OutcomeUnknown {
				t.Fatal(err)
			}
			if half(t, tg) {
				halves++
			}
		}
		t.Logf("%d owners, %d left a batch half applied", tg.epoch, halves)
		tg.compare()
	})
}

// A batch that only some lanes have is completed though a bounded run could have
// ended before it: the image lies behind what any lane has.
func TestImageBehindHalfABatch(t *testing.T) {
	p := newPair(t, mysqlServer, targetMySQL)
	p.exec("CREATE TABLE h (id INT NOT NULL PRIMARY KEY)")
	p.begin()
	tg := p.newTarget(2)
	tg.cfg.LaneRows = 1
	p.exec("INSERT INTO h VALUES (1),(2),(3),(4),(5),(6),(7),(8)")
	tg.leaveHalf()
	if !half(t, tg) {
		t.Fatal("no batch is half applied")
	}
	tg.gate = gate.New(p.source.Kind())
	tg.gate.Bound(must(p.start.Set()))
	tg.opened = func() {
		if end := tg.gate.StopAt(must(p.start.Set())); !end.Equal(tg.now()) {
			t.Errorf("the run ends at %s", end)
		}
	}
	tg.epoch++
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	if err := tg.replayOnce(ctx, tg.now()); err != nil {
		t.Fatal(err)
	}
	tg.compare()
}

// leaveHalf applies what there is and loses the owner when one of two lanes has
// committed a batch and the other has not.
func (t *target) leaveHalf() {
	t.t.Helper()
	ctx, lose := context.WithCancel(t.t.Context())
	defer lose()
	var begun atomic.Int32
	t.proxy.OnConn(func(c *faultnet.Conn) {
		c.On(faultnet.ToServer, "`ledger` SET batch", func() {
			if begun.Add(1) == 1 {
				c.Stall(faultnet.ToServer) // what comes next: COMMIT
				return
			}
			c.On(faultnet.ToServer, "\x03COMMIT", func() { c.On(faultnet.ToClient, "\x00", lose) })
		})
	})
	if err := t.replayOnce(ctx, t.now()); !errors.Is(err, context.Canceled) {
		t.t.Fatalf("the owner ended with %v", err)
	}
	t.proxy.OnConn(nil)
}

// half looks, as nobody in particular, whether the lanes stand apart.
func half(t *testing.T, tg *target) bool {
	var n int
	if err := tg.to.DB().QueryRow("SELECT COUNT(DISTINCT batch) FROM _tidegate.ledger WHERE run = ?", tg.run).Scan(&n); err != nil {
		t.Fatal(err)
	}
	return n > 1
}

// Two owners at once: the first is held up in the middle of a batch and wakes
// when the second is done. It must find out and write nothing.
func TestTwoOwners(t *testing.T) {
	pairs(t, func(t *testing.T, p *pair) {
		p.world()
		p.churn(rand.New(rand.NewPCG(9, 9)), 400)
		tg := p.newTarget(3)
		until := tg.now()
		held := make(chan struct{})
		var once sync.Once
		tg.proxy.OnConn(func(c *faultnet.Conn) {
			c.On(faultnet.ToServer, "\x03COMMIT", func() { // the statement: READ-COMMITTED is in every greeting
				once.Do(func() {
					c.Stall(faultnet.ToServer)
					close(held)
				})
			})
		})
		first := make(chan error, 1)
		tg.epoch = 1
		go func() { first <- tg.replayOnce(context.Background(), until) }()
		select {
		case <-held:
		case err := <-first:
			t.Fatalf("the first owner ended: %v", err)
		case <-time.After(30 * time.Second):
			t.Fatal("no COMMIT")
		}
		tg.proxy.Stall()
		second := tg.again()
		second.mustReplay()
		second.compare()
		tg.proxy.Heal()
		if err := <-first; !errors.Is(err, ledger.ErrFenced) {
			t.Errorf("the first owner ended with %v, not as fenced", err)
		}
		second.compare()
	})
}

// again is the same target reached past the proxy, under the next epoch.
func (t *target) again() *target {
	n := *t
	n.epoch++
	n.proxy = faultnet.Listen(t.t, t.to.Addr)
	n.connect()
	n.cat = &catalog{target: &n, plans: map[string]*apply.Plan{}, windows: t.cat.windows, only: t.cat.only, parents: t.cat.parents}
	return &n
}
