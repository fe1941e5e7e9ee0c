package integration

import (
	"context"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/tidegate-io/tidegate/integration/dbtest"
	"github.com/tidegate-io/tidegate/integration/site"
	"github.com/tidegate-io/tidegate/internal/run"
)

const fenced = `objects {
    database "fence" {}
  }
  cutover {
    hold         = "1s"
    fence_source = true
    timeout      = "6s"
  }`

// TestFenceObstacles begins cutovers that must not be finished: the source is
// read-only already, an XA transaction
// is prepared, a session locks a table, a long reader keeps a definition busy,
// somebody releases the fence or the source is restarted under it. Each leaves
// everything as before, or asks a person; the one after it succeeds, and the
// next AUTO_INCREMENT value is right though rows of the last moment are gone.
func TestFenceObstacles(t *testing.T) {
	for _, flavor := range []dbtest.Flavor{dbtest.MySQL, dbtest.MariaDB} {
		t.Run(string(flavor), func(t *testing.T) {
			s := site.New(t)
			p := site.Pair{Src: dbtest.Start(t, dbtest.Config{Flavor: flavor, Durable: true}), Dst: dbtest.Shared(t, dbtest.Config{Flavor: flavor, ServerID: 22})}
			site.DropLater(t, p.Dst, "fence")
			site.Execute(t, p.Src, "CREATE DATABASE fence", "CREATE TABLE fence.t (id INT AUTO_INCREMENT PRIMARY KEY, v INT)", "INSERT INTO fence.t (v) VALUES (1),(2),(3)",
				"CREATE TABLE fence.m (id INT PRIMARY KEY, v INT)", "INSERT INTO fence.m VALUES (1,1)")
			s.Dev()
			s.Apply(s.Write("p.hcl", p.File(fenced)))
			s.CaughtUpTo(t, p)

			fencedByOthers(t, s, p)
			prepared := session(t, p.Src)
			prepared("XA START 'left'", "INSERT INTO fence.t (v) VALUES (77)", "XA END 'left'", "XA PREPARE 'left'")
			undone(t, s, p, "XA transaction") // which also keeps the target behind
			prepared("XA COMMIT 'left'")

			locker := session(t, p.Src)
			locker("LOCK TABLES fence.t WRITE")
			s.CaughtUpTo(t, p)
			undone(t, s, p, "6s")
			site.Execute(t, p.Src, "UPDATE fence.m SET v = v + 1") // nothing waits there to stop writers, or to stop them later
			locker("INSERT INTO fence.t (v) VALUES (78)", "UNLOCK TABLES")

			if flavor == dbtest.MariaDB { // which is watched for a second; of MySQL one look is enough
				s.CaughtUpTo(t, p)
				released := whenFenced(t, p.Src, func() {
					site.Release(p.Src)
					site.Execute(t, p.Src, "INSERT INTO fence.t (v) VALUES (79)")
				})
				undone(t, s, p, "")
				<-released
				restartUnderFence(t, s, p)
			}

			reader := session(t, p.Src) // is in nobody's way
			reader("BEGIN", "SELECT * FROM fence.t")
			s.CaughtUpTo(t, p)
			site.Execute(t, p.Src, "INSERT INTO fence.t (v) SELECT v FROM fence.t", "INSERT INTO fence.t (v) SELECT v FROM fence.t", "DELETE FROM fence.t WHERE id > 10")
			rolled := session(t, p.Src)
			rolled("BEGIN", "INSERT INTO fence.t (v) VALUES (1),(2),(3),(4),(5)", "ROLLBACK")
			next := nextID(t, p.Src)
			s.CaughtUpTo(t, p)
			looker := session(t, p.Dst) // at the target, keeps it from being finished
			looker("BEGIN", "SELECT COUNT(*) FROM fence.t")
			undone(t, s, p, "AUTO_INCREMENT")
			site.Execute(t, p.Src, "UPDATE fence.t SET v = v + 1")
			looker("COMMIT")
			s.CaughtUpTo(t, p)
			if a := s.Call("cutover", "p", "--wait"); a.Code != 0 {
				t.Fatalf("cutover: %s", a)
			}
			s.Must("wait", "p", "--for", "completed", "--timeout", "30s")
			site.Equal(t, p, "fence", "fence")
			if got := nextID(t, p.Dst); got != next {
				t.Errorf("the next value is %s on the target, %s on the source", got, next)
			}
			site.Release(p.Src)
		})
	}
}

// fencedByOthers begins a cutover of a source that somebody else made read-only: it
// stays so.
func fencedByOthers(t *testing.T, s *site.Site, p site.Pair) {
	t.Helper()
	site.Execute(t, p.Src, "SET GLOBAL read_only = ON")
	a := s.Call("cutover", "p", "--wait")
	if a.Code != 3 || !strings.Contains(a.String(), "read-only already") {
		t.Fatalf("a cutover of a source that is read-only: %s", a)
	}
	if on := site.Value(t, p.Src, "SELECT @@global.read_only"); on != "1" {
		t.Fatal("the cutover took somebody else's fence away")
	}
	site.Release(p.Src)
	s.InState(30*time.Second, "p", run.CaughtUp, run.CatchingUp)
}

func nextID(t *testing.T, s *dbtest.Server) string {
	t.Helper()
	_, rest, _ := strings.Cut(showCreate(t, s, "fence.t"), "AUTO_INCREMENT=")
	n, _, _ := strings.Cut(rest, " ")
	if n == "" {
		t.Errorf("%s: no next value", s.Flavor)
	}
	return n
}

func showCreate(t *testing.T, s *dbtest.Server, table string) string {
	t.Helper()
	var name, text string
	if err := s.DB().QueryRowContext(t.Context(), "SHOW CREATE TABLE "+table).Scan(&name, &text); err != nil {
		t.Fatal(err)
	}
	return text
}

// session is one connection of its own.
func session(t *testing.T, s *dbtest.Server) func(statements ...string) {
	t.Helper()
	conn := s.Session(t)
	return func(statements ...string) {
		t.Helper()
		for _, q := range statements {
			if _, err := conn.ExecContext(context.Background(), q); err != nil {
				t.Fatalf("%s: %v", q, err)
			}
		}
	}
}

// undone begins a cutover that has to be given up for a reason, and finds the
// source writable.
func undone(t *testing.T, s *site.Site, p site.Pair, why string) {
	t.Helper()
	a := s.Call("cutover", "p", "--wait")
	if a.Code != 3 || !strings.Contains(a.String(), why) {
		t.Fatalf("wanted a cutover that is given up (%s): %s", why, a)
	}
	t.Log(strings.TrimSpace(a.Err))
	if on := site.Value(t, p.Src, "SELECT @@global.read_only"); on != "0" {
		t.Fatal("the source is read-only after the cutover was undone")
	}
	s.InState(30*time.Second, "p", run.CaughtUp, run.CatchingUp)
}

// whenFenced runs f at the moment the source is read-only.
func whenFenced(t *testing.T, s *dbtest.Server, f func()) <-chan struct{} {
	done := make(chan struct{})
	conn, err := s.DB().Conn(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	go func() {
		defer close(done)
		defer conn.Close()
		for until := time.Now().Add(30 * time.Second); time.Now().Before(until); time.Sleep(2 * time.Millisecond) {
			var on int
			if err := conn.QueryRowContext(context.Background(), "SELECT @@global.read_only").Scan(&on); err != nil || on == 1 {
				f()
				return
			}
		}
	}()
	return done
}

// restartUnderFence restarts the source while it is fenced, which takes the
// fence away: the run must not complete, and goes on after a retry.
func restartUnderFence(t *testing.T, s *site.Site, p site.Pair) {
	t.Helper()
	s.CaughtUpTo(t, p)
	restarted := whenFenced(t, p.Src, func() {
		p.Src.Kill()
		if err := p.Src.Restart(); err != nil {
			t.Error(err)
			return
		}
		p.Src.DB().Exec("INSERT INTO fence.t (v) VALUES (80)")
	})
	a := s.Call("cutover", "p", "--wait")
	<-restarted
	if a.Code == 0 {
		t.Fatalf("a cutover over a restart of the source: %s", a)
	}
	t.Log(a)
	var st site.Status
	s.Until(60*time.Second, "the run to stand", func() (bool, string) {
		st, _ = s.Status("p")
		return st.State == run.Errored || st.State == run.CaughtUp, fmt.Sprintf("%s: %+v", st.State, st.Error)
	})
	if st.State == run.Errored {
		if st.Error == nil || st.Error.Remedy == "" {
			t.Errorf("told as %+v", st.Error)
		}
		s.Must("retry", "p")
	}
	s.CaughtUpTo(t, p)
	site.Equal(t, p, "fence", "fence")
}

// TestCutoverWithoutFence: a source that the cutover does not stop has to be silent
// for the time of hold, however seldom it is written.
func TestCutoverWithoutFence(t *testing.T) {
	s, p := site.New(t), site.SharedPair(t, dbtest.MySQL, dbtest.MySQL)
	site.DropLater(t, p.Src, "unfenced")
	site.DropLater(t, p.Dst, "unfenced")
	site.Execute(t, p.Src, "CREATE DATABASE unfenced", "CREATE TABLE unfenced.t (id INT AUTO_INCREMENT PRIMARY KEY, v INT)")
	s.Dev()
	s.Apply(s.Write("p.hcl", p.File(`objects {
    database "unfenced" {}
  }
  cutover {
    hold    = "2s"
    timeout = "6s"
  }`)))
	s.CaughtUpTo(t, p)
	stop, stopped := make(chan struct{}), make(chan struct{})
	go func() {
		defer close(stopped)
		for {
			select {
			case <-stop:
				return
			case <-time.After(500 * time.Millisecond):
				_, _ = p.Src.DB().Exec("INSERT INTO unfenced.t (v) VALUES (1)")
			}
		}
	}()
	undone(t, s, p, "6s")
	close(stop)
	<-stopped
	s.CaughtUpTo(t, p)
	if a := s.Call("cutover", "p", "--wait"); a.Code != 0 {
		t.Fatalf("cutover of a silent source: %s", a)
	}
	s.Must("wait", "p", "--for", "completed", "--timeout", "30s")
	site.Equal(t, p, "unfenced", "unfenced")
}
