package crash

import (
	"fmt"
	"strings"
	"testing"

	"github.com/tidegate-io/tidegate/integration/dbtest"
	"github.com/tidegate-io/tidegate/integration/site"
	"github.com/tidegate-io/tidegate/internal/run"
)

// TestTruncateMeetsCopy lets a TRUNCATE of the log run on the target after the
// rows of a snapshot that is younger than it have come there: those rows are not
// in the log any more.
func TestTruncateMeetsCopy(t *testing.T) {
	for _, flavor := range []dbtest.Flavor{dbtest.MySQL, dbtest.MariaDB} {
		t.Run(string(flavor), func(t *testing.T) {
			s, p := site.New(t), site.SharedPair(t, flavor, flavor)
			site.DropLater(t, p.Src, "emptied")
			site.DropLater(t, p.Dst, "emptied")
			site.Execute(t, p.Src, "CREATE DATABASE emptied", "CREATE TABLE emptied.loose (n INT)", "INSERT INTO emptied.loose VALUES (1),(2),(3)",
				"CREATE TABLE emptied.other (n INT)", "INSERT INTO emptied.other VALUES (1)")
			source := p.Src.Session(t)
			execute(t, source, "LOCK TABLES emptied.loose WRITE")
			s.Daemon()
			s.Env = append(s.Env, "TIDEGATE_FAULT=ddl-intended:1:4s")
			s.Agent("one")
			s.Apply(s.Write("p.hcl", p.File("objects {\n    database \"emptied\" {}\n  }")))
			s.InState(limit, "p", run.Copying)
			execute(t, source, "TRUNCATE TABLE emptied.loose")
			execute(t, source, "INSERT INTO emptied.loose VALUES (4),(5)"+strings.Repeat(",(6)", 50))
			st, _ := s.Status("p")
			s.Until(limit, "the TRUNCATE to be intended", func() (bool, string) {
				n := site.Value(t, p.Dst, fmt.Sprintf("SELECT COUNT(*) FROM _tidegate.intent WHERE run = '%s' AND seq > 0", st.Run))
				return n != "0", n + " intents"
			})
			execute(t, source, "UNLOCK TABLES") // the copy reads now
			s.CaughtUpTo(t, p)
			site.Equal(t, p, "emptied", "emptied")
		})
	}
}
