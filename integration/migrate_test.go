package integration

import (
	"math/rand/v2"
	"os"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/tidegate-io/tidegate/integration/dbtest"
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
			s, p := newSite(t), sharedPair(t, c.from, c.to)
			shop := newShop(t, p, "shop", 30000)
			dropLater(t, p.dst, "shop_v2")
			t.Cleanup(func() { release(p.src) })
			shop.start(3, seed)
			file := s.write("p.hcl", p.file(`objects {
    database "shop" {
      rename = "shop_v2"
    }
  }
  copy {
    threads = 2
    chunk   = "256KiB"
    max_rows = 15000
  }
  cutover {
    hold         = "1s"
    fence_source = true
  }`))
			dev := s.dev()
			s.apply(file)
			random := rand.New(rand.NewPCG(seed, 1))
			for range 3 {
				time.Sleep(1500*time.Millisecond + time.Duration(random.Int64N(int64(2*time.Second))))
				st, _ := s.status("p")
				t.Logf("SIGKILL in state %s, step %s", st.State, st.Step)
				dev.kill()
				dev = s.dev()
			}
			s.reach(90*time.Second, "p", "copied", func(st status) bool { return st.State == run.CatchingUp || st.State == run.CaughtUp })
			time.Sleep(time.Second)
			t.Log("SIGKILL in the stream")
			dev.kill()
			dev = s.dev()
			shop.calm.Store(true) // a table that changes its columns meanwhile cannot be compared
			time.Sleep(time.Second)
			s.inState(60*time.Second, "p", run.CaughtUp)
			if a := s.call("verify", "p", "--wait"); a.code != 0 {
				t.Errorf("verify under load: %s", a)
			}
			before := shop.done.Load()
			shop.fenced.Store(true)
			if a := s.call("cutover", "p", "--wait"); a.code != 0 {
				t.Fatalf("cutover: %s", a)
			}
			s.must("wait", "p", "--for", "completed", "--timeout", "30s")
			shop.stop()
			t.Logf("%d transactions, %d of them before the cutover", shop.done.Load(), before)
			equal(t, p, "shop", "shop_v2")
			if on := value(t, p.src, "SELECT @@global.read_only"); on != "1" {
				t.Error("the source takes writes after the cutover")
			}
			dev.cmd.Process.Signal(syscall.SIGTERM)
			<-dev.done
			if b, _ := os.ReadFile(dev.log); strings.Contains(string(b), "panic") {
				t.Error("the log holds a panic")
			}
		})
	}
}

// release takes a cutover's fence away.
func release(s *dbtest.Server) {
	s.DB().Exec("SET GLOBAL super_read_only = OFF") // MariaDB has no such variable
	s.DB().Exec("SET GLOBAL read_only = OFF")
}
