package integration

import (
	"math/rand/v2"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/tidegate-io/tidegate/integration/dbtest"
	"github.com/tidegate-io/tidegate/integration/site"
	"github.com/tidegate-io/tidegate/internal/run"
)

// seed fixes the workload and the moments of the kills.
const seed = 20261122

// TestMigrate moves a database that is written to throughout, with SIGKILL at
// random moments of copy and stream, and ends it by a cutover that makes the
// source read-only.
func TestMigrate(t *testing.T) {
	for _, c := range []struct{ from, to dbtest.Flavor }{{dbtest.MySQL, dbtest.MySQL}, {dbtest.MariaDB, dbtest.MariaDB}, {dbtest.MariaDB, dbtest.MySQL}} {
		t.Run(string(c.from)+" to "+string(c.to), func(t *testing.T) {
			s, p := site.New(t), site.SharedPair(t, c.from, c.to)
			shop := site.NewShop(t, p, "shop", 30000)
			site.DropLater(t, p.Dst, "shop_v2")
			t.Cleanup(func() { site.Release(p.Src) })
			shop.Start(3, seed)
			file := s.Write("p.hcl", p.File(`objects {
    database "shop" {
      rename = "shop_v2"
    }
  }
  copy {
    defer_index = true
    threads = 2
    chunk   = "256KiB"
    max_rows = 15000
  }
  cutover {
    hold         = "1s"
    fence_source = true
  }`))
			dev := s.Dev()
			s.Apply(file)
			random := rand.New(rand.NewPCG(seed, 1))
			for range 3 {
				time.Sleep(1500*time.Millisecond + time.Duration(random.Int64N(int64(2*time.Second))))
				st, _ := s.Status("p")
				t.Logf("SIGKILL in state %s, step %s", st.State, st.Step)
				dev.Kill()
				dev = s.Dev()
			}
			s.Reach(90*time.Second, "p", "copied", func(st site.Status) bool { return st.State == run.CatchingUp || st.State == run.CaughtUp })
			time.Sleep(time.Second)
			t.Log("SIGKILL in the stream")
			dev.Kill()
			dev = s.Dev()
			shop.Calm.Store(true) // a table that changes its columns meanwhile cannot be compared
			time.Sleep(time.Second)
			s.InState(60*time.Second, "p", run.CaughtUp)
			if a := s.Call("verify", "p", "--wait"); a.Code != 0 {
				t.Errorf("verify under load: %s", a)
			}
			before := shop.Done.Load()
			shop.Fenced.Store(true)
			if a := s.Call("cutover", "p", "--wait"); a.Code != 0 {
				t.Fatalf("cutover: %s", a)
			}
			s.Must("wait", "p", "--for", "completed", "--timeout", "30s")
			shop.Stop()
			t.Logf("%d transactions, %d of them before the cutover", shop.Done.Load(), before)
			site.Equal(t, p, "shop", "shop_v2")
			if on := site.Value(t, p.Src, "SELECT @@global.read_only"); on != "1" {
				t.Error("the source takes writes after the cutover")
			}
			dev.Cmd.Process.Signal(syscall.SIGTERM)
			<-dev.Done
			if b, _ := os.ReadFile(dev.Log); strings.Contains(string(b), "panic") {
				t.Error("the log holds a panic")
			}
		})
	}
}
