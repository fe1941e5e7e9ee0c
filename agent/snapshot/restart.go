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

// Restart throws away what was copied of tables, empties them on the target and
// lets them be copied anew: a DDL moved rows between names, or changed the key
// their ranges follow. The caller stands at that DDL's barrier: no lane has
// anything in flight. conn holds the run's lock; nil: Restart takes it. Tables
// that were read in one snapshot with these begin anew with them. Run must be
// called again if it is not running.
func (c *Copier) Restart(ctx context.Context, conn *sql.Conn, ids ...int) error {
	c.mu.Lock()
	var tables []*tableCopy
	for _, t := range c.order {
		if slices.ContainsFunc(ids, func(id int) bool { return c.together(t, id) }) {
			tables = append(tables, t)
		}
	}
	c.halt(tables)
	c.mu.Unlock()
	if len(tables) == 0 {
		return nil
	}
	if err := c.quiet(ctx, tables); err != nil {
		return err
	}
	for _, t := range tables {
		t.gate.Restart()
	}
	c.Gate.Copying(c.mode != noMarks)
	if err := c.throwAway(ctx, conn, tables); err != nil {
		return err
	}
	c.regroup()
	return nil
}

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

// together reports whether a table begins anew with another.
func (c *Copier) together(t *tableCopy, id int) bool {
	other := c.tables[id]
	return other == t || other != nil && t.Group != 0 && t.Group == other.Group
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
	c.copied = slices.DeleteFunc(c.copied, func(id int) bool { return c.tables[id] != nil && gone(c.tables[id]) })
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
func (c *Copier) throwAway(ctx context.Context, conn *sql.Conn, tables []*tableCopy) error {
	if err := c.empty(ctx, conn, tables); err != nil {
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
func (c *Copier) empty(ctx context.Context, conn *sql.Conn, tables []*tableCopy) error {
	if len(tables) == 0 {
		return nil
	}
	ids := (&group{tables: tables}).ids()
	if err := c.Ledger.Discard(ctx, ids...); err != nil {
		return err
	}
	truncate := func(ctx context.Context, conn *sql.Conn) error {
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
	}
	var err error
	if conn != nil {
		err = truncate(ctx, conn)
	} else {
		err = c.Exclusive(ctx, truncate)
	}
	if err != nil {
		return err
	}
	return c.Ledger.SetState(ctx, ledger.Emptying, ledger.Pending, ids...)
}

// MovesRanges reports whether a DDL that turned one definition into the other
// made the ranges of a table meaningless: at its barrier, Restart must be called
// if the table's copy is not complete.
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
