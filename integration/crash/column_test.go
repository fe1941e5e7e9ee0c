package crash

import (
	"testing"
	"time"

	"github.com/tidegate-io/tidegate/integration/dbtest"
	"github.com/tidegate-io/tidegate/integration/site"
	"github.com/tidegate-io/tidegate/internal/run"
)

// TestBrokenOffInTheCopy ends an agent between a statement's run on the target and
// its end in the ledger, while the table is copied: until the next owner has
// finished it, the target's columns are not those of the applied definition.
func TestBrokenOffInTheCopy(t *testing.T) {
	for _, flavor := range []dbtest.Flavor{dbtest.MySQL, dbtest.MariaDB} {
		t.Run(string(flavor), func(t *testing.T) {
			s, p := site.New(t), site.SharedPair(t, flavor, flavor)
			site.DropLater(t, p.Src, "broken")
			site.DropLater(t, p.Dst, "broken")
			site.Execute(t, p.Src, "CREATE DATABASE broken", "CREATE TABLE broken.a (id INT PRIMARY KEY, v VARCHAR(10), w INT)", "INSERT INTO broken.a VALUES (1, 'a', 1), (2, 'b', 2)",
				"CREATE TABLE broken.b (id INT PRIMARY KEY)", "INSERT INTO broken.b VALUES (1)")
			s.Daemon("--lease", "3s")
			plain := s.Env
			s.Env = append(plain[:len(plain):len(plain)], "TIDEGATE_FAULT=chunks-planned:1:20s,ddl-run:1")
			first := s.Agent("one")
			s.Apply(s.Write("p.hcl", p.File("objects {\n    database \"broken\" {}\n  }\n  copy {\n    threads = 1\n  }")))
			s.InState(limit, "p", run.Copying)
			site.Execute(t, p.Src, "ALTER TABLE broken.a RENAME COLUMN v TO x, DROP COLUMN w", "INSERT INTO broken.a VALUES (3, 'c')")
			select {
			case <-first.Done:
			case <-time.After(limit):
				t.Fatal("the agent did not come to the statement")
			}
			s.Env = append(plain[:len(plain):len(plain)], "TIDEGATE_FAULT=ddl-intended:1:3s")
			s.Agent("one")
			s.CaughtUpTo(t, p)
			site.Equal(t, p, "broken", "broken")
		})
	}
}
