package faultnet

import (
	"net"
	"sync"
)

// Conn is one proxied connection.
type Conn struct {
	proxy          *Proxy
	client, server net.Conn
	pipes          [2]*pipe // by Direction
	ended          chan struct{}
	endOnce        sync.Once
}

func newConn(p *Proxy, client, server net.Conn) *Conn {
	c := &Conn{proxy: p, client: client, server: server, ended: make(chan struct{})}
	c.pipes[ToServer] = newPipe(c, ToServer, client, server)
	c.pipes[ToClient] = newPipe(c, ToClient, server, client)
	return c
}

// run forwards until both directions have ended.
func (c *Conn) run() {
	var both sync.WaitGroup
	for _, p := range c.pipes {
		both.Go(p.run)
	}
	both.Wait()
	c.end(func(conn net.Conn) { conn.Close() })
}

// Cut resets the connection on both sides: each sees "connection reset by
// peer", not an orderly end.
func (c *Conn) Cut() {
	if c.abort() {
		c.proxy.count(func(s *Stats) { s.Cut++ })
	}
}

// abort resets both sides, and reports whether they were open.
func (c *Conn) abort() bool { return c.end(reset) }

func (c *Conn) end(shut func(net.Conn)) (wasOpen bool) {
	c.endOnce.Do(func() {
		wasOpen = true
		close(c.ended)
		shut(c.client)
		shut(c.server)
	})
	return wasOpen
}

// reset closes with RST instead of FIN.
func reset(conn net.Conn) {
	if tcp, ok := conn.(*net.TCPConn); ok {
		tcp.SetLinger(0)
	}
	conn.Close()
}
