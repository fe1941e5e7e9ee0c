package stream

import (
	"net"
	"time"
)

// Near the log's end a source sends every event by itself, and reading each as it
// comes wakes half a dozen parties for a few hundred bytes. So after little was
// read, what comes within a moment is read together. What is far from the end
// comes in plenty, and is not waited for.
const (
	gatherTime = 10 * time.Millisecond
	plenty     = 16 << 10 // bytes
)

// gatherer is a connection that is read in larger pieces once on is set. It is
// the socket itself, below TLS, which gives one record at a time.
type gatherer struct {
	net.Conn
	on   bool
	next time.Time // not before this is read again
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
	if n < len(b) && n < plenty {
		g.next = time.Now().Add(gatherTime)
	} else {
		g.next = time.Time{}
	}
	return n, err
}
