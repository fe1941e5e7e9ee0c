package crash

import (
	"fmt"
	"strings"
	"testing"

	"github.com/tidegate-io/tidegate/integration/dbtest"
	"github.com/tidegate-io/tidegate/integration/site"
	"github.com/tidegate-io/tidegate/internal/run"
)

// TestIndexesAreKnown changes a table while its indexes are left out of the copy, and
// drops some of them when they are built: by statements that ask whether there is
// one, and from a target on which an agent had built them as it ended.
func TestIndexesAreKnown(t *testing.T) {
	for i, c := range []struct {
		from, to dbtest.Flavor
		fault    string
		drops    []string
	}{
		{dbtest.MySQL, dbtest.MySQL, "indexes-built:1", []string{"DROP INDEX k ON @.t", "ALTER TABLE @.t DROP KEY l, ADD KEY l (v, w)"}},
		{dbtest.MariaDB, dbtest.MariaDB, "indexes-built:1", []string{"DROP INDEX k ON @.t", "ALTER TABLE @.t DROP KEY l"}},
		{dbtest.MariaDB, dbtest.MariaDB, "", []string{"DROP INDEX IF EXISTS k ON @.t", "ALTER TABLE @.t DROP KEY IF EXISTS l", "CREATE INDEX IF NOT EXISTS m ON @.t (v)"}},
		{dbtest.MariaDB, dbtest.MySQL, "", []string{"DROP INDEX IF EXISTS k ON @.t", "CREATE INDEX IF NOT EXISTS m ON @.t (v)"}},
	} {
		t.Run(strings.Trim(fmt.Sprintf("%s to %s %s", c.from, c.to, c.fault), " "), func(t *testing.T) {
			s, p := site.New(t), site.SharedPair(t, c.from, c.to)
			schema := fmt.Sprint("known", i)
			in := func(text string) string { return strings.ReplaceAll(text, "@", schema) }
			site.DropLater(t, p.Src, schema)
			site.DropLater(t, p.Dst, schema)
			site.Execute(t, p.Src, in("CREATE DATABASE @"), in("CREATE TABLE @.t (id INT PRIMARY KEY, v INT, w INT, KEY k (v), KEY l (w), KEY m (w, v))"),
				in("INSERT INTO @.t WITH RECURSIVE g(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM g WHERE i < 1000) SELECT i, i, i FROM g"))
			s.Daemon()
			plain := s.Env
			if c.fault != "" {
				s.Env = append(plain[:len(plain):len(plain)], "TIDEGATE_FAULT="+c.fault)
			}
			agent := s.Agent("one")
			s.Apply(s.Write("p.hcl", p.File(in("objects {\n    database \"@\" {}\n  }\n  copy {\n    defer_index = true\n    threads = 1\n    max_rows = 400\n    chunk = \"64KiB\"\n  }"))))
			s.Reach(limit, "p", "the copy under way", func(st site.Status) bool { rows, _ := st.Copied(); return rows > 0 && st.State == run.Copying })
			site.Execute(t, p.Src, in("ALTER TABLE @.t ADD x INT"))
			if c.fault != "" {
				<-agent.Done
			} else {
				s.InState(limit, "p", run.CaughtUp)
			}
			indexes := in("SELECT COUNT(DISTINCT INDEX_NAME) FROM information_schema.STATISTICS WHERE TABLE_SCHEMA = '@'")
			if n := site.Value(t, p.Dst, indexes); n != "4" {
				t.Fatalf("the target has %s indexes, want 4", n)
			}
			for _, q := range c.drops {
				site.Execute(t, p.Src, in(q))
			}
			if c.fault != "" {
				s.Env = append(plain[:len(plain):len(plain)], "TIDEGATE_FAULT=indexes-begun:1:4s") // the log comes first
				s.Agent("one")
			}
			s.CaughtUpTo(t, p)
			site.Equal(t, p, schema, schema)
			list := in("SELECT GROUP_CONCAT(INDEX_NAME, COLUMN_NAME ORDER BY INDEX_NAME, SEQ_IN_INDEX) FROM information_schema.STATISTICS WHERE TABLE_SCHEMA = '@'")
			if was, is := site.Value(t, p.Src, list), site.Value(t, p.Dst, list); was != is {
				t.Errorf("the source has the indexes %s, the target %s", was, is)
			}
		})
	}
}
