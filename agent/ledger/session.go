package ledger

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"fmt"
	"io"
	"math/rand/v2"
	"strings"

	"github.com/tidegate-io/tidegate/internal/mysql"
)

// sessions bounds the marked sessions of a run's owners that a target has at
// one time; it is above what a run opens twice.
const sessions = 400

// Marked lets every session of a pool carry the run's mark, so that whoever
// takes the run over can end it: a host that lost its power, or a process that
// stands still, leaves transactions open whose locks the server would keep for
// as long as its time-outs say. Lanes have a mark of their own, see MarkWriter.
func Marked(run string) mysql.Option {
	l := &Ledger{Run: run}
	return mysql.Greet(func(ctx context.Context, conn driver.Conn) error {
		first := rand.IntN(sessions)
		for i := range sessions {
			got, err := getLock(ctx, conn, l.sessionName((first+i)%sessions))
			if err != nil {
				return fmt.Errorf("run %s: mark a session: %w", run, err)
			}
			if got {
				return nil
			}
		}
		return &mysql.Error{Class: mysql.Transient, Code: "too_many_sessions", Err: fmt.Errorf("run %s: %d sessions of it are on the target", run, sessions),
			Remedy: "sessions of lost owners are still there; end those of the tidegate account on the target that are asleep"}
	})
}

func (l *Ledger) sessionName(slot int) string { return l.lockName(fmt.Sprintf(".s%d", slot)) }

// getLock asks for a lock without waiting.
func getLock(ctx context.Context, conn driver.Conn, name string) (bool, error) {
	q, ok := conn.(driver.QueryerContext)
	if !ok {
		return false, driver.ErrSkip
	}
	rows, err := q.QueryContext(ctx, "SELECT COALESCE(GET_LOCK("+mysql.String(name)+", 0), 0)", nil)
	if err != nil {
		return false, err
	}
	defer rows.Close()
	value := make([]driver.Value, 1)
	if err := rows.Next(value); err != nil {
		return false, err
	}
	got := fmt.Sprint(value[0])
	if b, ok := value[0].([]byte); ok {
		got = string(b)
	}
	if err := rows.Next(value); err != io.EOF {
		return false, err
	}
	return got == "1", nil
}

// endSessions ends all marked sessions and the holder of the run's lock, but
// for the one that asks. A COMMIT that runs already runs to its end.
func (l *Ledger) endSessions(ctx context.Context, conn *sql.Conn) error {
	names := make([]string, 0, sessions+1)
	for i := range sessions {
		names = append(names, l.sessionName(i))
	}
	names = append(names, l.lockName(""))
	_, err := l.end(ctx, conn, append(names, l.helperNames()...))
	return err
}

// end ends the connections that hold the named locks, but for the one that asks,
// and returns how many there are. The servers free a lock when all that its
// holder did has ended.
func (l *Ledger) end(ctx context.Context, conn *sql.Conn, names []string) (n int, err error) {
	asks := make([]string, len(names))
	ids := make([]sql.NullInt64, len(names))
	into := make([]any, len(names))
	for i, name := range names {
		asks[i] = "NULLIF(IS_USED_LOCK(" + mysql.String(name) + "),CONNECTION_ID())"
		into[i] = &ids[i]
	}
	if err := conn.QueryRowContext(ctx, "SELECT "+strings.Join(asks, ",")).Scan(into...); err != nil {
		return 0, fmt.Errorf("run %s: look for sessions of older owners: %w", l.Run, err)
	}
	for _, id := range ids {
		if !id.Valid {
			continue
		}
		n++
		_, err := conn.ExecContext(ctx, fmt.Sprintf("KILL %d", id.Int64))
		if err != nil && mysql.Number(err) != noSuchThread {
			return n, fmt.Errorf("run %s: end connection %d of an older owner: %w", l.Run, id.Int64, err)
		}
	}
	return n, nil
}
