package integration

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tidegate-io/tidegate/integration/dbtest"
	"github.com/tidegate-io/tidegate/integration/site"
	"github.com/tidegate-io/tidegate/internal/run"
)

// nativeKeys is a MySQL whose InnoDB carries foreign keys out, unseen by the
// log; the other way round is its default.
var nativeKeys = dbtest.Config{Flavor: dbtest.MySQL, ServerID: 31, Args: []string{"--innodb-native-foreign-keys=ON"}}

// TestUnselectedParents follows children whose parents are not selected, while
// parents are deleted and renumbered, changed and renamed, and the program is
// killed.
func TestUnselectedParents(t *testing.T) {
	for name, source := range map[string]dbtest.Config{
		"mysql": {Flavor: dbtest.MySQL, ServerID: 11}, "mysql with native foreign keys": nativeKeys, "mariadb": {Flavor: dbtest.MariaDB, ServerID: 11},
	} {
		t.Run(name, func(t *testing.T) {
			s := site.New(t)
			p := site.Pair{Src: dbtest.Shared(t, source), Dst: dbtest.Shared(t, dbtest.Config{Flavor: source.Flavor, ServerID: 22})}
			site.DropLater(t, p.Src, "kin", "kin_out")
			site.DropLater(t, p.Dst, "kin")
			makeKin(t, p.Src)
			load := newKinLoad(t, p.Src)
			dev := s.Dev()
			s.Apply(s.Write("p.hcl", p.File(`objects {
    database "kin" {
      except = ["_*"]
    }
  }
  copy {
    defer_index = true
    threads  = 2
    chunk    = "64KiB"
    max_rows = 6000
  }`)))
			s.Reach(90*time.Second, "p", "the copy under way", func(st site.Status) bool { rows, _ := st.Copied(); return rows > 1000 })
			site.Execute(t, p.Src, "ALTER TABLE kin_out.parent ADD COLUMN before_all INT NOT NULL DEFAULT 7 FIRST")
			dev.Kill()
			dev = s.Dev()
			s.InState(120*time.Second, "p", run.CaughtUp)
			site.Execute(t, p.Src, "RENAME TABLE kin._other TO kin._other2", "ALTER TABLE kin._other2 DROP COLUMN v",
				"CREATE TABLE kin._late (id INT PRIMARY KEY, t TEXT)", "INSERT INTO kin._late SELECT id, 'x' FROM kin_out.parent",
				"CREATE TABLE kin.late (id INT AUTO_INCREMENT PRIMARY KEY, pid INT NOT NULL, KEY (pid))", "INSERT INTO kin.late (pid) SELECT id FROM kin._late",
				"ALTER TABLE kin.late ADD CONSTRAINT fk_late FOREIGN KEY (pid) REFERENCES kin._late (id) ON DELETE CASCADE ON UPDATE CASCADE")
			site.Execute(t, p.Src, "CREATE TABLE kin._apart (n INT, id INT NOT NULL PRIMARY KEY)", "INSERT INTO kin._apart SELECT 1, id FROM kin._late",
				"CREATE TABLE kin._coming (id INT AUTO_INCREMENT PRIMARY KEY, pid INT NOT NULL, CONSTRAINT fk_apart FOREIGN KEY (pid) REFERENCES kin._apart (id) ON DELETE CASCADE)",
				"INSERT INTO kin._coming (pid) SELECT id FROM kin._apart", "RENAME TABLE kin._coming TO kin.came", "DELETE FROM kin._apart WHERE id % 7 = 1")
			for n := range 3 {
				time.Sleep(300 * time.Millisecond)
				site.Execute(t, p.Src, fmt.Sprintf("DELETE FROM kin._apart WHERE id %% 7 = %d", 2+n))
				site.Execute(t, p.Src, fmt.Sprintf("DELETE FROM kin._late WHERE id %% 5 = %d", n), fmt.Sprintf("UPDATE kin._late SET id = id + 100000 WHERE id %% 5 = 4 AND id %% 3 = %d AND id < 100000", n))
				dev.Kill()
				dev = s.Dev()
			}
			load.stop()
			if n := site.Value(t, p.Src, "SELECT COUNT(*) FROM kin.late WHERE pid < 100000"); n == "0" {
				t.Error("nothing was left to be compared")
			}
			s.InState(120*time.Second, "p", run.CaughtUp)
			site.Execute(t, p.Src, "ALTER TABLE kin._apart DROP COLUMN n", "DELETE FROM kin._apart WHERE id % 7 = 5")
			s.CaughtUpTo(t, p)
			site.Equal(t, p, "kin", "kin", "_other2", "_late", "_apart")
			if a := s.Call("verify", "p", "--wait"); a.Code != 0 {
				t.Errorf("verify: %s", a)
			}
			if n := site.Value(t, p.Dst, "SELECT COUNT(*) FROM information_schema.REFERENTIAL_CONSTRAINTS WHERE CONSTRAINT_SCHEMA = 'kin'"); n != "1" {
				t.Errorf("%s foreign keys on the target instead of the one whose parent is there", n)
			}
			s.Must("complete", "p")
			s.Must("wait", "p", "--for", "completed", "--timeout", "60s")
			if n := site.Value(t, p.Dst, "SELECT COUNT(*) FROM information_schema.TABLES WHERE TABLE_SCHEMA = '_tidegate' AND TABLE_NAME LIKE 'parent%'"); n != "0" {
				t.Errorf("%s shadows of parents are left", n)
			}
		})
	}
}

// makeKin makes children of every kind: deleted with their parent, renumbered or
// cut off with it, and one step further down.
func makeKin(t *testing.T, s *dbtest.Server) {
	t.Helper()
	site.Execute(t, s, "CREATE DATABASE kin", "CREATE DATABASE kin_out",
		"CREATE TABLE kin_out.parent (id INT NOT NULL PRIMARY KEY, v VARCHAR(20) NOT NULL DEFAULT 'p')",
		"CREATE TABLE kin._other (id INT NOT NULL PRIMARY KEY, v INT)",
		"CREATE TABLE kin.child (id INT AUTO_INCREMENT PRIMARY KEY, pid INT NULL, oid INT NULL, v VARCHAR(60) NOT NULL, CONSTRAINT fk_out FOREIGN KEY (pid) REFERENCES kin_out.parent (id) ON DELETE CASCADE, CONSTRAINT fk_other FOREIGN KEY (oid) REFERENCES kin._other (id) ON DELETE SET NULL)",
		"CREATE TABLE kin.grand (id INT AUTO_INCREMENT PRIMARY KEY, cid INT NOT NULL, CONSTRAINT fk_child FOREIGN KEY (cid) REFERENCES kin.child (id) ON DELETE CASCADE)",
		"CREATE TABLE kin.renumbered (id INT AUTO_INCREMENT PRIMARY KEY, pid INT NULL, CONSTRAINT fk_re FOREIGN KEY (pid) REFERENCES kin_out.parent (id) ON DELETE SET NULL ON UPDATE CASCADE)")
	fill := func(into, row string, rows int) {
		for at := 0; at < rows; at += 1000 {
			values := make([]string, 1000)
			for i := range values {
				values[i] = fmt.Sprintf(row, at+i+1, (at+i)%2000+1)
			}
			site.Execute(t, s, "INSERT INTO "+into+" VALUES "+strings.Join(values, ","))
		}
	}
	fill("kin_out.parent (id, v)", "(%[1]d,'p%[2]d')", 2000)
	fill("kin._other", "(%d,%d)", 2000)
	fill("kin.child (id, pid, oid, v)", "(%[1]d,%[2]d,%[2]d,'vvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvvv')", 8000)
	fill("kin.grand (id, cid)", "(%[1]d,%[1]d)", 4000)
	fill("kin.renumbered (id, pid)", "(%d,%d)", 3000)
}

type kinLoad struct {
	cancel context.CancelFunc
	wg     sync.WaitGroup
}

// newKinLoad changes parents and children throughout. What a foreign key
// refuses, and a table that is renamed just now, is passed over.
func newKinLoad(t *testing.T, s *dbtest.Server) *kinLoad {
	ctx, cancel := context.WithCancel(context.Background())
	l := &kinLoad{cancel: cancel}
	for w := range 2 {
		l.wg.Go(func() {
			r := rand.New(rand.NewPCG(seed, uint64(w)))
			for ctx.Err() == nil {
				id := 1 + r.IntN(2500)
				switch r.IntN(7) {
				case 0:
					s.DB().Exec("DELETE FROM kin_out.parent WHERE id = ?", id)
				case 1:
					s.DB().Exec("UPDATE kin_out.parent SET id = ? WHERE id = ? AND NOT EXISTS (SELECT 1 FROM kin.child c WHERE c.pid = ?)", 3000+r.IntN(5000), id, id)
					s.DB().Exec("UPDATE kin.child SET pid = NULL WHERE pid = ? LIMIT 3", id)
				case 2:
					s.DB().Exec("INSERT INTO kin_out.parent (id) VALUES (?)", id)
					s.DB().Exec("INSERT INTO kin.child (pid, oid, v) VALUES (?, ?, 'new'), (?, NULL, 'new')", id, id, id)
				case 3:
					s.DB().Exec("DELETE FROM kin._other WHERE id = ?", id)
					s.DB().Exec("DELETE FROM kin._other2 WHERE id = ?", id)
				case 4:
					s.DB().Exec("INSERT INTO kin.renumbered (pid) VALUES (?)", id)
				case 5:
					s.DB().Exec("INSERT INTO kin.grand (cid) SELECT id FROM kin.child WHERE id > ? LIMIT 2", r.IntN(9000))
				default:
					s.DB().Exec("UPDATE kin.child SET v = CONCAT('u', ?) WHERE id = ?", r.IntN(100), 1+r.IntN(9000))
				}
				time.Sleep(4 * time.Millisecond)
			}
		})
	}
	t.Cleanup(l.stop)
	return l
}

func (l *kinLoad) stop() {
	l.cancel()
	l.wg.Wait()
}

// TestMiddleNotSelected: rows of a table that is not selected would be needed to
// know which selected ones a foreign key reaches. Only a source that logs what
// foreign keys do goes without them.
func TestMiddleNotSelected(t *testing.T) {
	for name, source := range map[string]dbtest.Config{"mysql": {Flavor: dbtest.MySQL, ServerID: 11}, "mysql with native foreign keys": nativeKeys, "mariadb": {Flavor: dbtest.MariaDB, ServerID: 11}} {
		t.Run(name, func(t *testing.T) {
			s := site.New(t)
			p := site.Pair{Src: dbtest.Shared(t, source), Dst: dbtest.Shared(t, dbtest.Config{Flavor: source.Flavor, ServerID: 22})}
			site.DropLater(t, p.Src, "middle")
			site.DropLater(t, p.Dst, "middle")
			site.Execute(t, p.Src, "CREATE DATABASE middle", "CREATE TABLE middle._top (id INT PRIMARY KEY)",
				"CREATE TABLE middle._mid (id INT PRIMARY KEY, CONSTRAINT fk_mid FOREIGN KEY (id) REFERENCES middle._top (id) ON DELETE CASCADE)",
				"CREATE TABLE middle.low (id INT PRIMARY KEY, CONSTRAINT fk_low FOREIGN KEY (id) REFERENCES middle._mid (id) ON DELETE CASCADE)",
				"INSERT INTO middle._top VALUES (1),(2),(3)", "INSERT INTO middle._mid VALUES (1),(2),(3)", "INSERT INTO middle.low VALUES (1),(2),(3)")
			s.Dev()
			s.Apply(s.Write("p.hcl", p.File("objects {\n    database \"middle\" {\n      except = [\"_*\"]\n    }\n  }")))
			if name == "mysql" {
				s.CaughtUpTo(t, p)
				site.Execute(t, p.Src, "DELETE FROM middle._top WHERE id = 2")
				s.CaughtUpTo(t, p)
				site.Equal(t, p, "middle", "middle", "_top", "_mid")
				return
			}
			s.Until(30*time.Second, "the check to fail", func() (bool, string) {
				st, _ := s.Status("p")
				return st.State == run.CheckFailed, string(st.State)
			})
			report := s.Call("report", "p", "check").String()
			for _, want := range []string{"middle._mid", "fk_mid", "select middle._mid too"} {
				if !strings.Contains(report, want) {
					t.Errorf("the report does not say %q:\n%s", want, report)
				}
			}
		})
	}
}

// TestParentPrivilege: a parent in a database that the account may not read is
// named with the grant that is missing.
func TestParentPrivilege(t *testing.T) {
	for _, flavor := range []dbtest.Flavor{dbtest.MySQL, dbtest.MariaDB} {
		t.Run(string(flavor), func(t *testing.T) {
			s, p := site.New(t), site.SharedPair(t, flavor, flavor)
			site.DropLater(t, p.Src, "kin", "kin_out")
			site.Execute(t, p.Src, "CREATE DATABASE kin", "CREATE DATABASE kin_out", "CREATE TABLE kin_out.parent (id INT PRIMARY KEY)",
				"CREATE TABLE kin.child (id INT PRIMARY KEY, CONSTRAINT fk_child FOREIGN KEY (id) REFERENCES kin_out.parent (id) ON DELETE CASCADE)")
			for _, server := range []*dbtest.Server{p.Src, p.Dst} {
				site.Execute(t, server, "CREATE USER kin@'127.0.0.1' IDENTIFIED BY '"+dbtest.Password+"'", "GRANT ALL ON kin.* TO kin@'127.0.0.1'")
				t.Cleanup(func() { server.DB().Exec("DROP USER kin@'127.0.0.1'") }) // the server may be gone with the test
			}
			s.Dev()
			s.Up()
			file := s.Write("p.hcl", p.FileAs("kin", "objects {\n    database \"kin\" {}\n  }"))
			grant := "GRANT SELECT ON `kin_out`.`parent` TO 'kin'@'127.0.0.1';"
			for _, missing := range []bool{true, false} {
				found := findings(t, s, file)
				if named := slices.ContainsFunc(found.all, func(f run.Finding) bool { return f.Remedy == grant }); named != missing {
					t.Errorf("the grant is named: %t, wanted %t: %s", named, missing, found)
				}
				site.Execute(t, p.Src, grant)
			}
			found := findings(t, s, file)
			if !slices.ContainsFunc(found.all, func(f run.Finding) bool {
				return f.Level == run.LevelWarning && f.Object == "kin.child" && strings.Contains(f.Found, "fk_child") && strings.Contains(f.Found, "what it does to rows is carried")
			}) {
				t.Errorf("the foreign key is not named: %s", found)
			}
		})
	}
}
