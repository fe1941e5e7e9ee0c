package control

import (
	"context"
	"sync"
	"time"

	"github.com/tidegate-io/tidegate/daemon/store"
)

// bells tell agents that what they shall run has changed, so that an operator's
// word does not wait for the next report. They carry nothing: an agent that
// missed one learns the same at its next Sync.
type bells struct {
	first uint64 // another one for every process: a count of an earlier daemon is never taken for ours

	mu   sync.Mutex // guards all below
	rung map[string]uint64
	next map[string]chan struct{} // closed at the agent's next ring
}

func newBells(now time.Time) *bells {
	return &bells{first: uint64(now.UnixNano()), rung: map[string]uint64{}, next: map[string]chan struct{}{}}
}

func (b *bells) ring(agent string) {
	if agent == "" {
		return
	}
	b.mu.Lock()
	defer b.mu.Unlock()
	b.rung[agent]++
	if c := b.next[agent]; c != nil {
		close(c)
		delete(b.next, agent)
	}
}

// at returns how often the agent's bell has rung, and a channel that is closed
// at the next time.
func (b *bells) at(agent string) (uint64, <-chan struct{}) {
	b.mu.Lock()
	defer b.mu.Unlock()
	c := b.next[agent]
	if c == nil {
		c = make(chan struct{})
		b.next[agent] = c
	}
	return b.first + b.rung[agent], c
}

// ringFor rings for what a commit changes of a run that its agent must know.
func (b *bells) ringFor(before, after store.Run) {
	if before.Agent != after.Agent {
		b.ring(before.Agent)
		b.ring(after.Agent)
	} else if before.Epoch != after.Epoch || before.Version != after.Version || before.Mode != after.Mode || before.Want != after.Want {
		b.ring(after.Agent)
	}
}

// Await returns when what an agent shall run may have changed since seen was
// returned, at the latest when ctx ends.
func (c *Control) Await(ctx context.Context, agent string, seen uint64) uint64 {
	for {
		n, next := c.bells.at(agent)
		if n != seen {
			return n
		}
		select {
		case <-ctx.Done():
			return n
		case <-next:
		}
	}
}
