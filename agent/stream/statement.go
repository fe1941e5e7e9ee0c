package stream

import (
	"fmt"
	"slices"

	"github.com/tidegate-io/tidegate/internal/change"
)

// query takes a statement: what begins and ends transactions, DDL, or changes
// logged as text.
func (a *assembler) query(e *event) error {
	q, err := parseQuery(e)
	if err != nil {
		return err
	}
	if a.g == nil {
		if a.kind != change.File {
			return fatal("source_log", restartRemedy, "the log has a statement outside of a transaction at %s:%d", a.file, a.offset)
		}
		if err := a.open(opening{}, e); err != nil { // a log without GTID events
			return err
		}
	}
	verb, name := classify(q.sql)
	if e.kind == evExecuteLoad {
		verb = verbDML
	}
	if a.g.begun {
		return a.queryInside(verb, name, &q)
	}
	return a.queryAlone(verb, name, &q)
}

// queryInside takes a statement of a group that a commit will end.
func (a *assembler) queryInside(v verb, name string, q *query) error {
	g := a.g
	switch v {
	case verbCommit:
		return a.finish()
	case verbRollback:
		if err := g.takeBack(0, 0, a.stays); err != nil {
			return err
		}
		return a.finish()
	case verbSavepoint:
		g.setSavepoint(name)
	case verbRollbackTo:
		return g.rollbackTo(name, a.stays)
	case verbRelease:
		g.savepoints = nil
	case verbXAStart:
		a.holdBack()
	case verbXACommit, verbXARollback:
		return a.xaEnd(name, v == verbXACommit)
	case verbBegin, verbXAEnd, verbXAPrepare, verbTemporary:
		// a temporary table's rows are not in the log
	case verbDML, verbFunction:
		return a.text(v, q)
	default:
		return a.ddlInside(q)
	}
	return nil
}

// ddlInside takes the CREATE TABLE of a CREATE TABLE … SELECT.
func (a *assembler) ddlInside(q *query) error {
	g := a.g
	if g.skip {
		return nil
	}
	if !g.empty() {
		return fatal("source_log", restartRemedy, "a statement stands after rows in one transaction at %s:%d: %s", a.file, a.offset, excerpt(q.sql))
	}
	q.sql = withoutStart(q.sql)
	g.ddl = q.statement(a.flavor, a.collations)
	// The server has written the text itself, and escapes by backslashes whatever
	// the session's mode says.
	g.ddl.SQLMode = slices.DeleteFunc(g.ddl.SQLMode, func(m string) bool { return m == "NO_BACKSLASH_ESCAPES" })
	return nil
}

// queryAlone takes a statement that is its own transaction, or begins one.
func (a *assembler) queryAlone(v verb, name string, q *query) error {
	g := a.g
	switch v {
	case verbBegin:
		g.begun = true
		return nil
	case verbXAStart:
		g.begun = true
		a.holdBack()
		return nil
	case verbXACommit, verbXARollback:
		return a.xaEnd(name, v == verbXACommit)
	case verbSavepoint, verbRelease, verbXAEnd:
		return nil
	case verbCommit, verbRollback, verbRollbackTo, verbXAPrepare:
		return a.finish()
	case verbDML, verbFunction:
		if err := a.text(v, q); err != nil {
			return err
		}
		return a.finish()
	}
	// A two-phase ALTER happens at its second event, which has the text again.
	if !g.skip && !g.alterStart && !g.alterRollback {
		g.ddl = q.statement(a.flavor, a.collations)
	}
	return a.finish()
}

// holdBack keeps the group until XA COMMIT. Where positions have no holes it is
// also wanted if it lies before the position.
func (a *assembler) holdBack() {
	a.g.hold = true
	if a.kind != change.MySQL {
		a.g.skip = false
	}
}

// stays says of a table that rollbacks do not reach it.
func (a *assembler) stays(def *change.TableMap) (bool, error) {
	transactional, err := a.engine(def.Schema, def.Name)
	return !transactional, err
}

const textRemedy = "on the source: SET GLOBAL binlog_format = 'ROW', end the sessions that set another value, and copy the table again"

// text takes changes logged as a statement: nobody can tell which rows they
// changed, so they may only concern what is not selected.
func (a *assembler) text(v verb, q *query) error {
	if a.g.skip {
		return nil
	}
	if table, yes := mentions(q.sql, q.schema, a.foldNames, a.selected); yes {
		return misconfigured("binlog_format", textRemedy, "the source logged a change of %s as text at %s:%d: %s", table, a.file, a.offset, excerpt(q.sql))
	}
	if v == verbFunction && a.inSchema(q.schema) {
		return misconfigured("binlog_format", textRemedy, "the source logged a call at %s:%d whose changes cannot be known: %s", a.file, a.offset, excerpt(q.sql))
	}
	return nil
}

// excerpt shows a statement without its values: rows do not belong in errors.
func excerpt(sql []byte) string {
	x := scanner{sql}
	var b []byte
	for t, ok := x.next(); ok && len(b) < 200; t, ok = x.next() {
		if len(b) > 0 && t.kind != tokenSign {
			b = append(b, ' ')
		}
		if t.kind == tokenString || t.kind == tokenWord && t.text[0] >= '0' && t.text[0] <= '9' {
			t.text = "?"
		}
		b = append(b, t.text...)
	}
	return fmt.Sprintf("%q", b)
}
