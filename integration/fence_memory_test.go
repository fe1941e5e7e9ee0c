package integration

import (
	"testing"
	"time"

	"github.com/tidegate-io/tidegate/integration/dbtest"
	"github.com/tidegate-io/tidegate/integration/site"
	"github.com/tidegate-io/tidegate/internal/run"
)

// TestMemoryTableUnderFence: after a restart a server empties a MEMORY table when
// it is first used, and says so in its log, also while it is read-only. The
// cutover is kept waiting under its fence while that happens, or while the source
// is restarted with read_only in its configuration. It may be given up; done, the
// target has what the source has.
func TestMemoryTableUnderFence(t *testing.T) {
	use := func(t *testing.T, s *dbtest.Server) { site.Execute(t, s, "SELECT * FROM memory.m") }
	for _, flavor := range []dbtest.Flavor{dbtest.MySQL, dbtest.MariaDB} {
		for name, c := range map[string]struct {
			before bool // restarted before the cutover
			under  func(t *testing.T, s *dbtest.Server)
		}{
			"used": {true, use},
			"left": {true, func(*testing.T, *dbtest.Server) {}},
			"restarted read-only": {false, func(t *testing.T, s *dbtest.Server) {
				if err := s.Restart("--read-only=ON"); err != nil {
					t.Fatal(err)
				}
				use(t, s)
			}},
			"restarted": {false, func(t *testing.T, s *dbtest.Server) {
				s.Kill()
				if err := s.Restart(); err != nil {
					t.Fatal(err)
				}
				site.Execute(t, s, "INSERT INTO memory.t (v) VALUES (9)")
			}},
		} {
			t.Run(string(flavor)+" "+name, func(t *testing.T) {
				s := site.New(t)
				p := site.Pair{Src: dbtest.Start(t, dbtest.Config{Flavor: flavor, Durable: true}), Dst: dbtest.Shared(t, dbtest.Config{Flavor: flavor, ServerID: 22})}
				site.DropLater(t, p.Dst, "memory")
				site.Execute(t, p.Src, "CREATE DATABASE memory", "CREATE TABLE memory.t (id INT AUTO_INCREMENT PRIMARY KEY, v INT)", "INSERT INTO memory.t (v) VALUES (1),(2),(3)",
					"CREATE TABLE memory.m (id INT PRIMARY KEY, v INT) ENGINE=MEMORY", "INSERT INTO memory.m VALUES (1,1),(2,2)")
				s.Dev()
				s.Apply(s.Write("p.hcl", p.File("objects {\n    database \"memory\" {}\n  }\n  cutover {\n    hold         = \"1s\"\n    fence_source = true\n    timeout      = \"20s\"\n  }")))
				s.CaughtUpTo(t, p)
				if c.before {
					if err := p.Src.Restart(); err != nil {
						t.Fatal(err)
					}
				}
				rolled := session(t, p.Src)
				rolled("BEGIN", "INSERT INTO memory.t (v) VALUES (1),(2),(3),(4),(5)", "ROLLBACK")
				s.InState(60*time.Second, "p", run.CaughtUp)
				s.CaughtUpTo(t, p)
				looker := session(t, p.Dst) // keeps the cutover from finishing the target
				looker("BEGIN", "SELECT COUNT(*) FROM memory.t")
				met := whenFenced(t, p.Src, func() { c.under(t, p.Src); looker("COMMIT") })
				a := s.Call("cutover", "p", "--wait")
				<-met
				t.Log(a)
				if a.Code != 0 {
					site.Release(p.Src)
					var st site.Status
					s.Until(60*time.Second, "the run to stand", func() (bool, string) {
						st, _ = s.Status("p")
						return st.State == run.Errored || st.State == run.CaughtUp, string(st.State)
					})
					if st.State == run.Errored {
						if st.Error == nil || st.Error.Remedy == "" {
							t.Errorf("told as %+v", st.Error)
						}
						s.Must("retry", "p")
						s.InState(60*time.Second, "p", run.CaughtUp)
					}
					use(t, p.Src)
					s.CaughtUpTo(t, p)
				} else {
					s.Must("wait", "p", "--for", "completed", "--timeout", "30s")
				}
				site.Equal(t, p, "memory", "memory")
				if a.Code != 0 { // the target is others' too
					s.Must("stop", "p")
					s.Must("wait", "p", "--for", "stopped", "--timeout", "30s")
				}
			})
		}
	}
}
