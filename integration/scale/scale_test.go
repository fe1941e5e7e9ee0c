package scale

import (
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tidegate-io/tidegate/integration/site"
	"github.com/tidegate-io/tidegate/internal/run"
)

var (
	agents    = flag.Int("agents", 60, "simulated agents")
	pipelines = flag.Int("pipelines", 600, "simulated pipelines")
	steady    = flag.Duration("steady", 5*time.Second, "how long the steady state is measured")
)

// TestFleet puts many agents and pipelines on one daemon: the real binary, its
// real API and store, real workers; only what a pipeline would do is left out.
// It measures each phase and proves that no run is lost, held twice, or put on
// an agent that is full.
func TestFleet(t *testing.T) {
	if testing.Short() {
		t.Skip("takes minutes at full size; not with -short")
	}
	d := startDaemon(t)
	f := newFleet(t, d, *agents, capacity(*agents, *pipelines))

	f.phase("register", func() { f.start() })
	f.phase("apply", func() { d.apply(t, *pipelines) })
	f.phase("all caught up", func() { f.until(4*time.Minute, "every run caught up", f.settled) })
	f.balanced()
	f.phase("at rest", func() { time.Sleep(*steady) }) // reports and checkpoints alone
	f.phase("asked by people", func() { f.measure(*steady) })

	lost := max(1, *agents/20)
	f.phase(fmt.Sprintf("lose %d agents", lost), func() {
		f.lose(lost)
		f.until(2*time.Minute, "every run on a living agent", f.settled)
	})
	f.once()

	before := f.epochs()
	f.phase("daemon killed and started", func() {
		d.kill()
		d.begin(t)
		f.until(2*time.Minute, "every agent in touch again", func() (bool, string) {
			n := f.inTouch(d.began)
			return n == len(f.living()), fmt.Sprintf("%d of %d agents", n, len(f.living()))
		})
	})
	f.until(time.Minute, "every run as before", f.settled)
	for id, epoch := range f.epochs() {
		if before[id] != epoch {
			t.Errorf("pipeline %s went from epoch %d to %d by a restart of the daemon", id, before[id], epoch)
		}
	}
	f.phase("complete all", func() {
		d.operateAll(t, "complete", f.names())
		f.until(2*time.Minute, "every run completed", func() (bool, string) { return f.inState(run.Completed) })
	})
	t.Log("\n" + f.table())
}

// capacity leaves a fifth free, so that lost agents' runs find room.
func capacity(agents, pipelines int) int { return (pipelines*6/5 + agents - 1) / agents }

// file writes a pipeline file of many shards.
func file(t *testing.T, dir string, n int) string {
	t.Helper()
	shards := make([]string, n)
	for i := range shards {
		shards[i] = fmt.Sprintf("    s%05d = \"10.%d.%d.%d\"\n", i, i>>16, i>>8&255, i&255)
	}
	text := "locals {\n  shards = {\n" + strings.Join(shards, "") + `  }
}

endpoint "old" {
  for_each = local.shards
  address  = each.value
  user     = "tidegate"
  password = "x"
}

endpoint "new" {
  for_each = local.shards
  address  = "${each.key}.db.example:3306"
  user     = "tidegate"
  password = "x"
}

pipeline "shard" {
  for_each = local.shards
  from     = endpoint.old[each.key]
  to       = endpoint.new[each.key]
  objects {
    database "app" {}
  }
}
`
	path := filepath.Join(dir, "fleet.hcl")
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
	return path
}

func TestMain(m *testing.M) { os.Exit(site.Main(m)) }

// quantile of durations; it sorts them.
func quantile(d []time.Duration, q float64) time.Duration {
	if len(d) == 0 {
		return 0
	}
	slices.Sort(d)
	return d[min(len(d)-1, int(q*float64(len(d))))]
}
