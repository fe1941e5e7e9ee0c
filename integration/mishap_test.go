package integration

import (
	"fmt"
	"slices"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/tidegate-io/tidegate/integration/dbtest"
	"github.com/tidegate-io/tidegate/integration/faultnet"
	"github.com/tidegate-io/tidegate/integration/site"
	"github.com/tidegate-io/tidegate/internal/run"
)

// standing waits until the run stands in error, and returns how it is told.
func standing(t *testing.T, s *site.Site, limit time.Duration) site.Status {
	t.Helper()
	var st site.Status
	s.Until(limit, "the run to stop", func() (bool, string) {
		st, _ = s.Status("p")
		return st.State == run.Errored, fmt.Sprintf("%s: %+v", st.State, st.Error)
	})
	if st.Error == nil || st.Error.Remedy == "" {
		t.Errorf("told as %+v", st.Error)
	}
	t.Logf("%s %s: %s (%s)", st.Error.Class, st.Error.Code, st.Error.Message, st.Error.Remedy)
	return st
}

// TestRevokedMidRun takes a privilege on one table away while the run goes on: a
// table that cannot be seen is not one that is not there.
func TestRevokedMidRun(t *testing.T) {
	for _, flavor := range []dbtest.Flavor{dbtest.MySQL, dbtest.MariaDB} {
		t.Run(string(flavor), func(t *testing.T) {
			s, p := site.New(t), site.SharedPair(t, flavor, flavor)
			site.DropLater(t, p.Src, "revoked")
			site.DropLater(t, p.Dst, "revoked")
			site.Execute(t, p.Src, "CREATE DATABASE revoked", "CREATE TABLE revoked.a (id INT PRIMARY KEY, v INT)", "CREATE TABLE revoked.b (id INT PRIMARY KEY, v INT)", "INSERT INTO revoked.a VALUES (1,1)", "INSERT INTO revoked.b VALUES (1,1)")
			for _, server := range []*dbtest.Server{p.Src, p.Dst} {
				site.Execute(t, server, "CREATE USER mover@'127.0.0.1' IDENTIFIED BY '"+dbtest.Password+"'")
				t.Cleanup(func() { server.DB().Exec("DROP USER mover@'127.0.0.1'") }) // the server may be gone with the test
			}
			site.Execute(t, p.Src, "GRANT ALL ON *.* TO mover@'127.0.0.1'")
			grant := "GRANT ALL ON revoked.* TO mover@'127.0.0.1'"
			site.Execute(t, p.Dst, grant, "GRANT ALL ON _tidegate.* TO mover@'127.0.0.1'", "GRANT PROCESS ON *.* TO mover@'127.0.0.1'")
			s.Dev()
			s.Apply(s.Write("p.hcl", p.FileAs("mover", "objects {\n    database \"revoked\" {}\n  }")))
			s.CaughtUpTo(t, p)
			site.Execute(t, p.Dst, "REVOKE ALL ON revoked.* FROM mover@'127.0.0.1'")
			site.Execute(t, p.Src, "INSERT INTO revoked.a VALUES (2,2)", "UPDATE revoked.b SET v = 7", "ALTER TABLE revoked.b ADD w INT NOT NULL DEFAULT 3", "INSERT INTO revoked.b VALUES (9,9,9)")
			if st := standing(t, s, 60*time.Second); st.Error.Class != run.Config || !slices.Contains(st.Allowed, "retry") {
				t.Errorf("a revoked privilege is told as %+v, allowed %v", st.Error, st.Allowed)
			}
			s.Must("retry", "p")
			if st := standing(t, s, 60*time.Second); st.Error.Class != run.Config { // a new session must not take the table for dropped
				t.Errorf("after a retry: %+v", st.Error)
			}
			site.Execute(t, p.Dst, grant)
			s.Must("retry", "p")
			s.CaughtUpTo(t, p)
			site.Equal(t, p, "revoked", "revoked")
		})
	}
}

// TestUnlogged changes the source past its log: rows, which a verification finds,
// and a definition, which the next row of the table shows. Applied again, everything
// is copied anew.
func TestUnlogged(t *testing.T) {
	for _, flavor := range []dbtest.Flavor{dbtest.MySQL, dbtest.MariaDB} {
		t.Run(string(flavor), func(t *testing.T) {
			s, p := site.New(t), site.SharedPair(t, flavor, flavor)
			site.DropLater(t, p.Src, "unlogged")
			site.DropLater(t, p.Dst, "unlogged")
			site.Execute(t, p.Src, "CREATE DATABASE unlogged", "CREATE TABLE unlogged.a (id INT PRIMARY KEY, v INT, w VARCHAR(20))", "CREATE TABLE unlogged.b (id INT PRIMARY KEY, v INT, w VARCHAR(20))", "INSERT INTO unlogged.a VALUES (1,1,'x')")
			s.Dev()
			file := s.Write("p.hcl", p.File("objects {\n    database \"unlogged\" {}\n  }"))
			s.Apply(file)
			s.CaughtUpTo(t, p)
			past := session(t, p.Src)
			past("SET SESSION sql_log_bin = 0", "INSERT INTO unlogged.a VALUES (2,2,'y')")
			if a := s.Call("verify", "p", "--wait"); a.Code != 3 {
				t.Errorf("verify with a row that was never logged: %s", a)
			}
			past("DELETE FROM unlogged.a WHERE id = 2", "ALTER TABLE unlogged.b MODIFY v BIGINT")
			site.Execute(t, p.Src, "INSERT INTO unlogged.b VALUES (1,1,'x')")
			if st := standing(t, s, 60*time.Second); !strings.Contains(st.Error.Message, "unlogged.b") && !strings.Contains(st.Error.Message, "`b`") {
				t.Errorf("the table is not named: %+v", st.Error)
			}
			if n := site.Value(t, p.Dst, "SELECT COUNT(*) FROM unlogged.b"); n != "0" {
				t.Errorf("%s rows were written by a definition that is not theirs", n)
			}
			site.Execute(t, p.Dst, "DROP DATABASE unlogged")
			s.Apply(file) // nothing of the run in error is in its way
			s.CaughtUpTo(t, p)
			site.Equal(t, p, "unlogged", "unlogged")
			s.Must("stop", "p")
		})
	}
}

// TestDefinitionOfThen lets the log wait while columns of one type change places
// and names: rows have to be read by the definition of their time, after a
// restart too. A shadow table was begun before the run and takes a name after it.
func TestDefinitionOfThen(t *testing.T) {
	for _, flavor := range []dbtest.Flavor{dbtest.MySQL, dbtest.MariaDB} {
		t.Run(string(flavor), func(t *testing.T) {
			s, p := site.New(t), site.SharedPair(t, flavor, flavor)
			site.DropLater(t, p.Src, "then")
			site.DropLater(t, p.Dst, "then")
			site.Execute(t, p.Src, "CREATE DATABASE `then`", "CREATE TABLE `then`.t (id INT PRIMARY KEY, a INT, b INT)", "INSERT INTO `then`.t VALUES (1,10,20),(2,11,21)",
				"CREATE TABLE `then`.o (id INT PRIMARY KEY, a INT)", "INSERT INTO `then`.o VALUES (1,1),(2,2),(3,3)",
				"CREATE TABLE `then`._o_gho LIKE `then`.o", "ALTER TABLE `then`._o_gho ADD b INT NOT NULL DEFAULT 5", "INSERT INTO `then`._o_gho (id, a) SELECT id, a FROM `then`.o WHERE id < 3")
			dev := s.Dev()
			s.Apply(s.Write("p.hcl", p.File("objects {\n    database \"then\" {\n      except = [\"_*\"]\n    }\n  }")))
			s.CaughtUpTo(t, p)
			site.Execute(t, p.Src, "INSERT INTO `then`._o_gho (id, a) SELECT id, a FROM `then`.o WHERE id = 3", "RENAME TABLE `then`.o TO `then`._o_del, `then`._o_gho TO `then`.o", "UPDATE `then`.o SET a = a + 100")
			s.CaughtUpTo(t, p)
			dev.Kill()
			site.Execute(t, p.Src, "INSERT INTO `then`.t VALUES (3,12,22)", "ALTER TABLE `then`.t MODIFY a INT AFTER b", "INSERT INTO `then`.t VALUES (4,23,13)", "UPDATE `then`.t SET a = a + 1",
				"ALTER TABLE `then`.t RENAME COLUMN a TO c, RENAME COLUMN b TO a", "INSERT INTO `then`.t VALUES (5,24,14)", "DELETE FROM `then`.t WHERE id = 1", "ALTER TABLE `then`.t ADD b INT FIRST", "UPDATE `then`.t SET b = a")
			s.Dev()
			s.CaughtUpTo(t, p)
			site.Equal(t, p, "then", "then", "_o_del", "_o_gho")
			s.Must("complete", "p")
			s.Must("wait", "p", "--for", "completed", "--timeout", "30s")
		})
	}
}

// TestStatementsOfNoConcern puts account statements, programs and other things
// that no table is changed by into the log: the run goes on over them and
// carries none out.
func TestStatementsOfNoConcern(t *testing.T) {
	for _, c := range []struct{ from, to dbtest.Flavor }{{dbtest.MySQL, dbtest.MySQL}, {dbtest.MariaDB, dbtest.MySQL}} {
		t.Run(string(c.from), func(t *testing.T) {
			s, p := site.New(t), site.SharedPair(t, c.from, c.to)
			site.DropLater(t, p.Src, "concern", "elsewhere")
			site.DropLater(t, p.Dst, "concern")
			site.Execute(t, p.Src, "CREATE DATABASE concern", "CREATE TABLE concern.t (id INT PRIMARY KEY)", "CREATE DATABASE elsewhere", "CREATE TABLE elsewhere.t (id INT PRIMARY KEY)")
			s.Dev()
			s.Apply(s.Write("p.hcl", p.File("objects {\n    database \"concern\" {}\n  }")))
			s.CaughtUpTo(t, p)
			site.Execute(t, p.Src, "CREATE USER stranger@'127.0.0.1' IDENTIFIED BY 'one'", "GRANT SELECT ON concern.* TO stranger@'127.0.0.1'", "ALTER USER stranger@'127.0.0.1' IDENTIFIED BY 'two'",
				"SET PASSWORD FOR stranger@'127.0.0.1' = "+map[dbtest.Flavor]string{dbtest.MySQL: "'three'", dbtest.MariaDB: "PASSWORD('three')"}[c.from],
				"CREATE ROLE strange", "GRANT strange TO stranger@'127.0.0.1'", "REVOKE SELECT ON concern.* FROM stranger@'127.0.0.1'", "DROP ROLE strange", "DROP USER stranger@'127.0.0.1'",
				"CREATE TRIGGER elsewhere.x BEFORE INSERT ON elsewhere.t FOR EACH ROW SET NEW.id = NEW.id + 1", "INSERT INTO elsewhere.t VALUES (1)",
				"CREATE PROCEDURE concern.pr() BEGIN DROP TABLE concern.t; END", "CREATE FUNCTION concern.fu() RETURNS INT DETERMINISTIC RETURN 1", "CREATE EVENT concern.ev ON SCHEDULE EVERY 1 YEAR DO TRUNCATE concern.t",
				"CREATE TRIGGER concern.tr AFTER INSERT ON concern.t FOR EACH ROW DELETE FROM elsewhere.t", "INSERT INTO concern.t VALUES (1),(2)", "FLUSH TABLES", "FLUSH PRIVILEGES", "ANALYZE TABLE elsewhere.t", "OPTIMIZE TABLE elsewhere.t",
				"/* DROP TABLE concern.t */ ALTER EVENT concern.ev DISABLE", "DROP PROCEDURE concern.pr", "INSERT INTO concern.t VALUES (3)")
			s.CaughtUpTo(t, p)
			site.Equal(t, p, "concern", "concern")
			for _, left := range []string{"SELECT COUNT(*) FROM mysql.user WHERE User IN ('stranger','strange')", "SELECT COUNT(*) FROM information_schema.TRIGGERS WHERE TRIGGER_SCHEMA = 'concern'"} {
				if n := site.Value(t, p.Dst, left); n != "0" {
					t.Errorf("%s: %s", left, n)
				}
			}
			s.Must("complete", "p")
			s.Must("wait", "p", "--for", "completed", "--timeout", "30s")
		})
	}
}

// TestLagTellsTheTruth holds the target back: the lag grows while the source is
// written to, stays when it is idle, and statements about other tables do not
// hide it.
func TestLagTellsTheTruth(t *testing.T) {
	s, p := site.New(t), site.SharedPair(t, dbtest.MySQL, dbtest.MySQL)
	site.DropLater(t, p.Src, "lagging", "elsewhere")
	site.DropLater(t, p.Dst, "lagging")
	site.Execute(t, p.Src, "CREATE DATABASE lagging", "CREATE TABLE lagging.t (id INT PRIMARY KEY)", "CREATE DATABASE elsewhere")
	link := faultnet.Listen(t, p.Dst.Addr)
	s.Dev()
	s.Apply(s.Write("p.hcl", strings.Replace(p.File("objects {\n    database \"lagging\" {}\n  }"), p.Dst.Addr, link.Addr(), 1)))
	s.CaughtUpTo(t, p)
	link.Stall()
	site.Execute(t, p.Src, "INSERT INTO lagging.t VALUES (1)")
	begun := time.Now()
	behind := func(least time.Duration) {
		t.Helper()
		s.Until(20*time.Second, fmt.Sprintf("a lag of %s", least), func() (bool, string) {
			st, _ := s.Status("p")
			if st.LagSeconds == nil {
				return false, "no lag is known"
			}
			lag := time.Duration(*st.LagSeconds * float64(time.Second))
			if lag == 0 && time.Since(begun) > 3*time.Second {
				t.Fatal("a change is not on the target, and the lag is 0")
			}
			if lag > time.Since(begun)+2*time.Second {
				t.Fatalf("a change of %s ago lags by %s", time.Since(begun), lag)
			}
			return lag >= least, lag.String()
		})
	}
	behind(2 * time.Second)
	site.Execute(t, p.Src, "CREATE TABLE elsewhere.t (id INT)", "INSERT INTO elsewhere.t VALUES (1)", "DROP TABLE elsewhere.t")
	behind(5 * time.Second) // the source is idle meanwhile
	link.Heal()
	s.CaughtUp(30*time.Second, "p")
	site.Equal(t, p, "lagging", "lagging")
}

// TestOneTableTwoPipelines: rows of two sources never meet in one table, also
// when names differ as the target does not see; what an old run left is named
// with a remedy that works as it is printed.
func TestOneTableTwoPipelines(t *testing.T) {
	s, p := site.New(t), site.SharedPair(t, dbtest.MySQL, dbtest.MySQL)
	site.DropLater(t, p.Src, "shard1", "shard2")
	site.DropLater(t, p.Dst, "merged")
	for _, shard := range []string{"shard1", "shard2"} {
		site.Execute(t, p.Src, "CREATE DATABASE "+shard, "CREATE TABLE "+shard+".t (id INT PRIMARY KEY, v INT)", "INSERT INTO "+shard+".t VALUES (1,1),(2,2)")
	}
	file := func(name, shard, kind string) string {
		return strings.Replace(p.File(fmt.Sprintf("type = %q\n  objects {\n    database %q {\n      rename = \"merged\"\n    }\n  }", kind, shard)), `pipeline "p"`, fmt.Sprintf("pipeline %q", name), 1)
	}
	s.Dev()
	s.Apply(s.Write("p.hcl", file("p", "shard1", "full+incremental")))
	s.CaughtUpTo(t, p)
	for _, kind := range []string{"full+incremental", "incremental"} {
		f := findings(t, s, s.Write("q.hcl", strings.NewReplacer(`"old"`, `"old2"`, ".old", ".old2", `"new"`, `"new2"`, ".new", ".new2").Replace(file("P", "shard2", kind))))
		if f.code != 3 || !slices.ContainsFunc(f.all, func(f run.Finding) bool { return f.Level == run.LevelError && f.Object == "merged.t" }) {
			t.Errorf("a second pipeline (%s) into the same table: %s", kind, f)
		}
	}
	s.Must("stop", "p")
	s.Must("wait", "p", "--for", "stopped", "--timeout", "30s")
	s.Must("delete", "p")
	again := s.Write("p.hcl", file("p", "shard2", "full+incremental"))
	f := findings(t, s, again)
	if len(f.all) != 1 || f.all[0].ID != "target-conflicts" {
		t.Fatalf("over the leftovers of a stopped run: %s", f)
	}
	cure(t, p.Dst, f.all[0].Remedy)
	s.Apply(again)
	s.CaughtUpTo(t, p)
	site.Execute(t, p.Src, "INSERT INTO shard2.t VALUES (3,3)")
	s.CaughtUpTo(t, p)
	if n := site.Value(t, p.Dst, "SELECT GROUP_CONCAT(id ORDER BY id) FROM merged.t"); n != "1,2,3" {
		t.Errorf("merged.t holds %s", n)
	}
}

// TestLookingAgain loses the link to the source while definitions are read and
// while a check looks, for a plan and for a new run: all are tried again.
func TestLookingAgain(t *testing.T) {
	s, p := site.New(t), site.SharedPair(t, dbtest.MySQL, dbtest.MySQL)
	site.DropLater(t, p.Src, "looked")
	site.DropLater(t, p.Dst, "looked")
	site.Execute(t, p.Src, "CREATE DATABASE looked", "CREATE TABLE looked.t (id INT PRIMARY KEY)")
	link := faultnet.Listen(t, p.Src.Addr)
	s.Dev()
	const open = "\n  tls {\n    mode = \"disabled\"\n  }" // the link has to see statements
	file := s.Write("p.hcl", strings.Replace(p.File("objects {\n    database \"looked\" {}\n  }"), strconv.Quote(p.Src.Addr), strconv.Quote(link.Addr())+open, 1))
	s.Up()
	for _, c := range []struct {
		lost string
		args []string
	}{
		{"SHOW CREATE TABLE", []string{"plan", file}},
		{"'binlog_format'", []string{"plan", file}},
		{"SHOW CREATE TABLE", []string{"apply", file, "--yes"}},
	} {
		lost := link.LoseAnswers(c.lost, 2)
		s.Must(c.args...)
		s.Until(60*time.Second, "a third reading", func() (bool, string) { return lost.Load() > 2, fmt.Sprint(lost.Load()) })
		link.Heal()
	}
	s.CaughtUpTo(t, p)
}
