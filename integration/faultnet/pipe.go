package faultnet

import (
	"bytes"
	"net"
	"slices"
	"sync"
	"time"
)

const (
	noCut     = int64(-1)
	readBytes = 32 << 10
	queueLen  = 64 // chunks in flight; beyond it the sender feels the stall
)

// pipe is one direction of a connection. A reader stamps what arrives, a writer
// forwards it when its time has come, so latency does not cost throughput.
type pipe struct {
	conn      *Conn
	direction Direction
	from, to  net.Conn
	queue     chan chunk

	mu       sync.Mutex // guards the faults; held shortly, never while forwarding
	changed  chan struct{}
	cutAfter int64 // bytes still to pass; noCut: no limit
	stalled  bool
	delay    time.Duration
	dropping bool
	triggers []*trigger
}

type chunk struct {
	data    []byte
	arrived time.Time
}

func newPipe(c *Conn, d Direction, from, to net.Conn) *pipe {
	return &pipe{conn: c, direction: d, from: from, to: to,
		queue: make(chan chunk, queueLen), changed: make(chan struct{}), cutAfter: noCut}
}

// change sets a fault and wakes the writer.
func (p *pipe) change(set func(*pipe)) {
	p.mu.Lock()
	defer p.mu.Unlock()
	set(p)
	close(p.changed)
	p.changed = make(chan struct{})
}

func (p *pipe) run() {
	var both sync.WaitGroup
	both.Go(p.read)
	both.Go(p.write)
	both.Wait()
}

func (p *pipe) read() {
	defer close(p.queue)
	for {
		buf := make([]byte, readBytes)
		n, err := p.from.Read(buf)
		if n > 0 {
			select {
			case p.queue <- chunk{data: buf[:n], arrived: time.Now()}:
			case <-p.conn.ended:
				return
			}
		}
		if err != nil {
			return
		}
	}
}

// write forwards chunks, then passes the end of the stream on: the other
// direction may still be busy.
func (p *pipe) write() {
	for c := range p.queue {
		if !p.forward(c) {
			return
		}
	}
	if p.hold(time.Now()) {
		p.to.(*net.TCPConn).CloseWrite()
	}
}

// forward passes one chunk on under the faults of this moment, and reports
// whether the connection still stands.
func (p *pipe) forward(c chunk) bool {
	if !p.hold(c.arrived) {
		return false
	}
	p.fire(c.data)
	data, dropped, cut := p.cutShort(c.data)
	if dropped {
		p.conn.proxy.count(func(s *Stats) { s.Dropped += int64(len(data)) })
	} else if len(data) > 0 {
		n, err := p.to.Write(data)
		p.conn.proxy.count(func(s *Stats) { s.Bytes[p.direction] += int64(n) })
		if err != nil {
			p.conn.abort()
			return false
		}
	}
	if cut {
		p.drain()
		p.conn.Cut()
	}
	return !cut
}

// drain lets the peer read what was forwarded before a reset would discard it.
// A kernel drops unread data on RST, and "after n bytes" shall mean n arrived.
func (p *pipe) drain() {
	select {
	case <-time.After(20 * time.Millisecond):
	case <-p.conn.ended:
	}
}

// hold waits until a chunk's latency is over and nothing stalls it. It returns
// false when the connection has ended meanwhile.
func (p *pipe) hold(arrived time.Time) bool {
	for {
		p.mu.Lock()
		stalled, wait, changed := p.stalled, time.Until(arrived.Add(p.delay)), p.changed
		p.mu.Unlock()
		var due <-chan time.Time
		if !stalled {
			if wait <= 0 {
				return true
			}
			due = time.After(wait)
		}
		select {
		case <-due:
		case <-changed:
		case <-p.conn.ended:
			return false
		}
	}
}

// cutShort takes what may still pass of data.
func (p *pipe) cutShort(data []byte) (rest []byte, dropped, cut bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.cutAfter == noCut {
		return data, p.dropping, false
	}
	if int64(len(data)) >= p.cutAfter {
		return data[:p.cutAfter], p.dropping, true
	}
	p.cutAfter -= int64(len(data))
	return data, p.dropping, false
}

// trigger waits for a pattern in the stream.
type trigger struct {
	pattern []byte
	action  func()
	tail    []byte // the end of what passed, shorter than the pattern
}

// seen reports whether the pattern ends in data.
func (t *trigger) seen(data []byte) bool {
	t.tail = append(t.tail, data...)
	if bytes.Contains(t.tail, t.pattern) {
		return true
	}
	keep := min(len(t.tail), len(t.pattern)-1)
	t.tail = slices.Clone(t.tail[len(t.tail)-keep:])
	return false
}

// fire runs the actions whose pattern data completes, outside the lock: they
// set faults.
func (p *pipe) fire(data []byte) {
	var actions []func()
	p.mu.Lock()
	p.triggers = slices.DeleteFunc(p.triggers, func(t *trigger) bool {
		if !t.seen(data) {
			return false
		}
		actions = append(actions, t.action)
		return true
	})
	p.mu.Unlock()
	for _, action := range actions {
		action()
	}
}
