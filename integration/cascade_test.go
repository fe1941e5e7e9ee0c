package integration

import (
	"fmt"
	"testing"
	"time"

	"github.com/tidegate-io/tidegate/integration/dbtest"
	"github.com/tidegate-io/tidegate/integration/site"
	"github.com/tidegate-io/tidegate/internal/run"
)

// TestForeignKeyLayers moves families of tables between servers of which InnoDB,
// or the layer above it, carries foreign keys out: the one leaves them out of the
// log, the other writes them to it, children first. In the middle the source is
// started again with the other layer, so that one log holds both kinds, and so
// does the target. The source's triggers fire in cascades where the layer lets
// them.
func TestForeignKeyLayers(t *testing.T) {
	layer := map[bool]string{false: "--innodb-native-foreign-keys=OFF", true: "--innodb-native-foreign-keys=ON"}
	for _, c := range []struct{ source, target bool }{{true, false}, {false, true}} {
		t.Run(fmt.Sprintf("native at the source %t, at the target %t", c.source, c.target), func(t *testing.T) {
			s := site.New(t)
			start := func(native bool) *dbtest.Server {
				return dbtest.Start(t, dbtest.Config{Flavor: dbtest.MySQL, Args: []string{layer[native], "--enable-cascade-triggers=ON"}})
			}
			p := site.Pair{Src: start(c.source), Dst: start(c.target)}
			makeFamilies(t, p.Src)
			dev := s.Dev()
			s.Apply(s.Write("p.hcl", p.File("objects {\n    database \"fam\" {}\n  }\n  copy {\n    threads  = 2\n    chunk    = \"64KiB\"\n    max_rows = 3000\n  }")))
			s.Reach(60*time.Second, "p", "the copy under way", func(st site.Status) bool { rows, _ := st.Copied(); return rows > 100 })
			changeFamilies(t, p.Src, 1)
			s.InState(120*time.Second, "p", run.CaughtUp)
			changeFamilies(t, p.Src, 2)
			wantLayer(t, p.Src, c.source)
			s.CaughtUpTo(t, p)
			site.Equal(t, p, "fam", "fam")

			dev.Kill()
			changeFamilies(t, p.Src, 3)
			for server, native := range map[*dbtest.Server]bool{p.Src: !c.source, p.Dst: !c.target} {
				if err := server.Restart(layer[native]); err != nil {
					t.Fatal(err)
				}
			}
			changeFamilies(t, p.Src, 4) // the agent meets both kinds at once
			wantLayer(t, p.Src, !c.source)
			s.Dev()
			s.InState(60*time.Second, "p", run.CaughtUp)
			changeFamilies(t, p.Src, 5)
			s.CaughtUpTo(t, p)
			if a := s.Call("verify", "p", "--wait"); a.Code != 0 {
				t.Errorf("verify: %s", a)
			}
			site.Equal(t, p, "fam", "fam")
			for _, q := range []string{"SELECT COUNT(*) FROM fam.below WHERE up IS NULL", "SELECT COUNT(*) FROM fam.audit WHERE what = 'deep gone'"} {
				if n := site.Value(t, p.Src, q); n == "0" {
					t.Errorf("%s: nothing happened", q)
				}
			}
		})
	}
}

// makeFamilies makes parents with children of every kind: two steps down,
// cut off, renumbered, and rows under rows of their own table.
func makeFamilies(t *testing.T, s *dbtest.Server) {
	t.Helper()
	site.Execute(t, s, "CREATE DATABASE fam", "CREATE TABLE fam.up (id INT PRIMARY KEY, u INT UNIQUE)",
		"CREATE TABLE fam.down (id INT PRIMARY KEY, up INT NOT NULL, v VARCHAR(40) NOT NULL DEFAULT 'd', CONSTRAINT fd FOREIGN KEY (up) REFERENCES fam.up (id) ON DELETE CASCADE)",
		"CREATE TABLE fam.deep (id INT PRIMARY KEY, down INT NOT NULL, CONSTRAINT fp FOREIGN KEY (down) REFERENCES fam.down (id) ON DELETE CASCADE)",
		"CREATE TABLE fam.below (id INT PRIMARY KEY, up INT, CONSTRAINT fb FOREIGN KEY (up) REFERENCES fam.up (id) ON DELETE SET NULL)",
		"CREATE TABLE fam.beside (id INT PRIMARY KEY, u INT, CONSTRAINT fs FOREIGN KEY (u) REFERENCES fam.up (u) ON UPDATE CASCADE ON DELETE CASCADE)",
		"CREATE TABLE fam.tree (id INT PRIMARY KEY, above INT, CONSTRAINT ft FOREIGN KEY (above) REFERENCES fam.tree (id) ON DELETE CASCADE)",
		"CREATE TABLE fam.audit (n INT AUTO_INCREMENT PRIMARY KEY, what VARCHAR(20), id INT)",
		"CREATE TABLE fam.seq (id INT PRIMARY KEY)", "INSERT INTO fam.seq WITH RECURSIVE n (i) AS (SELECT 1 UNION ALL SELECT i + 1 FROM n WHERE i < 600) SELECT i FROM n",
		"INSERT INTO fam.up SELECT id, id FROM fam.seq", "INSERT INTO fam.down (id, up) SELECT id, id FROM fam.seq UNION ALL SELECT id + 1000, id FROM fam.seq",
		"INSERT INTO fam.deep SELECT id, id FROM fam.down", "INSERT INTO fam.below SELECT id, id FROM fam.seq", "INSERT INTO fam.beside SELECT id, id FROM fam.seq",
		"INSERT INTO fam.tree VALUES (1, NULL)", "INSERT INTO fam.tree SELECT id, NULL FROM fam.seq WHERE id > 1", "UPDATE fam.tree SET above = 1 + id % 30 WHERE id > 30",
		"CREATE TRIGGER fam.down_d AFTER DELETE ON fam.down FOR EACH ROW INSERT INTO fam.audit (what, id) VALUES ('down gone', OLD.id)",
		"CREATE TRIGGER fam.deep_d AFTER DELETE ON fam.deep FOR EACH ROW INSERT INTO fam.audit (what, id) VALUES ('deep gone', OLD.id)",
		"CREATE TRIGGER fam.below_u AFTER UPDATE ON fam.below FOR EACH ROW INSERT INTO fam.audit (what, id) VALUES ('below cut', OLD.id)")
}

// changeFamilies lets every kind of cascade fire, some several in a transaction
// and some among changes of the rows that they reach.
func changeFamilies(t *testing.T, s *dbtest.Server, round int) {
	t.Helper()
	say := session(t, s)
	for i := range 8 {
		id := round*50 + i*5
		say(fmt.Sprintf("DELETE FROM fam.up WHERE id = %d", id), fmt.Sprintf("UPDATE fam.up SET u = u + 10000 WHERE id = %d", id+1),
			"BEGIN", fmt.Sprintf("UPDATE fam.down SET v = 'before' WHERE up = %d", id+2), fmt.Sprintf("DELETE FROM fam.up WHERE id = %d", id+2),
			fmt.Sprintf("INSERT INTO fam.up VALUES (%[1]d, %[1]d)", id+2), fmt.Sprintf("INSERT INTO fam.down (id, up, v) VALUES (%[1]d, %[1]d, 'again')", id+2),
			fmt.Sprintf("INSERT INTO fam.deep VALUES (%[1]d, %[1]d)", id+2), fmt.Sprintf("UPDATE fam.up SET u = u + 20000 WHERE id IN (%d, %d)", id+2, id+3), "COMMIT",
			"BEGIN", fmt.Sprintf("DELETE FROM fam.up WHERE id = %d", id+4), "ROLLBACK",
			fmt.Sprintf("DELETE FROM fam.tree WHERE id = %d", 300-id/2))
	}
	say(fmt.Sprintf("DELETE FROM fam.tree WHERE id = %d", round))
}

// wantLayer holds a server to the layer that carries its foreign keys out.
func wantLayer(t *testing.T, s *dbtest.Server, native bool) {
	t.Helper()
	want := map[bool]string{false: "0", true: "1"}[native]
	if got := site.Value(t, s, "SELECT @@global.innodb_native_foreign_keys"); got != want {
		t.Fatalf("innodb_native_foreign_keys is %s, wanted %s", got, want)
	}
}
