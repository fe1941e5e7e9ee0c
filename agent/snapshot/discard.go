package snapshot

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"

	"github.com/tidegate-io/tidegate/agent/ledger"
	"github.com/tidegate-io/tidegate/internal/mysql"
	"github.com/tidegate-io/tidegate/internal/schema"
)

// Remove forgets tables that are not part of the run any more.
func (c *Copier) Remove(ctx context.Context, ids ...int) error {
	c.mu.Lock()
	var tables []*tableCopy
	for _, id := range ids {
		if t := c.tables[id]; t != nil {
			tables = append(tables, t)
			delete(c.tables, id)
		}
	}
	c.halt(tables)
	c.mu.Unlock()
	err := c.quiet(ctx, tables)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.order = slices.DeleteFunc(c.order, func(t *tableCopy) bool { return slices.Contains(tables, t) })
	c.copied = slices.DeleteFunc(c.copied, func(id int) bool { return slices.Contains(ids, id) })
	c.notify()
	return err
}

// halt ends what is in flight of tables and takes back what is handed out. The
// caller holds mu.
func (c *Copier) halt(tables []*tableCopy) {
	for _, t := range tables {
		t.halted = true
		t.waiting = 0
		t.end()
	}
	gone := func(t *tableCopy) bool { return slices.Contains(tables, t) }
	c.ready = slices.DeleteFunc(c.ready, func(j *job) bool { return gone(j.table) })
	for _, g := range c.groups {
		g.tables = slices.DeleteFunc(g.tables, gone)
	}
	c.groups = slices.DeleteFunc(c.groups, func(g *group) bool { return len(g.tables) == 0 })
	c.notify()
}

// quiet waits until nothing of the tables is in flight.
func (c *Copier) quiet(ctx context.Context, tables []*tableCopy) error {
	for {
		c.mu.Lock()
		changed := c.changed
		busy := slices.ContainsFunc(tables, func(t *tableCopy) bool { return t.busy > 0 })
		c.mu.Unlock()
		if !busy {
			return nil
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-changed:
		}
	}
}

// throwAway empties tables and puts them at the start of their copy.
func (c *Copier) throwAway(ctx context.Context, tables []*tableCopy) error {
	if err := c.empty(ctx, tables); err != nil {
		return err
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, t := range tables {
		source, _, err := c.applied(t.ID)
		if err != nil {
			return err
		}
		t.begin(c.mode, source)
	}
	c.notify()
	return nil
}

// empty forgets what is noted of the tables' copy and removes their rows on the
// target, in an order that a crash in between does no harm to.
func (c *Copier) empty(ctx context.Context, tables []*tableCopy) error {
	if len(tables) == 0 {
		return nil
	}
	ids := (&group{tables: tables}).ids()
	if err := c.Ledger.Discard(ctx, ids...); err != nil {
		return err
	}
	err := c.Exclusive(ctx, func(ctx context.Context, conn *sql.Conn) error {
		for _, t := range tables {
			_, target, err := c.applied(t.ID)
			if err != nil {
				return err
			}
			if _, err := conn.ExecContext(ctx, "TRUNCATE TABLE "+mysql.Table(target.Schema, target.Name)); err != nil {
				return fmt.Errorf("empty %s on the target: %w", target.ID(), err)
			}
		}
		return nil
	})
	if err != nil {
		return err
	}
	return c.Ledger.SetState(ctx, ledger.Emptying, ledger.Pending, ids...)
}

// MovesRanges reports whether a DDL that turned one definition into the other
// made the ranges of a table meaningless: if its copy is not complete, it must be
// thrown away at the DDL's barrier.
func MovesRanges(before, after *schema.Table) bool {
	a, b := choosePaging(before), choosePaging(after)
	if a == nil || b == nil {
		return a != nil || b != nil
	}
	return !a.same(b)
}

// errAgain stops the copy so that the next one begins a table anew.
var errAgain = errors.New("the key that the table was copied by is another one now; its copy begins anew")

// again notes that a table must begin anew and stops the copy: only before the
// applier starts can that be done without a barrier.
func (c *Copier) again(ctx context.Context, t *tableCopy) error {
	if err := c.Ledger.SetState(ctx, ledger.Copying, ledger.Emptying, t.ID); err != nil {
		return err
	}
	return &mysql.Error{Class: mysql.Transient, Code: "copy_restarted", Err: fmt.Errorf("table %d: %w", t.ID, errAgain)}
}
