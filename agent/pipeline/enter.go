package pipeline

import (
	"context"
	"database/sql"
	"fmt"
	"maps"
	"slices"
	"strings"
	"time"

	"github.com/tidegate-io/tidegate/agent/ledger"
	"github.com/tidegate-io/tidegate/agent/structure"
	"github.com/tidegate-io/tidegate/internal/change"
	"github.com/tidegate-io/tidegate/internal/fault"
	"github.com/tidegate-io/tidegate/internal/mysql"
	"github.com/tidegate-io/tidegate/internal/run"
	"github.com/tidegate-io/tidegate/internal/schema"
)

// A table that comes into the selection with its rows, by a RENAME or a CREATE
// TABLE … LIKE, is copied as new (ENGINE §3). Its statement only notes it, in
// the transaction that moves the ledger (state entering); until it is made here,
// its rows and the statements that change it are passed over. The source tells
// its present definition only, which is the one at the applied position once
// that is past the moment of reading and no statement has changed the table
// since. Then it is made, and the next session copies it like any other.
// Nothing of this is kept in memory that a crash would lose.

// enterEvery is how often a table is looked for that entered and was dropped or
// renamed further: the log will say so.
const enterEvery = 200 * time.Millisecond

// watchEntering makes the tables that enter once everything else is copied, and
// ends the session then.
func (s *session) watchEntering(ctx context.Context) error {
	if err := s.awaitCopied(ctx); err != nil {
		return err
	}
	for {
		if err := s.admitAll(ctx); err != nil {
			return err
		}
		if err := sleep(ctx, enterEvery); err != nil {
			return err
		}
	}
}

// admitAll makes all tables that are entering. If there are any, it returns
// errReload or what kept it from that.
func (s *session) admitAll(ctx context.Context) error {
	made := false
	for {
		left, err := s.catalog.Entering()
		switch {
		case err != nil:
			return err
		case len(left) == 0 && made:
			return errReload
		case len(left) == 0:
			return nil
		}
		some, err := s.admit(ctx, left)
		if err != nil {
			return err
		}
		made = made || some
		if !some {
			if err := sleep(ctx, enterEvery); err != nil {
				return err
			}
		}
	}
}

// admit makes those of the tables that are on the source and do not change
// meanwhile.
func (s *session) admit(ctx context.Context, ids []schema.ID) (made bool, err error) {
	before := s.catalog.touches()
	model, executed, err := s.readSteady(ctx, ids)
	if err != nil || model == nil || len(model.Tables) == 0 {
		return false, err
	}
	if err := s.applier.WaitFor(ctx, executed); err != nil {
		return false, err
	}
	err = s.exclusive(ctx, func(ctx context.Context, conn *sql.Conn) error {
		same, err := s.parentsStand(ctx, model)
		if err != nil || !same {
			return err
		}
		model.Tables = slices.DeleteFunc(model.Tables, func(t *structure.Table) bool { return !s.catalog.untouched(t.ID(), before) })
		made = len(model.Tables) > 0
		if !made {
			return nil
		}
		return s.makeEntering(ctx, conn, model)
	})
	return made, err
}

// parentsStand leaves in the model the parents that are not followed yet, and
// reports whether they are what they were when it was read: nobody has counted
// the statements that changed them, so their definition at the applied position,
// which lies between, is known only then.
func (s *session) parentsStand(ctx context.Context, model *structure.Model) (bool, error) {
	followed := s.catalog.Parents()
	model.Parents = slices.DeleteFunc(model.Parents, func(t *structure.Table) bool { _, known := followed[t.ID()]; return known })
	for _, p := range model.Parents {
		now, err := structure.ReadTable(ctx, s.srcDB, s.src.Server, p.ID())
		if err != nil && mysql.Number(err) != 1146 {
			return false, err
		}
		if err != nil || structure.Fingerprint(now.Create) != structure.Fingerprint(p.Create) {
			return false, nil
		}
	}
	return true, nil
}

// readSteady reads tables with a position between two readings, and gives those on
// which both agree: one that changes all the time must not keep others back. It is
// nil if the readings agree on nothing, or not on what else is in them.
func (s *session) readSteady(ctx context.Context, ids []schema.ID) (*structure.Model, *change.Set, error) {
	first, err := s.readEntering(ctx, ids)
	if err != nil {
		return nil, nil, err
	}
	executed, err := s.source.Logged(ctx)
	if err != nil {
		return nil, nil, err
	}
	again, err := s.readEntering(ctx, ids)
	if err != nil {
		return nil, nil, err
	}
	keepEqual(first, again)
	if len(again.Compare(first)) > 0 {
		return nil, nil, nil
	}
	return again, executed, nil
}

// keepEqual leaves in two models the tables that are the same in both.
func keepEqual(a, b *structure.Model) {
	prints := func(m *structure.Model) map[schema.ID]string {
		out := map[schema.ID]string{}
		for _, t := range m.Tables {
			out[t.ID()] = structure.Fingerprint(t.Create)
		}
		return out
	}
	was, is := prints(a), prints(b)
	differs := func(t *structure.Table) bool { return was[t.ID()] != is[t.ID()] }
	a.Tables, b.Tables = slices.DeleteFunc(a.Tables, differs), slices.DeleteFunc(b.Tables, differs)
}

// readEntering reads tables with the parents that have to be followed for them.
func (s *session) readEntering(ctx context.Context, ids []schema.ID) (*structure.Model, error) {
	model, err := structure.ReadTables(ctx, structure.Whole, s.srcDB, s.src.Server, s.selection, ids)
	if err != nil {
		return nil, err
	}
	return model, s.withParents(ctx, model)
}

// makeEntering makes tables on the target and has them copied. The turn is
// held: no statement of the log runs meanwhile.
func (s *session) makeEntering(ctx context.Context, conn *sql.Conn, model *structure.Model) error {
	facts, err := s.targetFacts(ctx, conn)
	if err != nil {
		return err
	}
	carrier := s.carrier(facts)
	carrier.DeferIndexes = false // foreign keys of tables that are not read here may need them
	creator := &structure.Creator{Carrier: carrier, OnExists: s.spec.Objects.OnExists, Definer: s.spec.Objects.Definer, Run: s.r.task.Run,
		Begin: s.noteMaking, Begun: s.catalog.Begun}
	created, err := creator.Create(ctx, conn, model)
	if err != nil {
		return fmt.Errorf("make tables that came into the selection: %w", err)
	}
	fault.At("entering-made")
	for _, f := range created.Findings {
		s.r.deps.Sink.Event(run.Event{Kind: "structure", Message: f.String()})
	}
	rows := s.catalog.admitted(model, created)
	if err := s.ledger.Register(ctx, rows); err != nil {
		return err
	}
	s.catalog.markStale() // a statement that comes before the session ends meets them
	return nil
}

// noteMaking notes which tables are made next: if that comes to no end, and the
// log drops or renames one, somebody has to know that it may be on the target.
func (s *session) noteMaking(ctx context.Context, ids []schema.ID) error {
	if err := s.ledger.Register(ctx, s.catalog.making(ids)); err != nil {
		return err
	}
	s.catalog.markStale()
	return nil
}

// making are the rows of entering tables that are to be made.
func (c *catalog) making(ids []schema.ID) (rows []ledger.TableRow) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, id := range ids {
		row := c.byName[id].row
		row.State = ledger.Making
		rows = append(rows, row)
	}
	return rows
}

// Begun implements structure.Registry.
func (c *catalog) Begun(id schema.ID) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	e := c.byName[id]
	return e != nil && e.row.State == ledger.Making
}

// Entering implements structure.Registry.
func (c *catalog) Entering() ([]schema.ID, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := c.refreshLocked(); err != nil {
		return nil, err
	}
	var out []schema.ID
	for id, e := range c.byName {
		if e.row.State.Enters() {
			out = append(out, id)
		}
	}
	slices.SortFunc(out, func(a, b schema.ID) int { return strings.Compare(a.String(), b.String()) })
	return out, nil
}

// errEntering says that a table is selected and not copied yet: nil if all are.
func (s *session) errEntering() error {
	ids, err := s.catalog.Entering()
	if err != nil || len(ids) == 0 {
		return err
	}
	return &mysql.Error{Class: mysql.Config, Code: "table_entering", Err: fmt.Errorf("table %s has just come into the selection and is not copied yet", ids[0]),
		Remedy: "try again when the run has caught up"}
}

// touches says how often entering tables were changed so far.
func (c *catalog) touches() map[schema.ID]int {
	c.mu.Lock()
	defer c.mu.Unlock()
	return maps.Clone(c.touched)
}

// untouched reports whether a table still enters and was not changed since.
func (c *catalog) untouched(id schema.ID, before map[schema.ID]int) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.refreshLocked() != nil { // it may have been dropped since
		return false
	}
	e := c.byName[id]
	return e != nil && e.row.State.Enters() && c.touched[id] == before[id]
}

// admitted are the rows of tables that were made.
func (c *catalog) admitted(model *structure.Model, made *structure.Made) []ledger.TableRow {
	c.mu.Lock()
	defer c.mu.Unlock()
	rows := make([]ledger.TableRow, len(made.Tables))
	for i, t := range made.Tables {
		m := model.Tables[i]
		structure.MarkAbsent(m.Definition, c.s.selection)
		rows[i] = ledger.TableRow{ID: c.byName[t.Source].row.ID, Source: t.Source, Target: t.Target, State: ledger.Pending, LeftOut: t.LeftOut,
			Definition: m.Definition, RowsEstimated: int64(m.Rows)}
	}
	next := 0
	for id := range c.byID {
		next = max(next, id)
	}
	return append(rows, c.s.parentRows(model, made, next)...)
}
