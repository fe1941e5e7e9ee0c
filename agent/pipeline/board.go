package pipeline

import (
	"slices"
	"sync"

	"github.com/tidegate-io/tidegate/internal/run"
)

// board is how the run stands, as Status shows it. Stages are asked for their
// numbers when somebody looks; what they do not know is kept here.
type board struct {
	mu     sync.Mutex
	status run.Status
	live   func(*run.Status) // fills in the running session's numbers; nil: none
	marks  uint64            // rises with every step forward; see progress

	before    run.Applied // counted by earlier sessions
	conflicts uint64      // of earlier sessions
}

func newBoard() *board {
	return &board{status: run.Status{State: run.Preparing, Tables: []run.Table{}}}
}

// Status is a copy, cheap enough to be taken each second.
func (b *board) Status() run.Status {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.copyLocked()
}

func (b *board) copyLocked() run.Status {
	if b.live != nil {
		b.live(&b.status)
	}
	s := b.status
	s.Tables = slices.Clone(s.Tables)
	if s.Tables == nil {
		s.Tables = []run.Table{}
	}
	return s
}

// set moves to a state; a state other than an error's clears the error.
func (b *board) set(state run.State, step string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.status.State, b.status.Step, b.status.Reason, b.status.Error = state, step, "", nil
}

// fallBehind is for a run to which a whole table is missing of a sudden.
func (b *board) fallBehind() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.status.State == run.CaughtUp {
		b.status.State = run.CatchingUp
	}
}

// step names what is done within the state.
func (b *board) step(step string) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.status.Step = step
}

func (b *board) state() run.State {
	b.mu.Lock()
	defer b.mu.Unlock()
	return b.status.State
}

func (b *board) fail(err *run.Error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.status.State, b.status.Error, b.status.Reason = run.Errored, err, ""
	b.forgetLag()
}

func (b *board) retrying(err *run.Error) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.status.State, b.status.Error, b.status.Reason = run.Retrying, err, err.Message
	b.forgetLag()
}

// forgetLag drops figures that nobody measures any more.
func (b *board) forgetLag() { b.status.LagSeconds, b.status.GapBytes = nil, nil }

// attach lets a session fill in its numbers; detach takes the last ones and
// forgets the session.
func (b *board) attach(live func(*run.Status)) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.live = live
}

func (b *board) detach() {
	b.mu.Lock()
	defer b.mu.Unlock()
	if b.live != nil {
		b.live(&b.status)
	}
	b.live = nil
	b.before, b.conflicts = b.status.Applied, b.status.Conflicts
	b.forgetLag()
}

// restore sets what earlier processes had counted.
func (b *board) restore(a run.Applied, conflicts uint64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.before, b.conflicts = a, conflicts
	b.status.Applied, b.status.Conflicts = a, conflicts
}

// lag notes how far behind the source the target is; nil is not known.
func (b *board) lag(seconds *float64, gap *uint64) {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.status.LagSeconds, b.status.GapBytes = seconds, gap
}

// forward notes a step forward that the numbers do not show.
func (b *board) forward() {
	b.mu.Lock()
	defer b.mu.Unlock()
	b.marks++
}

// progress is a number that changes whenever the run got anywhere: a retry
// budget is not spent while it does.
func (b *board) progress() uint64 {
	b.mu.Lock()
	defer b.mu.Unlock()
	n := b.marks + b.status.Applied.Batches
	for _, t := range b.status.Tables {
		n += t.RowsDone
	}
	return n
}
