package snapshot

import (
	"cmp"
	"context"
	"errors"
	"slices"
	"time"

	"github.com/tidegate-io/tidegate/agent/ledger"
	"github.com/tidegate-io/tidegate/internal/fault"
	"github.com/tidegate-io/tidegate/internal/mysql"
)

// smallTables is how many tables of one chunk each are handed out together, and
// how many finished ones are noted together; fewer are noted after a while.
const (
	smallTables = 64
	noteAfter   = time.Second
)

// job is a range that was handed out.
type job struct {
	table     *tableCopy
	chunk     ledger.Chunk
	plain     bool // write it by INSERT
	few       bool // all of a small table, which may travel in a bundle
	refused   int  // how often the target's partitions or CHECKs did not take it
	notBefore time.Time
}

// plan hands out ranges as the workers use them up, and notes finished tables.
// It returns when everything is copied and noted.
func (c *Copier) plan(ctx context.Context) error {
	for backoff := 100 * time.Millisecond; ; {
		done, err := c.planOnce(ctx)
		switch {
		case err != nil && ctx.Err() == nil:
			if !retryable(err) {
				return err
			}
			if err := c.retry.again(ctx, backoff, err); err != nil {
				return err
			}
			backoff = min(2*backoff, 5*time.Second)
		case err != nil || done:
			return err
		default:
			backoff = 100 * time.Millisecond
		}
	}
}

func (c *Copier) planOnce(ctx context.Context) (done bool, err error) {
	if err := c.noteCopied(ctx); err != nil {
		return false, err
	}
	c.mu.Lock()
	if !c.pending() {
		c.mu.Unlock()
		return true, nil
	}
	changed := c.changed
	picked := c.pick()
	c.mu.Unlock()
	if len(picked) == 0 {
		select {
		case <-ctx.Done():
			return false, context.Cause(ctx)
		case <-changed:
		case <-time.After(100 * time.Millisecond): // tables that are left alone for a while
		}
		return false, nil
	}
	defer c.release(picked)
	return false, c.handOut(ctx, picked)
}

// pick chooses the tables whose next ranges are handed out: the one with most
// bytes left, so that a giant does not come last; with it, if it is small, many
// others, since every hand-out is a commit on the target.
func (c *Copier) pick() []*tableCopy {
	if len(c.ready) >= 2*c.Threads {
		return nil
	}
	var open []*tableCopy
	now := time.Now()
	for _, t := range c.order {
		if t.ranger != nil && !t.finished && !t.halted && !t.closed && now.After(t.notBefore) {
			open = append(open, t)
		}
	}
	slices.SortStableFunc(open, func(a, b *tableCopy) int { return cmp.Compare(b.left(), a.left()) })
	n := min(1, len(open))
	if n == 1 && open[0].left() < c.ChunkBytes/2 {
		n = min(smallTables, len(open))
	}
	for _, t := range open[:n] {
		t.busy++
	}
	return open[:n]
}

// left is the estimate of bytes that are not handed out.
func (t *tableCopy) left() int64 { return max(max(t.Bytes, t.Rows*defaultRow)-t.handed, 0) }

func (c *Copier) release(tables []*tableCopy) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, t := range tables {
		t.busy--
		c.settle(t)
	}
	c.notify()
}

// handOut finds the next range of each table, records them on the target, tells
// the gate, and only then lets them be read (I-3).
func (c *Copier) handOut(ctx context.Context, tables []*tableCopy) error {
	before := make([]cursor, len(tables))
	for i, t := range tables {
		before[i] = t.ranger.cursor
	}
	jobs, chunks, err := c.nextRanges(ctx, tables)
	if len(jobs) == 0 {
		return err
	}
	fault.At("chunks-planned")
	// Ranges that may be recorded keep their bounds: the same are recorded again.
	for backoff := 100 * time.Millisecond; ; backoff = min(2*backoff, 5*time.Second) {
		err := c.Ledger.HandOut(ctx, chunks)
		if err == nil {
			break
		}
		if errors.Is(err, ledger.ErrThrownAway) { // by a statement of the log, of which this copy will hear soon
			c.leaveAlone(tables, before)
			return nil
		}
		if !retryable(err) {
			return err
		}
		if err := c.retry.again(ctx, backoff, err); err != nil {
			return err
		}
	}
	for _, j := range jobs {
		if j.chunk.Upper == nil {
			j.table.gate.HandOutLast()
		} else {
			j.table.gate.HandOut(j.table.ranger.pg.above(j.chunk.Upper))
		}
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, j := range jobs {
		j.table.waiting++
		j.table.handed += c.ChunkBytes
		j.table.closed = j.chunk.Upper == nil
		c.ready = append(c.ready, j)
	}
	c.notify()
	return nil
}

// nextRanges finds the next range of each table. A table for which that does
// not work is left alone for a while; err is why, for the last such table.
func (c *Copier) nextRanges(ctx context.Context, tables []*tableCopy) (jobs []*job, chunks []ledger.Chunk, err error) {
	found := c.firstRanges(ctx, tables)
	for _, t := range tables {
		before := t.ranger.cursor
		ck, ok := found[t]
		if !ok {
			var nextErr error
			if ck, nextErr = t.ranger.next(ctx, c.plans, c.Config); nextErr != nil {
				if !c.changedMeanwhile(ctx, t, nextErr) {
					err = nextErr
				}
				c.leaveAlone([]*tableCopy{t}, []cursor{before})
				continue
			}
		}
		few := c.bundles() && t.ranger.likely < fewRows && ck.Lower == nil && ck.Upper == nil
		jobs, chunks = append(jobs, &job{table: t, chunk: ck, few: few}), append(chunks, ck)
	}
	return jobs, chunks, err
}

// changedMeanwhile reports whether a range was not found since a statement of the
// source is still on its way, or has just come.
func (c *Copier) changedMeanwhile(ctx context.Context, t *tableCopy, err error) bool {
	if noSuchTable[mysql.Number(err)] {
		return true
	}
	source, _, unknown := c.applied(t.ID)
	if unknown != nil {
		return errors.Is(unknown, errGone)
	}
	return c.outdated(ctx, source, err)
}

// firstRanges finds the first ranges of those tables of which none is found yet,
// together. None is returned where that does not work for one of them.
func (c *Copier) firstRanges(ctx context.Context, tables []*tableCopy) map[*tableCopy]ledger.Chunk {
	var begun []*tableCopy
	var rangers []*ranger
	for _, t := range tables {
		if t.ranger.last == nil {
			begun, rangers = append(begun, t), append(rangers, t.ranger)
		}
	}
	if len(begun) < 2 {
		return nil
	}
	out := map[*tableCopy]ledger.Chunk{}
	for i, bound := range firstBounds(ctx, c.plans, rangers, c.Config) {
		out[begun[i]] = rangers[i].take(bound)
	}
	return out
}

// leaveAlone puts tables back to where they were before a range was looked for,
// for a while.
func (c *Copier) leaveAlone(tables []*tableCopy, before []cursor) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for i, t := range tables {
		t.ranger.cursor = before[i]
		t.notBefore = time.Now().Add(500 * time.Millisecond)
	}
}

// settle finishes a table of which every range is on the target. The caller
// holds mu.
func (c *Copier) settle(t *tableCopy) {
	if t.closed && t.busy == 0 && t.waiting == 0 && !t.halted && !t.finished {
		c.finish(t)
		c.noteLater(t)
	}
}

// noteLater keeps a finished table for noteCopied. The caller holds mu.
func (c *Copier) noteLater(t *tableCopy) {
	if len(c.copied) == 0 {
		c.copiedFrom = time.Now()
	}
	c.copied = append(c.copied, t.ID)
}

// noteCopied records finished tables on the target, many at once: every note is
// a commit there. A table that is not noted yet when the process ends is found to
// be finished by the next one.
func (c *Copier) noteCopied(ctx context.Context) error {
	c.mu.Lock()
	due := len(c.copied) >= smallTables || !c.unfinished() || len(c.copied) > 0 && time.Since(c.copiedFrom) > noteAfter
	ids := slices.Clone(c.copied)
	c.mu.Unlock()
	if !due || len(ids) == 0 {
		return nil
	}
	if err := c.Ledger.SetState(ctx, ledger.Copying, ledger.Copied, ids...); err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	c.copied, c.copiedFrom = slices.DeleteFunc(c.copied, func(id int) bool { return slices.Contains(ids, id) }), time.Now()
	return nil
}

// unready are the errors of a target whose partitions or CHECKs do not take a
// row. The source may have changed its own since the applied position: then it
// is a matter of time. Rows that the source keeps against its CHECKs are refused
// each time, so patience ends.
var unready = map[uint16]bool{1526: true, 3819: true, 4025: true}

const (
	patience     = 60
	refusedPause = 500 * time.Millisecond
)

// retryable reports whether trying again can help. All that is retried here can
// be done twice.
func retryable(err error) bool {
	class := mysql.Classify(err)
	return class == mysql.Transient || class == mysql.OutcomeUnknown
}
