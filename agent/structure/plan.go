package structure

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"

	"github.com/tidegate-io/tidegate/agent/structure/sqltext"
	"github.com/tidegate-io/tidegate/internal/change"
	"github.com/tidegate-io/tidegate/internal/mysql"
	"github.com/tidegate-io/tidegate/internal/schema"
)

// plan is what a statement of the source becomes on the target.
type plan struct {
	what     string
	steps    []step
	settings []setting
	changes  Changes
	readBack map[schema.ID]bool // source names of tables whose definition is new
	touches  func(column string) bool
	engines  map[schema.ID]string // the source's, of tables that the statement gives one

	shadows map[schema.ID]schema.ID           // of parents, where the statement makes or names them anew
	absent  map[schema.ID][]schema.ForeignKey // new lists of the keys that are not on the target, by the name after

	rebuilt bool // tables were rebuilt so that the target takes the statement
}

// planner makes the plan of one statement.
type planner struct {
	*Executor
	ctx  context.Context
	conn *sql.Conn
	ev   *change.Statement
	st   *sqltext.Statement
	p    *plan

	seq uint64

	entering map[schema.ID]bool // see Registry
	parents  map[schema.ID]Parent
	indexed  map[schema.ID]*indexed // of tables whose lists of indexes still to be built are old
}

// indexed is what is known of a table by a look at the target.
type indexed struct {
	def     *schema.Table
	leftOut []string
}

func (x *Executor) plan(ctx context.Context, conn *sql.Conn, ev *change.Statement, text string, seq uint64) (*plan, error) {
	p := &plan{what: "a statement", settings: x.deps.Carrier.eventSettings(ev), readBack: map[schema.ID]bool{}, engines: map[schema.ID]string{},
		shadows: map[schema.ID]schema.ID{}, absent: map[schema.ID][]schema.ForeignKey{}}
	pl := &planner{Executor: x, ctx: ctx, conn: conn, ev: ev, p: p, seq: seq, parents: x.deps.Registry.Parents()}
	st, err := sqltext.Parse(text, modeOf(ev))
	if err != nil {
		if _, ok := x.deps.Carrier.Selection.Schema(ev.Schema); ok || ev.Schema == "" {
			return nil, pl.refuse("the statement cannot be read: "+err.Error(), unreadable)
		}
		return p, nil
	}
	pl.st, p.what = st, st.What
	p.touches = func(column string) bool { return touches(st, column) }
	entering, err := x.deps.Registry.Entering()
	if err != nil {
		return nil, err
	}
	pl.entering = make(map[schema.ID]bool, len(entering))
	for _, id := range entering {
		pl.entering[id] = true
	}
	if err := pl.parentsMove(); err != nil {
		return nil, err
	}
	if err := pl.lookAtIndexes(); err != nil {
		return nil, err
	}
	return p, pl.make()
}

// lookAtIndexes finds out which indexes are built that are noted as left out: their
// building may have been cut short by this statement, or by a crash.
func (pl *planner) lookAtIndexes() error {
	pl.indexed = map[schema.ID]*indexed{}
	for _, ref := range pl.st.Refs {
		id, target, ok := pl.match(ref)
		def, left := pl.known(id)
		if !ok || def == nil || len(left) == 0 || ref.Role == sqltext.Parent {
			continue
		}
		t, err := ReadTable(pl.ctx, pl.conn, pl.deps.Carrier.Target, target)
		if mysql.Number(err) == noSuchTable {
			continue // this statement has moved it already
		}
		if err != nil {
			return err
		}
		now := &indexed{}
		now.def, now.leftOut = Indexed(def, t.Definition, left)
		if len(now.leftOut) < len(left) { // else they would be built once more when this statement has dropped them
			pl.indexed[id], pl.p.readBack[id] = now, true
			pl.setLeftOut(id, now.leftOut)
		}
	}
	return nil
}

// known is Registry.Known, as far as the target does not know better.
func (pl *planner) known(id schema.ID) (def *schema.Table, leftOut []string) {
	if now := pl.indexed[id]; now != nil {
		return now.def, now.leftOut
	}
	return pl.deps.Registry.Known(id)
}

// modeOf says how a statement's text is to be read.
func modeOf(ev *change.Statement) sqltext.Mode {
	return sqltext.Mode{ANSIQuotes: slices.Contains(ev.SQLMode, "ANSI_QUOTES") || slices.Contains(ev.SQLMode, "ANSI"),
		NoBackslashEscapes: slices.Contains(ev.SQLMode, "NO_BACKSLASH_ESCAPES")}
}

const unreadable = "make the same change on the target by hand, and leave the statement out by starting behind it; or report it"

// refuse stops the run at this statement.
func (pl *planner) refuse(reason, remedy string) error {
	return &mysql.Error{Class: mysql.Config, Code: "ddl_refused", Err: fmt.Errorf("%s: %.2000s", reason, pl.ev.SQL), Remedy: remedy}
}

func (pl *planner) note(object, format string, args ...any) {
	pl.p.changes.Findings = append(pl.p.changes.Findings, Finding{Object: object, Reason: fmt.Sprintf(format, args...)})
}

// kinds are the names a pipeline file has for verbs.
var kinds = map[sqltext.Verb]string{
	sqltext.CreateTable: "create_table", sqltext.AlterTable: "alter_table", sqltext.DropTable: "drop_table", sqltext.TruncateTable: "truncate_table",
	sqltext.RenameTable: "rename_table", sqltext.CreateIndex: "create_index", sqltext.DropIndex: "drop_index", sqltext.CreateDatabase: "create_database",
	sqltext.AlterDatabase: "alter_database", sqltext.DropDatabase: "drop_database", sqltext.CreateView: "create_view", sqltext.AlterView: "create_view", sqltext.DropView: "drop_view",
}

func (pl *planner) make() error {
	if kind, ok := kinds[pl.st.Verb]; ok && len(pl.cfg.Kinds) > 0 && !slices.Contains(pl.cfg.Kinds, "*") && !slices.Contains(pl.cfg.Kinds, kind) {
		if pl.concerns() {
			return pl.unwanted(kind)
		}
		return nil
	}
	if pl.ev.Failed != 0 {
		return pl.failed()
	}
	switch pl.st.Verb {
	case sqltext.CreateTable:
		return pl.createTable()
	case sqltext.AlterTable:
		return pl.alterTable()
	case sqltext.DropTable:
		return pl.dropTables()
	case sqltext.TruncateTable:
		return pl.truncate()
	case sqltext.RenameTable:
		return pl.renameTables()
	case sqltext.CreateIndex:
		return pl.createIndex()
	case sqltext.DropIndex:
		return pl.dropIndex()
	case sqltext.CreateDatabase, sqltext.AlterDatabase:
		return pl.database()
	case sqltext.DropDatabase:
		return pl.dropDatabase()
	case sqltext.CreateView, sqltext.AlterView:
		return pl.view()
	case sqltext.DropView:
		return pl.dropViews()
	case sqltext.Maintenance:
		return pl.maintenance()
	default:
		return pl.others()
	}
}

// failed: a statement that ended with an error on the source and is logged for what
// it had done by then.
func (pl *planner) failed() error {
	switch {
	case pl.st.Verb == sqltext.CreateTable && pl.st.OrReplace: // a MariaDB has dropped the old table
		pl.st.Refs = pl.st.Refs[:1]
		return pl.dropTables()
	case pl.st.Verb == sqltext.DropTable:
		return pl.dropTables()
	case pl.st.Verb == sqltext.DropView:
		return pl.dropViews()
	case pl.concerns():
		return pl.refuse(fmt.Sprintf("it ended with error %d on the source, after a part of it", pl.ev.Failed), "make the same part of it on the target by hand, and start behind the statement; or apply the pipeline again")
	}
	return nil
}

// unwanted: a kind of statement that the pipeline does not carry. One that
// changes what rows look like cannot be passed over.
func (pl *planner) unwanted(kind string) error {
	switch pl.st.Verb {
	case sqltext.CreateView, sqltext.AlterView, sqltext.DropView, sqltext.CreateIndex, sqltext.DropIndex, sqltext.CreateDatabase, sqltext.AlterDatabase:
		pl.note(pl.st.What, "not carried: apply.ddl does not have %q: %.500s", kind, pl.ev.SQL)
		return nil
	}
	return pl.refuse(fmt.Sprintf("apply.ddl does not carry %q, and rows after this statement do not fit the target", kind),
		fmt.Sprintf("add %q to apply.ddl, then retry", kind))
}

// others are statements that are no business of tables.
func (pl *planner) others() error {
	switch pl.st.Verb {
	case sqltext.Nothing, sqltext.Administration:
		return nil
	case sqltext.Account:
		pl.note("accounts", "not carried while the run goes on: %s; accounts are compared at completion", pl.st.What)
		return nil
	case sqltext.Program:
		if _, ok := pl.deps.Carrier.Selection.Schema(pl.ev.Schema); ok {
			pl.note(pl.ev.Schema, "not carried while the run goes on: %s; routines, triggers and events come at completion", pl.st.What)
		}
		return nil
	case sqltext.Sequence:
		if pl.concerns() {
			return pl.refuse("sequences are not carried", "leave it out with except, and make it on the target before completion")
		}
		return nil
	}
	if pl.emptied() {
		return nil
	}
	if pl.concerns() {
		return pl.refuse("the statement is not understood and may concern what is selected", unreadable)
	}
	return nil
}

// emptied: a MEMORY table that a restart emptied is logged as a DELETE without
// a condition.
func (pl *planner) emptied() bool {
	c := &sqltext.Cursor{T: pl.st.Tokens}
	if !c.Accept("DELETE FROM") {
		return false
	}
	n, ok := c.Name()
	if !ok || !c.Done() {
		return false
	}
	pl.st.Refs = []sqltext.Ref{{Name: n, Role: sqltext.Subject}}
	return pl.truncate() == nil
}

// concerns reports whether any name in the statement may be a selected object.
func (pl *planner) concerns() bool {
	sel := pl.deps.Carrier.Selection
	_, inside := sel.Schema(pl.ev.Schema)
	if len(pl.st.Refs) > 0 {
		return slices.ContainsFunc(pl.st.Refs, func(r sqltext.Ref) bool { return pl.selects(r) || pl.follows(pl.source(r)) })
	}
	for _, t := range pl.st.Tokens {
		if !t.Name() {
			continue
		}
		if _, ok := sel.Schema(t.Text); ok && (t.Kind == sqltext.Quoted || !isPatternOnly(sel, t.Text)) {
			return true
		}
	}
	return inside
}

// isPatternOnly: only a pattern such as "*" selects the name, which any keyword
// would match.
func isPatternOnly(sel *Selection, name string) bool {
	d := sel.Database(name)
	return d == nil || isPattern(d.Name)
}

// source gives the source's full name of a table in the statement.
func (pl *planner) source(r sqltext.Ref) schema.ID {
	s := r.Schema
	if s == "" && r.Role == sqltext.Parent { // a parent is looked for beside the child
		s = pl.st.Refs[0].Schema
	}
	if s == "" {
		s = pl.ev.Schema
	}
	return pl.deps.Carrier.Selection.canonical(schema.ID{Schema: s, Name: r.Name.Name})
}

// match returns the names of a selected table that is on the target, as far as
// the statements before this one make it.
func (pl *planner) match(r sqltext.Ref) (source, target schema.ID, ok bool) {
	source = pl.source(r)
	target, ok = pl.here(source)
	return source, target, ok
}

// here returns the target's name of a selected table that is there, or the
// shadow of a parent that is followed. One that is still to be made is taken for one that is not selected: what the statement
// does to it on the source will be in the copy.
func (pl *planner) here(source schema.ID) (target schema.ID, ok bool) {
	target, ok = pl.deps.Carrier.Selection.target(source)
	if !ok {
		target, ok = pl.parents[source].Shadow, pl.parents[source].Shadow.Name != ""
	}
	return target, ok && !pl.entering[source]
}

// selects reports whether a table is selected, there or not.
func (pl *planner) selects(r sqltext.Ref) bool {
	_, ok := pl.deps.Carrier.Selection.target(pl.source(r))
	return ok
}

// touched notes that an entering table is changed on the source.
func (pl *planner) touched(id schema.ID) error {
	if !pl.entering[id] {
		return nil
	}
	pl.p.changes.Touched = append(pl.p.changes.Touched, id)
	return pl.unmake(id)
}

// leaves forgets an entering table: it is gone on the source before it was made.
func (pl *planner) leaves(id schema.ID) error {
	if !pl.entering[id] {
		return nil
	}
	pl.p.changes.Dropped = append(pl.p.changes.Dropped, id)
	return pl.unmake(id)
}

// unmake drops what an attempt to make an entering table has left on the target:
// nobody would come back to it. A table with rows is not the run's.
func (pl *planner) unmake(id schema.ID) error {
	target, ok := pl.deps.Carrier.Selection.target(id)
	if !ok || !pl.deps.Registry.Begun(id) {
		return nil
	}
	empty, err := isEmpty(pl.ctx, pl.conn, target)
	if err != nil && mysql.Number(err) != 1146 {
		return err
	}
	if empty || err != nil { // one that is gone is another attempt's: the steps are the same each time
		pl.add(dropTable(target))
	}
	return nil
}

func (pl *planner) add(s step) { pl.p.steps = append(pl.p.steps, s) }

// rewrite begins the rewriting of the statement's text.
func (pl *planner) rewrite(source, target schema.ID) *rewrite {
	r := &rewrite{Carrier: pl.deps.Carrier, text: pl.st.Text, object: source.String(), target: target, ddl: true,
		def: &schema.Table{Schema: source.Schema, Name: source.Name}, charset: "utf8mb4", collation: pl.ev.DefaultUTF8MB4}
	r.unwrap()
	if pl.st.Begin > 0 { // SET STATEMENT … FOR: its settings are in the event too
		r.e.Replace(pl.st.Tokens[0].Start, pl.st.Tokens[pl.st.Begin].Start, "")
	}
	return r
}

// finish takes the findings of a rewriting: fatal ones stop the run.
func (pl *planner) finish(r *rewrite) error {
	if err := Refuse(r.findings); err != nil {
		return pl.refuse(err.Error(), "undo the change on the source or make it on the target by hand, then retry")
	}
	pl.p.changes.Findings = append(pl.p.changes.Findings, r.findings...)
	return nil
}

// recopy notes that a table must be copied anew, or stops the run.
func (pl *planner) recopy(id schema.ID, reason string) error {
	if pl.follows(id) {
		return nil // no row of it is here
	}
	if !pl.cfg.Recopy {
		return pl.refuse(reason, "start the pipeline anew behind this statement, so that the table is copied again")
	}
	pl.p.changes.Recopy = append(pl.p.changes.Recopy, id)
	pl.note(id.String(), "copied anew: %s", reason)
	return nil
}

func (pl *planner) enter(id schema.ID) error {
	if !pl.cfg.Recopy {
		return pl.refuse(fmt.Sprintf("table %s comes into the selection with its rows", id), "start the pipeline anew behind this statement, so that the table is copied")
	}
	pl.p.changes.Entered = append(pl.p.changes.Entered, id)
	pl.note(id.String(), "it came into the selection, and is copied as new: %.500s", pl.ev.SQL)
	return nil
}

func (pl *planner) altered(ids ...schema.ID) {
	for _, id := range ids {
		pl.p.changes.Altered = append(pl.p.changes.Altered, id)
		pl.p.readBack[id] = true
	}
}

// setLeftOut notes a table's new list.
func (pl *planner) setLeftOut(id schema.ID, clauses []string) {
	if pl.p.changes.LeftOut == nil {
		pl.p.changes.LeftOut = map[schema.ID][]string{}
	}
	if clauses == nil {
		clauses = []string{}
	}
	pl.p.changes.LeftOut[id] = clauses
}

// names puts the target's names in the place of the source's.
func (pl *planner) names(r *rewrite) error {
	for _, ref := range pl.st.Refs {
		source, target, ok := pl.match(ref)
		switch {
		case ref.Role == sqltext.Parent && pl.selects(ref): // it may be made later
			target, _ = pl.deps.Carrier.Selection.target(source)
			r.e.Replace(ref.Start, ref.End, quoteID(target))
		case ref.Role == sqltext.Parent:
			// its foreign key is left out
		case ref.Role == sqltext.To && pl.follows(pl.source(pl.st.Refs[0])):
			// its shadow keeps its name
		case ok:
			r.e.Replace(ref.Start, ref.End, quoteID(target))
		default:
			return pl.refuse(fmt.Sprintf("it needs table %s, which is not selected", source), "make the same change on the target by hand, then retry from behind it")
		}
	}
	return nil
}

// refers reports whether the statement adds a foreign key. The target takes it
// unchecked, as the source has checked it: its parent may still have to be made,
// and while tables are copied parents and children may be of different moments.
func (pl *planner) refers() bool {
	return slices.ContainsFunc(pl.st.Refs, func(r sqltext.Ref) bool { return r.Role == sqltext.Parent })
}

func join(parts []string) string { return strings.Join(parts, ", ") }
