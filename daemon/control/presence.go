package control

import (
	"context"
	"sync"
	"time"

	"github.com/tidegate-io/tidegate/daemon/store"
)

// presence is when agents were last heard of. It has a lock of its own: an
// agent that calls is alive however long its call waits here, so that a daemon
// that is slow does not take runs from agents that are well.
type presence struct {
	mu       sync.Mutex
	seen     map[string]time.Time // by agent; absent: it took its leave
	instance map[string]string
}

// newPresence gives all known agents a lease from now on: they could not report
// to a daemon that was away.
func newPresence(agents map[string]store.Agent, now time.Time) *presence {
	p := &presence{seen: map[string]time.Time{}, instance: map[string]string{}}
	for id, a := range agents {
		p.seen[id], p.instance[id] = now, a.Instance
	}
	return p
}

// registered notes a new process of an agent.
func (p *presence) registered(agent, instance string, now time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	p.seen[agent], p.instance[agent] = now, instance
}

// heard notes a call of the agent's present process.
func (p *presence) heard(agent, instance string, now time.Time) {
	p.mu.Lock()
	defer p.mu.Unlock()
	if p.instance[agent] == instance {
		p.seen[agent] = now
	}
}

// left notes that an agent has said goodbye.
func (p *presence) left(agent string) {
	p.mu.Lock()
	defer p.mu.Unlock()
	delete(p.seen, agent)
}

func (p *presence) at(agent string) (time.Time, bool) {
	p.mu.Lock()
	defer p.mu.Unlock()
	at, ok := p.seen[agent]
	return at, ok
}

// mutex is a lock that a caller can give up waiting for: a call whose caller has
// gone must not stand in the way of those that wait behind it.
type mutex chan struct{}

func newMutex() mutex { return make(mutex, 1) }

func (m mutex) Lock()   { m <- struct{}{} }
func (m mutex) Unlock() { <-m }

// LockOr locks unless ctx ends first.
func (m mutex) LockOr(ctx context.Context) error {
	if err := ctx.Err(); err != nil {
		return err
	}
	select {
	case m <- struct{}{}:
		return nil
	case <-ctx.Done():
		return ctx.Err()
	}
}
