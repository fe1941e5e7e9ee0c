package ledger

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"database/sql/driver"
	"encoding/hex"
	"errors"
	"fmt"
	"time"

	"github.com/tidegate-io/tidegate/internal/mysql"
)

// noSuchThread answers a KILL of a connection that is gone already.
const noSuchThread = 1094

// Lock is a connection that holds the run's lock on the target. Statements that
// commit by themselves (DDL, TRUNCATE, index builds) run only on it, since no
// ledger row can be in their transaction (I-5).
type Lock struct {
	Conn *sql.Conn

	l    *Ledger
	name string
	over string // of a helper: SQL that is true while the Lock it helps is held
}

// lockName is at most 64 characters, as both flavours demand.
func (l *Ledger) lockName(suffix string) string {
	name := "tidegate." + l.Run + suffix
	if len(name) <= 64 {
		return name
	}
	sum := sha256.Sum256([]byte(l.Run))
	return "tidegate." + hex.EncodeToString(sum[:20]) + suffix
}

// Lock gets the run's lock on a connection of db, which must be a pool of its
// own sessions, and then reads the epoch: whoever was fenced before that learns
// it here. A holder that is not us is an older owner's or our own lost
// connection, whose statement may still wait or run on the server: it is killed.
// Lock waits until it has the lock, so nothing of the old holder runs any more.
func (l *Ledger) Lock(ctx context.Context, db *sql.DB) (*Lock, error) {
	conn, err := db.Conn(ctx)
	if err != nil {
		return nil, fmt.Errorf("run %s: connect for the lock: %w", l.Run, err)
	}
	k := &Lock{Conn: conn, l: l, name: l.lockName("")}
	if err := k.acquire(ctx); err != nil {
		k.discard()
		return nil, err
	}
	if err := errors.Join(k.Check(ctx), k.endHelpers(ctx)); err != nil {
		k.Close(ctx)
		return nil, err
	}
	return k, nil
}

func (k *Lock) acquire(ctx context.Context) error {
	for {
		var got sql.NullInt64
		if err := k.Conn.QueryRowContext(ctx, "SELECT GET_LOCK(?, 1)", k.name).Scan(&got); err != nil {
			return fmt.Errorf("run %s: get lock %s: %w", k.l.Run, k.name, err)
		}
		if got.Int64 == 1 {
			return nil
		}
		if err := k.l.current(ctx, k.Conn, ""); err != nil { // who is fenced kills nobody
			return err
		}
		if err := k.killHolder(ctx); err != nil {
			return err
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-time.After(100 * time.Millisecond):
		}
	}
}

func (k *Lock) killHolder(ctx context.Context) error {
	var holder sql.NullInt64
	if err := k.Conn.QueryRowContext(ctx, "SELECT IS_USED_LOCK(?)", k.name).Scan(&holder); err != nil {
		return fmt.Errorf("run %s: find the holder of lock %s: %w", k.l.Run, k.name, err)
	}
	if !holder.Valid {
		return nil
	}
	_, err := k.Conn.ExecContext(ctx, fmt.Sprintf("KILL %d", holder.Int64))
	if err != nil && mysql.Number(err) != noSuchThread {
		return fmt.Errorf("run %s: kill connection %d, which holds lock %s: %w", k.l.Run, holder.Int64, k.name, err)
	}
	return nil
}

// Check reports whether this connection still holds the lock and the run is
// still ours. Ask it before each statement that commits by itself.
func (k *Lock) Check(ctx context.Context) error {
	var mine sql.NullBool
	var epoch sql.NullInt64
	query := "SELECT IS_USED_LOCK(?) = CONNECTION_ID()" + k.over + ", (SELECT epoch FROM `_tidegate`.`run` WHERE run = ?)"
	if err := k.Conn.QueryRowContext(ctx, query, k.name, k.l.Run).Scan(&mine, &epoch); err != nil {
		return fmt.Errorf("run %s: ask for lock %s: %w", k.l.Run, k.name, err)
	}
	if !mine.Bool {
		return &mysql.Error{Class: mysql.Transient, Code: "lock_lost", Err: fmt.Errorf("run %s: lock %s is not ours any more", k.l.Run, k.name)}
	}
	return k.l.owns(epoch)
}

// Close gives the lock back. A connection on which that fails is ended, and the
// server frees the lock with it.
func (k *Lock) Close(ctx context.Context) error {
	if _, err := k.Conn.ExecContext(ctx, "DO RELEASE_LOCK(?)", k.name); err != nil {
		k.discard()
		return fmt.Errorf("run %s: release lock %s: %w", k.l.Run, k.name, err)
	}
	return k.Conn.Close()
}

func (k *Lock) discard() {
	_ = k.Conn.Raw(func(any) error { return driver.ErrBadConn }) // ends the connection
	_ = k.Conn.Close()
}
