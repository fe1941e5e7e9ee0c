package change

import (
	"context"
	"sync"
)

// Queue hands transactions from the reader of a log to whoever applies them, in
// order and bounded in bytes. One goroutine puts and one gets.
//
// What was taken out still counts until it is released, so the bytes cover what
// the consumer has in hand as well: it must release a batch when it is
// committed, and a part of a large transaction as soon as it is executed.
type Queue struct {
	budget int

	queueMu sync.Mutex // guards what follows
	items   []*Txn
	head    int
	held    int  // bytes put and not yet released
	hungry  bool // somebody waits in Get

	filled chan struct{} // something was put
	freed  chan struct{} // something was released, or somebody became hungry
}

// NewQueue returns an empty queue that holds about budget bytes.
func NewQueue(budget int) *Queue {
	return &Queue{budget: budget, filled: make(chan struct{}, 1), freed: make(chan struct{}, 1)}
}

// Put appends a transaction, and waits for room as long as the budget is used
// up. A single transaction above the budget is let in when nothing else is
// held; so is the next part of a transaction whose consumer waits for it while
// it still holds the parts before.
func (q *Queue) Put(ctx context.Context, t *Txn) error {
	for {
		if q.offer(t) {
			notify(q.filled)
			return nil
		}
		select {
		case <-q.freed:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
}

func (q *Queue) offer(t *Txn) bool {
	q.queueMu.Lock()
	defer q.queueMu.Unlock()
	empty := q.head == len(q.items)
	fits := q.held+t.Bytes <= q.budget
	if !fits && q.held > 0 && !(empty && q.hungry && t.Part > 0) {
		return false
	}
	if empty {
		q.items, q.head = q.items[:0], 0
	}
	q.items = append(q.items, t)
	q.held += t.Bytes
	return true
}

// Get takes the oldest transaction, waiting for one.
func (q *Queue) Get(ctx context.Context) (*Txn, error) {
	for {
		if t := q.take(); t != nil {
			return t, nil
		}
		notify(q.freed) // a waiting part may go in now
		select {
		case <-q.filled:
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		}
	}
}

// TryGet takes the oldest transaction if there is one.
func (q *Queue) TryGet() (*Txn, bool) {
	q.queueMu.Lock()
	defer q.queueMu.Unlock()
	return q.pop()
}

func (q *Queue) take() *Txn {
	q.queueMu.Lock()
	defer q.queueMu.Unlock()
	t, ok := q.pop()
	q.hungry = !ok
	return t
}

func (q *Queue) pop() (*Txn, bool) {
	if q.head == len(q.items) {
		return nil, false
	}
	t := q.items[q.head]
	q.items[q.head] = nil
	q.head++
	if q.head > 1024 && q.head > len(q.items)/2 {
		n := copy(q.items, q.items[q.head:])
		clear(q.items[n:])
		q.items, q.head = q.items[:n], 0
	}
	return t, true
}

// Release gives back the bytes (Txn.Bytes) of transactions that were taken.
func (q *Queue) Release(bytes int) {
	q.queueMu.Lock()
	q.held -= bytes
	q.queueMu.Unlock()
	notify(q.freed)
}

// Held returns the bytes put and not yet released.
func (q *Queue) Held() int {
	q.queueMu.Lock()
	defer q.queueMu.Unlock()
	return q.held
}

// Len returns how many transactions wait.
func (q *Queue) Len() int {
	q.queueMu.Lock()
	defer q.queueMu.Unlock()
	return len(q.items) - q.head
}

func notify(c chan struct{}) {
	select {
	case c <- struct{}{}:
	default:
	}
}
