package ledger

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"

	"github.com/tidegate-io/tidegate/internal/change"
	"github.com/tidegate-io/tidegate/internal/mysql"
)

// Run is the run row.
type Run struct {
	Pipeline   string
	Epoch      uint64
	Phase      string // the last phase that was begun
	Start      change.Position
	Lanes      int
	Config     []byte // what the partition of batches depends on
	ConfigHash string
}

// Begin records a run before anything of it is read (I-1): the run row and a
// ledger row per lane, all standing at batch 0 and the start position. It fails
// if the run is there already.
func (l *Ledger) Begin(ctx context.Context, r Run) (*State, error) {
	if r.Lanes < 1 {
		return nil, fmt.Errorf("begin run %s: %d lanes", l.Run, r.Lanes)
	}
	r.Epoch = l.Epoch
	at := Lane{To: r.Start}
	err := l.tx(ctx, "begin the run", func(tx *sql.Tx) error {
		_, err := tx.ExecContext(ctx, "INSERT INTO `_tidegate`.`run` (run, pipeline, epoch, phase, start_pos, lanes, config, config_hash) VALUES (?,?,?,?,?,?,?,?)",
			l.Run, r.Pipeline, r.Epoch, r.Phase, r.Start.Encode(), r.Lanes, notNil(r.Config), r.ConfigHash)
		if err != nil {
			return err
		}
		return l.insertLanes(ctx, tx, r.Lanes, at)
	})
	if err != nil {
		return nil, err
	}
	return &State{Run: r, Lanes: slices.Repeat([]Lane{at}, r.Lanes)}, nil
}

// SetStart replaces the start position of a run of which nothing is applied
// yet: a second reading of the definitions had differed from the first.
func (l *Ledger) SetStart(ctx context.Context, start change.Position) error {
	return l.tx(ctx, "set the start position", func(tx *sql.Tx) error {
		st, err := l.lock(ctx, tx)
		if err != nil {
			return err
		}
		if last := st.last(); last.Batch != 0 {
			return fmt.Errorf("batch %d is applied already", last.Batch)
		}
		text := start.Encode()
		if _, err := tx.ExecContext(ctx, "UPDATE `_tidegate`.`run` SET start_pos = ? WHERE run = ?", text, l.Run); err != nil {
			return err
		}
		_, err = tx.ExecContext(ctx, "UPDATE `_tidegate`.`ledger` SET to_pos = ? WHERE run = ?", text, l.Run)
		return err
	})
}

// SetPhase notes the phase that begins, and the tables that were made for it.
func (l *Ledger) SetPhase(ctx context.Context, phase string, made ...TableRow) error {
	values, err := l.tablesValues(made)
	if err != nil {
		return err
	}
	return l.tx(ctx, "note phase "+phase, func(tx *sql.Tx) error {
		if err := l.current(ctx, tx, " FOR UPDATE"); err != nil {
			return err
		}
		if err := inserts(ctx, tx, registerHead, "", values); err != nil {
			return err
		}
		_, err := tx.ExecContext(ctx, "UPDATE `_tidegate`.`run` SET phase = ? WHERE run = ?", phase, l.Run)
		return err
	})
}

// Forget removes all rows of a finished run. The run row goes last, so that an
// interrupted removal can be done again.
func (l *Ledger) Forget(ctx context.Context) error {
	if _, err := l.TakeOver(ctx); err != nil && !errors.Is(err, ErrNoRun) {
		return err
	}
	for _, table := range []string{"debt", "chunk", "intent", "table", "ledger", "run"} {
		if _, err := l.DB.ExecContext(ctx, "DELETE FROM "+mysql.Table(Schema, table)+" WHERE run = ?", l.Run); err != nil {
			return fmt.Errorf("remove rows of run %s from %s.%s: %w", l.Run, Schema, table, err)
		}
	}
	return nil
}

func (l *Ledger) tx(ctx context.Context, what string, f func(tx *sql.Tx) error) error {
	return l.txOn(ctx, l.DB, what, f)
}

// beginner is a pool or a connection.
type beginner interface {
	BeginTx(ctx context.Context, opts *sql.TxOptions) (*sql.Tx, error)
}

func (l *Ledger) txOn(ctx context.Context, db beginner, what string, f func(tx *sql.Tx) error) error {
	wrap := func(err error) error { return fmt.Errorf("run %s: %s: %w", l.Run, what, err) }
	tx, err := db.BeginTx(ctx, nil)
	if err != nil {
		return wrap(err)
	}
	defer tx.Rollback()
	if err := f(tx); err != nil {
		return wrap(err)
	}
	if err := tx.Commit(); err != nil {
		return wrap(CommitError(err))
	}
	return nil
}

func notNil(b []byte) []byte {
	if b == nil {
		return []byte{}
	}
	return b
}
