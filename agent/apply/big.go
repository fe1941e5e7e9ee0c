package apply

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/tidegate-io/tidegate/internal/change"
	"github.com/tidegate-io/tidegate/internal/mysql"
)

// big applies a transaction above the memory budget: a batch of its own, its
// parts in log order in one target transaction on one lane, the ledger last
// (I-7). Every part leaves the rows as the source had them at that moment, so
// net changes may be made of each. What is lost on the way is not in memory any
// more: the log is read again.
func (r *loop) big(ctx context.Context, first *change.Txn) error {
	if first.Part > 0 {
		return reread(errors.New("a large transaction arrived without its beginning"))
	}
	if err := r.drain(ctx); err != nil {
		return err
	}
	// A chunk's rows and this transaction's would wait for each other.
	if err := r.quiet(ctx); err != nil {
		return err
	}
	defer r.a.deps.Gate.Hold(false)
	begun := time.Now()
	b := r.gather
	b.single = true
	t, err := r.parts(ctx, b, first)
	if err != nil {
		return r.lost(ctx, b, err)
	}
	if t != nil { // the source itself lost the rest
		r.pending = append([]*change.Txn{t}, r.pending...)
		r.gather = newBatch(b.seq, b.from)
		return nil
	}
	r.a.metrics.done(b, time.Since(begun))
	r.pass(b)
	r.gather = newBatch(b.seq+1, b.to)
	return nil
}

// quiet waits until no chunk is between its SELECT and its commit, and keeps
// new ones back.
func (r *loop) quiet(ctx context.Context) error {
	r.a.deps.Gate.Hold(true)
	for {
		changed := r.a.deps.Gate.Changed()
		if r.a.deps.Gate.Idle() {
			return nil
		}
		select {
		case <-changed:
		case <-ctx.Done():
			r.a.deps.Gate.Hold(false)
			return context.Cause(ctx)
		}
	}
}

// parts runs the parts and commits behind the last one. It returns a
// transaction that came instead of the next part.
func (r *loop) parts(ctx context.Context, b *batch, t *change.Txn) (*change.Txn, error) {
	l := r.a.lanes[0]
	if err := l.begin(r.work); err != nil {
		return nil, err
	}
	for want := 0; ; want++ {
		switch {
		case t.Part == want && sameIDs(t, b, want):
		case t.Part == 0:
			return t, l.rollback(r.work)
		default:
			return nil, reread(fmt.Errorf("part %d of a large transaction came instead of part %d", t.Part, want))
		}
		if err := r.part(l, b, t); err != nil {
			return nil, err
		}
		r.a.deps.Queue.Release(t.Bytes)
		if !t.More {
			b.to.add(t)
			b.to.settle()
			b.txns, b.newest = 1, t.Time
			return nil, l.finish(r.work, r.a.deps.Ledger, b.step(), r.a.frontier.lanes(), true)
		}
		var err error
		if t, err = r.nextPart(ctx); err != nil {
			return nil, err
		}
	}
}

// sameIDs notes the ids of the first part and compares the others'.
func sameIDs(t *change.Txn, b *batch, part int) bool {
	if part == 0 {
		b.bigIDs, b.oldest = t.IDs, t.Time
		return true
	}
	if len(t.IDs) != len(b.bigIDs) {
		return false
	}
	for i, id := range t.IDs {
		if id != b.bigIDs[i] {
			return false
		}
	}
	return true
}

func (r *loop) nextPart(ctx context.Context) (*change.Txn, error) {
	for len(r.pending) == 0 {
		select {
		case few := <-r.in:
			r.pending = few
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		}
	}
	t := r.pending[0]
	r.pending = r.pending[1:]
	return t, nil
}

// part runs one part's changes. A row that the target refuses is named by going
// back to the part's beginning and through it row by row.
func (r *loop) part(l *lane, b *batch, t *change.Txn) error {
	p, err := r.preparePart(b, t)
	if err != nil {
		return err
	}
	b.rows += p.rows
	if err := l.execString(r.work, "SAVEPOINT part"); err != nil {
		return err
	}
	defer r.a.texts.put(p)
	err = r.a.runStatements(r.work, l, p.shares[0], p.shares[0].stmts[1:])
	if err == nil || !unexpected(err) {
		return err
	}
	if err := l.execString(r.work, "ROLLBACK TO SAVEPOINT part"); err != nil {
		return err
	}
	return r.a.runRows(r.work, l, p, p.shares[0])
}

func (r *loop) preparePart(b *batch, t *change.Txn) (*batch, error) {
	tables, fires, err := r.a.tables.of(t, r.resolved)
	r.resolved = tables
	if errors.Is(err, errShape) { // everything before is executed already
		r.a.tables.forget()
		tables, fires, err = r.a.tables.of(t, r.resolved)
		r.resolved = tables
	}
	if err != nil {
		return nil, err
	}
	p := newBatch(b.seq, b.from)
	p.add(t, tables)
	p.rowwise = fires
	return p, r.a.prepare(p, 1, nil)
}

// lost decides what an error inside a large transaction means.
func (r *loop) lost(ctx context.Context, b *batch, err error) error {
	if !retryable(err) || ctx.Err() != nil {
		return err
	}
	if e, ok := errors.AsType[*mysql.Error](err); ok && e.Code == "reread" {
		return err
	}
	state, err := r.a.fence(ctx, err)
	if err != nil {
		return err
	}
	if seq, pos := state.Frontier(); b.to.text != "" && seq == b.seq && pos.Encode() == b.to.text {
		r.pass(b)
		r.gather = newBatch(b.seq+1, b.to)
		return nil
	}
	return reread(errors.New("a large transaction was lost before its commit"))
}
