package ledger

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"

	"github.com/tidegate-io/tidegate/internal/mysql"
	"github.com/tidegate-io/tidegate/internal/schema"
)

// The methods below change table rows inside the control transaction of a DDL,
// whose owner has fenced it.

// RegisterIn writes the rows of new tables.
func (l *Ledger) RegisterIn(ctx context.Context, db mysql.Execer, rows ...TableRow) error {
	for i := range rows {
		v, err := l.tableValues(&rows[i])
		if err != nil {
			return err
		}
		if _, err := db.ExecContext(ctx, registerHead+v); err != nil {
			return fmt.Errorf("register table %s: %w", rows[i].Source, err)
		}
	}
	return nil
}

// RenameIn gives a table other names on both sides.
func (l *Ledger) RenameIn(ctx context.Context, db mysql.Execer, id int, source, target schema.ID) error {
	_, err := db.ExecContext(ctx, fmt.Sprintf("UPDATE `_tidegate`.`table` SET source_schema = %s, source_name = %s, target_schema = %s, target_name = %s WHERE run = %s AND id = %d",
		hexText(source.Schema), hexText(source.Name), hexText(target.Schema), hexText(target.Name), hexText(l.Run), id))
	if err != nil {
		return fmt.Errorf("rename table %s: %w", source, err)
	}
	return nil
}

// SetLeftOutIn stores which indexes of a table are still to be built.
func (l *Ledger) SetLeftOutIn(ctx context.Context, db mysql.Execer, id int, clauses []string) error {
	text, err := json.Marshal(clauses)
	if err != nil {
		return fmt.Errorf("left-out indexes: %w", err)
	}
	if _, err := db.ExecContext(ctx, fmt.Sprintf("UPDATE `_tidegate`.`table` SET left_out = %s WHERE run = %s AND id = %d", hexText(string(text)), hexText(l.Run), id)); err != nil {
		return fmt.Errorf("store left-out indexes: %w", err)
	}
	return nil
}

// RemoveTablesIn removes tables and all that is noted about their copy.
func (l *Ledger) RemoveTablesIn(ctx context.Context, tx *sql.Tx, ids ...int) error {
	if len(ids) == 0 {
		return nil
	}
	if err := l.dropCopy(ctx, tx, ids); err != nil {
		return err
	}
	if _, err := tx.ExecContext(ctx, fmt.Sprintf("DELETE FROM `_tidegate`.`table` WHERE run = %s AND id IN (%s)", hexText(l.Run), idList(ids))); err != nil {
		return fmt.Errorf("remove tables from the run: %w", err)
	}
	return nil
}

// DiscardIn throws the copy of tables away: the next session that finds them
// empties them and copies them anew.
func (l *Ledger) DiscardIn(ctx context.Context, tx *sql.Tx, ids ...int) error {
	if len(ids) == 0 {
		return nil
	}
	if err := l.dropCopy(ctx, tx, ids); err != nil {
		return err
	}
	_, err := tx.ExecContext(ctx, fmt.Sprintf("UPDATE `_tidegate`.`table` SET state = %s, exact_pos = '' WHERE run = %s AND id IN (%s)", hexText(string(Emptying)), hexText(l.Run), idList(ids)))
	if err != nil {
		return fmt.Errorf("throw copies away: %w", err)
	}
	return nil
}
