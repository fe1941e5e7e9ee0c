package integration

import (
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tidegate-io/tidegate/integration/dbtest"
	"github.com/tidegate-io/tidegate/integration/site"
	"github.com/tidegate-io/tidegate/internal/run"
)

// TestLeastPrivileges begins with an account that may do nothing and follows
// the check's remedies until it has no more to say. With exactly these
// privileges a run must work to its end, cutover included; without any single
// one of them the check must name that one.
func TestLeastPrivileges(t *testing.T) {
	for _, c := range []struct{ from, to dbtest.Flavor }{{dbtest.MySQL, dbtest.MySQL}, {dbtest.MariaDB, dbtest.MariaDB}} {
		t.Run(string(c.from), func(t *testing.T) {
			s, p := site.New(t), site.SharedPair(t, c.from, c.to)
			shop := site.NewShop(t, p, "least_", 300)
			shop.Calm.Store(true)
			for _, server := range []*dbtest.Server{p.Src, p.Dst} { // an ordinary account: a definer with SYSTEM_USER would need that too
				site.Execute(t, server, "CREATE USER teller@'127.0.0.1' IDENTIFIED BY '"+dbtest.Password+"'")
				t.Cleanup(func() { server.DB().Exec("DROP USER teller@'127.0.0.1'") }) // the server may be gone with the test
			}
			site.Execute(t, p.Src, "GRANT SELECT ON `least\\_`.* TO teller@'127.0.0.1'")
			site.Execute(t, p.Dst, "GRANT SELECT ON `least\\_\\_v2`.* TO teller@'127.0.0.1'")
			site.Execute(t, p.Src, "CREATE OR REPLACE DEFINER=teller@'127.0.0.1' VIEW least_.rich AS SELECT id, owner FROM least_.accounts WHERE balance > 1000")
			site.DropLater(t, p.Dst, "least__v2")
			t.Cleanup(func() { site.Release(p.Src) })
			for _, server := range []*dbtest.Server{p.Src, p.Dst} {
				site.Execute(t, server, "CREATE USER least@'127.0.0.1' IDENTIFIED BY '"+dbtest.Password+"'")
				t.Cleanup(func() { server.DB().Exec("DROP USER least@'127.0.0.1'") }) // the server may be gone with the test
			}
			file := s.Write("p.hcl", p.FileAs("least", `objects {
    database "least_" {
      rename = "least__v2"
    }
  }
  cutover {
    hold         = "1s"
    fence_source = true
  }`))
			s.Dev()
			s.Up()
			grants := grantAll(t, s, p, file)
			for _, g := range grants {
				site.Execute(t, g.server, strings.Replace(strings.Replace(g.text, "GRANT ", "REVOKE ", 1), " TO ", " FROM ", 1))
				found := findings(t, s, file)
				named := slices.ContainsFunc(found.all, func(f run.Finding) bool {
					return f.Level == run.LevelError && f.Remedy == g.text && f.Object == g.side
				})
				if !named || found.code != 3 {
					t.Errorf("without %s on the %s: %s", g.text, g.side, found)
				}
				site.Execute(t, g.server, g.text)
			}
			shop.Start(2, seed)
			s.Apply(file)
			s.InState(90*time.Second, "p", run.CaughtUp)
			if a := s.Call("verify", "p", "--wait"); a.Code != 0 {
				t.Errorf("verify: %s", a)
			}
			shop.Fenced.Store(true)
			if a := s.Call("cutover", "p", "--wait"); a.Code != 0 {
				t.Fatalf("cutover: %s", a)
			}
			shop.Stop()
			site.Equal(t, p, "least_", "least__v2")
		})
	}
}

// grant is one privilege that the check asked for.
type grant struct {
	server     *dbtest.Server
	side, text string
}

// grantAll follows the remedies until nothing is missing.
func grantAll(t *testing.T, s *site.Site, p site.Pair, file string) []grant {
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
			g := grant{server: p.Side(f.Object), side: f.Object, text: f.Remedy}
			site.Execute(t, g.server, g.text)
			out = append(out, g)
		}
	}
	t.Fatalf("the remedies lead nowhere: %s", findings(t, s, file))
	return nil
}
