package stream

import (
	"net"
	"time"

	"golang.org/x/time/rate"
)

// Near the log's end a source sends every event by itself, and reading each as it
// comes wakes half a dozen parties for a few hundred bytes. So after little was
// read, what comes within a moment is read together; under a steady load, which
// uses the burst up, the moment is gatherTime.
//
// What is far from the end comes in plenty. Much in one read does not tell it from
// what a steady load has left in a moment: a window may let a source send no more
// than that. What is there shortly after does: an unfinished source has filled the
// window again. Then nothing waits until a read gives little and the one shortly
// after it too.
const (
	gatherTime  = 50 * time.Millisecond
	gatherBurst = 8                    // pieces that are read at once after silence
	gatherLeast = 2 * time.Millisecond // between two of them: a transaction's events come one by one
	refill      = time.Millisecond     // in which a source that has more sends plenty
	plenty      = 16 << 10             // bytes
)

// gatherer is a connection that is read in larger pieces once on is set. It is
// the socket itself, below TLS, which gives one record at a time.
type gatherer struct {
	net.Conn
	on   bool
	pace *rate.Limiter // of reads that give little
	next time.Time     // not before this is read again
	mode mode
}

type mode int

const (
	live mode = iota // little comes, or a moment's much
	look             // the next read tells which
	far              // far from the end
)

func newGatherer(c net.Conn) *gatherer {
	return &gatherer{Conn: c, pace: rate.NewLimiter(rate.Every(gatherTime), gatherBurst)}
}

// Read implements net.Conn.
func (g *gatherer) Read(b []byte) (int, error) {
	if !g.on {
		return g.Conn.Read(b)
	}
	if wait := time.Until(g.next); wait > 0 {
		time.Sleep(wait)
	}
	n, err := g.Conn.Read(b)
	g.pause(n == len(b), n >= plenty)
	return n, err
}

// pause decides how long to wait after a read that gave all it could take, or
// plenty, or neither.
func (g *gatherer) pause(full, much bool) {
	now := time.Now()
	switch {
	case full, much && g.mode != live:
		g.mode, g.next = far, time.Time{}
	case much, g.mode == far:
		g.mode, g.next = look, now.Add(refill)
	default:
		g.mode, g.next = live, now.Add(max(gatherLeast, g.pace.ReserveN(now, 1).DelayFrom(now)))
	}
}
