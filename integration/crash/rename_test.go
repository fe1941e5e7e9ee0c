package crash

import (
	"testing"

	"github.com/tidegate-io/tidegate/integration/dbtest"
	"github.com/tidegate-io/tidegate/integration/site"
	"github.com/tidegate-io/tidegate/internal/run"
)

// TestRenameMeetsHandOut lets another table take a table's name while a range of
// that has been found and is not handed out yet. The statement throws the copy
// away; a range handed out behind it would be read from the other table, and pass
// for one of the new copy.
func TestRenameMeetsHandOut(t *testing.T) {
	for _, flavor := range []dbtest.Flavor{dbtest.MySQL, dbtest.MariaDB} {
		t.Run(string(flavor), func(t *testing.T) {
			s, p := site.New(t), site.SharedPair(t, flavor, flavor)
			site.DropLater(t, p.Src, "renamed")
			site.DropLater(t, p.Dst, "renamed")
			site.Execute(t, p.Src, "CREATE DATABASE renamed",
				"CREATE TABLE renamed.a (id INT PRIMARY KEY, v VARCHAR(10))", "INSERT INTO renamed.a VALUES (3, 'a')")
			s.Daemon()
			s.Env = append(s.Env, "TIDEGATE_FAULT=chunks-planned:1:4s,ddl-done:2:6s")
			s.Agent("one")
			s.Apply(s.Write("p.hcl", p.File("objects {\n    database \"renamed\" {}\n  }")))
			s.InState(limit, "p", run.Copying)
			site.Execute(t, p.Src, "CREATE TABLE renamed.new (id INT PRIMARY KEY, v VARCHAR(10))", "INSERT INTO renamed.new VALUES (1, 'new')",
				"RENAME TABLE renamed.a TO renamed.old, renamed.new TO renamed.a", "INSERT INTO renamed.old VALUES (13, 'old')")
			s.CaughtUpTo(t, p)
			site.Equal(t, p, "renamed", "renamed")
		})
	}
}
