package pipeline

import (
	"context"
	"database/sql"

	"github.com/tidegate-io/tidegate/agent/ledger"
	"github.com/tidegate-io/tidegate/agent/structure"
	"github.com/tidegate-io/tidegate/internal/mysql"
)

// exclusive runs f on a session that holds the run's lock on the target, one
// user at a time: statements that commit by themselves run on such a session
// and nowhere else (I-5).
func (s *session) exclusive(ctx context.Context, f func(ctx context.Context, conn *sql.Conn) error) error {
	return s.locked(ctx, func(ctx context.Context, lock *ledger.Lock) error { return f(ctx, lock.Conn) })
}

// locked is exclusive for those who let more sessions work beside the one.
func (s *session) locked(ctx context.Context, f func(ctx context.Context, lock *ledger.Lock) error) error {
	release, err := s.turn.Take(ctx)
	if err != nil {
		return err
	}
	defer release()
	lock, err := s.ledger.Lock(ctx, s.lockDB)
	if err != nil {
		return err
	}
	defer func() { _ = lock.Close(context.WithoutCancel(ctx)) }() // a lost session frees its lock by itself
	return f(ctx, lock)
}

// spread lets more sessions work beside the lock's, as many as the copy has
// threads.
func (s *session) spread(lock *ledger.Lock) func(context.Context, int, func(context.Context, *sql.Conn) error) error {
	return func(ctx context.Context, n int, f func(context.Context, *sql.Conn) error) error {
		return lock.Spread(ctx, s.lockDB, min(n, s.spec.Copy.Threads-1), func(ctx context.Context, l *ledger.Lock) error { return f(ctx, l.Conn) })
	}
}

// targetFacts are read once: what a server can store text in it has been built with.
// The caller is the only one at its time.
func (s *session) targetFacts(ctx context.Context, q mysql.Querier) (*structure.Facts, error) {
	if s.facts == nil {
		facts, err := structure.ReadFacts(ctx, q, s.dst.Server)
		if err != nil {
			return nil, err
		}
		s.facts = facts
	}
	return s.facts, nil
}

// carrier rewrites the source's definitions for the target.
func (s *session) carrier(facts *structure.Facts) *structure.Carrier {
	return &structure.Carrier{Selection: s.selection, Source: s.src.Server, Target: s.dst.Server, Facts: facts, DeferIndexes: s.spec.Copy.DeferIndex && s.copies()}
}
