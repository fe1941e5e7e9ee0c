package pipeline

import (
	"slices"
	"time"

	"github.com/tidegate-io/tidegate/internal/change"
)

// gauge measures how far the target is behind, by the agent's clock alone: it is
// told now and then what the source has logged, and how long it takes until that
// is on the target is the lag. The time of transactions that are under way would
// not do: one that waits in the network has none yet, and the source's clock may
// be wrong.
type gauge struct {
	ahead  []loggedAt // not on the target yet, oldest first
	passed bool       // one has come there since the run's session began
	took   time.Duration
}

type loggedAt struct {
	set *change.Set
	at  time.Time
}

// mostAhead bounds the samples that are kept for a target that is far behind.
const mostAhead = 64

// note adds what the source had logged at a moment.
func (g *gauge) note(set *change.Set, at time.Time) {
	if len(g.ahead) == mostAhead {
		odd := false
		g.ahead = slices.DeleteFunc(g.ahead, func(loggedAt) bool { odd = !odd; return !odd })
	}
	g.ahead = append(g.ahead, loggedAt{set, at})
}

// pass takes what is on the target off; it is exact if it is asked whenever more
// comes there.
func (g *gauge) pass(applied func(*change.Set) bool, now time.Time) {
	for len(g.ahead) > 0 && applied(g.ahead[0].set) {
		g.passed, g.took = true, now.Sub(g.ahead[0].at)
		g.ahead = g.ahead[1:]
	}
}

// lag is how old the oldest change is that is not on the target: exactly 0 if none
// is known of. Before anything has passed only the source's own time of it tells,
// its oldest that is under way; it is not known if there is none.
func (g *gauge) lag(oldest, now time.Time) (lag time.Duration, known bool) {
	switch {
	case len(g.ahead) == 0:
		return 0, true
	case g.passed:
		lag = g.took
	case oldest.IsZero():
		return 0, false
	default:
		lag = now.Sub(oldest)
	}
	return max(lag, now.Sub(g.ahead[0].at), time.Millisecond), true
}
