package crash

import (
	"context"
	"fmt"
	"os"
	"sync"
	"testing"
	"time"

	"github.com/tidegate-io/tidegate/integration/dbtest"
	"github.com/tidegate-io/tidegate/internal/run"
)

// TestRandom breaks run after run at random, from the beginning of the copy on.
// It does one round, or as many as fit into DURATION.
func TestRandom(t *testing.T) {
	until := time.Now()
	if text := os.Getenv("DURATION"); text != "" {
		d, err := time.ParseDuration(text)
		if err != nil {
			t.Fatalf("DURATION: %v", err)
		}
		until = until.Add(d)
	}
	for round := uint64(0); round == 0 || time.Now().Before(until); round++ {
		name := fmt.Sprintf("SEED=%d", seed(t)+round) // by itself this round is repeated with this
		if !t.Run(name, func(t *testing.T) { randomRound(t, seed(t)+round) }) {
			return
		}
	}
}

func randomRound(t *testing.T, seed uint64) {
	flavors := [][2]dbtest.Flavor{{dbtest.MariaDB, dbtest.MariaDB}, {dbtest.MySQL, dbtest.MySQL}, {dbtest.MariaDB, dbtest.MySQL}}[seed%3]
	p := own(t, flavors[0])
	if flavors[1] != flavors[0] {
		p.Dst = dbtest.Start(t, dbtest.Config{Flavor: flavors[1]})
	}
	r := newRig(t, p, "random", 3000)
	r.reseed(seed)
	r.shop.Calm.Store(false) // with schema changes
	lanes := 1 + 3*r.random.IntN(2)
	t.Logf("%s to %s, %d lanes", flavors[0], flavors[1], lanes)
	r.begin(fmt.Sprintf("%s\n  apply {\n    lanes = %d\n  }", slow, lanes))
	for range 4 {
		r.nap(1500 * time.Millisecond)
		r.anyFault()
	}
	r.caught()
	if lanes == 1 {
		defer r.watch()()
	}
	for range 2 {
		for range 4 {
			r.nap(time.Second)
			r.anyFault()
		}
		r.caught()
		r.settle("random faults")
		r.again()
	}
	r.shop.Stop()
}

// anyFault breaks something, and mends it.
func (r *rig) anyFault() {
	r.t.Helper()
	began := time.Now()
	what := ""
	switch r.random.IntN(8) {
	case 0, 1:
		what = r.breakLink()
	case 2:
		what = "answers to COMMIT are lost"
		r.target.LoseAnswers(commit, int64(1+r.random.IntN(5)))
	case 3:
		what = "the target is killed"
		restart(r.t, r.Dst)
	case 4:
		what = "the source is killed"
		restart(r.t, r.Src)
	case 5:
		what = "the target's connections are taken"
		r.takeConnections()
	default:
		what = []string{"agent", "daemon", "both", "torn checkpoint", "lost disk", "frozen"}[r.random.IntN(6)]
		r.kill(what)
	}
	st, _ := r.Status("p")
	r.t.Logf("%s (%s); now %s", what, time.Since(began).Round(time.Millisecond), st.State)
}

// watch looks at the target again and again while the run goes on. With one lane
// every commit is a prefix of the source's history: the money is all there, and
// what is counted with a key and without is the same. It returns how to stop.
func (r *rig) watch() (stop func()) {
	ctx, cancel := context.WithCancel(context.Background())
	var wg sync.WaitGroup
	wg.Go(func() {
		looks := 0
		for ctx.Err() == nil {
			lost, apart, err := r.look(ctx)
			if err != nil { // the target is away
				time.Sleep(100 * time.Millisecond)
				continue
			}
			if looks++; lost != "0.0000" || apart != 0 {
				r.t.Errorf("between two commits of one lane %s of the money is missing, and %d writers' counters differ", lost, apart)
				return
			}
			time.Sleep(50 * time.Millisecond)
		}
		r.t.Logf("%d looks", looks)
	})
	return func() { cancel(); wg.Wait() }
}

func (r *rig) look(ctx context.Context) (lost string, apart int, err error) {
	conn, err := r.Dst.DB().Conn(ctx)
	if err != nil {
		return "", 0, err
	}
	defer conn.Close()
	if _, err := conn.ExecContext(ctx, "START TRANSACTION WITH CONSISTENT SNAPSHOT"); err != nil {
		return "", 0, err
	}
	defer conn.ExecContext(context.Background(), "ROLLBACK") //nolint:errcheck // nothing was written
	if err := conn.QueryRowContext(ctx, "SELECT SUM(balance) - 1000*COUNT(*) FROM random.accounts").Scan(&lost); err != nil {
		return "", 0, err
	}
	err = conn.QueryRowContext(ctx, "SELECT COUNT(*) FROM random.counters c JOIN random.accounts a ON a.id = 1 + c.writer WHERE c.writer < 2 AND a.n <> c.n").Scan(&apart)
	return lost, apart, err
}

// TestSemiSync lets the source's commits wait for a replica that is not there:
// they are in the log, and nobody can read their rows.
func TestSemiSync(t *testing.T) {
	for _, flavor := range []dbtest.Flavor{dbtest.MySQL, dbtest.MariaDB} {
		t.Run(string(flavor), func(t *testing.T) {
			r := newRig(t, own(t, flavor), "semisync", 2000)
			r.begin(slow)
			r.InState(limit, "p", run.Copying)
			for range 3 {
				r.stallCommits(2 * time.Second)
			}
			r.caught()
			r.stallCommits(2 * time.Second)
			r.caught()
			r.settle("stalled commits of the source")
		})
	}
}
