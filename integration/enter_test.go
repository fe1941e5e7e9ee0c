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

// TestTablesEnter changes tables in the manner of gh-ost and pt-osc while they
// are written to, through shadow tables that the pipeline does not select and
// through some that it does, during the copy and after it, with SIGKILL in
// between: each new table comes with its rows and has to be copied as new.
func TestTablesEnter(t *testing.T) {
	for _, flavor := range []dbtest.Flavor{dbtest.MySQL, dbtest.MariaDB} {
		t.Run(string(flavor), func(t *testing.T) {
			s, p := site.New(t), site.SharedPair(t, flavor, flavor)
			schema := "enter"
			site.DropLater(t, p.Src, schema)
			site.DropLater(t, p.Dst, schema)
			site.Execute(t, p.Src, "CREATE DATABASE "+schema)
			for _, name := range []string{"first", "second", "third"} {
				site.Execute(t, p.Src, "CREATE TABLE enter."+name+" (id INT NOT NULL AUTO_INCREMENT PRIMARY KEY, v VARCHAR(100) NOT NULL, n INT NOT NULL DEFAULT 0)")
				fillEnter(t, p.Src, name, 6000)
			}
			site.Execute(t, p.Src, "CREATE TABLE enter._outside (id INT PRIMARY KEY, v INT)", "INSERT INTO enter._outside VALUES (1,1),(2,2)")
			writers := newEnterLoad(t, p.Src)
			dev := s.Dev()
			s.Apply(s.Write("p.hcl", p.File(`objects {
    database "enter" {
      except = ["_*"]
    }
  }
  copy {
    defer_index = true
    threads  = 2
    chunk    = "64KiB"
    max_rows = 4000
  }`)))
			s.Reach(60*time.Second, "p", "the copy under way", func(st site.Status) bool { rows, _ := st.Copied(); return rows > 1000 })
			onlineChange(t, p.Src, "first", "_first_gho", "_first_del") // unselected shadow, during the copy
			dev.Kill()
			dev = s.Dev()
			onlineChange(t, p.Src, "second", "second_new", "second_old") // selected shadow
			site.Execute(t, p.Src, "RENAME TABLE enter._outside TO enter.inside", "INSERT INTO enter.inside VALUES (3,3)", "ALTER TABLE enter.inside ADD w INT NOT NULL DEFAULT 7",
				"CREATE TABLE enter._empty (id INT PRIMARY KEY, v INT)", "CREATE TABLE enter.empty LIKE enter._empty", "INSERT INTO enter.empty VALUES (1,1)")
			s.InState(120*time.Second, "p", run.CaughtUp)

			onlineChange(t, p.Src, "third", "_third_new", "_third_old") // after the copy
			random := rand.New(rand.NewPCG(seed, 3))
			for range 3 {
				time.Sleep(time.Duration(random.Int64N(int64(1500 * time.Millisecond))))
				st, _ := s.Status("p")
				t.Logf("SIGKILL in state %s, step %s", st.State, st.Step)
				dev.Kill()
				dev = s.Dev()
			}
			onlineChange(t, p.Src, "first", "_first_new", "_first_old")
			site.Execute(t, p.Src, "ALTER TABLE enter.first ADD last INT NOT NULL DEFAULT 3", "RENAME TABLE enter.third TO enter._third_aside, enter._third_aside TO enter.moved")
			s.InState(120*time.Second, "p", run.CaughtUp)
			writers.stop()
			s.Reach(120*time.Second, "p", "every table live", func(st site.Status) bool {
				for _, table := range st.Tables {
					if table.State != run.TableLive {
						return false
					}
				}
				return st.State == run.CaughtUp
			})
			s.CaughtUpTo(t, p)
			site.Equal(t, p, schema, schema, "_first_del", "_first_old", "_third_old", "_empty")
			if a := s.Call("verify", "p", "--wait"); a.Code != 0 {
				t.Errorf("verify: %s", a)
			}
			s.Must("complete", "p")
			s.Must("wait", "p", "--for", "completed", "--timeout", "60s")
		})
	}
}

// TestEntersBeforeAnother: of two tables that come into the selection one is made,
// and changed, while the other cannot be made yet.
func TestEntersBeforeAnother(t *testing.T) {
	for what, change := range map[string]string{
		"rows":     "UPDATE @t SET v = v + 1 WHERE id = 2",
		"exchange": "ALTER TABLE @p EXCHANGE PARTITION a WITH TABLE @t",
	} {
		t.Run(what, func(t *testing.T) { entersBeforeAnother(t, "enter_"+what, change) })
	}
}

func entersBeforeAnother(t *testing.T, schema, change string) {
	s, p := site.New(t), site.SharedPair(t, dbtest.MySQL, dbtest.MySQL)
	site.DropLater(t, p.Src, schema)
	site.DropLater(t, p.Dst, schema)
	onSource := func(statements ...string) {
		t.Helper()
		for _, q := range statements {
			site.Execute(t, p.Src, strings.ReplaceAll(q, "@", schema+"."))
		}
	}
	onSource("CREATE DATABASE "+schema, "CREATE TABLE @_t (id INT PRIMARY KEY, v INT NOT NULL)", "CREATE TABLE @_u LIKE @_t", "CREATE TABLE @x LIKE @_t", "INSERT INTO @_t VALUES (1,1),(2,2),(3,3)",
		"CREATE TABLE @p (id INT PRIMARY KEY, v INT NOT NULL) PARTITION BY RANGE (id) (PARTITION a VALUES LESS THAN (9), PARTITION b VALUES LESS THAN MAXVALUE)", "INSERT INTO @p VALUES (4,4),(5,5),(20,20)")
	s.Dev()
	s.Apply(s.Write("p.hcl", p.File("objects {\n    database \""+schema+"\" {\n      except = [\"_*\"]\n    }\n  }")))
	s.InState(60*time.Second, "p", run.CaughtUp)
	onSource("RENAME TABLE @_u TO @u, @_t TO @t")
	entered, err := p.Written(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var wg sync.WaitGroup
	done := make(chan struct{})
	wg.Go(func() { // u is another one each time it is read
		for n := 0; ; n++ {
			select {
			case <-done:
				return
			default:
				onSource(fmt.Sprintf("ALTER TABLE @u COMMENT '%d'", n))
			}
		}
	})
	st := s.Reach(30*time.Second, "p", "past the RENAME", func(st site.Status) bool { past, _ := st.Past(entered); return past })
	if st.State == run.CaughtUp {
		t.Error("caught up, and u is not on the target")
	}
	s.Until(30*time.Second, "t to be made", func() (bool, string) {
		return site.Value(t, p.Dst, "SELECT COUNT(*) FROM information_schema.TABLES WHERE TABLE_SCHEMA = '"+schema+"' AND TABLE_NAME = 't'") == "1", ""
	})
	for n := range 21 {
		onSource("ALTER TABLE @x ADD y INT", "ALTER TABLE @x DROP y", change, fmt.Sprintf("REPLACE INTO @t VALUES (%d, 1)", n%7), fmt.Sprintf("DELETE FROM @t WHERE id = %d", (n+6)%7))
	}
	close(done)
	wg.Wait()
	s.CaughtUpTo(t, p)
	s.Reach(60*time.Second, "p", "every table live", func(st site.Status) bool {
		return st.State == run.CaughtUp && !slices.ContainsFunc(st.Tables, func(x run.Table) bool { return x.State != run.TableLive })
	})
	site.Equal(t, p, schema, schema)
}

func fillEnter(t *testing.T, s *dbtest.Server, table string, rows int) {
	t.Helper()
	site.Execute(t, s, fmt.Sprintf("INSERT INTO enter.%s (v) WITH RECURSIVE g(i) AS (SELECT 1 UNION ALL SELECT i+1 FROM g WHERE i < 1000) SELECT CONCAT('row ', i, REPEAT('x', 50)) FROM g", table))
	for n := 1000; n < rows; n *= 2 {
		site.Execute(t, s, fmt.Sprintf("INSERT INTO enter.%s (v) SELECT v FROM enter.%s LIMIT %d", table, table, rows-n))
	}
}

// onlineChange adds a column in pt-osc's way: a shadow table, triggers that
// repeat every change in it, the rows copied in pieces, and an exchange of names.
func onlineChange(t *testing.T, s *dbtest.Server, table, shadow, old string) {
	t.Helper()
	q := func(text string) string {
		return strings.NewReplacer("@t", "enter."+table, "@s", "enter."+shadow, "@o", "enter."+old, "@n", table, "@x", "by"+shadow).Replace(text)
	}
	site.Execute(t, s, q("CREATE TABLE @s LIKE @t"), q("ALTER TABLE @s ADD COLUMN @x INT NOT NULL DEFAULT 5 AFTER id, ADD KEY k@x (n)"),
		q("CREATE TRIGGER enter.@n_d AFTER DELETE ON @t FOR EACH ROW DELETE FROM @s WHERE id = OLD.id"),
		q("CREATE TRIGGER enter.@n_u AFTER UPDATE ON @t FOR EACH ROW REPLACE INTO @s (id, v, n) VALUES (NEW.id, NEW.v, NEW.n)"),
		q("CREATE TRIGGER enter.@n_i AFTER INSERT ON @t FOR EACH ROW REPLACE INTO @s (id, v, n) VALUES (NEW.id, NEW.v, NEW.n)"))
	for at := 0; at < 20000; at += 2500 {
		site.Execute(t, s, q(fmt.Sprintf("INSERT IGNORE INTO @s (id, v, n) SELECT id, v, n FROM @t WHERE id > %d AND id <= %d LOCK IN SHARE MODE", at, at+2500)))
	}
	site.Execute(t, s, q("RENAME TABLE @t TO @o, @s TO @t"), "DROP TRIGGER enter."+table+"_d", "DROP TRIGGER enter."+table+"_u", "DROP TRIGGER enter."+table+"_i")
	if !strings.HasPrefix(old, "_") {
		site.Execute(t, s, q("DROP TABLE @o"))
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
			s, p := site.New(t), site.SharedPair(t, dbtest.MySQL, dbtest.MySQL)
			site.DropLater(t, p.Src, "enter")
			site.DropLater(t, p.Dst, "enter")
			site.Execute(t, p.Src, "CREATE DATABASE enter", "CREATE TABLE enter.first (id INT NOT NULL AUTO_INCREMENT PRIMARY KEY, v VARCHAR(100) NOT NULL, n INT NOT NULL DEFAULT 0)",
				"CREATE TABLE enter._outside (id INT PRIMARY KEY, v INT)", "INSERT INTO enter._outside VALUES (1,1),(2,2)")
			if kind == "incremental" {
				site.Execute(t, p.Dst, "CREATE DATABASE enter", "CREATE TABLE enter.first (id INT NOT NULL AUTO_INCREMENT PRIMARY KEY, v VARCHAR(100) NOT NULL, n INT NOT NULL DEFAULT 0)")
			} else {
				fillEnter(t, p.Src, "first", 6000)
			}
			s.Dev()
			s.Apply(s.Write("p.hcl", p.File(fmt.Sprintf(`type = %q
  objects {
    database "enter" {
      except = ["_*"]
    }
  }
  copy {
    defer_index = true
    chunk    = "64KiB"
    max_rows = 2000
  }`, kind))))
			if kind == "incremental" {
				s.CaughtUpTo(t, p)
			} else {
				s.Reach(60*time.Second, "p", "the copy under way", func(st site.Status) bool { rows, _ := st.Copied(); return rows > 500 })
			}
			site.Execute(t, p.Src, "RENAME TABLE enter._outside TO enter.inside", "ALTER TABLE enter.inside ADD w INT NOT NULL DEFAULT 4 FIRST", "INSERT INTO enter.inside VALUES (3,3,3)", "INSERT INTO enter.first (v) VALUES ('last')")
			if kind == "incremental" {
				s.CaughtUpTo(t, p)
				site.Execute(t, p.Src, "UPDATE enter.inside SET v = v + 1", "DELETE FROM enter.inside WHERE id = 1")
				s.CaughtUpTo(t, p)
				s.Must("complete", "p")
			}
			s.Must("wait", "p", "--for", "completed", "--timeout", "120s")
			site.Equal(t, p, "enter", "enter", "_outside")
		})
	}
}
