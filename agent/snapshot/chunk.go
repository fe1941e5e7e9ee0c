package snapshot

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/tidegate-io/tidegate/agent/gate"
	"github.com/tidegate-io/tidegate/agent/ledger"
	"github.com/tidegate-io/tidegate/internal/change"
	"github.com/tidegate-io/tidegate/internal/fault"
	"github.com/tidegate-io/tidegate/internal/guard"
	"github.com/tidegate-io/tidegate/internal/mysql"
)

// errBounds says that a table's ranges mean nothing any more: its paging key is
// another one now.
var errBounds = errors.New("the key that the ranges follow was changed")

// copyChunk takes a handed-out range once through its life (ENGINE §3).
func (c *Copier) copyChunk(ctx context.Context, j *job) (ledger.Done, error) {
	t, ck := j.table, j.chunk
	var done ledger.Done
	source, target, err := c.applied(t.ID)
	if err != nil {
		return done, err
	}
	if now := choosePaging(source); now == nil || !now.same(t.ranger.pg) {
		return done, fmt.Errorf("%s: %w", source.ID(), errBounds)
	}
	l, err := newLayout(source, target, &c.Deps)
	if err != nil {
		return done, err
	}
	l.lines = !j.plain && c.loadable(l)
	v, g, err := c.open(ctx, t, source)
	if err != nil {
		return done, err
	}
	defer v.close()
	// Until the chunk was in the gate, a statement could give the tables' names to
	// others; from here on it waits.
	if now, _, err := c.applied(t.ID); err != nil || now != source {
		v.done = true
		drop(g)
		return done, cmp.Or(err, fmt.Errorf("%s: %w", source.ID(), errDiffers))
	}
	high, err := c.carry(ctx, t, ck, carriage{view: v, layout: l, done: &done})
	switch {
	case err == nil:
	case high == nil: // no COMMIT was sent
		drop(g)
		return done, err
	default: // while the chunk may be on the target, its low mark stays in the gate
		there, askErr := c.committed(ctx, ck)
		if askErr != nil {
			if t.life.Err() != nil { // thrown away at a barrier: the table is emptied before the log goes on
				drop(g)
			}
			return done, errors.Join(err, askErr)
		}
		if !there {
			drop(g)
			return done, err
		}
	}
	if g != nil {
		g.Done(high)
	}
	return done, nil
}

// committed asks for the outcome of a chunk until an answer comes.
func (c *Copier) committed(ctx context.Context, ck ledger.Chunk) (bool, error) {
	for backoff := 100 * time.Millisecond; ; backoff = min(2*backoff, 5*time.Second) {
		there, err := c.Ledger.Committed(ctx, ck)
		if err == nil || errors.Is(err, ledger.ErrFenced) || mysql.Classify(err) != mysql.Transient && !errors.Is(err, mysql.ErrOutcomeUnknown) {
			return there, err
		}
		if err := c.retry.again(ctx, backoff, err); err != nil {
			return false, err
		}
	}
}

// carriage is what moves one chunk from its view to the target.
type carriage struct {
	view   *view
	layout *layout
	done   *ledger.Done
}

// carry reads the range and writes it in one target transaction. A read
// statement's worth of rows is written while the next is read. The high mark is
// returned also with an error, if it had been taken: the commit may have
// happened.
func (c *Copier) carry(ctx context.Context, t *tableCopy, ck ledger.Chunk, h carriage) (*change.Set, error) {
	if err := c.agree(ctx, h.view, t, h.layout.source); err != nil {
		h.view.done = errors.Is(err, errDiffers)
		return nil, err
	}
	var high *change.Set
	sent := false
	read := func(ctx context.Context, emit func(*batch) error) error {
		begun := time.Now()
		err := h.layout.read(ctx, h.view.conn, t.ranger.from(ck.Lower, ck.Upper), emit)
		if err == nil {
			high, err = h.view.high(ctx)
		}
		if err != nil {
			return definitionError(err)
		}
		fault.At("chunk-read")
		h.done.High = high.String()
		h.view.done = true
		h.view.close()
		t.ranger.pace.learn(h.done.Rows, h.done.Bytes, time.Since(begun), t.ranger.span(ck))
		return nil
	}
	write := func(ctx context.Context, in <-chan *batch, read func() error) error {
		tx, err := c.target.BeginTx(ctx, nil)
		if err != nil {
			return fmt.Errorf("begin a chunk of %s: %w", h.layout.target.ID(), err)
		}
		defer tx.Rollback() // does nothing after a commit
		if err := c.Ledger.Fence(ctx, tx); err != nil {
			return err
		}
		if h.layout.lines {
			err = h.layout.load(ctx, tx, c.Target.Server.Flavor, in)
		} else {
			err = (&writer{ledger: c.Ledger, layout: h.layout, pg: t.ranger.pg, table: t.ID, tx: tx}).all(ctx, in)
		}
		if err != nil {
			return err
		}
		if err := read(); err != nil {
			return err
		}
		fault.At("chunk-written")
		if err := c.Ledger.DoneIn(ctx, tx, ck, *h.done); err != nil {
			return err
		}
		sent = true
		return c.commit(tx)
	}
	err := c.pipe(ctx, h.done, read, write)
	if !sent {
		high = nil
	}
	return high, err
}

func (c *Copier) commit(tx *sql.Tx) error {
	err := ledger.CommitError(tx.Commit())
	fault.At("chunk-committed")
	return err
}

// pipe runs a reader and a writer side by side with a few statements between
// them. The writer sees its channel closed when the reader has ended, and asks
// then whether that was well.
func (c *Copier) pipe(ctx context.Context, done *ledger.Done, read func(context.Context, func(*batch) error) error,
	write func(context.Context, <-chan *batch, func() error) error) error {
	batches := make(chan *batch, 1)
	result := make(chan error, 1)
	g, ctx := guard.WithContext(ctx)
	g.Go(func() error {
		err := guard.Call(func() error { // the writer waits for the reader's end, whatever that is
			return read(ctx, func(b *batch) error {
				done.Rows += int64(b.rows())
				done.Bytes += b.read
				select {
				case batches <- b:
					return nil
				case <-ctx.Done():
					return context.Cause(ctx)
				}
			})
		})
		result <- err
		close(batches)
		return err
	})
	g.Go(func() error { return write(ctx, batches, func() error { return <-result }) })
	return g.Wait()
}

// drop takes a chunk out of the gate that left nothing on the target.
func drop(g *gate.Chunk) {
	if g != nil {
		g.Drop()
	}
}
