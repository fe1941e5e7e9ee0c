package crash

import (
	"fmt"
	"os"
	"strings"
	"testing"

	"github.com/tidegate-io/tidegate/integration/dbtest"
	"github.com/tidegate-io/tidegate/integration/site"
	"github.com/tidegate-io/tidegate/internal/run"
)

// TestPoints kills the agent at every named point of copy, stream and DDL, one
// after the other in one run.
func TestPoints(t *testing.T) {
	for _, flavor := range []dbtest.Flavor{dbtest.MySQL, dbtest.MariaDB} {
		t.Run(string(flavor), func(t *testing.T) {
			r := newRig(t, site.SharedPair(t, flavor, flavor), "points", 6000)
			r.write()
			r.daemon = r.Daemon("--lease", "3s")
			agent := r.start("one", "chunk-read:3")
			r.Apply(r.Write("p.hcl", r.file(slow)))
			r.dies(agent, "chunk-read")
			for _, point := range []string{"chunk-written:2", "chunk-committed:3", "lane-committed:2"} {
				r.dies(r.start("one", point), point)
			}
			for _, point := range []string{"lane-ledger", "lane-commit", "lane-committed"} {
				what := fmt.Sprintf("%s:%d", point, 1+r.random.IntN(15))
				r.dies(r.start("one", what), what)
			}
			for i, point := range []string{"barrier-drained", "ddl-intended", "ddl-run"} {
				agent = r.start("one", fmt.Sprintf("%s:%d", point, 1+r.random.IntN(3)))
				site.Execute(t, r.Src, fmt.Sprintf("ALTER TABLE points.evolving ADD COLUMN at%d INT NOT NULL DEFAULT %d", i, i), fmt.Sprintf("UPDATE points.evolving SET at%d = id", i),
					"RENAME TABLE points.words TO points.aside, points.journal TO points.words, points.aside TO points.journal",
					"RENAME TABLE points.words TO points.aside, points.journal TO points.words, points.aside TO points.journal")
				r.dies(agent, point)
			}
			r.start("one")
			r.caught()
			r.settle("points of copy, stream and DDL")
		})
	}
}

// TestPanic lets one of two runs panic in a stage: it stops with the stack in
// the log, the other goes on, and a retry takes the first up where it was.
func TestPanic(t *testing.T) {
	r := newRig(t, site.SharedPair(t, dbtest.MySQL, dbtest.MySQL), "panics", 300)
	other := newRig(t, r.Pair, "calm", 300)
	other.Site = r.Site
	r.write()
	r.daemon = r.Daemon("--lease", "3s")
	agent := r.start("one", "lane-ledger:60:panic")
	r.Apply(r.Write("p.hcl", r.file("")))
	r.Apply(r.Write("q.hcl", strings.NewReplacer(`"p"`, `"q"`, `"old"`, `"old2"`, `.old`, `.old2`, `"new"`, `"new2"`, `.new`, `.new2`).Replace(other.file(""))))
	var bad string
	r.Until(limit, "one run to panic", func() (bool, string) {
		p, _ := r.Status("p")
		q, _ := r.Status("q")
		switch {
		case p.State == run.Errored:
			bad = "p"
		case q.State == run.Errored:
			bad = "q"
		}
		return bad != "", string(p.State + " " + q.State)
	})
	st, _ := r.Status(bad)
	if st.Error == nil || st.Error.Code != "panic" || st.Error.Remedy == "" {
		t.Errorf("the panic is told as %+v", st.Error)
	}
	log, err := os.ReadFile(agent.Log)
	if err != nil || !strings.Contains(string(log), "a stage of the run panicked") || !strings.Contains(string(log), "packet.go") {
		t.Errorf("the log has no stack: %v", err)
	}
	select {
	case <-agent.Done:
		t.Fatal("the whole agent ended")
	default:
	}
	good := map[string]string{"p": "q", "q": "p"}[bad]
	r.InState(limit, good, run.CaughtUp)
	r.Must("retry", bad)
	r.InState(limit, bad, run.CaughtUp)
	r.settle("a panic")
	site.Equal(t, r.Pair, "calm", "calm")
}
