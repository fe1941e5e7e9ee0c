package ledger

import (
	"context"
	"database/sql"
	"fmt"
	"strconv"
	"strings"

	"github.com/tidegate-io/tidegate/internal/change"
	"github.com/tidegate-io/tidegate/internal/mysql"
)

// Step is one batch's place in the ledger, with its positions as stored text.
// The text is made once per batch and used by every lane.
type Step struct {
	Batch    uint64
	From, To string
}

// AppendUpdate appends the compare-and-set that moves one lane, or all of them
// (lane < 0), from the batch before to this one (I-4). Only a lane that stands
// right before the batch, under this epoch, is changed; the caller checks the
// count and commits only after it.
func (l *Ledger) AppendUpdate(dst []byte, s Step, lane int) []byte {
	dst = append(dst, "UPDATE `_tidegate`.`ledger` SET batch = "...)
	dst = strconv.AppendUint(dst, s.Batch, 10)
	dst = append(dst, ", from_pos = "...)
	dst = mysql.AppendString(dst, []byte(s.From))
	dst = append(dst, ", to_pos = "...)
	dst = mysql.AppendString(dst, []byte(s.To))
	dst = append(dst, " WHERE run = "...)
	dst = mysql.AppendString(dst, []byte(l.Run))
	if lane >= 0 {
		dst = append(dst, " AND lane = "...)
		dst = strconv.AppendInt(dst, int64(lane), 10)
	}
	dst = append(dst, " AND epoch = "...)
	dst = strconv.AppendUint(dst, l.Epoch, 10)
	dst = append(dst, " AND batch = "...)
	return strconv.AppendUint(dst, s.Batch-1, 10)
}

// Advance moves all lanes to the batch within the caller's transaction: for a
// DDL, and for batches that one connection applies as a whole.
func (l *Ledger) Advance(ctx context.Context, tx mysql.Execer, s Step, lanes int) error {
	res, err := tx.ExecContext(ctx, string(l.AppendUpdate(nil, s, -1)))
	if err != nil {
		return fmt.Errorf("run %s: advance all lanes to batch %d: %w", l.Run, s.Batch, err)
	}
	n, err := res.RowsAffected()
	if err != nil {
		return err
	}
	if n != int64(lanes) {
		return l.Refused(ctx, s)
	}
	return nil
}

// Refused finds out why a compare-and-set changed nothing: a newer owner, or
// rows that somebody else changed. The transaction must be rolled back.
func (l *Ledger) Refused(ctx context.Context, s Step) error {
	if err := l.current(ctx, l.DB, ""); err != nil {
		return err
	}
	return l.outOfStep(fmt.Sprintf("batch %d was not next", s.Batch))
}

// Reconfigure changes what batches depend on, in one transaction over all rows
// of the run, while every lane stands at the same batch.
func (l *Ledger) Reconfigure(ctx context.Context, lanes int, config []byte, hash string) error {
	if lanes < 1 {
		return fmt.Errorf("reconfigure run %s: %d lanes", l.Run, lanes)
	}
	return l.tx(ctx, "change the configuration", func(tx *sql.Tx) error {
		st, err := l.lock(ctx, tx)
		if err != nil {
			return err
		}
		at, done := st.Half()
		if done != nil {
			return l.outOfStep(fmt.Sprintf("batch %d is half applied", at.Batch))
		}
		if _, err := tx.ExecContext(ctx, "UPDATE `_tidegate`.`run` SET lanes = ?, config = ?, config_hash = ? WHERE run = ?", lanes, notNil(config), hash, l.Run); err != nil {
			return err
		}
		if _, err := tx.ExecContext(ctx, "DELETE FROM `_tidegate`.`ledger` WHERE run = ?", l.Run); err != nil {
			return err
		}
		return l.insertLanes(ctx, tx, lanes, at)
	})
}

func (l *Ledger) insertLanes(ctx context.Context, tx *sql.Tx, lanes int, at Lane) error {
	from, to := encode(at.From), at.To.Encode()
	var args []any
	for i := range lanes {
		args = append(args, l.Run, i, l.Epoch, at.Batch, from, to)
	}
	_, err := tx.ExecContext(ctx, "INSERT INTO `_tidegate`.`ledger` (run, lane, epoch, batch, from_pos, to_pos) VALUES (?,?,?,?,?,?)"+
		strings.Repeat(",(?,?,?,?,?,?)", lanes-1), args...)
	return err
}

// encode keeps the zero position empty, as it is before the first batch.
func encode(p change.Position) string {
	if p.IsZero() {
		return ""
	}
	return p.Encode()
}
