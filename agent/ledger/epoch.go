package ledger

import (
	"context"
	"database/sql"
	"errors"
	"fmt"

	"github.com/tidegate-io/tidegate/internal/mysql"
)

// Fence must be the first statement of a transaction that writes anything of
// the run outside the lanes: it holds the run's row, so that the epoch cannot
// rise before the transaction has ended, and refuses if it has risen already
// (I-5).
func (l *Ledger) Fence(ctx context.Context, q mysql.Querier) error {
	return l.current(ctx, q, " LOCK IN SHARE MODE")
}

// current refuses whoever is not the run's present owner, by the run's row read
// under the lock that is given or none.
func (l *Ledger) current(ctx context.Context, q mysql.Querier, lock string) error {
	epoch, err := l.epoch(ctx, q, lock)
	if err != nil {
		return err
	}
	return l.owns(epoch)
}

// Owned reports, without a lock, that no newer owner is there yet; else it is
// the error that says so. It fences nothing: a run that finds something odd on
// the target asks it before it says so, since a newer owner's work looks odd.
func (l *Ledger) Owned(ctx context.Context) error {
	epoch, err := l.epoch(ctx, l.DB, "")
	if err != nil {
		return err
	}
	if epoch.Valid && uint64(epoch.Int64) < l.Epoch { // not taken over yet
		return nil
	}
	return l.owns(epoch)
}

// epoch reads the run's epoch; NULL: there is no run.
func (l *Ledger) epoch(ctx context.Context, q mysql.Querier, lock string) (sql.NullInt64, error) {
	var epoch sql.NullInt64
	err := q.QueryRowContext(ctx, "SELECT epoch FROM `_tidegate`.`run` WHERE run = "+hexText(l.Run)+lock).Scan(&epoch)
	if err != nil && !errors.Is(err, sql.ErrNoRows) {
		return epoch, fmt.Errorf("run %s: read the epoch: %w", l.Run, err)
	}
	return epoch, nil
}

// owns reports whether the run's epoch is this owner's.
func (l *Ledger) owns(epoch sql.NullInt64) error {
	switch {
	case !epoch.Valid:
		return l.noRun()
	case uint64(epoch.Int64) != l.Epoch:
		return l.fenced(uint64(epoch.Int64))
	}
	return nil
}
