package apply

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/tidegate-io/tidegate/internal/change"
	"github.com/tidegate-io/tidegate/internal/mysql"
)

// known reports whether everything of a transaction is taken already: it is
// dropped.
func (r *loop) known(t *change.Txn) bool {
	taken := r.gather.to.set
	for _, id := range t.IDs {
		if !taken.Contains(id) {
			return false
		}
	}
	return len(t.IDs) > 0
}

// take adds a transaction to the gathered batch, or makes it one of its own.
func (r *loop) take(ctx context.Context, t *change.Txn) error {
	if len(t.IDs) == 0 {
		return &mysql.Error{Class: mysql.Fatal, Code: "no_id", Err: fmt.Errorf("a transaction that ends at %s:%d has no id", t.File, t.Offset)}
	}
	if r.known(t) {
		r.a.deps.Queue.Release(t.Bytes)
		return nil
	}
	switch {
	case r.a.half != nil:
		return r.rebuild(t)
	case t.DDL != nil:
		return r.ddl(ctx, t)
	case t.More || t.Part > 0:
		return r.big(ctx, t)
	default:
		return r.rows(ctx, t)
	}
}

// rows takes a transaction of row changes.
func (r *loop) rows(ctx context.Context, t *change.Txn) error {
	tables, fires, err := r.a.tables.of(t, r.resolved)
	r.resolved = tables
	if errors.Is(err, errShape) {
		if err := r.drain(ctx); err != nil {
			return err
		}
		r.a.tables.forget()
		tables, fires, err = r.a.tables.of(t, r.resolved)
		r.resolved = tables
	}
	if err != nil {
		return err
	}
	if r.gather.txns == 0 {
		r.since = time.Now()
	}
	if !fires {
		r.gather.add(t, tables)
		return nil
	}
	if err := r.flush(ctx); err != nil {
		return err
	}
	r.gather.add(t, tables)
	r.gather.rowwise = true
	return r.flush(ctx)
}

// flush closes the gathered batch, waiting until it can be prepared.
func (r *loop) flush(ctx context.Context) error {
	for r.gather.txns > 0 {
		if r.flight == nil && r.ready != nil {
			if err := r.launch(); err != nil {
				return err
			}
		}
		if r.ready == nil {
			if err := r.close(); err != nil {
				return err
			}
			break
		}
		select {
		case err := <-r.landed:
			if err := r.land(err); err != nil {
				return err
			}
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
	return nil
}
