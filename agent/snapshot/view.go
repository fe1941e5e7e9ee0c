package snapshot

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"slices"
	"time"

	"github.com/tidegate-io/tidegate/agent/gate"
	"github.com/tidegate-io/tidegate/internal/change"
	"github.com/tidegate-io/tidegate/internal/mysql"
	"github.com/tidegate-io/tidegate/internal/schema"
)

// lockWait bounds how long a READ lock is waited for: behind a waiting lock
// stand all writers of the table.
const lockWait = "2"

// notLocked are the server's answers when it was not enough, or when it chose
// the lock to end a circle of waiting writers.
var notLocked = map[uint16]bool{1205: true, 1213: true}

// lockOptions are the settings of a session that locks tables. It asks something
// every few milliseconds or reads rows, so the server shall not keep the lock,
// before which all writers of the table stand, for an agent that stands still or
// whose host has gone. A MariaDB lets LOCK TABLES pass a prepared transaction whose
// session is gone, and whose commit may be in the log before it can be read, unless
// InnoDB locks the table too, which it does only for a session without autocommit.
func (c *Copier) lockOptions() []mysql.Option {
	out := []mysql.Option{mysql.Set("lock_wait_timeout", lockWait), mysql.Set("wait_timeout", "20"), mysql.Set("net_write_timeout", "60")}
	if c.Source.Server.Flavor == mysql.MariaDB {
		out = append(out, mysql.Set("autocommit", "0"), mysql.Set("innodb_table_locks", "1"), mysql.Set("innodb_lock_wait_timeout", lockWait))
	}
	return out
}

// view is a source session inside the transaction, or under the lock, in which
// a chunk is read. high may be asked until it is closed.
type view struct {
	conn *sql.Conn
	low  *change.Set
	high func(ctx context.Context) (*change.Set, error)
	done bool // the session is clean and may be used again

	locked bool // it holds table locks and has no transaction
	closed bool
}

// close ends the transaction. A session that is not clean is given up: it may
// hold a lock, or unread rows.
func (v *view) close() {
	if v.closed {
		return
	}
	v.closed = true
	if v.done {
		ctx, cancel := context.WithTimeout(context.Background(), 10*time.Second)
		defer cancel()
		end := "ROLLBACK"
		if v.locked {
			end = "UNLOCK TABLES"
		}
		_, err := v.conn.ExecContext(ctx, end)
		v.done = err == nil
	}
	discard(v.conn, !v.done)
}

// discard gives a connection back to its pool, or ends it.
func discard(conn *sql.Conn, broken bool) {
	if broken {
		_ = conn.Raw(func(any) error { return driver.ErrBadConn }) // ends the connection
	}
	_ = conn.Close()
}

// admitted are chunks in the gate; none where no marks are taken.
type admitted []*gate.Chunk

// drop takes them out of the gate; nothing of them is on the target.
func (a admitted) drop() {
	for _, g := range a {
		g.Drop()
	}
}

// done takes them out after their commit; high is their high mark.
func (a admitted) done(high *change.Set) {
	for _, g := range a {
		g.Done(high)
	}
}

// open begins a view for chunks of some tables and registers them in the gate
// with its low mark. Where the mark is older than what may have been applied, it
// is taken again (I-2b).
func (c *Copier) open(ctx context.Context, tables []*tableCopy, sources []*schema.Table) (*view, admitted, error) {
	backoff := 5 * time.Millisecond
	for {
		v, err := c.begin(ctx, sources)
		if err != nil {
			return nil, nil, fmt.Errorf("open a view of %s: %w", sources[0].ID(), err)
		}
		if c.mode == noMarks {
			return v, nil, nil
		}
		in, err := c.admit(tables, v.low)
		if err == nil {
			return v, in, nil
		}
		v.done = true
		v.close()
		if !errors.Is(err, gate.ErrStale) {
			return nil, nil, err
		}
		if err := sleep(ctx, backoff); err != nil {
			return nil, nil, err
		}
		backoff = min(2*backoff, 200*time.Millisecond)
	}
}

func (c *Copier) admit(tables []*tableCopy, low *change.Set) (in admitted, err error) {
	for _, t := range tables {
		g, err := c.Gate.Open(t.gate, low)
		if err != nil {
			in.drop()
			return nil, err
		}
		in = append(in, g)
	}
	return in, nil
}

// begin opens the view as this source's marks demand (ENGINE §3, Marks).
func (c *Copier) begin(ctx context.Context, tables []*schema.Table) (*view, error) {
	if !allTransactional(tables) {
		return c.underLock(ctx, tables, nil)
	}
	if c.mode == byGTID {
		return c.betweenMarks(ctx)
	}
	return c.afterLock(ctx, tables)
}

func allTransactional(tables []*schema.Table) bool {
	return !slices.ContainsFunc(tables, func(t *schema.Table) bool { return !transactional(t) })
}

// transactional reports whether a consistent snapshot covers the table.
func transactional(t *schema.Table) bool {
	switch t.Engine {
	case "InnoDB", "ROCKSDB", "TokuDB", "":
		return true
	default:
		return false
	}
}

func (c *Copier) betweenMarks(ctx context.Context) (*view, error) {
	conn, err := c.source.Conn(ctx)
	if err != nil {
		return nil, err
	}
	v := &view{conn: conn}
	if v.low, err = c.Marks.MarkLow(ctx, conn); err == nil {
		_, err = conn.ExecContext(ctx, "START TRANSACTION READ ONLY")
	}
	if err != nil {
		v.close()
		return nil, err
	}
	v.high = func(ctx context.Context) (*change.Set, error) { return c.Marks.MarkHigh(ctx, conn) }
	return v, nil
}

// afterLock opens a consistent snapshot on one session while another holds the
// tables locked for an instant. The position is exact for these tables. (START
// TRANSACTION would release the locks of its own session.)
func (c *Copier) afterLock(ctx context.Context, tables []*schema.Table) (*view, error) {
	conn, err := c.source.Conn(ctx)
	if err != nil {
		return nil, err
	}
	locked, err := c.underLock(ctx, tables, func(q mysql.Querier) (*change.Set, error) {
		if _, err := conn.ExecContext(ctx, "START TRANSACTION WITH CONSISTENT SNAPSHOT"); err != nil {
			return nil, err
		}
		return c.locked(ctx, q)
	})
	if err != nil {
		discard(conn, true)
		return nil, err
	}
	v := &view{conn: conn, low: locked.low}
	v.high = func(context.Context) (*change.Set, error) { return v.low, nil }
	locked.done = true
	locked.close()
	return v, nil
}

// underLock locks tables on a session and takes the low mark there. A lock that
// is not granted at once is given up and tried again.
func (c *Copier) underLock(ctx context.Context, tables []*schema.Table, mark func(q mysql.Querier) (*change.Set, error)) (*view, error) {
	stmt := "LOCK TABLES "
	for i, t := range tables {
		if i > 0 {
			stmt += ", "
		}
		stmt += mysql.Table(t.Schema, t.Name) + " READ"
	}
	for backoff := 250 * time.Millisecond; ; backoff = min(2*backoff, 10*time.Second) {
		conn, err := c.locks.Conn(ctx)
		if err != nil {
			return nil, err
		}
		v := &view{conn: conn, locked: true}
		if _, err = conn.ExecContext(ctx, stmt); err == nil {
			if mark == nil {
				v.low, err = c.locked(ctx, conn)
			} else {
				v.low, err = mark(conn)
			}
		}
		if err == nil {
			v.high = func(ctx context.Context) (*change.Set, error) { return c.locked(ctx, conn) }
			return v, nil
		}
		v.close()
		if !notLocked[mysql.Number(err)] {
			return nil, definitionError(err) // renamed or dropped: that is still on its way through the log
		}
		c.Log.Info().Str("statement", stmt).Msg("tables are busy; the lock is tried again")
		if err := sleep(ctx, backoff); err != nil {
			return nil, err
		}
	}
}

// locked is a position that contains every change to tables on which q holds
// READ locks: their writers have ended.
func (c *Copier) locked(ctx context.Context, q mysql.Querier) (*change.Set, error) {
	if c.mode == noMarks {
		return change.NewSet(c.kind), nil
	}
	return c.Marks.MarkLocked(ctx, q)
}

func sleep(ctx context.Context, d time.Duration) error {
	t := time.NewTimer(d)
	defer t.Stop()
	select {
	case <-ctx.Done():
		return context.Cause(ctx)
	case <-t.C:
		return nil
	}
}
