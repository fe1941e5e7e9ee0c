package integration

import (
	"strings"
	"testing"
	"time"

	"github.com/tidegate-io/tidegate/integration/dbtest"
	"github.com/tidegate-io/tidegate/integration/site"
	"github.com/tidegate-io/tidegate/internal/run"
)

// TestRefusedTable: a table that the target will not make, for a limit of its
// settings, stops the run by name, when the structure is made and when the log
// has it. With the limit gone a retry makes it; none is left out.
func TestRefusedTable(t *testing.T) {
	for _, flavor := range []dbtest.Flavor{dbtest.MySQL, dbtest.MariaDB} {
		t.Run(string(flavor), func(t *testing.T) {
			s := site.New(t)
			p := site.Pair{Src: dbtest.Shared(t, dbtest.Config{Flavor: flavor, ServerID: 11}), Dst: dbtest.Start(t, dbtest.Config{Flavor: flavor})}
			site.DropLater(t, p.Src, "limit")
			const key = " (id INT PRIMARY KEY, k VARCHAR(700) CHARACTER SET utf8mb4 NOT NULL, KEY (k))" // too long a key for a COMPACT row
			site.Execute(t, p.Src, "CREATE DATABASE `limit`", "CREATE TABLE `limit`.a (id INT PRIMARY KEY)", "CREATE TABLE `limit`.m"+key, "CREATE TABLE `limit`.z (id INT PRIMARY KEY)",
				"INSERT INTO `limit`.a VALUES (1)", "INSERT INTO `limit`.m VALUES (1, 'x')", "INSERT INTO `limit`.z VALUES (1)")
			limits := func(format string) { site.Execute(t, p.Dst, "SET GLOBAL innodb_default_row_format = "+format) }
			refused := func(table string) {
				t.Helper()
				e := failure(t, s)
				if !strings.Contains(e.Message, table) || e.Remedy == "" {
					t.Errorf("told as %+v", e)
				}
				t.Logf("%+v", e)
				limits("DYNAMIC")
				s.Must("retry", "p")
				s.InState(60*time.Second, "p", run.CaughtUp)
				s.CaughtUpTo(t, p)
				site.Equal(t, p, "limit", "limit")
			}
			limits("COMPACT")
			s.Dev()
			s.Apply(s.Write("p.hcl", p.File("objects {\n    database \"limit\" {}\n  }\n  retry {\n    window = \"3s\"\n  }")))
			refused("m")

			limits("COMPACT")
			site.Execute(t, p.Src, "CREATE TABLE `limit`.late"+key, "INSERT INTO `limit`.late VALUES (1, 'y')", "INSERT INTO `limit`.a VALUES (2)")
			refused("late")
			if a := s.Call("verify", "p", "--wait"); a.Code != 0 {
				t.Errorf("verify: %s", a)
			}
		})
	}
}

// failure waits until the run stands in error.
func failure(t *testing.T, s *site.Site) *run.Error {
	t.Helper()
	var st site.Status
	s.Until(60*time.Second, "the run to stand in error", func() (bool, string) {
		st, _ = s.Status("p")
		return st.State == run.Errored && st.Error != nil, string(st.State)
	})
	return st.Error
}
