package apply

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"regexp"
	"time"

	"github.com/tidegate-io/tidegate/internal/change"
	"github.com/tidegate-io/tidegate/internal/fault"
	"github.com/tidegate-io/tidegate/internal/mysql"
)

// movesNames finds the statements that may give a table's name to another: a
// chunk that was read under the one must not be written under the other. What it
// finds beyond those only waits for the chunks in flight.
var movesNames = regexp.MustCompile(`(?i)\b(RENAME|EXCHANGE|REPLACE)\b`)

// ddl executes a statement with all lanes drained. Of a CREATE TABLE … SELECT
// the statement is a batch that leaves the position where it is; the rows
// follow as a batch of the same transaction.
func (r *loop) ddl(ctx context.Context, t *change.Txn) error {
	if err := r.drain(ctx); err != nil {
		return err
	}
	fault.At("barrier-drained")
	if movesNames.MatchString(t.DDL.SQL) {
		if err := r.quiet(ctx); err != nil {
			return err
		}
		defer r.a.deps.Gate.Hold(false)
	}
	rows := len(t.Changes) > 0 || t.More
	if rows && r.a.ddlDone {
		r.a.ddlDone = false
	} else {
		b := r.gather
		if rows {
			b.txns, b.oldest, b.newest = 1, t.Time, t.Time
		} else {
			b.add(t, nil)
		}
		b.to.settle()
		if err := r.statement(ctx, b, t.DDL); err != nil {
			return err
		}
		r.pass(b)
		r.gather = newBatch(b.seq+1, b.to)
	}
	r.a.tables.forget()
	if !rows {
		return nil
	}
	rest := *t
	rest.DDL = nil
	if t.More {
		return r.big(ctx, &rest)
	}
	return r.rows(ctx, &rest)
}

// statement has a DDL executed, again after errors that can be retried: the
// executor's intents say what has run, and the ledger whether it is done.
func (r *loop) statement(ctx context.Context, b *batch, stmt *change.Statement) error {
	begun := time.Now()
	lanes := r.a.frontier.lanes()
	for {
		committed := false
		err := r.a.deps.DDL.Execute(r.work, b.seq, stmt, func(tx *sql.Tx) error {
			committed = true
			return r.a.deps.Ledger.Advance(r.work, tx, b.step(), lanes)
		})
		if err == nil && !committed {
			return &mysql.Error{Class: mysql.Fatal, Code: "ddl_uncommitted", Err: fmt.Errorf("the statement of batch %d ended without moving the ledger", b.seq)}
		}
		if err == nil {
			r.a.metrics.done(b, time.Since(begun))
			return nil
		}
		if !retryable(err) || errors.Is(err, context.Canceled) {
			return fmt.Errorf("batch %d: %w", b.seq, err)
		}
		state, err := r.a.fence(ctx, err)
		if err != nil {
			return err
		}
		seq, pos := state.Frontier()
		if seq == b.seq && pos.Encode() == b.to.text {
			// Only the answer was lost, and with it what the statement changed of
			// what is known of tables.
			return reread(errors.New("the end of a statement was committed without an answer"))
		}
		if seq != b.seq-1 {
			return reread(fmt.Errorf("the ledger stands at batch %d, not at %d or before it", seq, b.seq))
		}
	}
}
