package snapshot

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"time"

	"github.com/tidegate-io/tidegate/agent/ledger"
	"github.com/tidegate-io/tidegate/internal/change"
	"github.com/tidegate-io/tidegate/internal/fault"
	"github.com/tidegate-io/tidegate/internal/guard"
	"github.com/tidegate-io/tidegate/internal/mysql"
	"github.com/tidegate-io/tidegate/internal/schema"
)

// errBounds says that a table's ranges mean nothing any more: its paging key is
// another one now.
var errBounds = errors.New("the key that the ranges follow was changed")

// copyChunk takes a handed-out range once through its life (ENGINE §3).
func (c *Copier) copyChunk(ctx context.Context, j *job) (ledger.Done, error) {
	t, ck := j.table, j.chunk
	var done ledger.Done
	l, err := c.layout(ctx, t)
	if err != nil {
		return done, err
	}
	l.lines = !j.plain && c.loadable(l)
	v, in, err := c.open(ctx, []*tableCopy{t}, []*schema.Table{l.source})
	if err != nil {
		return done, err
	}
	defer v.close()
	high, err := c.carry(ctx, t, ck, carriage{view: v, layout: l, done: &done})
	return done, c.conclude(ctx, j, in, high, err)
}

// layout is how rows of a table travel by its applied definition, if its ranges
// mean anything by that.
func (c *Copier) layout(ctx context.Context, t *tableCopy) (*layout, error) {
	if err := c.finished(ctx, t); err != nil {
		return nil, err
	}
	source, target, err := c.applied(t.ID)
	if err != nil {
		return nil, err
	}
	if now := choosePaging(source); now == nil || !now.same(t.ranger.pg) {
		return nil, fmt.Errorf("%s: %w", source.ID(), errBounds)
	}
	return newLayout(source, target, &c.Deps)
}

// conclude takes a chunk out of the gate once it is certain whether it is on the
// target. high is nil if no COMMIT was sent. It returns nil if the chunk is there.
func (c *Copier) conclude(ctx context.Context, j *job, in admitted, high *change.Set, err error) error {
	if err != nil && high != nil { // while the chunk may be on the target, its low mark stays in the gate
		there, askErr := c.committed(ctx, j.chunk)
		if askErr != nil {
			if j.table.life.Err() != nil { // removed from the run: nobody asks for its rows any more
				in.drop()
			}
			return errors.Join(err, askErr)
		}
		if there {
			err = nil
		}
	}
	if err != nil {
		in.drop()
		return err
	}
	in.done(high)
	return nil
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
	if err := c.agree(ctx, h.view, []*tableCopy{t}, []*schema.Table{h.layout.source}); err != nil {
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
