package snapshot

import (
	"cmp"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"slices"
	"strings"
	"time"

	"github.com/tidegate-io/tidegate/agent/ledger"
	"github.com/tidegate-io/tidegate/internal/change"
	"github.com/tidegate-io/tidegate/internal/fault"
	"github.com/tidegate-io/tidegate/internal/mysql"
	"github.com/tidegate-io/tidegate/internal/schema"
)

// A table of a few rows costs more in questions than in rows. Several such tables
// are read in one view and written in one transaction: a bundle. It takes only
// what goes smoothly. At anything else it leaves no trace, and its chunks are
// carried one by one, which knows what to do.

const (
	fewRows      = 1000    // a table of fewer rows may travel in a bundle
	bundleTables = 16      // chunks of one bundle: the source's DDL waits for all of them
	bundleBytes  = 4 << 20 // text of one bundle, which is kept in memory
)

// bundles reports whether both servers are such that chunks may be bundled. When a
// node of a Galera cluster ends a transaction between two statements of a packet,
// it carries out the rest without one.
func (c *Copier) bundles() bool {
	return c.mode == byGTID && !c.Source.Server.Galera && !c.Target.Server.Galera
}

// errAlone says that a chunk does not fit into a bundle.
var errAlone = errors.New("the chunk is to be carried by itself")

// bundle is chunks of different tables, each of them all of its table.
type bundle struct {
	jobs    []*job
	tables  []*tableCopy
	layouts []*layout
	sources []*schema.Table
	done    []ledger.Done
	inserts [][]string // statements, by job
	bytes   int
}

func newBundle(jobs []*job) *bundle {
	return &bundle{jobs: jobs, done: make([]ledger.Done, len(jobs)), inserts: make([][]string, len(jobs))}
}

// attemptBundle carries chunks together, once. Those that are not written then
// go back to the others, not to be bundled again.
func (c *Copier) attemptBundle(ctx context.Context, jobs []*job) error {
	b := newBundle(jobs)
	err := c.limit.wait(ctx)
	begun := time.Now()
	errs := make([]error, len(jobs))
	if err == nil {
		errs = c.copyBundle(ctx, b)
	}
	took := time.Since(begun)
	for i, j := range jobs {
		switch failed := cmp.Or(err, errs[i]); {
		case failed == nil:
			c.limit.spend(b.done[i].Bytes, b.done[i].Rows)
			c.Metrics.chunk(b.done[i], took)
			c.retry.success()
			c.finishJob(j, b.done[i])
		case c.isHalted(j.table):
			c.forgetJob(j.table)
		default:
			c.Log.Debug().Err(failed).Msg("chunk of a bundle is carried by itself")
			j.few = false
			c.giveBack(j, 0)
		}
		if errors.Is(errs[i], ledger.ErrFenced) {
			err = errs[i]
		}
	}
	return cmp.Or(err, context.Cause(ctx))
}

// copyBundle takes chunks once through their lives, as copyChunk does with one.
// It returns for each why it is not on the target, nil if it is.
func (c *Copier) copyBundle(ctx context.Context, b *bundle) []error {
	all, cancel := c.liveAll(ctx, b.jobs)
	defer cancel()
	v, in, err := c.openBundle(all, b)
	if err != nil {
		return slices.Repeat([]error{err}, len(b.jobs))
	}
	defer v.close()
	high, err := c.carryBundle(all, v, b)
	return c.concludeBundle(ctx, b, in, high, err)
}

// concludeBundle takes each chunk out of the gate. One whose table is removed
// is not asked for; the others are, also if that is what ended the bundle.
func (c *Copier) concludeBundle(ctx context.Context, b *bundle, in admitted, high *change.Set, err error) []error {
	errs := make([]error, len(b.jobs))
	for i, j := range b.jobs {
		own, cancel := c.live(ctx, j.table)
		errs[i] = c.conclude(own, j, in[i:i+1], high, err)
		cancel()
	}
	return errs
}

// liveAll returns a context that also ends when one of the tables is removed.
func (c *Copier) liveAll(ctx context.Context, jobs []*job) (context.Context, context.CancelFunc) {
	ends := make([]context.CancelFunc, len(jobs))
	for i, j := range jobs {
		ctx, ends[i] = c.live(ctx, j.table)
	}
	return ctx, func() {
		for i := len(ends) - 1; i >= 0; i-- {
			ends[i]()
		}
	}
}

// openBundle opens one view for all chunks and brings them into the gate.
func (c *Copier) openBundle(ctx context.Context, b *bundle) (*view, admitted, error) {
	for _, j := range b.jobs {
		l, err := c.layout(ctx, j.table)
		if err != nil {
			return nil, nil, err
		}
		b.tables, b.layouts, b.sources = append(b.tables, j.table), append(b.layouts, l), append(b.sources, l.source)
	}
	if !allTransactional(b.sources) { // all of them would be locked for it
		return nil, nil, errAlone
	}
	return c.open(ctx, b.tables, b.sources)
}

// carryBundle reads all chunks, then writes them. The high mark is returned also
// with an error, if COMMIT was sent.
func (c *Copier) carryBundle(ctx context.Context, v *view, b *bundle) (*change.Set, error) {
	if err := c.agree(ctx, v, b.tables, b.sources); err != nil {
		v.done = errors.Is(err, errDiffers)
		return nil, err
	}
	if err := b.read(ctx, v); err != nil {
		return nil, definitionError(err)
	}
	high, err := v.high(ctx)
	if err != nil {
		return nil, err
	}
	fault.At("chunk-read")
	v.done = true
	v.close()
	for i := range b.done {
		b.done[i].High = high.String()
	}
	sent, err := c.writeBundle(ctx, b)
	if !sent {
		high = nil
	}
	return high, err
}

// read renders the rows of all chunks as INSERT statements.
func (b *bundle) read(ctx context.Context, v *view) error {
	query := make([]string, len(b.jobs))
	for i, j := range b.jobs {
		query[i] = "SELECT " + b.layouts[i].exprs + j.table.ranger.from(j.chunk.Lower, j.chunk.Upper)
	}
	rows, err := v.conn.QueryContext(ctx, strings.Join(query, ";"))
	if err != nil {
		return fmt.Errorf("read %s: %w", b.sources[0].ID(), err)
	}
	defer rows.Close()
	for i, l := range b.layouts {
		if i > 0 && !rows.NextResultSet() {
			return fmt.Errorf("read %s: %w", l.source.ID(), cmp.Or(rows.Err(), io.ErrUnexpectedEOF))
		}
		if err := l.render(rows, make([]sql.RawBytes, len(l.columns)), func(rows *batch) error { return b.add(i, rows) }); err != nil {
			return err
		}
	}
	return rows.Close()
}

// add takes some rows of a chunk.
func (b *bundle) add(i int, rows *batch) error {
	b.bytes += len(rows.text)
	if rows.lax > 0 || b.bytes > bundleBytes {
		return errAlone
	}
	b.done[i].Rows += int64(rows.rows())
	b.done[i].Bytes += rows.read
	b.inserts[i] = append(b.inserts[i], b.layouts[i].head("INSERT")+string(rows.text))
	return nil
}

// writeBundle writes all chunks in one transaction. sent says that its COMMIT
// may have happened.
func (c *Copier) writeBundle(ctx context.Context, b *bundle) (sent bool, err error) {
	conn, err := c.target.Conn(ctx)
	if err != nil {
		return false, fmt.Errorf("begin a bundle: %w", err)
	}
	defer conn.Close()
	tx, err := conn.BeginTx(ctx, nil)
	if err != nil {
		return false, fmt.Errorf("begin a bundle: %w", err)
	}
	defer tx.Rollback() // does nothing after a commit
	if err := c.Ledger.Fence(ctx, tx); err != nil {
		return false, err
	}
	p := packet{conn: conn, limit: b.layouts[0].limit}
	for i, j := range b.jobs {
		for _, text := range b.inserts[i] {
			if err := p.add(ctx, text); err != nil {
				return false, err
			}
		}
		p.rows += b.done[i].Rows
		if err := p.add(ctx, c.Ledger.DoneText(j.chunk, b.done[i])); err != nil {
			return false, err
		}
		p.rows++
	}
	if err := p.flush(ctx); err != nil {
		return false, err
	}
	if p.changed != p.rows { // a table is thrown away, or its rows were not all new
		return false, errAlone
	}
	fault.At("chunk-written")
	return true, c.commit(tx)
}

// packet is statements that are sent together.
type packet struct {
	conn    *sql.Conn
	limit   int // bytes
	text    []byte
	changed int64 // rows that all statements changed
	rows    int64 // that they shall have changed
}

func (p *packet) add(ctx context.Context, text string) error {
	if len(p.text) > 0 && len(p.text)+len(text) >= p.limit {
		if err := p.flush(ctx); err != nil {
			return err
		}
	}
	if len(p.text) > 0 {
		p.text = append(p.text, ';')
	}
	p.text = append(p.text, text...)
	return nil
}

func (p *packet) flush(ctx context.Context) error {
	if len(p.text) == 0 {
		return nil
	}
	counts, err := mysql.Counts(ctx, p.conn, string(p.text))
	if err != nil {
		return fmt.Errorf("write a bundle: %w", err)
	}
	for _, n := range counts {
		p.changed += n
	}
	p.text = p.text[:0]
	return nil
}
