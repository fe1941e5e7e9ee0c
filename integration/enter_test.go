package integration

import (
	"context"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/tidegate-io/tidegate/integration/dbtest"
	"github.com/tidegate-io/tidegate/internal/run"
)

// TestTablesEnter changes tables in the manner of gh-ost and pt-osc while they
// are written to, through shadow tables that the pipeline does not select and
// through some that it does, during the copy and after it, with SIGKILL in
// between: each new table comes with its rows and has to be copied as new.
func TestTablesEnter(t *testing.T) {
	for _, flavor := range []dbtest.Flavor{dbtest.MySQL, dbtest.MariaDB} {
		t.Run(string(flavor), func(t *testing.T) {
			s, p := newSite(t), sharedPair(t, flavor, flavor)
			schema := "enter"
			dropLater(t, p.src, schema)
			dropLater(t, p.dst, schema)
			execute(t, p.src, "CREATE DATABASE "+schema)
			for _, name := range []string{"first", "second", "third"} {
				execute(t, p.src, "CREATE TABLE enter."+name+" (id INT NOT NULL AUTO_INCREMENT PRIMARY KEY, v VARCHAR(100) NOT NULL, n INT NOT NULL DEFAULT 0)")
				fillEnter(t, p.src, name, 6000)
			}
			execute(t, p.src, "CREATE TABLE enter._outside (id INT PRIMARY KEY, v INT)", "INSERT INTO enter._outside VALUES (1,1),(2,2)")
			writers := newEnterLoad(t, p.src)
			dev := s.dev()
			s.apply(s.write("p.hcl", p.file(`objects {
    database "enter" {
      except = ["_*"]
    }
  }
  copy {
    threads  = 2
    chunk    = "64KiB"
    max_rows = 4000
  }`)))
			s.reach(60*time.Second, "p", "the copy under way", func(st status) bool { rows, _ := st.copied(); return rows > 1000 })
			onlineChange(t, p.src, "first", "_first_gho", "_first_del") // unselected shadow, during the copy
			dev.kill()
			dev = s.dev()
			onlineChange(t, p.src, "second", "second_new", "second_old") // selected shadow
			execute(t, p.src, "RENAME TABLE enter._outside TO enter.inside", "INSERT INTO enter.inside VALUES (3,3)", "ALTER TABLE enter.inside ADD w INT NOT NULL DEFAULT 7",
				"CREATE TABLE enter._empty (id INT PRIMARY KEY, v INT)", "CREATE TABLE enter.empty LIKE enter._empty", "INSERT INTO enter.empty VALUES (1,1)")
			s.inState(120*time.Second, "p", run.CaughtUp)

			onlineChange(t, p.src, "third", "_third_new", "_third_old") // after the copy
			random := rand.New(rand.NewPCG(seed, 3))
			for range 3 {
				time.Sleep(time.Duration(random.Int64N(int64(1500 * time.Millisecond))))
				st, _ := s.status("p")
				t.Logf("SIGKILL in state %s, step %s", st.State, st.Step)
				dev.kill()
				dev = s.dev()
			}
			onlineChange(t, p.src, "first", "_first_new", "_first_old")
			execute(t, p.src, "ALTER TABLE enter.first ADD last INT NOT NULL DEFAULT 3", "RENAME TABLE enter.third TO enter._third_aside, enter._third_aside TO enter.moved")
			s.inState(120*time.Second, "p", run.CaughtUp)
			writers.stop()
			s.reach(120*time.Second, "p", "every table live", func(st status) bool {
				for _, table := range st.Tables {
					if table.State != run.TableLive {
						return false
					}
				}
				return st.State == run.CaughtUp
			})
			s.caughtUpTo(t, p)
			equal(t, p, schema, schema, "_first_del", "_first_old", "_third_old", "_empty")
			if a := s.call("verify", "p", "--wait"); a.code != 0 {
				t.Errorf("verify: %s", a)
			}
			s.must("complete", "p")
			s.must("wait", "p", "--for", "completed", "--timeout", "60s")
		})
	}
}

func fillEnter(t *testing.T, s *dbtest.Server, table string, rows int) {
	t.Helper()
	execute(t, s, fmt.Sprintf("INSERT INTO enter.%s (v) WITH RECURSIVE g(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM g WHERE i < 1000) SELECT CONCAT('row ', i, REPEAT('x', 50)) FROM g", table))
	for n := 1000; n < rows; n *= 2 {
		execute(t, s, fmt.Sprintf("INSERT INTO enter.%s (v) SELECT v FROM enter.%s LIMIT %d", table, table, rows-n))
	}
}

// onlineChange adds a column in pt-osc's way: a shadow table, triggers that
// repeat every change in it, the rows copied in pieces, and an exchange of names.
func onlineChange(t *testing.T, s *dbtest.Server, table, shadow, old string) {
	t.Helper()
	q := func(text string) string {
		return strings.NewReplacer("@t", "enter."+table, "@s", "enter."+shadow, "@o", "enter."+old, "@n", table, "@x", "by"+shadow).Replace(text)
	}
	execute(t, s, q("CREATE TABLE @s LIKE @t"), q("ALTER TABLE @s ADD COLUMN @x INT NOT NULL DEFAULT 5 AFTER id, ADD KEY k@x (n)"),
		q("CREATE TRIGGER enter.@n_d AFTER DELETE ON @t FOR EACH ROW DELETE FROM @s WHERE id = OLD.id"),
		q("CREATE TRIGGER enter.@n_u AFTER UPDATE ON @t FOR EACH ROW REPLACE INTO @s (id, v, n) VALUES (NEW.id, NEW.v, NEW.n)"),
		q("CREATE TRIGGER enter.@n_i AFTER INSERT ON @t FOR EACH ROW REPLACE INTO @s (id, v, n) VALUES (NEW.id, NEW.v, NEW.n)"))
	for at := 0; at < 20000; at += 2500 {
		execute(t, s, q(fmt.Sprintf("INSERT IGNORE INTO @s (id, v, n) SELECT id, v, n FROM @t WHERE id > %d AND id <= %d LOCK IN SHARE MODE", at, at+2500)))
	}
	execute(t, s, q("RENAME TABLE @t TO @o, @s TO @t"), "DROP TRIGGER enter."+table+"_d", "DROP TRIGGER enter."+table+"_u", "DROP TRIGGER enter."+table+"_i")
	if !strings.HasPrefix(old, "_") {
		execute(t, s, q("DROP TABLE @o"))
	}
}

// enterLoad writes to the tables throughout.
type enterLoad struct {
	cancel context.CancelFunc
	wg     sync.WaitGroup
}

func newEnterLoad(t *testing.T, s *dbtest.Server) *enterLoad {
	ctx, cancel := context.WithCancel(context.Background())
	l := &enterLoad{cancel: cancel}
	for w := range 2 {
		l.wg.Go(func() {
			r := rand.New(rand.NewPCG(seed, uint64(w)))
			for ctx.Err() == nil {
				table := "enter." + []string{"first", "second", "third"}[r.IntN(3)]
				// A table that is renamed or locked just now is met again later.
				switch r.IntN(4) {
				case 0:
					s.DB().Exec("INSERT INTO "+table+" (v) VALUES (?)", fmt.Sprint("new ", r.IntN(1000)))
				case 1:
					s.DB().Exec("DELETE FROM "+table+" WHERE id = ?", 1+r.IntN(6000))
				default:
					s.DB().Exec("UPDATE "+table+" SET n = n + 1, v = CONCAT('u', n) WHERE id = ?", 1+r.IntN(6000))
				}
				time.Sleep(3 * time.Millisecond)
			}
		})
	}
	t.Cleanup(l.stop)
	return l
}

func (l *enterLoad) stop() {
	l.cancel()
	l.wg.Wait()
}

// TestEnterOtherKinds lets a table enter a run that ends with its image, and one
// that only follows the log.
func TestEnterOtherKinds(t *testing.T) {
	for _, kind := range []string{"full", "incremental"} {
		t.Run(kind, func(t *testing.T) {
			s, p := newSite(t), sharedPair(t, dbtest.MySQL, dbtest.MySQL)
			dropLater(t, p.src, "enter")
			dropLater(t, p.dst, "enter")
			execute(t, p.src, "CREATE DATABASE enter", "CREATE TABLE enter.first (id INT NOT NULL AUTO_INCREMENT PRIMARY KEY, v VARCHAR(100) NOT NULL, n INT NOT NULL DEFAULT 0)",
				"CREATE TABLE enter._outside (id INT PRIMARY KEY, v INT)", "INSERT INTO enter._outside VALUES (1,1),(2,2)")
			if kind == "incremental" {
				execute(t, p.dst, "CREATE DATABASE enter", "CREATE TABLE enter.first (id INT NOT NULL AUTO_INCREMENT PRIMARY KEY, v VARCHAR(100) NOT NULL, n INT NOT NULL DEFAULT 0)")
			} else {
				fillEnter(t, p.src, "first", 6000)
			}
			s.dev()
			s.apply(s.write("p.hcl", p.file(fmt.Sprintf(`type = %q
  objects {
    database "enter" {
      except = ["_*"]
    }
  }
  copy {
    chunk    = "64KiB"
    max_rows = 2000
  }`, kind))))
			if kind == "incremental" {
				s.caughtUp(60*time.Second, "p")
			} else {
				s.reach(60*time.Second, "p", "the copy under way", func(st status) bool { rows, _ := st.copied(); return rows > 500 })
			}
			execute(t, p.src, "RENAME TABLE enter._outside TO enter.inside", "ALTER TABLE enter.inside ADD w INT NOT NULL DEFAULT 4 FIRST", "INSERT INTO enter.inside VALUES (3,3,3)", "INSERT INTO enter.first (v) VALUES ('last')")
			if kind == "incremental" {
				s.caughtUpTo(t, p)
				execute(t, p.src, "UPDATE enter.inside SET v = v + 1", "DELETE FROM enter.inside WHERE id = 1")
				s.caughtUpTo(t, p)
				s.must("complete", "p")
			}
			s.must("wait", "p", "--for", "completed", "--timeout", "120s")
			equal(t, p, "enter", "enter", "_outside")
		})
	}
}
