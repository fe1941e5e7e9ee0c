package ledger

import (
	"context"
	"database/sql"
	"fmt"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/tidegate-io/tidegate/internal/mysql"
)

// Helpers is how many sessions may work beside the one that holds a run's lock.
const Helpers = 3

func (l *Ledger) helperNames() []string {
	names := make([]string, Helpers)
	for i := range names {
		names[i] = l.lockName(fmt.Sprintf(".d%d", i))
	}
	return names
}

// Spread runs f on the lock's session and at the same time on n others, at most
// Helpers, of db. They may run statements that commit by themselves too: each
// holds a lock of its own, and works only if the run's lock is held by k after
// it got that one. Whoever gets the run's lock next ends them first.
func (k *Lock) Spread(ctx context.Context, db *sql.DB, n int, f func(context.Context, *Lock) error) error {
	var id uint64
	if err := k.Conn.QueryRowContext(ctx, "SELECT CONNECTION_ID()").Scan(&id); err != nil {
		return fmt.Errorf("run %s: ask for the lock's connection: %w", k.l.Run, err)
	}
	over := fmt.Sprintf(" AND IS_USED_LOCK(%s) = %d", mysql.String(k.name), id)
	all, ctx := errgroup.WithContext(ctx)
	for _, name := range k.l.helperNames()[:max(0, min(n, Helpers))] {
		all.Go(func() error {
			h, err := k.helper(ctx, db, name, over)
			if err != nil {
				return err
			}
			defer func() { _ = h.Close(context.WithoutCancel(ctx)) }() // a lost session frees its lock by itself
			return f(ctx, h)
		})
	}
	all.Go(func() error { return f(ctx, k) })
	return all.Wait()
}

func (k *Lock) helper(ctx context.Context, db *sql.DB, name, over string) (*Lock, error) {
	conn, err := db.Conn(ctx)
	if err != nil {
		return nil, fmt.Errorf("run %s: connect for a helper of the lock: %w", k.l.Run, err)
	}
	h := &Lock{Conn: conn, l: k.l, name: name, over: over}
	if err := h.acquire(ctx); err != nil {
		h.discard()
		return nil, err
	}
	if err := h.Check(ctx); err != nil {
		_ = h.Close(context.WithoutCancel(ctx))
		return nil, err
	}
	return h, nil
}

// endHelpers ends the helpers of an earlier holder of the lock. One that comes
// after finds that its holder has the lock no more.
func (k *Lock) endHelpers(ctx context.Context) error {
	for {
		n, err := k.l.end(ctx, k.Conn, k.l.helperNames())
		if err != nil || n == 0 {
			return err
		}
		if err := k.l.current(ctx, k.Conn, ""); err != nil { // who is fenced kills nobody
			return err
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-time.After(100 * time.Millisecond):
		}
	}
}
