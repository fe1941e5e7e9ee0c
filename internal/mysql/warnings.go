package mysql

import (
	"context"
	"fmt"
)

// Warning is one line of SHOW WARNINGS that is more than a note.
type Warning struct {
	Number  uint16
	Message string
}

// Warnings reads what the session's last statement warned of. A server keeps
// only so many warnings (max_error_count); if there were more, which nobody can
// read, that is an error.
func Warnings(ctx context.Context, session Querier) ([]Warning, error) {
	rows, err := session.QueryContext(ctx, "SHOW WARNINGS")
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var list []Warning
	kept := 0
	for rows.Next() {
		var level string
		var w Warning
		if err := rows.Scan(&level, &w.Number, &w.Message); err != nil {
			return nil, err
		}
		if kept++; level != "Note" {
			list = append(list, w)
		}
	}
	if err := rows.Err(); err != nil {
		return nil, err
	}
	var all int
	if err := session.QueryRowContext(ctx, "SHOW COUNT(*) WARNINGS").Scan(&all); err != nil {
		return nil, err
	}
	if all != kept {
		return nil, fmt.Errorf("the server keeps %d of %d warnings", kept, all)
	}
	return list, nil
}
