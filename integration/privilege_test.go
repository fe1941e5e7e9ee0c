package integration

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tidegate-io/tidegate/integration/dbtest"
	"github.com/tidegate-io/tidegate/internal/run"
)

// TestLeastPrivileges begins with an account that may do nothing and follows
// the check's remedies until it has no more to say. With exactly these
// privileges a run must work to its end, cutover included; without any single
// one of them the check must name that one.
func TestLeastPrivileges(t *testing.T) {
	for _, c := range []struct{ from, to dbtest.Flavor }{{dbtest.MySQL, dbtest.MySQL}, {dbtest.MariaDB, dbtest.MariaDB}} {
		t.Run(string(c.from), func(t *testing.T) {
			s, p := newSite(t), sharedPair(t, c.from, c.to)
			shop := newShop(t, p, "least_", 300)
			shop.calm.Store(true)
			for _, server := range []*dbtest.Server{p.src, p.dst} { // an ordinary account: a definer with SYSTEM_USER would need that too
				execute(t, server, "CREATE USER teller@'127.0.0.1' IDENTIFIED BY '"+dbtest.Password+"'")
				t.Cleanup(func() { server.DB().Exec("DROP USER teller@'127.0.0.1'") }) // the server may be gone with the test
			}
			execute(t, p.src, "GRANT SELECT ON `least\\_`.* TO teller@'127.0.0.1'")
			execute(t, p.dst, "GRANT SELECT ON `least\\_\\_v2`.* TO teller@'127.0.0.1'")
			execute(t, p.src, "CREATE OR REPLACE DEFINER=teller@'127.0.0.1' VIEW least_.rich AS SELECT id, owner FROM least_.accounts WHERE balance > 1000")
			dropLater(t, p.dst, "least__v2")
			t.Cleanup(func() { release(p.src) })
			for _, server := range []*dbtest.Server{p.src, p.dst} {
				execute(t, server, "CREATE USER least@'127.0.0.1' IDENTIFIED BY '"+dbtest.Password+"'")
				t.Cleanup(func() { server.DB().Exec("DROP USER least@'127.0.0.1'") }) // the server may be gone with the test
			}
			file := s.write("p.hcl", p.fileAs("least", `objects {
    database "least_" {
      rename = "least__v2"
    }
  }
  cutover {
    hold         = "1s"
    fence_source = true
  }`))
			s.dev()
			s.up()
			grants := grantAll(t, s, p, file)
			for _, g := range grants {
				execute(t, g.server, strings.Replace(strings.Replace(g.text, "GRANT ", "REVOKE ", 1), " TO ", " FROM ", 1))
				found := findings(t, s, file)
				named := slices.ContainsFunc(found.all, func(f run.Finding) bool {
					return f.Level == run.LevelError && f.Remedy == g.text && f.Object == g.side
				})
				if !named || found.code != 3 {
					t.Errorf("without %s on the %s: %s", g.text, g.side, found)
				}
				execute(t, g.server, g.text)
			}
			shop.start(2, seed)
			s.apply(file)
			s.inState(90*time.Second, "p", run.CaughtUp)
			if a := s.call("verify", "p", "--wait"); a.code != 0 {
				t.Errorf("verify: %s", a)
			}
			shop.fenced.Store(true)
			if a := s.call("cutover", "p", "--wait"); a.code != 0 {
				t.Fatalf("cutover: %s", a)
			}
			shop.stop()
			equal(t, p, "least_", "least__v2")
		})
	}
}

// grant is one privilege that the check asked for.
type grant struct {
	server     *dbtest.Server
	side, text string
}

func (p pair) side(name string) *dbtest.Server {
	if name == "source" {
		return p.src
	}
	return p.dst
}

// grantAll follows the remedies until nothing is missing.
func grantAll(t *testing.T, s *site, p pair, file string) []grant {
	t.Helper()
	var out []grant
	for range 4 { // what cannot be seen yet is asked for later
		found := findings(t, s, file)
		missing := slices.DeleteFunc(found.all, func(f run.Finding) bool { return f.Level != run.LevelError })
		if len(missing) == 0 {
			return out
		}
		for _, f := range missing {
			if !strings.HasSuffix(f.ID, "-privileges") {
				continue
			}
			g := grant{server: p.side(f.Object), side: f.Object, text: f.Remedy}
			execute(t, g.server, g.text)
			out = append(out, g)
		}
	}
	t.Fatalf("the remedies lead nowhere: %s", findings(t, s, file))
	return nil
}
