package pipeline

import (
	"context"
	"database/sql"
	"fmt"
	"maps"
	"slices"

	"github.com/tidegate-io/tidegate/agent/apply"
	"github.com/tidegate-io/tidegate/agent/ledger"
	"github.com/tidegate-io/tidegate/agent/snapshot"
	"github.com/tidegate-io/tidegate/agent/structure"
	"github.com/tidegate-io/tidegate/internal/change"
	"github.com/tidegate-io/tidegate/internal/run"
	"github.com/tidegate-io/tidegate/internal/schema"
)

// ddl carries out the statements of the source's log and keeps the run's
// knowledge of its tables in step with them.
type ddl struct {
	s        *session
	executor *structure.Executor
	// recopy: the statement moved rows between names, or changed what a copy
	// follows, while a table was not past its window. The next session finds the
	// copies thrown away, empties the tables and copies them anew.
	recopy bool
	ids    []change.ID // of the statement's transaction
}

func (s *session) ddl(facts *structure.Facts) *ddl {
	d := &ddl{s: s}
	kinds := s.spec.Apply.DDL
	if len(kinds) == 0 {
		kinds = []string{"none"} // an empty list carries nothing, which is not the same as no list
	}
	d.executor = structure.NewExecutor(structure.Config{Kinds: kinds, Definer: s.spec.Objects.Definer, Recopy: true},
		structure.Deps{
			Carrier: s.carrier(facts), Ledger: s.ledger, LockDB: s.lockDB, Turn: &s.turn, Registry: s.catalog, Source: s.srcDB, Executed: s.source.Executed,
			Changed: d.changed, Refresh: d.refresh,
		})
	return d
}

// Execute implements apply.DDL.
func (d *ddl) Execute(ctx context.Context, seq uint64, st *change.Statement, commit func(tx *sql.Tx) error) error {
	// A statement may follow the one before at once: what that one changed has
	// to be known when this one asks which tables there are.
	if err := d.s.catalog.refresh(); err != nil {
		return err
	}
	d.recopy, d.ids = false, st.IDs
	if err := d.executor.Execute(ctx, seq, st, commit); err != nil {
		return err
	}
	if d.recopy {
		return fmt.Errorf("%.200q moved rows of a table that is still being copied: its copy begins anew: %w", st.SQL, errReload)
	}
	return nil
}

// changed stores what a statement changed, in the transaction that moves the
// ledger past it.
func (d *ddl) changed(ctx context.Context, tx *sql.Tx, ch *structure.Changes) error {
	c := d.s.catalog
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, step := range []func(context.Context, *sql.Tx, *structure.Changes) error{c.storeDropped, c.storeRenamed, c.storeAltered, c.storeCreated} {
		if err := step(ctx, tx, ch); err != nil {
			return err
		}
	}
	again, err := d.thrownAway(ctx, tx, ch)
	if err != nil {
		return err
	}
	d.recopy = len(again) > 0
	return d.s.ledger.DiscardIn(ctx, tx, again...)
}

// thrownAway are the tables whose copy a statement made worthless. Of one that
// is past its window the statement did on the target what it did on the source.
func (d *ddl) thrownAway(ctx context.Context, tx *sql.Tx, ch *structure.Changes) ([]int, error) {
	var out []int
	add := func(id schema.ID) {
		if e := d.s.catalog.byName[id]; e != nil && e.here() && !slices.Contains(out, e.row.ID) {
			out = append(out, e.row.ID)
		}
	}
	for _, id := range slices.Concat(ch.Moved, ch.Numbered) {
		if d.inCopy(id) {
			add(id)
		}
	}
	for _, id := range ch.Converted {
		behind, err := d.readBehind(ctx, tx, id)
		if err != nil {
			return nil, err
		}
		if behind {
			add(id)
		}
	}
	for _, pair := range ch.Exchanged {
		if d.inCopy(pair[0]) || d.inCopy(pair[1]) {
			add(pair[0])
			add(pair[1])
		}
	}
	for _, id := range ch.Recopy {
		add(id)
	}
	for _, id := range ch.Altered {
		e := d.s.catalog.byName[id]
		if def := ch.Definitions[id]; e != nil && def != nil && snapshot.MovesRanges(e.row.Definition, def) && d.inCopy(id) {
			add(id)
		}
		for _, other := range d.readWith(id) {
			add(other)
		}
	}
	return out, nil
}

// readBehind reports whether rows on the target may have been read behind the
// statement and written before it ran here.
func (d *ddl) readBehind(ctx context.Context, tx *sql.Tx, id schema.ID) (bool, error) {
	e := d.s.catalog.byName[id]
	if e == nil || !e.here() || !d.inCopy(id) { // past its window nothing was read behind what comes now
		return false, nil
	}
	high, err := d.s.ledger.High(ctx, tx, d.s.source.Kind(), e.row.ID)
	if err != nil {
		return false, err
	}
	return !slices.ContainsFunc(d.ids, func(id change.ID) bool { return !high.Contains(id) }), nil
}

// readWith are the tables, this one among them, whose copy in one snapshot has
// what a statement did that has just run here: if that took rows away, a TRUNCATE
// or a partition's, it took those of the copy too, and the log has them no more.
func (d *ddl) readWith(id schema.ID) []schema.ID {
	w := d.s.gate.Table(id)
	if w == nil || w.ReadAt() == nil || !d.inCopy(id) {
		return nil
	}
	at := w.ReadAt()
	var out []schema.ID
	for other := range d.s.catalog.byName {
		if w := d.s.gate.Table(other); w != nil {
			if theirs := w.ReadAt(); theirs != nil && theirs.Equal(at) {
				out = append(out, other)
			}
		}
	}
	return out
}

// inCopy reports whether a table is being copied, still in its window, or made for
// the next session to copy.
func (d *ddl) inCopy(id schema.ID) bool {
	w := d.s.gate.Table(id)
	if w == nil {
		e := d.s.catalog.byName[id]
		return e != nil && e.row.State == ledger.Pending
	}
	frontier, err := d.s.applier.Frontier().Set()
	high, done := w.High()
	return err != nil || !done || !frontier.Includes(high)
}

func (c *catalog) storeDropped(ctx context.Context, tx *sql.Tx, ch *structure.Changes) error {
	for _, id := range ch.Dropped {
		if e := c.byName[id]; e != nil {
			if err := c.s.ledger.RemoveTablesIn(ctx, tx, e.row.ID); err != nil {
				return err
			}
		}
	}
	return nil
}

func (c *catalog) storeRenamed(ctx context.Context, tx *sql.Tx, ch *structure.Changes) error {
	for _, pair := range ch.Renamed { // first out of the way: names may go round in a ring
		if e := c.byName[pair[0]]; e != nil {
			aside := schema.ID{Schema: "", Name: fmt.Sprintf("%d", e.row.ID)}
			if err := c.s.ledger.RenameIn(ctx, tx, e.row.ID, aside, aside); err != nil {
				return err
			}
		}
	}
	for _, pair := range ch.Renamed {
		if e := c.byName[pair[0]]; e != nil {
			target := c.targetOf(pair[1])
			if e.row.State == ledger.Parent {
				target = e.row.Target
			}
			if err := c.s.ledger.RenameIn(ctx, tx, e.row.ID, pair[1], target); err != nil {
				return err
			}
			if def := ch.Definitions[pair[1]]; def != nil {
				if err := c.s.ledger.SetDefinitionIn(ctx, tx, e.row.ID, def); err != nil {
					return err
				}
			}
		}
	}
	return nil
}

func (c *catalog) storeAltered(ctx context.Context, tx *sql.Tx, ch *structure.Changes) error {
	for _, id := range ch.Altered {
		if e, def := c.byName[id], ch.Definitions[id]; e != nil && def != nil {
			if err := c.s.ledger.SetDefinitionIn(ctx, tx, e.row.ID, def); err != nil {
				return err
			}
		}
	}
	for id, clauses := range ch.LeftOut {
		if e := c.byName[id]; e != nil {
			if err := c.s.ledger.SetLeftOutIn(ctx, tx, e.row.ID, clauses); err != nil {
				return err
			}
		}
	}
	return nil
}

// storeCreated registers new tables. Nothing is copied of those that were made
// empty, since every row they will ever have comes through the log. Those that
// came with their rows are made and copied later, see admit.
func (c *catalog) storeCreated(ctx context.Context, tx *sql.Tx, ch *structure.Changes) error {
	next := 0
	for id := range c.byID {
		next = max(next, id)
	}
	for _, id := range ch.Created {
		def := ch.Definitions[id]
		if def == nil {
			continue
		}
		next++
		if err := c.s.ledger.RegisterIn(ctx, tx, ledger.TableRow{ID: next, Source: id, Target: c.targetOf(id), State: ledger.Live, Definition: def}); err != nil {
			return err
		}
	}
	for _, id := range ch.Entered {
		next++
		unread := &schema.Table{Schema: id.Schema, Name: id.Name}
		if err := c.s.ledger.RegisterIn(ctx, tx, ledger.TableRow{ID: next, Source: id, Target: c.targetOf(id), State: ledger.Entering, Definition: unread}); err != nil {
			return err
		}
	}
	for _, p := range ch.Parents {
		next++
		row := ledger.TableRow{ID: next, Source: p.ID, Target: p.Shadow, State: ledger.Parent, Definition: ch.Definitions[p.ID], ExactPos: p.Read}
		if row.Definition == nil {
			return fmt.Errorf("the shadow of %s is not on the target", p.ID)
		}
		if err := c.s.ledger.RegisterIn(ctx, tx, row); err != nil {
			return err
		}
	}
	for _, id := range slices.Concat(ch.Touched, ch.Entered, ch.Dropped) {
		c.touched[id]++
	}
	return nil
}

func (c *catalog) targetOf(id schema.ID) schema.ID {
	schemaName, name, _ := c.s.selection.Match(id.Schema, id.Name)
	return schema.ID{Schema: schemaName, Name: name}
}

// refresh reads anew what is known, after a statement's commit.
func (d *ddl) refresh(ch *structure.Changes) {
	for _, f := range ch.Findings {
		d.s.r.deps.Sink.Event(run.Event{Kind: "ddl", Message: f.String()})
	}
	d.s.catalog.stale(ch)
}

// stale moves the gate's and the copy's tables along and lets the next question
// read the definitions from the target.
func (c *catalog) stale(ch *structure.Changes) {
	gone := c.forget(ch)
	if len(ch.Entered) > 0 { // before the position passes the statement, so that no status has both
		c.s.r.fallBehind()
	}
	if len(gone) > 0 && c.s.copier != nil {
		// Only its own bookkeeping: the chunks in flight meet a table that is gone.
		// They may ask for definitions before they end, so nothing is locked here.
		_ = c.s.copier.Remove(context.Background(), gone...)
	}
}

// forget takes dropped and renamed tables out of the gate, and returns the
// numbers of the dropped ones.
func (c *catalog) forget(ch *structure.Changes) (gone []int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	for _, id := range ch.Dropped {
		if e := c.byName[id]; e != nil {
			gone = append(gone, e.row.ID)
			c.s.gate.Remove(id)
		}
	}
	for _, pair := range ch.Renamed {
		c.s.gate.Remove(pair[0])
	}
	if ch.Enters() {
		c.reload = true
		return gone
	}
	for _, pair := range ch.Renamed {
		c.outdateLocked(pair[0])
	}
	for _, id := range slices.Concat(ch.Dropped, ch.Altered, ch.Moved, ch.Recopy, slices.Collect(maps.Keys(ch.Definitions)), slices.Collect(maps.Keys(ch.LeftOut))) {
		c.outdateLocked(id)
	}
	return gone
}

// outdateLocked lets a table be read anew, and those whose foreign keys refer to
// it: a column's new name is theirs too.
func (c *catalog) outdateLocked(id schema.ID) {
	c.changed = true
	if e := c.byName[id]; e != nil {
		c.old = append(c.old, e.row.ID)
	}
	for _, child := range c.parents[id] {
		if e := c.byName[schema.ID{Schema: child.Schema, Name: child.Table}]; e != nil {
			c.old = append(c.old, e.row.ID)
		}
	}
}

// refresh is refreshLocked for callers without the lock.
func (c *catalog) refresh() error {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.refreshLocked()
}

// refreshLocked reads what changed since the tables were read: with thousands of
// them a statement that alters one must not have all of them read.
func (c *catalog) refreshLocked() error {
	ctx := context.Background() // bounded by the sessions' own time limits
	switch {
	case c.reload:
		rows, err := c.s.ledger.Tables(ctx)
		if err != nil {
			return err
		}
		fresh, err := newCatalog(ctx, c.s, rows)
		if err != nil {
			return err
		}
		c.byName, c.byID, c.parents = fresh.byName, fresh.byID, fresh.parents
	case c.changed || len(c.old) > 0:
		if err := c.refreshSome(ctx); err != nil {
			return err
		}
	}
	c.reload, c.changed, c.old = false, false, nil
	return nil
}

// refreshSome reads the old tables and the new ones. New ones have numbers above
// those of all that are left.
func (c *catalog) refreshSome(ctx context.Context) error {
	last := 0
	for id := range c.byID {
		if !slices.Contains(c.old, id) {
			last = max(last, id)
		}
	}
	rows, err := c.s.ledger.TablesAfter(ctx, last, c.old)
	if err != nil {
		return err
	}
	fresh, err := newCatalog(ctx, c.s, rows)
	if err != nil {
		return err
	}
	for _, id := range c.old {
		if e := c.byID[id]; e != nil {
			delete(c.byName, e.row.Source)
			delete(c.byID, id)
		}
	}
	maps.Copy(c.byName, fresh.byName)
	maps.Copy(c.byID, fresh.byID)
	c.linkLocked()
	return nil
}

// outdate lets the next question read one table anew; its name and its foreign
// keys are as they were.
func (c *catalog) outdate(id int) {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.old = append(c.old, id)
}

// Known implements structure.Registry.
func (c *catalog) Known(id schema.ID) (*schema.Table, []string) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if e := c.byName[id]; e != nil && !e.row.State.Enters() {
		return e.row.Definition, e.row.LeftOut
	}
	return nil, nil
}

var (
	_ apply.DDL          = (*ddl)(nil)
	_ structure.Registry = (*catalog)(nil)
)

// markStale lets the next question read the tables anew.
func (c *catalog) markStale() {
	c.mu.Lock()
	defer c.mu.Unlock()
	c.reload = true
}
