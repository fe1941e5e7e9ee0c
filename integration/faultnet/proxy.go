package faultnet

import (
	"fmt"
	"net"
	"slices"
	"sync"
	"testing"
	"time"
)

// Direction is which way bytes travel.
type Direction int

// The two directions, named by where the bytes go.
const (
	ToServer Direction = iota
	ToClient
)

var directions = [...]Direction{ToServer, ToClient}

// Stats counts what a proxy has seen since it was made.
type Stats struct {
	Accepted int      // connections that were given to the upstream
	Refused  int      // connections reset at once
	Cut      int      // connections cut by a fault
	Bytes    [2]int64 // forwarded, by Direction
	Dropped  int64    // swallowed by DropAnswers
}

// Proxy forwards connections from Addr to its upstream.
type Proxy struct {
	listener net.Listener
	work     sync.WaitGroup // the accept loop and every connection

	mu       sync.Mutex // guards what follows; taken before a pipe's own
	upstream string
	conns    []*Conn
	refuse   bool
	closed   bool
	stats    Stats
	faults   []func(*Conn) // lasting faults, set on every new connection
	onConn   func(*Conn)
}

// Listen makes a proxy on a free loopback port and closes it with the test.
func Listen(t testing.TB, upstream string) *Proxy {
	t.Helper()
	p, err := New(upstream)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(p.Close)
	return p
}

// New makes a proxy on a free loopback port. The caller closes it.
func New(upstream string) (*Proxy, error) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		return nil, fmt.Errorf("listen for %s: %w", upstream, err)
	}
	p := &Proxy{listener: l, upstream: upstream}
	p.work.Go(p.accept)
	return p, nil
}

// Addr is where clients connect, host:port.
func (p *Proxy) Addr() string { return p.listener.Addr().String() }

// Close ends the proxy and all connections, and waits for both.
func (p *Proxy) Close() {
	p.mu.Lock()
	p.closed = true
	p.mu.Unlock()
	p.listener.Close()
	for _, c := range p.Conns() {
		c.abort()
	}
	p.work.Wait()
}

func (p *Proxy) accept() {
	for {
		client, err := p.listener.Accept()
		if err != nil {
			return // closed
		}
		p.work.Go(func() { p.serve(client) })
	}
}

func (p *Proxy) serve(client net.Conn) {
	p.mu.Lock()
	refuse, upstream := p.refuse || p.closed, p.upstream
	p.mu.Unlock()
	var server net.Conn
	var err error
	if !refuse {
		server, err = net.DialTimeout("tcp", upstream, 10*time.Second)
	}
	if refuse || err != nil { // an upstream that is down looks like a refusal
		p.count(func(s *Stats) { s.Refused++ })
		reset(client)
		return
	}
	c := newConn(p, client, server)
	if !p.add(c) {
		c.abort()
		return
	}
	c.run()
	p.remove(c)
}

// add takes a connection in and sets the lasting faults on it, before a byte
// has passed.
func (p *Proxy) add(c *Conn) bool {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.closed || p.refuse {
		return false
	}
	p.conns = append(p.conns, c)
	p.stats.Accepted++
	for _, fault := range p.faults {
		fault(c)
	}
	if p.onConn != nil {
		p.onConn(c)
	}
	return true
}

func (p *Proxy) remove(c *Conn) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.conns = slices.DeleteFunc(p.conns, func(other *Conn) bool { return other == c })
}

func (p *Proxy) count(change func(*Stats)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	change(&p.stats)
}

// Conns are the open connections, oldest first.
func (p *Proxy) Conns() []*Conn {
	p.mu.Lock()
	defer p.mu.Unlock()
	return slices.Clone(p.conns)
}

// Stats returns a copy of the counters.
func (p *Proxy) Stats() Stats {
	p.mu.Lock()
	defer p.mu.Unlock()
	return p.stats
}
