package stream

import (
	"cmp"
	"net"
	"os"
	"syscall"
	"time"

	"golang.org/x/time/rate"
)

// Near the log's end a source sends every event by itself, and reading each as it
// comes wakes half a dozen parties for a few hundred bytes. So after a read that
// gave little, the next waits for plenty: for as much as is worth reading, but no
// longer than a moment, which under a steady load, that uses the burst up, is
// gatherTime.
//
// Bytes alone tell nothing of how far the end is: what has been read may be all
// that a window lets the source send. Only the kernel knows when the source has
// filled it, so it is the kernel that waits (SO_RCVLOWAT, socket(7)): it wakes the
// reader for plenty and for a full window, and makes the window no smaller.
const (
	gatherTime  = 50 * time.Millisecond
	gatherBurst = 8                    // pieces that are read at once after silence
	gatherLeast = 2 * time.Millisecond // between two of them: a transaction's events come one by one
	plenty      = readBuffer           // bytes
)

// gatherer is a connection that is read in larger pieces once on is set. It is
// the socket itself, below TLS, which gives one record at a time. Its deadlines
// are set by the goroutine that reads.
type gatherer struct {
	net.Conn
	on       bool
	pace     *rate.Limiter   // of reads that give little
	next     time.Time       // not before this is little read
	deadline time.Time       // of reads, as its user set it
	socket   syscall.RawConn // nil if its kind has no low-water mark: then only gatherLeast is waited
}

func newGatherer(c net.Conn) *gatherer {
	g := &gatherer{Conn: c, pace: rate.NewLimiter(rate.Every(gatherTime), gatherBurst)}
	if tcp, ok := c.(*net.TCPConn); ok {
		g.socket, _ = tcp.SyscallConn() // it fails for a connection that is nil
	}
	return g
}

// Read implements net.Conn.
func (g *gatherer) Read(b []byte) (int, error) {
	if !g.on {
		return g.Conn.Read(b)
	}
	if time.Until(g.next) > 0 {
		if err := g.gather(); err != nil {
			return 0, err
		}
	}
	n, err := g.Conn.Read(b)
	g.next = time.Time{}
	if n < len(b) && n < plenty {
		now := time.Now()
		g.next = now.Add(max(gatherLeast, g.pace.ReserveN(now, 1).DelayFrom(now)))
	}
	return n, err
}

// gather returns when plenty is there, or the moment is over, or the connection:
// the next read tells which.
func (g *gatherer) gather() error {
	if g.socket == nil {
		time.Sleep(gatherLeast)
		return nil
	}
	until := g.next
	if !g.deadline.IsZero() && g.deadline.Before(until) {
		until = g.deadline
	}
	if err := g.Conn.SetReadDeadline(until); err != nil {
		return err
	}
	var noMark error
	waits := false
	g.socket.Read(func(fd uintptr) (done bool) {
		if !waits {
			noMark = lowWater(fd, plenty)
			waits = noMark == nil
			return !waits
		}
		return true
	})
	if noMark != nil { // not a kernel that has it
		g.socket = nil
		return g.Conn.SetReadDeadline(g.deadline)
	}
	var err error
	if gone := g.socket.Control(func(fd uintptr) { err = lowWater(fd, 1) }); gone != nil || err != nil {
		return cmp.Or(gone, err)
	}
	return g.Conn.SetReadDeadline(g.deadline)
}

// lowWater sets how many bytes make a socket readable.
func lowWater(fd uintptr, bytes int) error {
	return os.NewSyscallError("setsockopt", syscall.SetsockoptInt(int(fd), syscall.SOL_SOCKET, syscall.SO_RCVLOWAT, bytes))
}

// SetReadDeadline implements net.Conn.
func (g *gatherer) SetReadDeadline(t time.Time) error {
	g.deadline = t
	return g.Conn.SetReadDeadline(t)
}

// SetDeadline implements net.Conn.
func (g *gatherer) SetDeadline(t time.Time) error {
	g.deadline = t
	return g.Conn.SetDeadline(t)
}
