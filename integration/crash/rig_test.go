package crash

import (
	"fmt"
	"math/rand/v2"
	"path/filepath"
	"testing"
	"time"

	"github.com/tidegate-io/tidegate/integration/dbtest"
	"github.com/tidegate-io/tidegate/integration/faultnet"
	"github.com/tidegate-io/tidegate/integration/site"
)

// limit is how long anything may take on a machine that is busy with other
// tests. Nothing waits that long unless it fails.
const limit = 3 * time.Minute

// rig is a migration whose every part and link can be broken: a daemon, agents,
// a workload, and a proxy on each link of the agents.
type rig struct {
	*site.Site
	site.Pair
	t      *testing.T
	name   string // of the pipeline's database
	random *rand.Rand
	seed   uint64
	shop   *site.Shop

	source, target, control *faultnet.Proxy
	daemon, agent           *site.Child
}

// newRig makes the database and the links; nothing runs yet.
func newRig(t *testing.T, p site.Pair, name string, rows int) *rig {
	t.Helper()
	r := &rig{Site: site.New(t), Pair: p, t: t, name: name}
	r.reseed(seed(t))
	r.shop = site.NewShop(t, p, name, rows)
	r.shop.Calm.Store(true)
	r.shop.Tough = true
	r.shop.Pause = 15 * time.Millisecond // what is tested is exactness, not the rate
	r.source, r.target = faultnet.Listen(t, p.Src.Addr), faultnet.Listen(t, p.Dst.Addr)
	r.control = faultnet.Listen(t, r.Address)
	return r
}

func (r *rig) reseed(seed uint64) { r.seed, r.random = seed, rand.New(rand.NewPCG(seed, 1)) }

// own starts servers for one test alone, which may kill them.
func own(t *testing.T, flavor dbtest.Flavor) site.Pair {
	t.Helper()
	return site.Pair{Src: dbtest.Start(t, dbtest.Config{Flavor: flavor}), Dst: dbtest.Start(t, dbtest.Config{Flavor: flavor})}
}

// begin starts daemon, agent and workload, and applies the pipeline.
func (r *rig) begin(body string) {
	r.t.Helper()
	r.write()
	r.daemon = r.Daemon("--lease", "3s")
	r.agent = r.start("one")
	r.Apply(r.Write("p.hcl", r.file(body)))
}

// start starts an agent whose link to the daemon can be broken; with a fault it
// breaks itself.
func (r *rig) start(id string, fault ...string) *site.Child {
	r.t.Helper()
	before := r.Env
	defer func() { r.Env = before }()
	for _, f := range fault {
		r.Env = append(r.Env[:len(r.Env):len(r.Env)], "TIDEGATE_FAULT="+f)
	}
	return r.Agent(id, "--daemon", "http://"+r.control.Addr())
}

// write lets the workload begin, or go on.
func (r *rig) write() {
	r.seed++
	r.shop.Start(2, r.seed)
}

// file is the pipeline by way of the proxies, in the clear, so that they can see
// what passes.
func (r *rig) file(body string) string {
	endpoint := func(name, addr string) string {
		return fmt.Sprintf("endpoint %q {\n  address = %q\n  user = %q\n  password = env(\"INTEGRATION_PASSWORD\")\n  tls {\n    mode = \"disabled\"\n  }\n}\n", name, addr, dbtest.User)
	}
	return endpoint("old", r.source.Addr()) + endpoint("new", r.target.Addr()) +
		fmt.Sprintf("pipeline \"p\" {\n  from = endpoint.old\n  to = endpoint.new\n  objects {\n    database %q {}\n  }\n%s\n}\n", r.name, body)
}

// slow is a copy that takes its time and many chunks.
const slow = `  copy {
    defer_index = true
    threads  = 2
    chunk    = "64KiB"
    max_rows = 4000
  }`

// caught waits until the run is up to date, whatever it went through.
func (r *rig) caught() { r.t.Helper(); r.CaughtUpTo(r.t, r.Pair) }

// settle stops the workload, and finds both sides equal. what is said if not.
func (r *rig) settle(what string) {
	r.t.Helper()
	r.shop.Stop()
	r.CaughtUpTo(r.t, r.Pair)
	if money := site.Value(r.t, r.Src, "SELECT SUM(balance) - 1000*COUNT(*) FROM "+r.name+".accounts"); money != "0.0000" {
		r.t.Errorf("%s: the workload itself lost money: %s", what, money)
	}
	site.Equal(r.t, r.Pair, r.name, r.name)
	if r.t.Failed() {
		site.Keep(r.t, r.Site, r.Pair, "p")
		r.t.Fatalf("after: %s", what)
	}
}

// again lets the workload go on after settle, and the run get into its stride.
func (r *rig) again() {
	r.t.Helper()
	r.write()
	done := r.shop.Done.Load()
	r.Until(limit, "the workload to go on", func() (bool, string) {
		n := r.shop.Done.Load() - done
		return n > 20, fmt.Sprint(n, " transactions")
	})
}

// dies waits for a child that ends by itself.
func (r *rig) dies(c *site.Child, what string) {
	r.t.Helper()
	began := time.Now()
	select {
	case <-c.Done:
		r.t.Logf("%s after %s", what, time.Since(began).Round(time.Millisecond))
	case <-time.After(limit):
		r.t.Fatalf("the agent did not come to %s", what)
	}
}

// nap waits for a random moment below most.
func (r *rig) nap(most time.Duration) { time.Sleep(time.Duration(r.random.Int64N(int64(most)))) }

// dir is the data directory of an agent.
func (r *rig) dir(agent string) string { return filepath.Join(r.Dir, "agent-"+agent) }
