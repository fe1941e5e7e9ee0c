package integration

import (
	"fmt"
	"slices"
	"testing"
	"time"

	"github.com/tidegate-io/tidegate/integration/dbtest"
	"github.com/tidegate-io/tidegate/integration/site"
	"github.com/tidegate-io/tidegate/internal/run"
)

// TestStructureOnly moves definitions and no row; names change, and what except
// names stays behind.
func TestStructureOnly(t *testing.T) {
	for _, flavor := range []dbtest.Flavor{dbtest.MySQL, dbtest.MariaDB} {
		t.Run(string(flavor), func(t *testing.T) {
			s, p := site.New(t), site.SharedPair(t, flavor, flavor)
			site.NewShop(t, p, "kind_structure", 10)
			site.DropLater(t, p.Dst, "kind_structure_new")
			s.Dev()
			s.Apply(s.Write("p.hcl", p.File(`type = "structure"
  objects {
    database "kind_structure" {
      rename = "kind_structure_new"
      except = ["jour*", "words"]
      table "accounts" {
        rename = "customers"
      }
      views = false
    }
  }`)))
			s.Must("wait", "p", "--for", "completed", "--timeout", "60s")
			want := []string{"child", "counters", "customers", "derived", "evolving", "grandchild", "pairs", "parent", "seats"}
			if got := site.Tables(t, p.Dst, "kind_structure_new"); !slices.Equal(got, want) {
				t.Errorf("the target has %v, wanted %v", got, want)
			}
			for _, name := range want {
				if n := site.Value(t, p.Dst, "SELECT COUNT(*) FROM kind_structure_new."+name); n != "0" {
					t.Errorf("%s has %s rows", name, n)
				}
			}
			if n := site.Value(t, p.Dst, "SELECT COUNT(*) FROM information_schema.REFERENTIAL_CONSTRAINTS WHERE CONSTRAINT_SCHEMA = 'kind_structure_new'"); n != "2" {
				t.Errorf("%s foreign keys instead of 2", n)
			}
		})
	}
}

// TestFullImage copies once while the source is written to: the result has to
// be the source at one position. The sum of the counters with a key and of those
// without rises in the same transactions, so any other image shows.
func TestFullImage(t *testing.T) {
	for _, flavor := range []dbtest.Flavor{dbtest.MySQL, dbtest.MariaDB} {
		t.Run(string(flavor), func(t *testing.T) {
			s, p := site.New(t), site.SharedPair(t, flavor, flavor)
			shop := site.NewShop(t, p, "kind_full", 8000)
			shop.Calm.Store(true)
			shop.Start(2, seed)
			s.Dev()
			s.Apply(s.Write("p.hcl", p.File(`type = "full"
  objects {
    database "kind_full" {}
  }
  copy {
    defer_index = true
    chunk    = "64KiB"
    max_rows = 6000
  }`)))
			s.Must("wait", "p", "--for", "completed", "--timeout", "120s")
			shop.Stop()
			for w := range 2 {
				keyed := site.Value(t, p.Dst, fmt.Sprintf("SELECT n FROM kind_full.accounts WHERE id = %d", 1+w))
				keyless := site.Value(t, p.Dst, fmt.Sprintf("SELECT n FROM kind_full.counters WHERE writer = %d", w))
				if keyed != keyless || keyed == "0" {
					t.Errorf("writer %d counted %s with a key and %s without in one image", w, keyed, keyless)
				}
			}
			st, _ := s.Status("p")
			if st.Position.GTID == "" {
				t.Errorf("the image's position is not shown: %+v", st.Position)
			}
		})
	}
}

// TestIncremental follows the log from now, and from a named set of
// transactions, into tables that are there already.
func TestIncremental(t *testing.T) {
	for _, flavor := range []dbtest.Flavor{dbtest.MySQL, dbtest.MariaDB} {
		for _, from := range []string{"now", "set"} {
			t.Run(string(flavor)+" from "+from, func(t *testing.T) {
				s, p := site.New(t), site.SharedPair(t, flavor, flavor)
				schema := "kind_inc_" + from
				for _, server := range []*dbtest.Server{p.Src, p.Dst} {
					site.DropLater(t, server, schema)
					site.Execute(t, server, "CREATE DATABASE "+schema, "CREATE TABLE "+schema+".t (id INT PRIMARY KEY, v INT NOT NULL)",
						"CREATE TABLE "+schema+".k (v INT NOT NULL)", "INSERT INTO "+schema+".t VALUES (1,1),(2,2)", "INSERT INTO "+schema+".k VALUES (1),(1)")
				}
				position := "now"
				if from == "set" {
					position = site.Value(t, p.Src, map[dbtest.Flavor]string{dbtest.MySQL: "SELECT @@global.gtid_executed", dbtest.MariaDB: "SELECT @@global.gtid_binlog_pos"}[flavor])
				}
				write := func() {
					site.Execute(t, p.Src, "INSERT INTO "+schema+".k VALUES (1),(2)", "DELETE FROM "+schema+".k WHERE v = 1 LIMIT 1",
						"UPDATE "+schema+".t SET v = v + 10", "INSERT INTO "+schema+".t SELECT MAX(id) + 1, 0 FROM "+schema+".t")
				}
				if from == "set" {
					write() // before the run begins, after its position
				}
				s.Dev()
				s.Apply(s.Write("p.hcl", p.File(fmt.Sprintf(`type = "incremental"
  objects {
    database %q {}
  }
  start {
    position = %q
  }`, schema, position))))
				s.CaughtUpTo(t, p)
				write()
				s.CaughtUp(30*time.Second, "p")
				s.CaughtUpTo(t, p)
				site.Equal(t, p, schema, schema)
				s.Must("complete", "p")
				s.Must("wait", "p", "--for", "completed", "--timeout", "30s")
			})
		}
	}
}

// TestOperations pauses, resumes, runs into an error, retries, lets the daemon
// restart, finds a planted difference, and ends by stop.
func TestOperations(t *testing.T) {
	s, p := site.New(t), site.SharedPair(t, dbtest.MySQL, dbtest.MySQL)
	shop := site.NewShop(t, p, "ops", 3000)
	shop.Calm.Store(true)
	shop.Pause = 5 * time.Millisecond
	shop.Start(2, seed)
	daemon := s.Daemon()
	s.Agent("one")
	s.Apply(s.Write("p.hcl", p.File("objects {\n    database \"ops\" {}\n  }")))
	s.InState(60*time.Second, "p", run.CaughtUp)

	s.Must("pause", "p")
	s.InState(20*time.Second, "p", run.Paused)
	held := site.Value(t, p.Dst, "SELECT SUM(n) FROM ops.counters")
	time.Sleep(1500 * time.Millisecond)
	if now := site.Value(t, p.Dst, "SELECT SUM(n) FROM ops.counters"); now != held {
		t.Errorf("a paused run went on: %s, then %s", held, now)
	}
	if a := s.Call("cutover", "p"); a.Code != 2 {
		t.Errorf("cutover of a paused run: %s", a)
	}
	s.Must("resume", "p")
	s.InState(30*time.Second, "p", run.CaughtUp)

	// A daemon that is away, and back, changes nothing.
	before, _ := s.Status("p")
	daemon.Kill()
	time.Sleep(time.Second)
	s.Daemon()
	s.Up()
	after := s.InState(30*time.Second, "p", run.CaughtUp)
	if before.Run != after.Run || before.Epoch != after.Epoch {
		t.Errorf("run %s epoch %d became run %s epoch %d by a restart of the daemon", before.Run, before.Epoch, after.Run, after.Epoch)
	}

	// A row that is in the way stops the run; the row gone, it goes on.
	site.Execute(t, p.Dst, "INSERT INTO ops.parent VALUES (999999, 7)")
	site.Execute(t, p.Src, "INSERT INTO ops.parent VALUES (999999, 1)")
	s.Until(30*time.Second, "the run to stop with a conflict", func() (bool, string) {
		st, _ := s.Status("p")
		return st.State == run.Errored, string(st.State)
	})
	st, _ := s.Status("p")
	if st.Error == nil || st.Error.Class != run.Data || st.Error.Remedy == "" || !slices.Contains(st.Allowed, "retry") {
		t.Errorf("the conflict is told as %+v, allowed %v", st.Error, st.Allowed)
	}
	if a := s.Call("wait", "p", "--for", "caught_up", "--timeout", "20s"); a.Code != 1 {
		t.Errorf("wait for a run in error: %s", a)
	}
	site.Execute(t, p.Dst, "DELETE FROM ops.parent WHERE id = 999999")
	s.Must("retry", "p")
	s.InState(60*time.Second, "p", run.CaughtUp)

	shop.Stop()
	s.CaughtUpTo(t, p)
	site.Equal(t, p, "ops", "ops")
	if a := s.Call("verify", "p", "--wait"); a.Code != 0 {
		t.Errorf("verify: %s", a)
	}
	for _, change := range []string{"UPDATE ops.words SET n = n + 1 LIMIT 1", "UPDATE ops.journal SET payload = 'other' LIMIT 1"} {
		site.Execute(t, p.Dst, change)
		if a := s.Call("verify", "p", "--wait"); a.Code != 3 {
			t.Errorf("verify after %s: %s", change, a)
		}
	}
	s.Must("stop", "p")
	s.Must("wait", "p", "--for", "stopped", "--timeout", "30s")
	s.Must("delete", "p")
}

// TestAgentLost lets a second agent, with a data directory of its own, take a
// run over from one that is gone for good: once in the copy, once in the stream.
func TestAgentLost(t *testing.T) {
	s, p := site.New(t), site.SharedPair(t, dbtest.MySQL, dbtest.MySQL)
	shop := site.NewShop(t, p, "lost", 15000)
	shop.Start(2, seed)
	s.Daemon("--lease", "3s")
	first := s.Agent("first")
	s.Apply(s.Write("p.hcl", p.File(`objects {
    database "lost" {}
  }
  copy {
    defer_index = true
    chunk    = "128KiB"
    max_rows = 5000
  }`)))
	s.Reach(60*time.Second, "p", "the copy under way", func(st site.Status) bool {
		rows, _ := st.Copied()
		return st.State == run.Copying && rows > 3000
	})
	first.Kill()
	second := s.Agent("second")
	st := s.Reach(60*time.Second, "p", "copied by the second agent", func(st site.Status) bool {
		return st.Agent == "second" && (st.State == run.CatchingUp || st.State == run.CaughtUp)
	})
	time.Sleep(time.Second)
	second.Kill()
	s.Agent("third")
	after := s.Reach(60*time.Second, "p", "followed by the third agent", func(st site.Status) bool {
		return st.Agent == "third" && st.State == run.CaughtUp
	})
	if after.Epoch <= st.Epoch {
		t.Errorf("epoch %d follows %d", after.Epoch, st.Epoch)
	}
	shop.Stop()
	s.CaughtUpTo(t, p)
	site.Equal(t, p, "lost", "lost")
}

// TestPurgedWhilePaused lets the source drop the log a paused run needs: the
// run must say so and never go on.
func TestPurgedWhilePaused(t *testing.T) {
	for _, flavor := range []dbtest.Flavor{dbtest.MySQL, dbtest.MariaDB} {
		t.Run(string(flavor), func(t *testing.T) {
			s := site.New(t)
			p := site.Pair{Src: dbtest.Start(t, dbtest.Config{Flavor: flavor}), Dst: dbtest.Shared(t, dbtest.Config{Flavor: flavor, ServerID: 22})}
			site.DropLater(t, p.Dst, "bad")
			makeOne(t, p.Src)
			s.Dev()
			s.Apply(s.Write("p.hcl", p.File(one)))
			s.CaughtUpTo(t, p)
			s.Must("pause", "p")
			s.InState(20*time.Second, "p", run.Paused)
			last := ""
			for range 3 {
				site.Execute(t, p.Src, "INSERT INTO bad.t SELECT MAX(id) + 1, 'more' FROM bad.t", "FLUSH BINARY LOGS")
				last = site.Value(t, p.Src, "SELECT SUBSTRING_INDEX(@@global.log_bin_basename, '/', -1)")
			}
			s.Until(30*time.Second, "the log to be purged", func() (bool, string) {
				site.Execute(t, p.Src, "PURGE BINARY LOGS TO '"+last+".000004'") // MariaDB leaves a log that is still being sent
				var first string
				rows, err := p.Src.DB().Query("SHOW BINARY LOGS")
				if err != nil {
					t.Fatal(err)
				}
				defer rows.Close()
				cols, _ := rows.Columns()
				dest := []any{&first}
				for range cols[1:] {
					dest = append(dest, new(any))
				}
				if rows.Next() {
					if err := rows.Scan(dest...); err != nil {
						t.Fatal(err)
					}
				}
				return first == last+".000004", "the first is " + first
			})
			s.Must("resume", "p")
			s.Until(60*time.Second, "the run to stop", func() (bool, string) {
				st, _ := s.Status("p")
				return st.State == run.Errored, fmt.Sprintf("%s: %+v", st.State, st.Error)
			})
			st, _ := s.Status("p")
			if st.Error == nil || st.Error.Class != run.Fatal || st.Error.Remedy == "" || slices.Contains(st.Allowed, "retry") {
				t.Errorf("a purged log is told as %+v, allowed %v", st.Error, st.Allowed)
			}
			t.Logf("%s: %s (%s)", st.Error.Code, st.Error.Message, st.Error.Remedy)
			if a := s.Call("wait", "p", "--for", "caught_up", "--timeout", "20s"); a.Code != 1 {
				t.Errorf("wait: %s", a)
			}
		})
	}
}

// TestCutoverGivenUp has a writer that a read-only MariaDB does not stop: the
// cutover must notice, undo the fence, and go on following.
func TestCutoverGivenUp(t *testing.T) {
	s, p := site.New(t), site.SharedPair(t, dbtest.MariaDB, dbtest.MariaDB)
	shop := site.NewShop(t, p, "given_up", 1000)
	t.Cleanup(func() { site.Release(p.Src) })
	shop.Calm.Store(true)
	shop.Tough = true
	shop.DB.Close()
	shop.DB = p.Src.Open(p.Src.User, p.Src.Password, "")
	shop.Start(2, seed)
	s.Dev()
	s.Apply(s.Write("p.hcl", p.File(`objects {
    database "given_up" {}
  }
  cutover {
    hold         = "1s"
    fence_source = true
    timeout      = "10s"
  }`)))
	s.InState(60*time.Second, "p", run.CaughtUp)
	a := s.Call("cutover", "p", "--wait")
	if a.Code != 3 {
		t.Fatalf("a cutover under a writer that passes read_only: %s", a)
	}
	t.Log(a)
	if on := site.Value(t, p.Src, "SELECT @@global.read_only"); on != "0" {
		t.Error("the source is read-only after the cutover was undone")
	}
	time.Sleep(time.Second)
	shop.Stop()
	s.CaughtUpTo(t, p)
	site.Equal(t, p, "given_up", "given_up")
}
