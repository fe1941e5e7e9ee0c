package pipeline

import (
	"context"
	"database/sql"
	"fmt"
	"strings"

	"github.com/tidegate-io/tidegate/internal/mysql"
	"github.com/tidegate-io/tidegate/internal/schema"
)

// conclude ends a run whose stages have all ended: nothing may write any more
// when the control rows go. The checkpoint says that the run is complete before
// that, so a crash in between is not mistaken for a lost ledger.
func (s *session) conclude(ctx context.Context) error {
	if s.applier != nil {
		if err := s.savePosition(ctx); err != nil {
			return err
		}
	}
	if err := s.r.noteCompleted(ctx); err != nil {
		return err
	}
	if err := s.dropShadows(ctx); err != nil {
		return err
	}
	return s.ledger.Forget(ctx)
}

// finish does the last work on the target and lets the stages end.
func (s *session) finish(ctx context.Context) error {
	if err := s.finishTarget(ctx); err != nil {
		return err
	}
	return errDone
}

// finishTarget carries the next AUTO_INCREMENT values over: applied rows move
// them only as far as the highest value that was ever inserted and kept.
func (s *session) finishTarget(ctx context.Context) error {
	rows := s.catalog.rows()
	var from, to []schema.ID
	for _, r := range rows {
		from, to = append(from, r.Source), append(to, r.Target)
	}
	next, err := autoIncrements(ctx, s.srcDB, from)
	if err != nil {
		return err
	}
	have, err := autoIncrements(ctx, s.dstDB, to)
	if err != nil {
		return err
	}
	return s.exclusive(ctx, func(ctx context.Context, conn *sql.Conn) error {
		// Somebody who reads the target must not make the source wait; left
		// waiting, the statement would hold back our own writers too.
		if _, err := conn.ExecContext(ctx, "SET @patience = @@SESSION.lock_wait_timeout, SESSION lock_wait_timeout = 3"); err != nil {
			return err
		}
		defer conn.ExecContext(context.WithoutCancel(ctx), "SET SESSION lock_wait_timeout = @patience") //nolint:errcheck // a session that is lost has no settings
		for _, r := range rows {
			n := next[r.Source]
			if n <= have[r.Target] {
				continue
			}
			if _, err := conn.ExecContext(ctx, fmt.Sprintf("ALTER TABLE %s AUTO_INCREMENT = %d", mysql.Table(r.Target.Schema, r.Target.Name), n)); err != nil {
				return fmt.Errorf("carry the AUTO_INCREMENT value of %s: %w", r.Target, err)
			}
		}
		return nil
	})
}

// autoIncrements reads the next values of tables that have one.
func autoIncrements(ctx context.Context, db *sql.DB, tables []schema.ID) (map[schema.ID]uint64, error) {
	schemas := map[string]bool{}
	var list []string
	for _, t := range tables {
		if !schemas[t.Schema] {
			schemas[t.Schema] = true
			list = append(list, mysql.String(t.Schema))
		}
	}
	out := map[schema.ID]uint64{}
	rows, err := db.QueryContext(ctx, "SELECT TABLE_SCHEMA, TABLE_NAME, AUTO_INCREMENT FROM information_schema.TABLES WHERE AUTO_INCREMENT IS NOT NULL AND TABLE_SCHEMA IN ("+strings.Join(list, ",")+")")
	if err != nil {
		return nil, fmt.Errorf("read AUTO_INCREMENT values: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var id schema.ID
		var n uint64
		if err := rows.Scan(&id.Schema, &id.Name, &n); err != nil {
			return nil, err
		}
		out[id] = n
	}
	return out, rows.Err()
}
