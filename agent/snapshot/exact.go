package snapshot

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/tidegate-io/tidegate/agent/gate"
	"github.com/tidegate-io/tidegate/agent/ledger"
	"github.com/tidegate-io/tidegate/internal/change"
	"github.com/tidegate-io/tidegate/internal/mysql"
	"github.com/tidegate-io/tidegate/internal/schema"
)

// pieceBytes is how much of a copy in one snapshot is written in one
// transaction, and kept in memory until its commit is certain.
const pieceBytes = 4 << 20

// group is tables that are read in one consistent snapshot.
type group struct{ tables []*tableCopy }

func (g *group) ids() []int {
	ids := make([]int, len(g.tables))
	for i, t := range g.tables {
		ids[i] = t.ID
	}
	return ids
}

// regroup queues what is to be read in one snapshot: every keyless table by
// itself, families by their number, and, from a source without a log, all that
// a snapshot covers.
func (c *Copier) regroup() {
	c.mu.Lock()
	defer c.mu.Unlock()
	families := map[int]*group{}
	for _, t := range c.order {
		if t.ranger != nil || t.finished || t.queued || t.halted {
			continue
		}
		t.queued = true
		number := t.Group
		if source, _, _ := c.applied(t.ID); c.mode == noMarks && source != nil && transactional(source) {
			number = -1
		}
		g := families[number]
		if g == nil || number == 0 {
			g = &group{}
			families[number] = g
			c.groups = append(c.groups, g)
		}
		g.tables = append(g.tables, t)
	}
	c.notify()
}

// copyGroup reads a group until that succeeded once, whole.
func (c *Copier) copyGroup(ctx context.Context, g *group) error {
	defer func() { c.release(g.tables) }()
	refused := 0
	for backoff := 100 * time.Millisecond; len(g.tables) > 0; backoff = min(2*backoff, 5*time.Second) {
		err := c.attemptGroup(ctx, g)
		switch {
		case err == nil:
			c.retry.success()
			c.finishGroup(g)
			return nil
		case ctx.Err() != nil:
			return err
		case errors.Is(err, errRemoved):
			err = nil // the others are read without them
		case errors.Is(err, errDiffers) && c.mode == noMarks:
			err = changedUnseen(err)
		case errors.Is(err, errDiffers), errors.Is(err, errGone):
			c.waits(g.tables[0], err)
			err = sleep(ctx, 200*time.Millisecond)
		case unready[mysql.Number(err)] && refused < patience:
			refused++
			err = sleep(ctx, refusedPause)
		case retryable(err):
			err = c.retry.again(ctx, backoff, err)
		}
		if err != nil {
			return fmt.Errorf("copy %d tables in one snapshot: %w", len(g.tables), err)
		}
	}
	return nil
}

// attemptGroup reads a group once, unless a table of it is removed meanwhile.
func (c *Copier) attemptGroup(ctx context.Context, g *group) error {
	live := ctx
	for _, t := range g.tables {
		var end context.CancelFunc
		live, end = c.live(live, t)
		defer end()
	}
	n := len(g.tables)
	err := c.tryGroup(ctx, live, g)
	if err != nil {
		c.leave(g)
	}
	if len(g.tables) < n {
		return fmt.Errorf("%w: %w", errRemoved, err)
	}
	return err
}

// errRemoved says that the run does not have all tables of a group any more.
var errRemoved = errors.New("some tables have gone")

// leave takes the tables out of a group that the run does not have any more. Who
// removes them waits for that.
func (c *Copier) leave(g *group) {
	c.mu.Lock()
	defer c.mu.Unlock()
	g.tables = slices.DeleteFunc(slices.Clone(g.tables), func(t *tableCopy) bool {
		if t.halted {
			t.busy--
		}
		return t.halted
	})
	c.notify()
}

// changedUnseen says that a table is not as it was read, and that no log will tell
// how it came to be so.
func changedUnseen(err error) error {
	return &mysql.Error{Class: mysql.Config, Code: "changed_without_log", Err: err,
		Remedy: "a statement changed the table since the run read its definition, and the source writes no log that says which: change it back and retry, or stop the run and apply the pipeline again"}
}

func (c *Copier) finishGroup(g *group) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, t := range g.tables {
		c.finish(t)
	}
	c.notify()
}

// tryGroup opens the snapshot, holds the gate at its position, and writes the
// rows. If that ends early, what is written is thrown away before the gate lets
// anything through. live ends with the first of the tables that is removed.
func (c *Copier) tryGroup(ctx, live context.Context, g *group) error {
	defs := make([]*schema.Table, len(g.tables))
	for i, t := range g.tables {
		err := c.finished(live, t)
		if err == nil {
			defs[i], _, err = c.applied(t.ID)
		}
		if err != nil {
			return err
		}
	}
	v, err := c.beginGroup(live, defs)
	if err != nil {
		return err
	}
	defer v.close()
	held, err := c.hold(g, v)
	if err != nil {
		v.done = errors.Is(err, gate.ErrStale)
		return err
	}
	if err := c.agree(live, v, g.tables, defs); err != nil {
		v.done = errors.Is(err, errDiffers)
		held.drop()
		return err
	}
	if err := c.Ledger.BeginExact(live, v.low.String(), g.ids()...); err != nil {
		held.drop()
		return err
	}
	for _, t := range g.tables {
		t.gate.Exact(v.low)
	}
	if err = c.carryGroup(live, g, v); err == nil {
		v.done = true
		held.done(v.low)
		return nil
	}
	return c.abandon(ctx, g, held, err)
}

// abandon empties the tables of a group that was not read to its end. The gate
// is let go only then.
func (c *Copier) abandon(ctx context.Context, g *group, held admitted, cause error) error {
	if ctx.Err() != nil || errors.Is(cause, ledger.ErrFenced) {
		return cause
	}
	c.leave(g) // who removed them may keep others from the lock until then
	if err := c.empty(ctx, g.tables); err != nil {
		return errors.Join(cause, err)
	}
	for _, t := range g.tables {
		t.gate.Restart()
	}
	held.drop()
	return cause
}

// beginGroup opens one snapshot for all tables. Tables that no snapshot covers
// are kept locked instead.
func (c *Copier) beginGroup(ctx context.Context, defs []*schema.Table) (*view, error) {
	if !allTransactional(defs) {
		return c.underLock(ctx, defs, nil)
	}
	if c.mode == noMarks {
		return c.unmarked(ctx)
	}
	return c.afterLock(ctx, defs)
}

func (c *Copier) unmarked(ctx context.Context) (*view, error) {
	conn, err := c.source.Conn(ctx)
	if err != nil {
		return nil, err
	}
	v := &view{conn: conn, low: change.NewSet(c.kind)}
	if _, err := conn.ExecContext(ctx, "START TRANSACTION WITH CONSISTENT SNAPSHOT"); err != nil {
		v.close()
		return nil, fmt.Errorf("open a snapshot: %w", err)
	}
	return v, nil
}

// hold stops the applier at the snapshot's position.
func (c *Copier) hold(g *group, v *view) (admitted, error) {
	if c.mode == noMarks {
		return nil, nil
	}
	held, err := c.admit(g.tables[:1], v.low)
	if errors.Is(err, gate.ErrStale) {
		err = &mysql.Error{Class: mysql.Transient, Code: "stale_mark", Err: err}
	}
	return held, err
}

func (c *Copier) carryGroup(ctx context.Context, g *group, v *view) error {
	for i, t := range g.tables {
		source, target, err := c.applied(t.ID)
		if err != nil {
			return err
		}
		l, err := newLayout(source, target, &c.Deps)
		if err != nil {
			return err
		}
		p := &pieces{c: c, t: t, high: v.low.String(), layout: l}
		if i == len(g.tables)-1 {
			p.finished = g.ids()
		}
		var done ledger.Done
		from := " FROM " + mysql.Table(source.Schema, source.Name) + whereOf(t.Where)
		read := func(ctx context.Context, emit func(*batch) error) error {
			return definitionError(p.layout.read(ctx, v.conn, from, emit))
		}
		if err := c.pipe(ctx, &done, read, p.write); err != nil {
			return err
		}
	}
	return nil
}

// pieces writes a table's rows in transactions that are each noted in the
// ledger, so that none is written twice after a lost answer.
type pieces struct {
	c        *Copier
	t        *tableCopy
	layout   *layout
	high     string
	seq      uint64
	finished []int // tables whose copy ends with this table's last piece
}

func (p *pieces) write(ctx context.Context, in <-chan *batch, read func() error) error {
	var held []*batch
	var size int64
	for b := range in {
		held, size = append(held, b), size+int64(len(b.text))
		if size < pieceBytes {
			continue
		}
		if err := p.flush(ctx, held, nil); err != nil {
			return err
		}
		held, size = nil, 0
	}
	if err := read(); err != nil {
		return err
	}
	return p.flush(ctx, held, p.finished)
}

// flush writes one piece until it is certain that it is there.
func (p *pieces) flush(ctx context.Context, held []*batch, finished []int) error {
	ck := ledger.Chunk{Table: p.t.ID, Seq: p.seq}
	p.seq++
	done := ledger.Done{High: p.high}
	for _, b := range held {
		done.Rows += int64(b.rows())
		done.Bytes += b.read
	}
	if err := p.c.limit.wait(ctx); err != nil {
		return err
	}
	begun := time.Now()
	for backoff := 100 * time.Millisecond; ; backoff = min(2*backoff, 5*time.Second) {
		err := p.once(ctx, ck, held, piece{done, finished})
		if err != nil && ctx.Err() == nil && lost(err) {
			there, askErr := p.c.committed(ctx, ck)
			if askErr != nil {
				return errors.Join(err, askErr)
			}
			if there {
				err = nil
			}
		}
		if err == nil {
			p.c.limit.spend(done.Bytes, done.Rows)
			p.c.Metrics.chunk(done, time.Since(begun))
			p.c.retry.success()
			p.c.progress(p.t, done)
			return nil
		}
		if ctx.Err() != nil || !retryable(err) {
			return err
		}
		if err := p.c.retry.again(ctx, backoff, err); err != nil {
			return err
		}
	}
}

type piece struct {
	done     ledger.Done
	finished []int
}

func (p *pieces) once(ctx context.Context, ck ledger.Chunk, held []*batch, what piece) error {
	tx, err := p.c.target.BeginTx(ctx, nil)
	if err != nil {
		return fmt.Errorf("begin a piece of %s: %w", p.layout.target.ID(), err)
	}
	defer tx.Rollback() // does nothing after a commit
	if err := p.c.Ledger.Fence(ctx, tx); err != nil {
		return err
	}
	w := &writer{ledger: p.c.Ledger, layout: p.layout, pg: choosePaging(p.layout.source), table: p.t.ID, tx: tx}
	for _, b := range held {
		if err := w.insert(ctx, b); err != nil {
			return err
		}
	}
	if err := p.c.Ledger.PieceIn(ctx, tx, ck, what.done); err != nil {
		return err
	}
	if len(what.finished) > 0 {
		if err := p.c.Ledger.SetStateIn(ctx, tx, ledger.Exact, ledger.Copied, what.finished...); err != nil {
			return err
		}
	}
	return p.c.commit(tx)
}
