package apply_test

import (
	"testing"

	"github.com/tidegate-io/tidegate/integration/dbtest"
	"github.com/tidegate-io/tidegate/internal/schema"
)

// Where the log shows what a cascade did nothing of it is carried out, so that it
// may pass through a table which is not selected.
func TestLoggedCascadeThroughUnselected(t *testing.T) {
	p := newPair(t, mysqlServer, targetMySQL)
	p.exec("CREATE TABLE top (id INT NOT NULL PRIMARY KEY)", "CREATE TABLE middle (id INT NOT NULL PRIMARY KEY, FOREIGN KEY (id) REFERENCES top (id) ON DELETE CASCADE)",
		"CREATE TABLE low (id INT NOT NULL PRIMARY KEY, FOREIGN KEY (id) REFERENCES middle (id) ON DELETE CASCADE)")
	p.begin()
	tg := p.newTarget(2)
	tg.cat.only, tg.cat.parents = func(name string) bool { return name == "low" }, []string{"top", "middle"}
	p.exec("INSERT INTO top VALUES (1),(2),(3)", "INSERT INTO middle VALUES (1),(2),(3)", "INSERT INTO low VALUES (1),(2),(3)", "DELETE FROM middle WHERE id = 1", "DELETE FROM top WHERE id = 2")
	tg.mustReplay()
	tg.compareOnly(func(name string) bool { return name == "low" })
}

// A cascade that is older than the snapshot in which its child was read is not
// carried out on it again: what refers to the parent there came later.
func TestCascadeBeforeTheSnapshot(t *testing.T) {
	for name, from := range map[string]dbtest.Config{"mysql": mysqlNative, "mariadb": mariaServer} {
		t.Run(name, func(t *testing.T) {
			p := newPair(t, from, targetMySQL)
			p.exec("CREATE TABLE parent (id INT NOT NULL PRIMARY KEY)",
				"CREATE TABLE child (id INT NOT NULL PRIMARY KEY, pid INT, FOREIGN KEY (pid) REFERENCES parent (id) ON DELETE CASCADE)")
			p.begin()
			p.exec("INSERT INTO parent VALUES (1),(2)", "INSERT INTO child VALUES (1,1),(2,2)", "DELETE FROM parent WHERE id = 1", "INSERT INTO parent VALUES (1)", "INSERT INTO child VALUES (3,1)")
			tg := p.newTarget(2)
			tg.sql("INSERT INTO child VALUES (2,2),(3,1)")
			w := tg.gate.Add(schema.ID{Schema: p.schema, Name: "child"})
			w.Exact(tg.now())
			w.Finish()
			tg.cat.windows["child"] = w
			p.exec("INSERT INTO child VALUES (4,2)", "DELETE FROM parent WHERE id = 2")
			tg.mustReplay()
			tg.compare()
		})
	}
}
