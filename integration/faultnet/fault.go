package faultnet

import (
	"sync/atomic"
	"time"
)

// each sets a fault on all open connections and on those to come.
func (p *Proxy) each(fault func(*Conn)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.faults = append(p.faults, fault)
	for _, c := range p.conns {
		fault(c)
	}
}

// SetUpstream sends new connections to another address, as a failover does.
func (p *Proxy) SetUpstream(addr string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.upstream = addr
}

// OnConn has f called with every new connection before a byte has passed. f may
// set faults on the connection, but not call the proxy.
func (p *Proxy) OnConn(f func(*Conn)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.onConn = f
}

// Refuse resets new connections at once; Refuse(false) lets them in again. Open
// ones stay.
func (p *Proxy) Refuse(refuse bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.refuse = refuse
}

// Cut resets every open connection on both sides.
func (p *Proxy) Cut() {
	for _, c := range p.Conns() {
		c.Cut()
	}
}

// CutAfter cuts every connection, open or new, after n more bytes in a
// direction.
func (p *Proxy) CutAfter(d Direction, n int64) { p.each(func(c *Conn) { c.CutAfter(d, n) }) }

// Stall holds back all bytes, both ways, on open and new connections: a network
// that eats packets. New connections are still accepted, as by a kernel whose
// program hangs.
func (p *Proxy) Stall() {
	p.each(func(c *Conn) {
		for _, d := range directions {
			c.Stall(d)
		}
	})
}

// Delay adds latency each way.
func (p *Proxy) Delay(latency time.Duration) { p.each(func(c *Conn) { c.Delay(latency) }) }

// LoseAnswers lets a pattern reach the server and its answer get lost with the
// connection, on up to n connections, each at the pattern's next coming. It counts
// them, and those that came later.
func (p *Proxy) LoseAnswers(pattern string, n int64) *atomic.Int64 {
	lost := new(atomic.Int64)
	p.each(func(c *Conn) { c.On(ToServer, pattern, func() { c.loseAnswer(lost, n) }) })
	return lost
}

func (c *Conn) loseAnswer(lost *atomic.Int64, n int64) {
	if lost.Add(1) > n {
		return
	}
	c.DropAnswers()
	time.AfterFunc(50*time.Millisecond, c.Cut) // by then the server has carried it out
}

// LoseAnswersAfter is LoseAnswers for the pattern's next coming behind another one.
func (p *Proxy) LoseAnswersAfter(first, pattern string, n int64) *atomic.Int64 {
	lost := new(atomic.Int64)
	p.each(func(c *Conn) {
		c.On(ToServer, first, func() { c.On(ToServer, pattern, func() { c.loseAnswer(lost, n) }) })
	})
	return lost
}

// Heal takes back every fault set on the proxy or on open connections and lets
// stalled bytes go. What was cut or swallowed stays lost.
func (p *Proxy) Heal() {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.faults, p.refuse = nil, false
	for _, c := range p.conns {
		c.Heal()
	}
}

// CutAfter cuts the connection after n more bytes in a direction; exactly n are
// forwarded.
func (c *Conn) CutAfter(d Direction, n int64) {
	c.pipes[d].change(func(p *pipe) { p.cutAfter = n })
}

// Stall holds back the bytes of one direction until Resume.
func (c *Conn) Stall(d Direction) { c.pipes[d].change(func(p *pipe) { p.stalled = true }) }

// Resume lets held back bytes go.
func (c *Conn) Resume(d Direction) { c.pipes[d].change(func(p *pipe) { p.stalled = false }) }

// Delay adds latency each way to the connection.
func (c *Conn) Delay(latency time.Duration) {
	for _, d := range directions {
		c.pipes[d].change(func(p *pipe) { p.delay = latency })
	}
}

// DropAnswers swallows what the server sends from now on.
func (c *Conn) DropAnswers() { c.pipes[ToClient].change(func(p *pipe) { p.dropping = true }) }

// On runs an action once, when the pattern has been seen in a direction, even
// split over reads, and before its last byte is forwarded. The action may set
// faults on this connection or cut it.
func (c *Conn) On(d Direction, pattern string, action func()) {
	c.pipes[d].change(func(p *pipe) { p.triggers = append(p.triggers, &trigger{pattern: []byte(pattern), action: action}) })
}

// Heal takes back every fault set on the connection.
func (c *Conn) Heal() {
	for _, d := range directions {
		c.pipes[d].change(func(p *pipe) {
			p.cutAfter, p.stalled, p.delay, p.dropping, p.triggers = noCut, false, 0, false, nil
		})
	}
}
