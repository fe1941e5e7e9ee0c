package apply

import (
	"context"
	"fmt"

	"github.com/tidegate-io/tidegate/internal/mysql"
	"github.com/tidegate-io/tidegate/internal/schema"
)

// truncated is the warning that a value strict mode refuses gives without it.
const truncated = 1265

// run runs a share's statement. lax is how many of its values only a session
// without strict mode stores; then the mode is off for this statement alone, and
// nothing but those values may have been warned of.
func (l *lane) run(ctx context.Context, text []byte, lax int) (int64, error) {
	if lax == 0 {
		return l.exec(ctx, text)
	}
	if err := l.execString(ctx, "SET sql_mode = '"+schema.LaxMode+"'"); err != nil {
		return 0, err
	}
	n, err := l.exec(ctx, text)
	if err == nil {
		err = l.onlyTruncated(ctx, lax)
	}
	if back := l.execString(ctx, "SET sql_mode = '"+mysql.SQLMode+"'"); err == nil {
		err = back
	}
	return n, err
}

func (l *lane) onlyTruncated(ctx context.Context, want int) error {
	rows, err := l.conn.QueryContext(ctx, "SHOW WARNINGS")
	if err != nil {
		return err
	}
	defer rows.Close()
	n := 0
	for rows.Next() {
		var level, message string
		var number int
		if err := rows.Scan(&level, &number, &message); err != nil {
			return err
		}
		if level == "Note" {
			continue
		}
		if n++; number != truncated || n > want {
			return &mysql.Error{Class: mysql.Data, Code: "value", Err: fmt.Errorf("the target changed a value (warning %d)", number),
				Remedy: "compare the table's definition on both sides; make the target's column take the value, then retry"}
		}
	}
	return rows.Err()
}
