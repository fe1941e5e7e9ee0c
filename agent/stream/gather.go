package stream

import (
	"errors"
	"net"
	"syscall"
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
// window again. Then nothing waits until a read gives little and shortly after
// there is little too. That look belongs to the same read, since whoever waits for
// one is woken up by its end, and whom they hand it to after them.
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
	raw  syscall.RawConn
	on   bool
	far  bool          // from the log's end
	pace *rate.Limiter // of reads near it
	next time.Time     // not before this is read again
}

// newGatherer takes what a net.Dialer gives: a connection with a file descriptor.
func newGatherer(c net.Conn) (*gatherer, error) {
	raw, err := c.(syscall.Conn).SyscallConn()
	return &gatherer{Conn: c, raw: raw, pace: rate.NewLimiter(rate.Every(gatherTime), gatherBurst)}, err
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
	if much := n >= plenty; err == nil && n < len(b) && much != g.far {
		time.Sleep(refill)
		var more int
		more, err = g.readNow(b[n:])
		n += more
		g.far = more >= plenty
	}
	g.far = g.far || n == len(b)
	g.next = time.Time{}
	if now := time.Now(); !g.far {
		g.next = now.Add(max(gatherLeast, g.pace.ReserveN(now, 1).DelayFrom(now)))
	}
	return n, err
}

// readNow reads what is there already. The connection's end it leaves to the next
// read.
func (g *gatherer) readNow(b []byte) (int, error) {
	n, failed := 0, error(nil)
	err := g.raw.Read(func(fd uintptr) bool {
		n, failed = syscall.Read(int(fd), b)
		return true
	})
	if failed == syscall.EAGAIN || failed == syscall.EINTR {
		n, failed = 0, nil
	}
	return max(n, 0), errors.Join(err, failed)
}
