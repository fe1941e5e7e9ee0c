package integration

import (
	"fmt"
	"testing"
	"time"

	"github.com/tidegate-io/tidegate/integration/dbtest"
	"github.com/tidegate-io/tidegate/integration/site"
	"github.com/tidegate-io/tidegate/internal/run"
)

// memories are the most memory that an agent may ever hold, by what its pipeline
// sets: nothing, or all that costs memory to the most that is taken. Chunks are
// small there, so that every thread has one.
var memories = []struct {
	name     string
	flavor   dbtest.Flavor
	settings string
	promised uint64
}{
	{"mysql", dbtest.MySQL, "", 256 << 20},
	{"mariadb", dbtest.MariaDB, "", 256 << 20},
	{"mysql with the largest settings", dbtest.MySQL, `
  copy {
    threads = 128
    chunk   = "2MiB"
  }
  apply {
    lanes       = 128
    batch_rows  = 1000000
    batch_bytes = "64MiB"
  }`, 512 << 20},
}

// TestMemory copies 320 MB in rows of 1 KB, and follows one transaction of a
// million rows; the agent is a process of its own.
func TestMemory(t *testing.T) {
	if testing.Short() {
		t.Skip("needs servers; not with -short")
	}
	for _, m := range memories {
		t.Run(m.name, func(t *testing.T) {
			s := site.New(t)
			p := site.Pair{Src: dbtest.Start(t, dbtest.Config{Flavor: m.flavor}), Dst: dbtest.Start(t, dbtest.Config{Flavor: m.flavor})}
			ten := "(SELECT 0 d UNION ALL SELECT 1 UNION ALL SELECT 2 UNION ALL SELECT 3 UNION ALL SELECT 4 UNION ALL SELECT 5 UNION ALL SELECT 6 UNION ALL SELECT 7 UNION ALL SELECT 8 UNION ALL SELECT 9)"
			site.Execute(t, p.Src, "CREATE DATABASE mem", "CREATE TABLE mem.wide (id INT NOT NULL AUTO_INCREMENT PRIMARY KEY, v VARCHAR(2000) NOT NULL)",
				"CREATE TABLE mem.many (id INT NOT NULL AUTO_INCREMENT PRIMARY KEY, v INT NOT NULL, w VARCHAR(60) NOT NULL)")
			site.Execute(t, p.Src, fmt.Sprintf("INSERT INTO mem.wide (v) SELECT v FROM (SELECT REPEAT(LEFT(SHA2(CONCAT(a.d,b.d,c.d,e.d), 256), 32), 32) v FROM %[1]s a, %[1]s b, %[1]s c, %[1]s e) q", ten))
			for range 5 {
				site.Execute(t, p.Src, "INSERT INTO mem.wide (v) SELECT v FROM mem.wide")
			}
			s.Daemon()
			agent := s.Agent("one", "--metrics-listen", "127.0.0.1:0")
			s.Apply(s.Write("p.hcl", p.File("objects {\n    database \"mem\" {}\n  }"+m.settings)))
			began := time.Now()
			s.InState(5*time.Minute, "p", run.CaughtUp)
			copied := agent.Peak(t)
			t.Logf("320 MB copied in %s; peak %d MiB", time.Since(began).Round(time.Second), copied>>20)
			if copied > m.promised {
				t.Errorf("the copy took %d MiB, promised are %d", copied>>20, m.promised>>20)
			}
			began = time.Now()
			site.Execute(t, p.Src, fmt.Sprintf("INSERT INTO mem.many (v, w) SELECT v, w FROM (SELECT a.d v, CONCAT('a row of a large transaction ', b.d) w FROM %[1]s a, %[1]s b, %[1]s c, %[1]s e, %[1]s f, %[1]s g) q", ten))
			s.Until(5*time.Minute, "the transaction to be on the target", func() (bool, string) {
				n := site.Value(t, p.Dst, "SELECT COUNT(*) FROM mem.many")
				st, _ := s.Status("p")
				if st.State == run.Errored {
					t.Fatalf("the run is in error: %+v", st.Error)
				}
				time.Sleep(time.Second)
				return n == "1000000", n + " rows, " + string(st.State)
			})
			all := agent.Peak(t)
			t.Logf("a transaction of 1,000,000 rows followed in %s; peak %d MiB", time.Since(began).Round(time.Second), all>>20)
			if all > m.promised {
				t.Errorf("the transaction took %d MiB, promised are %d", all>>20, m.promised>>20)
			}
			site.Equal(t, p, "mem", "mem")
		})
	}
}
