package apply

import (
	"errors"
	"fmt"

	"github.com/tidegate-io/tidegate/internal/mysql"
)

// prepare reduces, splits and renders a batch. It may run while the batch
// before is being executed: nothing in it depends on what that does.
//
// done is nil for a new batch. For one that some lanes have committed before a
// crash it says which; then nothing but the batch, the table and the number of
// lanes decides who gets a row of a strict table, and rows of tolerant tables
// are all applied again, by the first lane that lacks the batch.
func (a *Applier) prepare(b *batch, lanes int, done []bool) error {
	b.lanes, b.done = lanes, make([]bool, lanes)
	b.single = done == nil && (lanes == 1 || b.rowwise || len(b.items) < a.cfg.LaneRows*lanes)
	if b.single {
		b.shares = []*share{{}}
	} else {
		copy(b.done, done)
		b.shares = make([]*share, lanes)
		for i := range b.shares {
			b.shares[i] = &share{}
		}
	}
	if err := a.assign(b, done); err != nil {
		return unrenderable(b, err)
	}
	r := renderer{fill: a.cfg.StatementBytes, packet: int(a.deps.Target.Server.MaxPacket)}
	for i, s := range b.shares {
		if b.done[i] {
			continue
		}
		s.text = a.texts.get()
		if err := r.render(s); err != nil {
			return unrenderable(b, err)
		}
	}
	return nil
}

// unrenderable classes an error of a row that no statement can be made of: the
// same row fails again, however often it is tried.
func unrenderable(b *batch, err error) error {
	if _, ok := errors.AsType[*mysql.Error](err); ok {
		return fmt.Errorf("batch %d: %w", b.seq, err)
	}
	return &mysql.Error{Class: mysql.Data, Code: "value", Err: fmt.Errorf("batch %d, between %s and %s: %w", b.seq, b.from.pos, b.to.pos, err),
		Remedy: "the source's log holds a value that cannot be carried over; repair the row on the source, or leave the table out"}
}

// buffers keeps the memory of statement texts from batch to batch.
type buffers struct{ free chan []byte }

func (f buffers) get() []byte {
	select {
	case b := <-f.free:
		return b[:0]
	default:
		return nil
	}
}

// put takes back what a committed batch used. Of a rare large text nothing is
// kept.
func (f buffers) put(b *batch) {
	for _, s := range b.shares {
		if cap(s.text) == 0 || cap(s.text) > 4<<20 {
			continue
		}
		select {
		case f.free <- s.text:
		default:
		}
		s.text = nil
	}
}

// assign gives every lane its ops.
func (a *Applier) assign(b *batch, done []bool) error {
	b.sort()
	if b.rowwise {
		return a.assignRows(b)
	}
	redo := firstLacking(done)
	deletes, rest := make([][]op, len(b.shares)), make([][]op, len(b.shares))
	for i := range rest {
		rest[i] = make([]op, 0, len(b.items)/len(b.shares)+8)
	}
	for _, tb := range b.tables {
		if tb.table.text == nil {
			continue // decoded for its cascades, and none fires in this batch
		}
		if err := tb.reduce(&b.kept); err != nil {
			return err
		}
		redone := func(lane int) int {
			if done != nil && tb.tolerant && done[lane] {
				return redo
			}
			return lane
		}
		if tb.serial {
			lane := redone(int(tb.table.home % uint64(len(b.shares))))
			if tb.tallies != nil {
				deletes[lane], rest[lane] = tb.tallyOps(deletes[lane], rest[lane])
				continue
			}
			for i := range tb.items {
				rest[lane] = tb.serialOps(&tb.items[i], rest[lane])
			}
			continue
		}
		for lane, part := range tb.split(len(b.shares)) {
			lane = redone(lane)
			for _, i := range part {
				deletes[lane], rest[lane] = tb.netOps(&tb.entries[i], deletes[lane], rest[lane])
			}
		}
	}
	for i, s := range b.shares {
		s.ops = append(deletes[i], rest[i]...)
	}
	return nil
}

func firstLacking(done []bool) int {
	for i, d := range done {
		if !d {
			return i
		}
	}
	return 0
}

// assignRows lines up a transaction in which a cascade fires, change by change.
func (a *Applier) assignRows(b *batch) error {
	s := b.shares[0]
	for i := range b.items {
		it := &b.items[i]
		s.ops = b.byPlan[it.table.plan.ID].serialOps(it, s.ops)
		if it.table.firesOn(it.ch) {
			s.ops = append(s.ops, op{table: it.table, kind: fireCascade, before: &it.ch.Before, after: &it.ch.After, ids: it.ids})
		}
	}
	return nil
}
