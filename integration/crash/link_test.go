package crash

import (
	"fmt"
	"testing"
	"time"

	"github.com/tidegate-io/tidegate/integration/dbtest"
	"github.com/tidegate-io/tidegate/integration/faultnet"
	"github.com/tidegate-io/tidegate/integration/site"
	"github.com/tidegate-io/tidegate/internal/run"
)

// commit is the statement as it passes: READ-COMMITTED is in every greeting.
const commit = "\x03COMMIT"

// TestLostAnswers loses the answers to COMMIT, in the copy and in the stream:
// what was committed is neither repeated nor left out.
func TestLostAnswers(t *testing.T) {
	for _, flavor := range []dbtest.Flavor{dbtest.MySQL, dbtest.MariaDB} {
		t.Run(string(flavor), func(t *testing.T) {
			r := newRig(t, site.SharedPair(t, flavor, flavor), "answers", 2000)
			r.begin(slow)
			r.InState(limit, "p", run.Copying)
			copied := r.target.LoseAnswers(commit, 12)
			r.caught()
			r.target.Heal()
			lost := r.target.LoseAnswers(commit, 8)
			r.Until(limit, "answers to get lost", func() (bool, string) { n := lost.Load(); return n >= 8, fmt.Sprint(n) })
			r.target.Heal()
			if copied.Load() < 12 {
				t.Errorf("%d answers got lost in the copy", copied.Load())
			}
			r.caught()
			r.settle("lost answers")
		})
	}
}

// TestLinks cuts, stalls, delays and refuses on each link, at random moments of
// copy and stream.
func TestLinks(t *testing.T) {
	r := newRig(t, site.SharedPair(t, dbtest.MySQL, dbtest.MySQL), "links", 4000)
	r.begin(slow)
	r.InState(limit, "p", run.Copying)
	for range 4 {
		r.nap(time.Second)
		t.Log("in the copy:", r.breakLink())
	}
	r.caught()
	for range 8 {
		r.nap(500 * time.Millisecond)
		t.Log("in the stream:", r.breakLink())
	}
	r.caught()
	r.settle("faults of links")
}

// breakLink breaks one link in one way, and mends it.
func (r *rig) breakLink() string {
	name := []string{"source", "target", "daemon"}[r.random.IntN(3)]
	link := map[string]*faultnet.Proxy{"source": r.source, "target": r.target, "daemon": r.control}[name]
	n := r.random.Int64N(200_000)
	what := ""
	switch r.random.IntN(6) {
	case 0:
		what = "cut"
		link.Cut()
	case 1:
		what = fmt.Sprintf("cut after %d bytes to the server", n)
		link.CutAfter(faultnet.ToServer, n)
	case 2:
		what = fmt.Sprintf("cut after %d bytes to us", n)
		link.CutAfter(faultnet.ToClient, n)
	case 3:
		what = "stall"
		link.Stall()
	case 4:
		what = "delay"
		link.Delay(100 * time.Millisecond)
	case 5:
		what = "cut and refuse"
		link.Refuse(true)
		link.Cut()
	}
	r.nap(2 * time.Second)
	link.Heal()
	return name + ": " + what
}

// TestTwoOwners stops an agent for longer than its lease. Another one takes the
// run over; the first wakes up with work in its hands, and must not do it.
func TestTwoOwners(t *testing.T) {
	r := newRig(t, site.SharedPair(t, dbtest.MySQL, dbtest.MySQL), "owners", 4000)
	r.begin(slow)
	r.Reach(limit, "p", "the copy under way", func(st site.Status) bool {
		rows, _ := st.Copied()
		return st.State == run.Copying && rows > 1000
	})
	agents := map[string]*site.Child{"one": r.agent, "two": r.start("two")}
	owner, other := "one", "two"
	for range 3 { // once in the copy, then in the stream
		r.nap(time.Second)
		freeze(t, agents[owner])
		r.Reach(limit, "p", "taken over", func(st site.Status) bool {
			return st.Agent == other && (st.State == run.Copying || st.State == run.CatchingUp || st.State == run.CaughtUp)
		})
		r.nap(500 * time.Millisecond)
		thaw(t, agents[owner])
		r.caught()
		owner, other = other, owner
	}
	r.settle("two owners")
}
