package integration

import (
	"strings"
	"testing"
	"time"

	"github.com/tidegate-io/tidegate/integration/dbtest"
	"github.com/tidegate-io/tidegate/integration/site"
	"github.com/tidegate-io/tidegate/internal/run"
)

// TestTimestampsPast2038: a MariaDB 11.8 has TIMESTAMPs up to 2106. A target that
// has them too gets them; any other stops the run, in the copy as in the stream,
// and holds no value that the source does not have.
func TestTimestampsPast2038(t *testing.T) {
	for name, to := range map[string]struct {
		flavor dbtest.Flavor
		holds  bool
	}{"mariadb 11.8": {dbtest.MariaDB118, true}, "mysql": {dbtest.MySQL, false}} {
		for _, path := range []string{"copy", "stream"} {
			t.Run(name+" by "+path, func(t *testing.T) {
				s, p := site.New(t), site.Pair{Src: dbtest.Start(t, dbtest.Config{Flavor: dbtest.MariaDB118}), Dst: dbtest.Start(t, dbtest.Config{Flavor: to.flavor})}
				site.Execute(t, p.Src, "CREATE DATABASE far", "CREATE TABLE far.t (id INT PRIMARY KEY, ts TIMESTAMP(3) NULL)",
					"CREATE TABLE far.k (id INT, ts TIMESTAMP NULL)", "INSERT INTO far.t VALUES (1, FROM_UNIXTIME(2147483647.5))")
				late := func() {
					site.Execute(t, p.Src, "INSERT INTO far.t VALUES (2, FROM_UNIXTIME(2147483648)), (3, FROM_UNIXTIME(4294967295.999))", "INSERT INTO far.k VALUES (1, FROM_UNIXTIME(2208988800))")
				}
				s.Dev()
				file := s.Write("p.hcl", p.File("objects {\n    database \"far\" {}\n  }\n  retry {\n    window = \"5s\"\n  }"))
				if path == "copy" {
					late()
					s.Apply(file)
				} else {
					s.Apply(file)
					s.CaughtUpTo(t, p)
					late()
				}
				if to.holds {
					s.InState(60*time.Second, "p", run.CaughtUp)
					s.CaughtUpTo(t, p)
					if a := s.Call("verify", "p", "--wait"); a.Code != 0 {
						t.Errorf("verify: %s", a)
					}
					site.Equal(t, p, "far", "far")
					return
				}
				e := failure(t, s)
				if !strings.Contains(e.Message, "far") || !strings.Contains(e.Message, "ts") || e.Remedy == "" {
					t.Errorf("told as %+v", e)
				}
				t.Logf("%+v", e)
				for _, q := range []string{"SELECT COUNT(*) FROM far.t WHERE id > 1", "SELECT COUNT(*) FROM far.k"} {
					if n := site.Value(t, p.Dst, q); n != "0" {
						t.Errorf("%s: %s on the target", q, n)
					}
				}
			})
		}
	}
}
