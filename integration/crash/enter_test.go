package crash

import (
	"testing"

	"github.com/tidegate-io/tidegate/integration/dbtest"
	"github.com/tidegate-io/tidegate/integration/site"
	"github.com/tidegate-io/tidegate/internal/run"
)

// TestEnteringAndGone kills the agent when it has made a table that came into the
// selection, and before that is noted. The source drops one such table and gives
// another its name meanwhile: nothing may be left of either on the target.
func TestEnteringAndGone(t *testing.T) {
	for _, flavor := range []dbtest.Flavor{dbtest.MySQL, dbtest.MariaDB} {
		t.Run(string(flavor), func(t *testing.T) {
			s, p := site.New(t), site.SharedPair(t, flavor, flavor)
			site.DropLater(t, p.Src, "gone")
			site.DropLater(t, p.Dst, "gone")
			site.Execute(t, p.Src, "CREATE DATABASE gone", "CREATE TABLE gone.stays (id INT PRIMARY KEY)",
				"CREATE TABLE gone._t (id INT PRIMARY KEY)", "CREATE TABLE gone._u (id INT PRIMARY KEY, v INT)", "INSERT INTO gone._u VALUES (1,1)")
			s.Daemon()
			plain := s.Env
			s.Env = append(plain[:len(plain):len(plain)], "TIDEGATE_FAULT=entering-made:1")
			agent := s.Agent("one")
			s.Apply(s.Write("p.hcl", p.File("objects {\n    database \"gone\" {\n      except = [\"_*\"]\n    }\n  }")))
			s.InState(limit, "p", run.CaughtUp)
			site.Execute(t, p.Src, "RENAME TABLE gone._t TO gone.t, gone._u TO gone.u")
			<-agent.Done
			made := "SELECT COUNT(*) FROM information_schema.TABLES WHERE TABLE_SCHEMA = 'gone' AND TABLE_NAME IN ('t', 'u')"
			if n := site.Value(t, p.Dst, made); n != "2" {
				t.Fatalf("%s of two tables are made", n)
			}
			site.Execute(t, p.Src, "DROP TABLE gone.t", "RENAME TABLE gone.u TO gone._u, gone.stays TO gone.u", "INSERT INTO gone.u VALUES (7)")
			s.Env = plain
			s.Agent("one")
			s.CaughtUpTo(t, p)
			site.Equal(t, p, "gone", "gone", "_u")
		})
	}
}
