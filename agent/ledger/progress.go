package ledger

import (
	"context"
	"database/sql"
	"fmt"

	"github.com/tidegate-io/tidegate/internal/mysql"
)

// write runs f in a transaction of its own, behind the fence.
func (l *Ledger) write(ctx context.Context, what string, f func(tx *sql.Tx) error) error {
	return l.tx(ctx, what, func(tx *sql.Tx) error {
		if err := l.Fence(ctx, tx); err != nil {
			return err
		}
		return f(tx)
	})
}

// hexText renders bytes as a literal that means the same in every session.
func hexText(s string) string {
	if s == "" {
		return "''"
	}
	return fmt.Sprintf("X'%x'", s)
}

// inserts runs INSERT statements of many rows, each statement bounded in size.
func inserts(ctx context.Context, db mysql.Execer, head, tail string, rows []string) error {
	const limit = 256 << 10
	var text []byte
	flush := func() error {
		if len(text) == 0 {
			return nil
		}
		_, err := db.ExecContext(ctx, string(text)+tail)
		text = text[:0]
		return err
	}
	for _, row := range rows {
		if len(text) > 0 && len(text)+len(row) > limit {
			if err := flush(); err != nil {
				return err
			}
		}
		if len(text) == 0 {
			text = append(text, head...)
		} else {
			text = append(text, ',')
		}
		text = append(text, row...)
	}
	return flush()
}
