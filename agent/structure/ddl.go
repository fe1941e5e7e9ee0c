package structure

import (
	"context"
	"database/sql"
	"fmt"
	"strings"

	"github.com/tidegate-io/tidegate/agent/ledger"
	"github.com/tidegate-io/tidegate/agent/structure/sqltext"
	"github.com/tidegate-io/tidegate/internal/change"
	"github.com/tidegate-io/tidegate/internal/fault"
	"github.com/tidegate-io/tidegate/internal/mysql"
	"github.com/tidegate-io/tidegate/internal/schema"
)

// Changes is what a statement of the log changed, in the source's names.
type Changes struct {
	Created []schema.ID
	Dropped []schema.ID // also tables that left the selection by a RENAME
	Altered []schema.ID // also truncated and repartitioned ones
	Renamed [][2]schema.ID

	// Moved are tables that got other names with their rows, or were replaced as
	// a whole. One that is not yet past its window is to be emptied and copied
	// anew (ENGINE §3).
	Moved []schema.ID
	// Exchanged are pairs that gave each other rows. If one is not yet past its
	// window, the other has got rows from it that may not be right: both are to
	// be emptied and copied anew.
	Exchanged [][2]schema.ID
	// Recopy are tables whose rows the statement made differently here than on
	// the source: they are to be emptied and copied anew in any phase.
	Recopy []schema.ID
	// Converted are tables whose columns got other types or names. A statement, or
	// several together, may leave the definition as it was and not the rows, as where
	// two columns change places: rows of the copy that were read behind them met them
	// twice.
	Converted []schema.ID
	// Numbered are tables whose rows the statement numbered, as it does here only
	// where all of them are. One that is not yet past its window is to be emptied
	// and copied anew.
	Numbered []schema.ID
	// Entered are tables that came into the selection with their rows, or made
	// like a table that is not there. They are not on the target yet.
	Entered []schema.ID
	// Touched are entering tables that the statement changed: a definition that
	// was read of one may not be the one at the applied position.
	Touched []schema.ID

	// Parents are tables that are not selected and are to be followed from here
	// on, since foreign keys of selected tables refer to them.
	Parents []NewParent

	// Definitions has the new source definition of every table that was created,
	// altered or renamed, by its new name.
	Definitions map[schema.ID]*schema.Table
	// LeftOut has the new list of every table whose list of left-out indexes
	// changed, by its name before the statement.
	LeftOut map[schema.ID][]string

	Findings []Finding // what a person should know
}

// Empty reports whether no selected table changed.
func (c *Changes) Empty() bool {
	return len(c.Created)+len(c.Dropped)+len(c.Altered)+len(c.Renamed)+len(c.Moved)+len(c.Exchanged)+len(c.Recopy)+len(c.Entered)+len(c.Touched)+len(c.Parents)+len(c.LeftOut) == 0
}

// Enters reports whether tables came with their rows, or are followed from here
// on: what is known of others may be affected then.
func (c *Changes) Enters() bool {
	return len(c.Entered)+len(c.Touched)+len(c.Parents) > 0
}

// Registry is what is known of a source table at the applied position.
type Registry interface {
	// Known returns a table's source definition and the ALTER clauses of its
	// indexes that are still to be built; nil for a table that is not known.
	Known(id schema.ID) (def *schema.Table, leftOut []string)
	// Entering are the selected tables that the source has at the applied
	// position and the target has not: they came with their rows (Entered), and
	// are to be made and copied as the source will have them later.
	Entering() ([]schema.ID, error)
	// Begun reports whether it was begun to make an entering table: an empty table
	// under its name on the target is what is left of that.
	Begun(id schema.ID) bool
	// Parents are the tables that are not selected and are followed.
	Parents() map[schema.ID]Parent
	// Children are the known tables with a foreign key to a table.
	Children(parent schema.ID) []schema.ID
}

// Deps is what an Executor works with.
type Deps struct {
	Carrier  *Carrier
	Ledger   *ledger.Ledger
	LockDB   *sql.DB // text sessions on the target, for the one that holds the run's lock
	Turn     *Turn
	Registry Registry

	// Source reads the source's present definitions (text sessions). It is used
	// between flavours, where the target's types are not the source's, and for
	// parents that are to be followed; Executed says what the source has executed.
	Source   mysql.Querier
	Executed func(ctx context.Context) (*change.Set, error)

	// Changed stores what changed, in the control transaction that also moves
	// the ledger. Refresh is called after its commit, also for findings alone.
	Changed func(ctx context.Context, tx *sql.Tx, ch *Changes) error
	Refresh func(ch *Changes)
}

// Config is what a pipeline says about DDL.
type Config struct {
	Kinds   []string // spec.Apply.DDL
	Definer string   // spec.Objects.Definer
	// Recopy says that the run can empty tables and copy them anew, and copy
	// tables that come into the selection. Without it statements that need it
	// stop the run.
	Recopy bool
}

// Executor carries out the statements of the source's log on the target.
type Executor struct {
	cfg  Config
	deps Deps
}

// NewExecutor starts nothing.
func NewExecutor(cfg Config, deps Deps) *Executor { return &Executor{cfg, deps} }

// Execute carries out one statement: intents, the statement itself, then, in
// one control transaction, that it is done, what changed, and commit, which
// moves the ledger. Called again with the same seq after a crash or an error,
// it first finds out how far it came. All lanes must be drained.
func (x *Executor) Execute(ctx context.Context, seq uint64, st *change.Statement, commit func(tx *sql.Tx) error) error {
	release, err := x.deps.Turn.Take(ctx)
	if err != nil {
		return err
	}
	defer release()
	lock, err := x.deps.Ledger.Lock(ctx, x.deps.LockDB)
	if err != nil {
		return err
	}
	defer func() { _ = lock.Close(context.WithoutCancel(ctx)) }()

	text, err := x.utf8(ctx, lock.Conn, st)
	if err != nil {
		return err
	}
	p, err := x.plan(ctx, lock.Conn, st, text, seq)
	if err != nil {
		return err
	}
	done, err := x.deps.Ledger.IntentsOf(ctx, lock.Conn, seq)
	if err != nil {
		return err
	}
	for i := range p.steps {
		if err := x.step(ctx, lock, p, stepAt{seq, i}, done); err != nil {
			return err
		}
	}
	if err := x.definitions(ctx, lock.Conn, p); err != nil {
		return err
	}
	err = x.deps.Ledger.Transaction(ctx, "end "+p.what, func(tx *sql.Tx) error {
		if n := len(p.steps); n > 0 {
			if err := x.deps.Ledger.IntentDone(ctx, tx, seq, n-1); err != nil {
				return err
			}
		}
		if !p.changes.Empty() && x.deps.Changed != nil {
			if err := x.deps.Changed(ctx, tx, &p.changes); err != nil {
				return fmt.Errorf("store what %s changed: %w", p.what, err)
			}
		}
		return commit(tx)
	})
	if err != nil {
		return err
	}
	fault.At("ddl-done")
	if x.deps.Refresh != nil && (!p.changes.Empty() || len(p.changes.Findings) > 0) {
		x.deps.Refresh(&p.changes)
	}
	return nil
}

// utf8 returns a statement's text in UTF-8. The target converts it, since it
// knows every charset a client may have used.
func (x *Executor) utf8(ctx context.Context, conn *sql.Conn, st *change.Statement) (string, error) {
	text := strings.TrimRight(st.SQL, "\x00")
	client := strings.ToLower(st.CharsetClient)
	if isASCII(text) || client == "" || client == "binary" || strings.HasPrefix(client, "utf8") {
		return text, nil
	}
	var out string
	err := conn.QueryRowContext(ctx, fmt.Sprintf("SELECT CONVERT(CONVERT(x'%x' USING %s) USING utf8mb4)", text, mysql.Ident(client))).Scan(&out)
	if err != nil {
		return "", fmt.Errorf("convert a statement from %s: %w", client, err)
	}
	return out, nil
}

func isASCII(s string) bool {
	for i := range len(s) {
		if s[i] >= 0x80 {
			return false
		}
	}
	return true
}

// definitions reads back what tables have become.
func (x *Executor) definitions(ctx context.Context, q mysql.Querier, p *plan) error {
	ch := &p.changes
	ch.Definitions = map[schema.ID]*schema.Table{}
	before := map[schema.ID]schema.ID{}
	for _, pair := range ch.Renamed {
		before[pair[1]] = pair[0]
	}
	for id := range p.readBack {
		if ch.Definitions[id] != nil {
			continue
		}
		target, ok := p.shadows[id]
		if !ok {
			target, ok = x.deps.Carrier.Selection.target(id)
		}
		if !ok {
			followed := x.deps.Registry.Parents()
			target, ok = followed[id].Shadow, followed[id].Shadow.Name != ""
		}
		if !ok {
			continue
		}
		was, renamed := before[id]
		if !renamed {
			was = id
		}
		known, _ := x.deps.Registry.Known(was)
		def, err := x.definitionFromTarget(ctx, q, tableOf{id, target, known}, p.touches)
		if mysql.Number(err) == noSuchTable {
			continue
		}
		if err != nil {
			return err
		}
		if engine := p.engines[id]; engine != "" {
			def.Engine = engine
		} else if known != nil {
			def.Engine = known.Engine
		}
		keys, changed := p.absent[id]
		if !changed {
			keys = absentKeys(known)
		}
		def.ForeignKeys = append(def.ForeignKeys, keys...)
		ch.Definitions[id] = def
	}
	// A CREATE … IF NOT EXISTS may have met a table that was there.
	return nil
}

// tableOf names a table on both sides.
type tableOf struct {
	source, target schema.ID
	known          *schema.Table // its source definition before the statement
}

// definitionFromTarget reads a table's definition from the target and gives it
// the source's names: the source definition at the applied position. Between
// flavours a column keeps the type it is known to have on the source, unless
// the statement touches it.
func (x *Executor) definitionFromTarget(ctx context.Context, q mysql.Querier, of tableOf, touches func(column string) bool) (*schema.Table, error) {
	source := of.source
	t, err := ReadTable(ctx, q, x.deps.Carrier.Target, of.target)
	if err != nil {
		return nil, err
	}
	def := t.Definition
	def.Schema, def.Name, def.Flavor = source.Schema, source.Name, x.deps.Carrier.Source.Flavor
	for i := range def.ForeignKeys {
		fk := &def.ForeignKeys[i]
		if id, ok := x.sourceOf(schema.ID{Schema: fk.ParentSchema, Name: fk.ParentTable}, source); ok {
			fk.ParentSchema, fk.ParentTable = id.Schema, id.Name
		}
	}
	if x.deps.Carrier.cross() && x.deps.Source != nil {
		x.sourceTypes(ctx, def, of.known, touches)
	}
	return def, nil
}

// sourceOf finds the source's name of a table that a table refers to.
func (x *Executor) sourceOf(target, child schema.ID) (schema.ID, bool) {
	sel := x.deps.Carrier.Selection
	candidates := []schema.ID{{Schema: child.Schema, Name: target.Name}, target}
	for _, d := range sel.databases {
		for _, r := range d.TableRules {
			if r.Rename == target.Name {
				candidates = append(candidates, schema.ID{Schema: child.Schema, Name: r.Name}, schema.ID{Schema: d.Name, Name: r.Name})
			}
		}
		candidates = append(candidates, schema.ID{Schema: d.Name, Name: target.Name})
	}
	for _, id := range candidates {
		if to, ok := sel.target(id); ok && to == target {
			return id, true
		}
	}
	return target, false
}

// sourceTypes puts the source's own columns in the place of the target's, as
// they were at the applied position: what is known, unless the statement has
// changed it. The source's present columns may be those of a later statement, or
// another table's that has the name by now, so where they differ from what is
// known, or in their shape from the target's, the target, which stands exactly
// at the statement, decides. The log's type codes, which are always compared,
// find what does not fit.
func (x *Executor) sourceTypes(ctx context.Context, def, known *schema.Table, touches func(column string) bool) {
	column := func(t *schema.Table, name string) *schema.Column {
		if t == nil {
			return nil
		}
		c, _ := t.Column(name)
		return c
	}
	var now *schema.Table
	if t, err := ReadTable(ctx, x.deps.Source, x.deps.Carrier.Source, def.ID()); err == nil {
		now = t.Definition
	}
	for i := range def.Columns {
		here := &def.Columns[i]
		was, is := column(known, here.Name), column(now, here.Name)
		switch {
		case was != nil && !touches(here.Name):
			nullable := here.Nullable // a new primary key takes NULL from it
			*here = *was
			here.Nullable = nullable
		case was != nil && was.Alike(here):
			*here = *was
		case is == nil || was != nil && was.Alike(is) || !is.SameShape(here):
			// The source has gone on: the table has another name there by now, or
			// the column is again what it was, or something else.
		default:
			*here = *is
		}
	}
}

// touches reports whether a statement may change what a column's values look
// like.
func touches(st *sqltext.Statement, column string) bool {
	if st.Verb == sqltext.CreateTable {
		return true
	}
	for _, cl := range st.Clauses {
		switch cl.Act {
		case sqltext.AddColumn, sqltext.ChangeColumn:
			if cl.Name == "" || strings.EqualFold(cl.Name, column) || strings.EqualFold(cl.New, column) {
				return true
			}
		case sqltext.Other:
			if sqltext.Has(cl.Tokens, "CONVERT TO") {
				return true
			}
		}
	}
	return false
}
