package apply

import (
	"context"
	"errors"
	"slices"

	"github.com/tidegate-io/tidegate/internal/change"
)

func (o *owner) step(s step) {
	if o.m.small {
		o.stepSmall(s)
	} else {
		o.single(s)
	}
}

func (o *owner) single(s step) {
	switch s.kind {
	case stepPoll:
		if o.server == o.m.src.server {
			o.published = o.m.published()
			o.g.Executed(o.published)
		}
	case stepTake:
		o.take()
	case stepClose:
		if err := o.loop.close(); err != nil {
			o.m.fail("close: %v", err)
		}
	case stepLaunch:
		o.launch()
	case stepShare:
		o.share(o.flight[s.i], s.j)
	case stepFence:
		o.fence()
	case stepLand:
		f := o.flight[0]
		o.flight, o.loop.flight = o.flight[1:], nil
		o.loop.pass(f.b)
		o.m.prefix(o)
	default:
		o.stepCopy(s)
	}
}

// published is what the copy tells the gate that the source has executed.
func (m *model) published() *change.Set {
	if !m.keeps("only what is executed may be taken") {
		return m.src.all()
	}
	return m.src.done()
}

// take has the loop take what comes next in the log, as far as it may.
func (o *owner) take() {
	l := o.loop
	if len(l.pending) == 0 {
		log := o.source()
		n := min(1+o.m.pick(4), len(log)-o.fed)
		for _, t := range log[o.fed : o.fed+n] {
			l.pending = append(l.pending, t.txn)
		}
		o.fed += n
	}
	if err := l.takePending(context.Background()); err != nil {
		o.m.fail("take: %v", err)
	}
}

func (o *owner) launch() {
	b := o.loop.ready
	if !o.m.keeps("a change is left out only when all before it is committed") {
		b.behind = false
	}
	if _, err := o.loop.next(); err != nil {
		o.m.fail("launch: %v", err)
	}
	o.m.harm(b)
	f := &flight{b: b, state: make([]shareState, len(b.shares)), txs: make([]*tx, len(b.shares))}
	for i := range b.shares {
		if b.done[i] {
			f.state[i] = shareDone
		}
	}
	o.flight = append(o.flight, f)
}

// share goes one step on with one lane's share: its statements, or its COMMIT.
func (o *owner) share(f *flight, i int) {
	if f.state[i] == shareIdle {
		o.execute(f, i)
	} else {
		o.send(f, i)
	}
}

func (o *owner) execute(f *flight, i int) {
	m, b := o.m, f.b
	x := o.tx()
	w := &writing{s: m.dst.side.clone(), x: x}
	for n := range b.shares[i].ops {
		op := &b.shares[i].ops[n]
		if err := w.run(op); err != nil {
			if !m.blocked(op) {
				o.refused("lane %d, batch %d, table %s, op %d of %v: %v", i, b.seq, op.table.plan.Source.Name, op.kind, unimage(op.image()), err)
			}
			return
		}
	}
	which, want := i, 1
	if b.single {
		which, want = -1, len(m.dst.lanes)
	}
	count := want
	if len(b.shares[i].ops) > 0 || m.keeps("a lane with an empty share writes its ledger row") {
		var err error
		if count, err = m.dst.move(x, string(o.a.deps.Ledger.AppendUpdate(nil, b.step(), which)), m); err != nil {
			m.fail("%v", err)
			return
		}
	}
	if m.dst.enter(x) != nil {
		return
	}
	if count != want && m.keeps("COMMIT waits for the ledger's answer") {
		m.dst.leave(x)
		o.refused("batch %d of epoch %d: %v", b.seq, o.epoch, errStep)
		return
	}
	f.txs[i], f.state[i] = x, shareOpen
}

// blocked: a row of the op is locked, and what it would count is not known yet.
func (m *model) blocked(op *op) bool {
	r := unimage(op.image())
	cells := edit{table: op.table.plan.Source.Name, after: &r}.cells()
	for _, x := range m.dst.open {
		if slices.ContainsFunc(cells, func(c string) bool { return x.locks[c] }) {
			return true
		}
	}
	return false
}

// refused is a wrong answer of the target: the work of a newer owner, or a
// divergence.
func (o *owner) refused(format string, args ...any) {
	if o.m.dst.epoch > o.epoch {
		o.dead = true
		return
	}
	o.m.fail("stopped: "+format, args...)
}

// outcome is what happens to a COMMIT that is sent.
type outcome int

const (
	answered  outcome = iota
	committed         // and the answer is lost
	pending           // on its way; the connection is lost
	never             // it does not arrive
)

func (m *model) outcome() outcome {
	if m.losses == 0 || m.pick(4) > 0 && !m.small {
		return answered
	}
	got := outcome(m.pick(4))
	if got != answered {
		m.losses--
	}
	return got
}

// try sends a COMMIT and returns whether it is answered.
func (m *model) try(x *tx) bool {
	if !slices.Contains(m.dst.open, x) {
		return false // the connection was ended
	}
	switch m.outcome() {
	case answered:
		m.commit(x)
		return true
	case committed:
		m.commit(x)
	case pending:
		x.sent = true
	default:
		m.dst.leave(x)
	}
	return false
}

func (o *owner) send(f *flight, i int) {
	m := o.m
	if m.try(f.txs[i]) {
		f.state[i], f.b.done[i] = shareDone, true
		return
	}
	f.state[i] = shareLost
	switch {
	case !m.keeps("a lost answer is asked for, not taken for a yes"):
		f.state[i], f.b.done[i] = shareDone, true
	case !m.keeps("a lost answer is asked for, not taken for a no"):
		f.state[i] = shareIdle
	}
}

// fence finds out, after answers were lost, which lanes have the batch.
func (o *owner) fence() {
	st, err := o.takeOver()
	switch {
	case errors.Is(err, errWait):
		return
	case errors.Is(err, errIsFenced):
		o.dead = true
		return
	case err != nil:
		o.m.fail("fence: %v", err)
		return
	}
	f := o.flight[0]
	if len(st.Lanes) != o.a.frontier.lanes() || f.b.compare(st) != nil { // the log is read again
		if o == o.m.now {
			o.m.boot(o.epoch)
		} else {
			o.dead = true
		}
		return
	}
	for i := range f.state {
		f.state[i] = shareIdle
		if f.b.done[i] {
			f.state[i] = shareDone
		}
	}
}
