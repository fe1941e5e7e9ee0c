package pipeline

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"time"

	"github.com/tidegate-io/tidegate/internal/mysql"
	"github.com/tidegate-io/tidegate/internal/run"
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

// leaveLimit is how long a run that was stopped tries to remove its rows.
const leaveLimit = 30 * time.Second

// leave removes the rows of a run that was stopped, since it never comes back
// and they would keep others from its tables. A target that cannot be reached
// keeps them: the check of the next run names them and their remedy.
func (r *Runner) leave() {
	ctx, cancel := context.WithTimeout(context.Background(), leaveLimit)
	defer cancel()
	s := &session{r: r, metrics: &scope{reg: r.deps.Registry}}
	_, s.spec, _ = r.wishes()
	defer s.close()
	err := s.connectTarget(ctx)
	if err == nil {
		err = s.dropShadows(ctx)
	}
	if err == nil {
		err = s.ledger.Forget(ctx)
	}
	if err != nil && mysql.Number(err) != 1146 && mysql.Number(err) != 1049 { // else there is nothing yet
		r.log.Warn().Err(err).Msg("the stopped run's rows are left in _tidegate on the target")
		r.deps.Sink.Event(run.Event{Kind: "left", Message: "the run's rows are left in _tidegate on the target: " + err.Error()})
	}
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
