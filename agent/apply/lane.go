package apply

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"time"

	"github.com/tidegate-io/tidegate/agent/ledger"
	"github.com/tidegate-io/tidegate/internal/fault"
	"github.com/tidegate-io/tidegate/internal/mysql"
)

// statementLimit ends a statement that a dead link would let hang for ever.
var statementLimit = 15 * time.Minute

// lane is one connection to the target.
type lane struct {
	id     int
	conn   *sql.Conn
	buf    []byte
	packet int // statements are sent together up to this many bytes
}

func (a *Applier) openLane(ctx context.Context, id int) (*lane, error) {
	conn, err := a.pool.Conn(ctx)
	if err != nil {
		return nil, fmt.Errorf("lane %d: connect to the target: %w", id, err)
	}
	l := &lane{id: id, conn: conn}
	if err = a.deps.Ledger.MarkWriter(ctx, conn, id); err == nil {
		err = l.measure(ctx, a.cfg, a.deps.Target.Server)
	}
	if err != nil {
		l.close()
		return nil, fmt.Errorf("lane %d: connect to the target: %w", id, err)
	}
	return l, nil
}

// close ends the connection; what it had open is rolled back by the server.
func (l *lane) close() {
	_ = l.conn.Raw(func(any) error { return driver.ErrBadConn })
	_ = l.conn.Close()
}

// exec runs one statement and returns its count.
func (l *lane) exec(ctx context.Context, text []byte) (int64, error) {
	ctx, cancel := context.WithTimeout(ctx, statementLimit)
	defer cancel()
	res, err := l.conn.ExecContext(ctx, view(text))
	if err != nil {
		return 0, err
	}
	return res.RowsAffected()
}

// several runs statements that stand in one text, and returns their counts. The
// server stops at the first that fails.
func (l *lane) several(ctx context.Context, text []byte) ([]int64, error) {
	ctx, cancel := context.WithTimeout(ctx, statementLimit)
	defer cancel()
	return mysql.Counts(ctx, l.conn, view(text))
}

func (l *lane) execString(ctx context.Context, text string) error {
	_, err := l.exec(ctx, []byte(text))
	return err
}

func (l *lane) begin(ctx context.Context) error {
	if err := l.execString(ctx, begin); err != nil {
		return fmt.Errorf("lane %d: begin: %w", l.id, err)
	}
	return nil
}

// rollback gives the transaction up. A connection that cannot even do that is
// useless, which the next statement on it will show.
func (l *lane) rollback(ctx context.Context) error {
	if err := l.execString(ctx, "ROLLBACK"); err != nil {
		return fmt.Errorf("lane %d: roll back: %w", l.id, err)
	}
	return nil
}

// finish moves the ledger and commits. COMMIT is sent only when the ledger's
// answer is there, so that a fenced lane never commits (I-4). all says that this
// transaction is the whole batch and moves every lane's row.
func (l *lane) finish(ctx context.Context, led *ledger.Ledger, step ledger.Step, lanes int, all bool) error {
	which, want := l.rows(lanes, all)
	fault.At("lane-ledger")
	l.buf = led.AppendUpdate(l.buf[:0], step, which)
	n, err := l.exec(ctx, l.buf)
	if err != nil {
		return fmt.Errorf("lane %d: ledger of batch %d: %w", l.id, step.Batch, err)
	}
	if n != want {
		return errors.Join(led.Refused(ctx, step), l.rollback(ctx))
	}
	return l.commit(ctx, step)
}

// rows says which row of the ledger the lane moves, -1 for all, and how many
// that are.
func (l *lane) rows(lanes int, all bool) (which int, want int64) {
	if all {
		return -1, int64(lanes)
	}
	return l.id, 1
}

func (l *lane) commit(ctx context.Context, step ledger.Step) error {
	fault.At("lane-commit")
	if err := l.execString(ctx, "COMMIT"); err != nil {
		return fmt.Errorf("lane %d: commit batch %d: %w", l.id, step.Batch, ledger.CommitError(err))
	}
	fault.At("lane-committed")
	return nil
}

// contended are the numbers of a deadlock and of a lock wait that was given up:
// the transaction is repeated on the same connection. What Galera and Group
// Replication refuse at COMMIT comes as the first or the third.
func contended(err error) bool {
	switch mysql.Number(err) {
	case 1213, 1205, 3101:
		return !errors.Is(err, mysql.ErrOutcomeUnknown)
	}
	return false
}
