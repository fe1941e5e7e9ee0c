package pipeline

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"slices"
	"sync"

	"github.com/tidegate-io/tidegate/agent/apply"
	"github.com/tidegate-io/tidegate/agent/ledger"
	"github.com/tidegate-io/tidegate/agent/snapshot"
	"github.com/tidegate-io/tidegate/agent/structure"
	"github.com/tidegate-io/tidegate/agent/verify"
	"github.com/tidegate-io/tidegate/internal/change"
	"github.com/tidegate-io/tidegate/internal/mysql"
	"github.com/tidegate-io/tidegate/internal/schema"
	"github.com/tidegate-io/tidegate/internal/spec"
)

// catalog knows every table of the run: its source definition at the applied
// position and what it is on the target. The applier, the copy and the
// comparison all ask it, so none can see another state of a DDL than the other.
type catalog struct {
	s *session

	mu      sync.Mutex
	reload  bool  // tables have come in since they were read, or are followed
	changed bool  // a statement has changed some tables since, made or renamed some
	old     []int // these alone have changed since, or are gone
	byName  map[schema.ID]*entry
	byID    map[int]*entry
	parents map[schema.ID][]apply.Child // children by parent, in source names
	touched map[schema.ID]int           // how often a statement changed an entering table
}

// entry is one table.
type entry struct {
	row              ledger.TableRow
	source, onTarget string        // its names as people see them
	target           *schema.Table // nil while the table enters, and for parents
	text             string        // the SHOW CREATE TABLE that row.Definition was read with, if this process read it
	read             *change.Set   // of a parent: structure.Parent.Read

	// brokenOff: a statement on it came to no end, so that target may be what it
	// made and row.Definition what was before it.
	brokenOff bool
}

// here reports whether the table's rows are on the target.
func (e *entry) here() bool { return !e.row.State.Enters() && e.row.State != ledger.Parent }

func newCatalog(ctx context.Context, s *session, rows []ledger.TableRow) (*catalog, error) {
	c := &catalog{s: s, byName: map[schema.ID]*entry{}, byID: map[int]*entry{}, touched: map[schema.ID]int{}}
	targets, err := c.readTargets(ctx, rows)
	if err != nil {
		return nil, err
	}
	unfinished, err := s.ledger.Unfinished(ctx)
	if err != nil {
		return nil, err
	}
	for _, r := range rows {
		e := &entry{row: r, source: r.Source.String(), onTarget: r.Target.String()}
		if !e.here() { // what the target has of an entering one is left of an attempt to make it
			if r.State == ledger.Parent && r.ExactPos != "" {
				if e.read, err = change.ParseSet(s.source.Kind(), r.ExactPos); err != nil {
					return nil, fmt.Errorf("when %s was read: %w", r.Source, err)
				}
			}
			c.byName[r.Source], c.byID[r.ID] = e, e
			continue
		}
		e.target, e.brokenOff = targets[r.Target], names(unfinished, r.Target)
		if e.target == nil && e.brokenOff {
			// A crash came between a DROP or RENAME and its end. Nothing is
			// applied before the statement is finished, which reads this anew.
			gone := *r.Definition
			gone.Schema, gone.Name = r.Target.Schema, r.Target.Name
			e.target = &gone
		}
		if e.target == nil {
			return nil, &mysql.Error{Class: mysql.Config, Code: "target_missing", Err: fmt.Errorf("table %s is not on the target any more", r.Target),
				Remedy: "somebody dropped or renamed it, or the account lost its privileges there: restore it as it was, or stop the run"}
		}
		if t := s.structure[r.Source]; t != nil && sameDefinition(t.Definition, r.Definition) {
			e.text, e.row.Definition = t.Create, t.Definition
		}
		c.byName[r.Source], c.byID[r.ID] = e, e
	}
	c.linkLocked()
	return c, nil
}

func names(objects []ledger.Object, id schema.ID) bool {
	return slices.ContainsFunc(objects, func(o ledger.Object) bool { return o.Schema == id.Schema && o.Name == id.Name })
}

// fewTables are read by their names, more by their databases.
const fewTables = 50

// readTargets reads what the run's tables are on the target, in few statements.
func (c *catalog) readTargets(ctx context.Context, rows []ledger.TableRow) (map[schema.ID]*schema.Table, error) {
	var objects spec.Objects
	seen := map[string]bool{}
	var ids []schema.ID
	for _, r := range rows {
		if r.State != ledger.Parent {
			ids = append(ids, r.Target)
		}
		if !seen[r.Target.Schema] && r.State != ledger.Parent {
			seen[r.Target.Schema] = true
			objects.Databases = append(objects.Databases, spec.Database{Name: r.Target.Schema, Tables: []string{"*"}})
		}
	}
	selection := structure.NewSelection(objects, c.s.dst.Server, c.s.dst.Server)
	var model *structure.Model
	var err error
	if few := len(ids) <= fewTables; few {
		model, err = structure.ReadTables(ctx, structure.Columns, c.s.dstDB, c.s.dst.Server, selection, ids)
	} else {
		model, err = structure.ReadTo(ctx, structure.Columns, c.s.dstDB, c.s.dst.Server, selection)
	}
	if err != nil {
		return nil, fmt.Errorf("read the target's definitions: %w", err)
	}
	out := make(map[schema.ID]*schema.Table, len(model.Tables))
	for _, t := range model.Tables {
		out[t.ID()] = t.Definition
	}
	return out, nil
}

// linkLocked collects which tables reference which, from the definitions.
func (c *catalog) linkLocked() {
	c.parents = map[schema.ID][]apply.Child{}
	for id, e := range c.byName {
		for _, fk := range e.row.Definition.ForeignKeys {
			parent := schema.ID{Schema: fk.ParentSchema, Name: fk.ParentTable}
			c.parents[parent] = append(c.parents[parent], apply.Child{Schema: id.Schema, Table: id.Name, Key: fk})
		}
	}
}

// Plan implements apply.Catalog.
func (c *catalog) Plan(schemaName, table string) (*apply.Plan, error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := c.refreshLocked(); err != nil {
		return nil, err
	}
	id := schema.ID{Schema: schemaName, Name: table}
	e := c.byName[id]
	if e == nil {
		if _, _, ok := c.s.selection.Match(schemaName, table); ok {
			return nil, &mysql.Error{Class: mysql.Fatal, Code: "unknown_table", Err: fmt.Errorf("the log changes %s, which is selected but not known to the run", id),
				Remedy: "its CREATE TABLE did not pass through the log (sql_log_bin=0?): stop the run, and apply the pipeline again"}
		}
		return nil, nil
	}
	window := c.s.gate.Table(id)
	if e.row.State.Enters() || e.row.State == ledger.Pending && window == nil {
		return c.laterLocked(e), nil
	}
	return &apply.Plan{ID: e.row.ID, Source: e.row.Definition, Target: e.target, Window: window,
		PageColumn: snapshot.PageColumn(e.row.Definition), Children: c.childrenLocked(e)}, nil
}

// laterLocked is the plan of a table that enters, or that was made for one and is
// copied by the next session: the copy will have what the log has now, and only
// what foreign keys do to children is to be done. It is nil if they do nothing.
func (c *catalog) laterLocked(e *entry) *apply.Plan {
	acting := slices.DeleteFunc(slices.Clone(c.childrenLocked(e)), func(child apply.Child) bool {
		of := c.byName[schema.ID{Schema: child.Schema, Name: child.Table}]
		return of == nil || of.row.State.Enters() || !structure.Acts(&child.Key)
	})
	if len(acting) == 0 {
		return nil
	}
	return &apply.Plan{ID: e.row.ID, Source: e.row.Definition, PageColumn: -1, Children: acting, Entering: e.row.State.Enters()}
}

// childrenLocked are the foreign keys through which a table's changes reach other
// tables.
func (c *catalog) childrenLocked(e *entry) []apply.Child {
	all := c.parents[e.row.Source]
	// A MySQL takes no index from under a foreign key. An index that one needs may
	// be among those that are left out.
	if e.row.Definition.Flavor != mysql.MariaDB || len(e.row.LeftOut) > 0 {
		return all
	}
	idle := func(child apply.Child) bool { return !e.row.Definition.Referenced(child.Key.ParentCols) }
	if !slices.ContainsFunc(all, idle) {
		return all
	}
	return slices.DeleteFunc(slices.Clone(all), idle)
}

// sameDefinition compares as the ledger stores definitions.
func sameDefinition(a, b *schema.Table) bool {
	x, errX := json.Marshal(a)
	y, errY := json.Marshal(b)
	return errX == nil && errY == nil && bytes.Equal(x, y)
}

// Text implements snapshot.Definitions.
func (c *catalog) Text(id int) string {
	c.mu.Lock()
	defer c.mu.Unlock()
	if c.refreshLocked() != nil || c.byID[id] == nil {
		return ""
	}
	return c.byID[id].text
}

// Applied implements snapshot.Definitions.
func (c *catalog) Applied(id int) (source, target *schema.Table, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := c.refreshLocked(); err != nil {
		return nil, nil, err
	}
	if e := c.byID[id]; e != nil {
		return e.row.Definition, e.target, nil
	}
	return nil, nil, nil
}

// BrokenOff implements snapshot.Definitions. It asks the target until the
// statement is finished.
func (c *catalog) BrokenOff(ctx context.Context, id int) (bool, error) {
	c.mu.Lock()
	e := c.byID[id]
	c.mu.Unlock()
	if e == nil || !e.brokenOff {
		return false, nil
	}
	unfinished, err := c.s.ledger.Unfinished(ctx)
	if err != nil || names(unfinished, e.row.Target) {
		return true, err
	}
	c.outdate(id)
	return false, nil
}

// Read implements snapshot.Definitions.
func (c *catalog) Read(ctx context.Context, q mysql.Querier, name schema.ID) (*schema.Table, error) {
	t, err := structure.ReadTable(ctx, q, c.s.src.Server, name)
	if mysql.Number(err) == 1146 {
		return nil, nil
	}
	if err != nil {
		return nil, err
	}
	return t.Definition, nil
}

func (c *catalog) ids() []schema.ID {
	c.mu.Lock()
	defer c.mu.Unlock()
	out := make([]schema.ID, 0, len(c.byName))
	for id := range c.byName {
		out = append(out, id)
	}
	return out
}

// rows returns the selected tables in the order of their numbers.
func (c *catalog) rows() []ledger.TableRow {
	var out []ledger.TableRow
	c.each(func(e *entry) { out = append(out, e.row) })
	return out
}

// each shows the selected tables in that order to a function that may keep none.
func (c *catalog) each(f func(*entry)) {
	c.mu.Lock()
	defer c.mu.Unlock()
	top := 0
	for id := range c.byID {
		top = max(top, id)
	}
	for id := range top + 1 {
		if e := c.byID[id]; e != nil && e.row.State != ledger.Parent {
			f(e)
		}
	}
}

// pairs are the tables as a comparison wants them, in the order of their
// numbers.
func (c *catalog) pairs() ([]verify.Table, error) {
	var out []verify.Table
	if err := c.refresh(); err != nil {
		return nil, err
	}
	for _, row := range c.rows() {
		t, ok, err := c.pair(row.ID)
		if err != nil {
			return nil, err
		}
		if ok {
			out = append(out, t)
		}
	}
	return out, nil
}

// pair is one table as a comparison wants it, as it is defined at the applied
// position; ok is false when the run does not have it any more.
func (c *catalog) pair(id int) (t verify.Table, ok bool, err error) {
	c.mu.Lock()
	defer c.mu.Unlock()
	if err := c.refreshLocked(); err != nil {
		return t, false, err
	}
	e := c.byID[id]
	if e == nil || !e.here() {
		return t, false, nil
	}
	return verify.Table{ID: id, Source: e.row.Definition, Target: e.target}, true, nil
}

// comparesAlike reports whether the target keeps apart all rows that the source
// keeps apart: each of its unique keys is one of the source's, over the same
// columns with the same collations. Then a row that a chunk removed comes back
// with the log, whatever moved between (R17).
func (c *catalog) comparesAlike(id int) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	e := c.byID[id]
	if e == nil || !e.here() {
		return true
	}
	if e.row.Definition.Flavor != e.target.Flavor {
		return false
	}
	for i := range e.target.Keys {
		k := &e.target.Keys[i]
		if k.Unique && !slices.ContainsFunc(e.row.Definition.Keys, func(s schema.Key) bool { return s.Unique && slices.Equal(s.Parts, k.Parts) }) {
			return false
		}
		for _, p := range k.Parts {
			from, _ := e.row.Definition.Column(p.Column)
			to, _ := e.target.Column(p.Column)
			if k.Unique && (from == nil || to == nil || from.Collation != to.Collation) {
				return false
			}
		}
	}
	return true
}
