package mysql

import (
	"context"
	"fmt"
)

// Warning is one line of SHOW WARNINGS that is more than a note, and not about
// words that a later version will not know.
type Warning struct {
	Number  uint16
	Message string
}

// deprecated are the warnings about the text of a statement, such as a character
// set's name, whatever it did.
var deprecated = map[uint16]bool{1287: true, 1681: true, 3719: true, 3778: true}

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
		if kept++; level != "Note" && !deprecated[w.Number] {
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
