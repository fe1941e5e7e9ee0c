package ledger

import (
	"context"
	"database/sql"
	"encoding/json"
	"fmt"
	"strings"

	"github.com/tidegate-io/tidegate/internal/mysql"
	"github.com/tidegate-io/tidegate/internal/schema"
)

// TableState is how far a table is.
type TableState string

// The states of a table, in their order. Live tables are past their window:
// nothing about their copy matters any more.
const (
	Pending  TableState = "pending"
	Copying  TableState = "copying"
	Exact    TableState = "exact"    // being read in one snapshot at ExactPos
	Emptying TableState = "emptying" // its copy was thrown away; the target's rows go next
	Entering TableState = "entering" // it came with its rows by a DDL, and is not on the target yet
	Making   TableState = "making"   // as Entering; what is under its name on the target, and empty, is the run's
	Copied   TableState = "copied"
	Live     TableState = "live"
	Parent   TableState = "parent" // not selected, and followed for its foreign keys; Target is its shadow
)

// Enters reports whether the table is still to be made on the target.
func (s TableState) Enters() bool { return s == Entering || s == Making }

// TableRow is one table of a run.
type TableRow struct {
	ID      int
	Source  schema.ID
	Target  schema.ID
	State   TableState
	LeftOut []string // ALTER clauses of indexes still to be built

	// Definition is the source's definition at the applied position.
	Definition *schema.Table

	// ExactPos is the executed set, as text, of a copy in one snapshot: what it
	// contains is in the copy. Empty for tables copied by chunks. Of a parent it is
	// what had been executed when its definition was read during the run.
	ExactPos string

	RowsEstimated int64
}

const registerHead = "REPLACE INTO `_tidegate`.`table` (run, id, source_schema, source_name, target_schema, target_name, definition, state, exact_pos, left_out, rows_estimated) VALUES "

// Register writes the rows of new tables, or replaces those of known ones.
func (l *Ledger) Register(ctx context.Context, rows []TableRow) error {
	values, err := l.tablesValues(rows)
	if err != nil {
		return err
	}
	return l.write(ctx, "register tables", func(tx *sql.Tx) error {
		return inserts(ctx, tx, registerHead, "", values)
	})
}

func (l *Ledger) tablesValues(rows []TableRow) ([]string, error) {
	values := make([]string, len(rows))
	for i := range rows {
		var err error
		if values[i], err = l.tableValues(&rows[i]); err != nil {
			return nil, err
		}
	}
	return values, nil
}

func (l *Ledger) tableValues(r *TableRow) (string, error) {
	def, err := json.Marshal(r.Definition)
	if err != nil {
		return "", fmt.Errorf("definition of %s: %w", r.Source, err)
	}
	left, err := json.Marshal(r.LeftOut)
	if err != nil {
		return "", fmt.Errorf("left-out indexes of %s: %w", r.Source, err)
	}
	return fmt.Sprintf("(%s,%d,%s,%s,%s,%s,%s,%s,%s,%s,%d)", hexText(l.Run), r.ID,
		hexText(r.Source.Schema), hexText(r.Source.Name), hexText(r.Target.Schema), hexText(r.Target.Name),
		hexText(string(def)), hexText(string(r.State)), hexText(r.ExactPos), hexText(string(left)), max(r.RowsEstimated, 0)), nil
}

// Unindexed lists the tables of which indexes are still to be built and whose
// rows are all there.
func (l *Ledger) Unindexed(ctx context.Context) ([]int, error) {
	return l.ids(ctx, fmt.Sprintf("SELECT id FROM `_tidegate`.`table` WHERE run = %s AND left_out NOT IN ('null', '[]', '') AND state IN (%s, %s) ORDER BY id",
		hexText(l.Run), hexText(string(Copied)), hexText(string(Live))))
}

// ids reads numbers of tables.
func (l *Ledger) ids(ctx context.Context, query string) ([]int, error) {
	rows, err := l.DB.QueryContext(ctx, query)
	if err != nil {
		return nil, fmt.Errorf("read tables of run %s: %w", l.Run, err)
	}
	defer rows.Close()
	var ids []int
	for rows.Next() {
		var id int
		if err := rows.Scan(&id); err != nil {
			return nil, fmt.Errorf("read tables of run %s: %w", l.Run, err)
		}
		ids = append(ids, id)
	}
	return ids, rows.Err()
}

// Tables reads tables of the run, by id: those asked for, else all.
func (l *Ledger) Tables(ctx context.Context, ids ...int) ([]TableRow, error) {
	if len(ids) == 0 {
		return l.tables(ctx, "")
	}
	return l.tables(ctx, " AND id IN ("+idList(ids)+")")
}

// TablesAfter reads the tables whose ids are above last, and those asked for.
func (l *Ledger) TablesAfter(ctx context.Context, last int, ids []int) ([]TableRow, error) {
	which := fmt.Sprintf(" AND (id > %d", last)
	if len(ids) > 0 {
		which += " OR id IN (" + idList(ids) + ")"
	}
	return l.tables(ctx, which+")")
}

func (l *Ledger) tables(ctx context.Context, which string) ([]TableRow, error) {
	rows, err := l.DB.QueryContext(ctx, "SELECT id, source_schema, source_name, target_schema, target_name, definition, state, exact_pos, left_out, rows_estimated FROM `_tidegate`.`table` WHERE run = "+hexText(l.Run)+which+" ORDER BY id")
	if err != nil {
		return nil, fmt.Errorf("read tables of run %s: %w", l.Run, err)
	}
	defer rows.Close()
	var out []TableRow
	for rows.Next() {
		var r TableRow
		var def, left []byte
		if err := rows.Scan(&r.ID, &r.Source.Schema, &r.Source.Name, &r.Target.Schema, &r.Target.Name, &def, &r.State, &r.ExactPos, &left, &r.RowsEstimated); err != nil {
			return nil, fmt.Errorf("read tables of run %s: %w", l.Run, err)
		}
		if err := json.Unmarshal(def, &r.Definition); err != nil {
			return nil, fmt.Errorf("stored definition of %s: %w", r.Source, err)
		}
		r.Definition.Compact()
		if err := json.Unmarshal(left, &r.LeftOut); err != nil {
			return nil, fmt.Errorf("stored left-out indexes of %s: %w", r.Source, err)
		}
		out = append(out, r)
	}
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("read tables of run %s: %w", l.Run, err)
	}
	return out, nil
}

// SetState moves those of the tables that are in one state to another. The
// others have been thrown away by a statement of the log meanwhile, and whoever
// asks for this has not heard of it yet.
func (l *Ledger) SetState(ctx context.Context, from, to TableState, ids ...int) error {
	if len(ids) == 0 {
		return nil
	}
	return l.write(ctx, fmt.Sprintf("set %d tables to %s", len(ids), to), func(tx *sql.Tx) error {
		_, err := l.setState(ctx, tx, from, to, ids)
		return err
	})
}

// SetStateIn moves all of the tables from one state to another, inside a
// transaction that is fenced already. ErrThrownAway says that some are not in it.
func (l *Ledger) SetStateIn(ctx context.Context, db mysql.Execer, from, to TableState, ids ...int) error {
	n, err := l.setState(ctx, db, from, to, ids)
	if err == nil && n != int64(len(ids)) {
		err = ErrThrownAway
	}
	return err
}

func (l *Ledger) setState(ctx context.Context, db mysql.Execer, from, to TableState, ids []int) (int64, error) {
	res, err := db.ExecContext(ctx, fmt.Sprintf("UPDATE `_tidegate`.`table` SET state = %s WHERE run = %s AND id IN (%s) AND state = %s", hexText(string(to)), hexText(l.Run), idList(ids), hexText(string(from))))
	if err != nil {
		return 0, err
	}
	return res.RowsAffected()
}

// allIn refuses with ErrThrownAway if some of the tables are in none of the
// states, and keeps them where they are until tx ends.
func (l *Ledger) allIn(ctx context.Context, tx *sql.Tx, ids []int, states ...TableState) error {
	in := make([]string, len(states))
	for i, s := range states {
		in[i] = hexText(string(s))
	}
	rows, err := tx.QueryContext(ctx, fmt.Sprintf("SELECT id FROM `_tidegate`.`table` WHERE run = %s AND id IN (%s) AND state IN (%s) FOR UPDATE", hexText(l.Run), idList(ids), strings.Join(in, ",")))
	if err != nil {
		return err
	}
	defer rows.Close()
	n := 0
	for rows.Next() {
		n++
	}
	if err := rows.Err(); err != nil {
		return err
	}
	if n != len(ids) {
		return ErrThrownAway
	}
	return nil
}

// BeginExact notes, before anything is read, that these tables are read in one
// snapshot at a position. ErrThrownAway says that some are not waiting for that.
func (l *Ledger) BeginExact(ctx context.Context, pos string, ids ...int) error {
	return l.write(ctx, "begin a copy in one snapshot", func(tx *sql.Tx) error {
		if err := l.allIn(ctx, tx, ids, Pending, Exact); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, fmt.Sprintf("UPDATE `_tidegate`.`table` SET state = %s, exact_pos = %s WHERE run = %s AND id IN (%s)",
			hexText(string(Exact)), hexText(pos), hexText(l.Run), idList(ids)))
		return err
	})
}

// SetDefinitionIn stores a table's new source definition inside a transaction
// of the caller, who has fenced it.
func (l *Ledger) SetDefinitionIn(ctx context.Context, db mysql.Execer, id int, def *schema.Table) error {
	text, err := json.Marshal(def)
	if err != nil {
		return fmt.Errorf("definition of %s: %w", def.ID(), err)
	}
	_, err = db.ExecContext(ctx, fmt.Sprintf("UPDATE `_tidegate`.`table` SET definition = %s WHERE run = %s AND id = %d", hexText(string(text)), hexText(l.Run), id))
	if err != nil {
		return fmt.Errorf("store the definition of %s: %w", def.ID(), err)
	}
	return nil
}

// SetIndexes stores which indexes of a table are still to be built, and its
// definition with those that are.
func (l *Ledger) SetIndexes(ctx context.Context, id int, def *schema.Table, leftOut []string) error {
	return l.write(ctx, "store which indexes are built", func(tx *sql.Tx) error {
		if err := l.SetDefinitionIn(ctx, tx, id, def); err != nil {
			return err
		}
		return l.SetLeftOutIn(ctx, tx, id, leftOut)
	})
}

// ForgetTables removes tables and all that is noted about their copy.
func (l *Ledger) ForgetTables(ctx context.Context, ids ...int) error {
	if len(ids) == 0 {
		return nil
	}
	return l.write(ctx, "forget tables", func(tx *sql.Tx) error {
		if err := l.dropCopy(ctx, tx, ids); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, fmt.Sprintf("DELETE FROM `_tidegate`.`table` WHERE run = %s AND id IN (%s)", hexText(l.Run), idList(ids)))
		return err
	})
}

// Discard throws the copy of tables away: their chunks and debts are forgotten
// and their rows on the target are to be removed. A crash in between finds the
// state Emptying and empties the tables again.
func (l *Ledger) Discard(ctx context.Context, ids ...int) error {
	if len(ids) == 0 {
		return nil
	}
	return l.write(ctx, "throw a copy away", func(tx *sql.Tx) error {
		if err := l.dropCopy(ctx, tx, ids); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, fmt.Sprintf("UPDATE `_tidegate`.`table` SET state = %s, exact_pos = '' WHERE run = %s AND id IN (%s)", hexText(string(Emptying)), hexText(l.Run), idList(ids)))
		return err
	})
}

func (l *Ledger) dropCopy(ctx context.Context, tx *sql.Tx, ids []int) error {
	for _, name := range []string{"chunk", "debt"} {
		if _, err := tx.ExecContext(ctx, fmt.Sprintf("DELETE FROM `_tidegate`.`%s` WHERE run = %s AND tbl IN (%s)", name, hexText(l.Run), idList(ids))); err != nil {
			return err
		}
	}
	return nil
}

func idList(ids []int) string {
	var b []byte
	for i, id := range ids {
		if i > 0 {
			b = append(b, ',')
		}
		b = fmt.Appendf(b, "%d", id)
	}
	return string(b)
}
