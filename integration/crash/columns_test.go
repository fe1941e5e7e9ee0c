package crash

import (
	"testing"
	"time"

	"github.com/tidegate-io/tidegate/integration/dbtest"
	"github.com/tidegate-io/tidegate/integration/site"
)

// oneTable starts a slow copy of a table in an agent with a fault.
func oneTable(t *testing.T, flavor dbtest.Flavor, database, fault string) (*site.Site, site.Pair) {
	t.Helper()
	s, p := site.New(t), site.SharedPair(t, flavor, flavor)
	site.DropLater(t, p.Src, database)
	site.DropLater(t, p.Dst, database)
	table := database + ".t"
	site.Execute(t, p.Src, "CREATE DATABASE "+database, "CREATE TABLE "+table+" (id INT PRIMARY KEY, v VARCHAR(200), w VARCHAR(200))",
		"INSERT INTO "+table+" WITH RECURSIVE n AS (SELECT 1 i UNION ALL SELECT i + 1 FROM n WHERE i < 1000) SELECT i, 'v', REPEAT('w', 200) FROM n",
		"INSERT INTO "+table+" SELECT id + 1000, v, w FROM "+table, "INSERT INTO "+table+" SELECT id + 2000, v, w FROM "+table,
		"ALTER TABLE "+table+" ADD e ENUM('a','b') NOT NULL", "UPDATE "+table+" SET e = 1 + id % 2")
	s.Daemon()
	s.Env = append(s.Env, "TIDEGATE_FAULT="+fault)
	s.Agent("one")
	s.Apply(s.Write("p.hcl", p.File("objects {\n    database \""+database+"\" {}\n  }\n"+slow)))
	return s, p
}

// TestDefinitionComesBack holds a statement back behind which ranges are read: the
// definition is the same after it, or after those that follow it, the rows are not,
// and they must not meet it again.
func TestDefinitionComesBack(t *testing.T) {
	changes := map[string][]string{
		"places": {"CHANGE w v VARCHAR(200) AFTER id, CHANGE v w VARCHAR(200)"},
		"labels": {"MODIFY e INT NOT NULL", "MODIFY e ENUM('b','a') NOT NULL", "MODIFY e ENUM('a','b') NOT NULL"},
	}
	for _, flavor := range []dbtest.Flavor{dbtest.MySQL, dbtest.MariaDB} {
		for name, alters := range changes {
			t.Run(string(flavor)+" "+name, func(t *testing.T) {
				s, p := oneTable(t, flavor, name, "barrier-drained:1:2s")
				s.Reach(limit, "p", "some rows", func(st site.Status) bool { done, _ := st.Copied(); return done > 500 })
				for _, alter := range alters {
					site.Execute(t, p.Src, "ALTER TABLE "+name+".t "+alter)
				}
				s.CaughtUpTo(t, p)
				site.Equal(t, p, name, name)
			})
		}
	}
}

// TestRowsAreCounted adds a column that counts the rows while the target refuses the
// first of them, and has others: it would count those from one.
func TestRowsAreCounted(t *testing.T) {
	for _, flavor := range []dbtest.Flavor{dbtest.MySQL, dbtest.MariaDB} {
		t.Run(string(flavor), func(t *testing.T) {
			s, p := oneTable(t, flavor, "counted", "chunks-planned:1:3s")
			await := func(what, query string) {
				t.Helper()
				s.Until(time.Minute, what, func() (bool, string) {
					n := site.Value(t, p.Dst, query)
					return n != "0", n
				})
			}
			await("the table", "SELECT COUNT(*) FROM information_schema.tables WHERE table_schema = 'counted'")
			site.Execute(t, p.Dst, "CREATE TRIGGER counted.refuse BEFORE INSERT ON counted.t FOR EACH ROW IF NEW.id = 1 THEN SIGNAL SQLSTATE '40001' SET MYSQL_ERRNO = 1213; END IF")
			await("some rows", "SELECT COUNT(*) FROM counted.t")
			site.Execute(t, p.Src, "ALTER TABLE counted.t ADD n INT NOT NULL AUTO_INCREMENT UNIQUE")
			await("the column", "SELECT COUNT(*) FROM information_schema.columns WHERE table_schema = 'counted' AND column_name = 'n'")
			site.Execute(t, p.Dst, "DROP TRIGGER counted.refuse")
			s.CaughtUpTo(t, p)
			site.Equal(t, p, "counted", "counted")
		})
	}
}
