package structure

import (
	"cmp"
	"errors"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/tidegate-io/tidegate/agent/structure/sqltext"
	"github.com/tidegate-io/tidegate/internal/mysql"
	"github.com/tidegate-io/tidegate/internal/schema"
)

// alter is an ALTER TABLE while its plan is made.
type alter struct {
	pl             *planner
	r              *rewrite
	source, target schema.ID
	left           []string // left-out indexes, changed as clauses are read
	leftChanged    bool
	keep           []sqltext.Clause
	to             *sqltext.Ref // the new name
	with           *sqltext.Ref // the table of EXCHANGE PARTITION
	reasons        []string     // why the table has to be copied anew
	skip           bool         // nothing of it is run
	keysChanged    bool         // the foreign keys that are not on the target
	added          int          // foreign keys without a name so far
}

func (pl *planner) alterTable() error {
	a := &alter{pl: pl}
	for i, ref := range pl.st.Refs {
		switch ref.Role {
		case sqltext.To:
			a.to = &pl.st.Refs[i]
		case sqltext.With:
			a.with = &pl.st.Refs[i]
		}
	}
	var ok bool
	a.source, a.target, ok = pl.match(pl.st.Refs[0])
	if err := a.converts(ok); err != nil {
		return err
	}
	if !ok {
		return a.outside()
	}
	if a.to != nil {
		if gone, err := a.moves(); gone || err != nil {
			return err
		}
	}
	if pl.st.Tokens[pl.st.Begin+1].Is("IGNORE") || pl.st.Tokens[pl.st.Begin+2].Is("IGNORE") {
		return pl.refuse("ALTER IGNORE drops rows that only the source chooses", "start the pipeline anew behind this statement, so that the table is copied again")
	}
	var known *schema.Table
	if known, a.left = pl.known(a.source); known == nil && pl.st.IfExists && !pl.follows(a.source) {
		return nil // it was not there on the source either
	}
	a.r = pl.rewrite(a.source, a.target)
	a.engine(known)
	pl.prefixToMySQL(a.r, pl.st.Tokens[pl.st.Begin:pl.st.Rest])
	for _, cl := range pl.st.Clauses {
		gone, err := a.conditional(cl)
		if err == nil && !gone {
			err = a.clause(cl)
		}
		if err != nil {
			return err
		}
	}
	return a.end()
}

// engine takes note of the source's engine after the statement.
func (a *alter) engine(known *schema.Table) {
	engine := ""
	for _, cl := range a.pl.st.Clauses {
		if cl.Act == sqltext.Other {
			engine = cmp.Or(engineIn(cl.Tokens), engine)
		}
	}
	if engine != "" {
		id := a.source
		if a.to != nil {
			id = a.pl.source(*a.to)
		}
		a.pl.p.engines[id] = engine
	} else if known != nil {
		engine = known.Engine
	}
	if a.r.noKeys = !hasForeignKeys(engine); a.r.noKeys && known != nil {
		for i := range known.Keys {
			var cols []string
			for _, part := range known.Keys[i].Parts {
				cols = append(cols, part.Column)
			}
			a.r.indexed = append(a.r.indexed, cols)
		}
	}
}

// converts refuses a statement that makes a table of a partition, or a partition
// of a table, if either is carried: rows come under a name without being logged,
// or leave it.
func (a *alter) converts(selected bool) error {
	for _, cl := range a.pl.st.Clauses {
		if cl.Act == sqltext.Convert && a.with != nil && (selected || a.pl.selects(*a.with)) {
			return a.pl.refuse("CONVERT moves rows between a partition and a table of its own", "stop the run and apply the pipeline again, so that both are copied as they are now; EXCHANGE PARTITION with a table made before is carried")
		}
	}
	return nil
}

func (a *alter) clause(cl sqltext.Clause) error {
	switch cl.Act {
	case sqltext.Exchange:
		if _, _, in := a.pl.match(*a.with); !in {
			a.skip = true
			return a.pl.recopy(a.source, "rows came by EXCHANGE PARTITION from a table that is not selected")
		}
		if why := a.placed(); why != "" {
			a.skip = true
			id, _, _ := a.pl.match(*a.with)
			return errors.Join(a.pl.recopy(a.source, why), a.pl.recopy(id, why))
		}
	case sqltext.Tablespace:
		a.skip = true
		return a.pl.recopy(a.source, "its rows were replaced as a file (TABLESPACE)")
	case sqltext.AddColumn:
		if !a.r.noKeys && sqltext.Has(cl.Tokens, "REFERENCES") && !a.parentSelected(cl) {
			return a.pl.refuse("a new column refers to a table that is not selected", "select that table too, and apply the pipeline again")
		}
		a.addColumns(cl)
	case sqltext.ChangeColumn:
		a.changeColumn(cl)
	case sqltext.DropColumn:
		a.mapLeft(func(c string) string { return withoutColumn(c, cl.Name) })
	case sqltext.AddKey:
		a.r.key(readItem(cl.Tokens[1:]))
		a.r.charsets(cl.Tokens)
	case sqltext.DropKey, sqltext.RenameKey, sqltext.AlterKey:
		if a.leftOutKey(cl) {
			return nil
		}
		if cl.Act == sqltext.AlterKey {
			a.r.key(item{kind: itemKey, name: cl.Name, tokens: cl.Tokens})
		}
	case sqltext.Rename:
		if a.pl.follows(a.source) {
			return nil // its shadow keeps its name
		}
	case sqltext.Other:
		if gone, err := a.foreignKey(cl); gone || err != nil {
			return err
		}
		if a.other(cl) {
			return nil
		}
	}
	a.keep = append(a.keep, cl)
	return nil
}

// other rewrites options, constraints and partitions; gone says that the clause
// is left out.
func (a *alter) other(cl sqltext.Clause) (gone bool) {
	c := &sqltext.Cursor{T: cl.Tokens}
	switch {
	case c.Peek(0).Is("ALGORITHM"), c.Peek(0).Is("LOCK"):
		return true
	case c.AcceptAny("TRUNCATE PARTITION", "DROP PARTITION") != "" && !c.Peek(0).Is("ALL"):
		if why := a.placed(); why != "" {
			a.reasons = append(a.reasons, why)
		}
		return false
	case c.Accept("ADD"):
		if c.AcceptAny("CONSTRAINT", "FOREIGN", "CHECK") != "" {
			it := readItem(cl.Tokens[1:])
			if it.kind == itemKey || it.kind == itemPrimary {
				a.r.key(it)
			}
			return it.kind == itemCheck && a.r.check(it)
		}
	}
	a.r.options(cl.Tokens)
	return false
}

// addColumns rewrites the one column of a clause, or the list in parentheses.
func (a *alter) addColumns(cl sqltext.Clause) {
	c := &sqltext.Cursor{T: cl.Tokens, At: 1}
	c.Accept("COLUMN")
	c.Accept("IF NOT EXISTS")
	list := [][]sqltext.Token{cl.Tokens[c.At:]}
	if c.Peek(0).Is("(") {
		list = sqltext.Split(cl.Tokens[c.At+1 : sqltext.Close(cl.Tokens, c.At)])
	}
	for _, col := range list {
		a.r.charsets(col)
		a.r.column(col)
		if f := unpredictable(col); f != "" {
			a.reasons = append(a.reasons, fmt.Sprintf("the new column's default %s() gives other values here than on the source", f))
		}
		if a.r.cross() && computed(col) {
			a.reasons = append(a.reasons, "the new column's default may have other values here than on the source")
		}
		if !sqltext.Has(col, "AUTO_INCREMENT") {
			continue
		}
		a.pl.p.changes.Numbered = append(a.pl.p.changes.Numbered, a.source)
		if why := a.unordered(); why != "" {
			a.reasons = append(a.reasons, why+" may get other numbers here than on the source")
		}
	}
}

// unordered names the rows that this server may not number as the source did:
// without a key their order is that of their arrival, flavours sort text
// differently, and with steps of more than one the first number depends on how
// the table is altered.
func (a *alter) unordered() string {
	if a.pl.ev.AutoIncrementInc > 1 {
		return "rows that are numbered in steps"
	}
	def, _ := a.pl.known(a.source)
	if def == nil || def.RowKey() == nil {
		return "the rows of a table without a key"
	}
	for _, p := range def.RowKey().Parts {
		if c, _ := def.Column(p.Column); a.r.cross() && (c == nil || c.Charset != "") {
			return "the rows of a table whose key is text"
		}
	}
	return ""
}

// placed says why a partition may have other rows here than on the source.
func (a *alter) placed() string {
	def, _ := a.pl.known(a.source)
	if def == nil || !a.r.cross() || !def.PartedByKey && !def.PartedByText {
		return ""
	}
	return "rows may lie in other partitions here than on the source"
}

// random are functions whose value for a row cannot be had again.
var random = set("UUID UUID_SHORT UUID_V4 UUID_V7 RAND SYS_GUID RANDOM_BYTES CONNECTION_ID USER CURRENT_USER SESSION_USER SYSTEM_USER CURRENT_ROLE" +
	" DATABASE SCHEMA VERSION NEXTVAL LASTVAL SYSDATE LAST_INSERT_ID GEN_RANDOM_UUID")

// unpredictable returns the first such function in a column's default.
func unpredictable(col []sqltext.Token) string {
	for i := 0; i+1 < len(col); i++ {
		if col[i].Kind == sqltext.Word && random[strings.ToUpper(col[i].Text)] && (col[i+1].Is("(") || col[i].Is("CURRENT_USER")) && i > 1 {
			return strings.ToUpper(col[i].Text)
		}
	}
	return ""
}

// clocks are the functions that a default may be without being computed.
var clocks = set("CURRENT_TIMESTAMP NOW LOCALTIME LOCALTIMESTAMP")

// computed reports whether a column's default is an expression, other than one
// value in parentheses or the time of the statement.
func computed(col []sqltext.Token) bool {
	for i := 0; i+2 < len(col); i++ {
		switch {
		case !col[i].Is("DEFAULT"):
		case col[i+1].Is("("):
			return sqltext.Close(col, i+1) != i+3
		case col[i+2].Is("("):
			return !clocks[strings.ToUpper(col[i+1].Text)]
		}
	}
	return false
}

func (a *alter) changeColumn(cl sqltext.Clause) {
	for i, t := range cl.Tokens {
		if t.Name() && t.Text == cl.New && i > 0 && !t.Is("CHANGE") && !t.Is("MODIFY") {
			a.r.charsets(cl.Tokens[i:])
			if !cl.Tokens[0].Is("RENAME") && (!cl.Tokens[0].Is("CHANGE") || i+1 >= len(cl.Tokens) || !cl.Tokens[i+1].Name() || cl.Tokens[i+1].Text != cl.New) {
				a.r.column(cl.Tokens[i:])
				a.conversion(cl.Name, cl.Tokens[i+1:])
				break
			}
		}
	}
	a.pl.p.changes.Converted = append(a.pl.p.changes.Converted, a.source)
	if !strings.EqualFold(cl.Name, cl.New) {
		a.mapLeft(func(c string) string { return renamedColumn(c, cl.Name, cl.New) })
		keys := slices.Clone(a.pl.keysOf(a.source))
		for i := range keys {
			keys[i].Columns = renamedIn(keys[i].Columns, cl.Name, cl.New)
		}
		a.pl.p.absent[a.source] = keys
		a.pl.columnRenamed(a.source, cl.Name, cl.New)
	}
}

func (a *alter) mapLeft(f func(clause string) string) {
	out := []string{}
	for _, c := range a.left {
		if n := f(c); n != "" {
			out = append(out, n)
		}
	}
	if !slices.Equal(out, a.left) {
		a.left, a.leftChanged = out, true
	}
}

// leftOutKey applies a clause about an index to the list of those left out, if
// it is there.
func (a *alter) leftOutKey(cl sqltext.Clause) bool {
	i := keyIndex(a.left, cl.Name)
	if i < 0 {
		return false
	}
	a.left, a.leftChanged = slices.Clone(a.left), true
	switch cl.Act {
	case sqltext.DropKey:
		a.left = slices.Delete(a.left, i, i+1)
	case sqltext.RenameKey:
		a.left[i] = renamedKey(a.left[i], cl.New)
	case sqltext.AlterKey:
		a.left[i] = a.visibility(a.left[i], cl.Tokens)
	}
	return true
}

// visibility ends an ADD KEY clause with the word of an ALTER INDEX clause.
func (a *alter) visibility(clause string, tokens []sqltext.Token) string {
	hide := tokens[len(tokens)-1].Is("INVISIBLE") || tokens[len(tokens)-1].Is("IGNORED") && !sqltext.Has(tokens, "NOT IGNORED")
	t, err := sqltext.Lex(clause, sqltext.Mode{})
	if err != nil {
		return clause
	}
	var e sqltext.Edits
	for _, tok := range t.Tokens {
		if tok.Is("INVISIBLE") || tok.Is("VISIBLE") || tok.Is("IGNORED") {
			e.Replace(tok.Start, tok.End, "")
		}
	}
	clause = e.Apply(clause)
	switch {
	case !hide:
		return clause
	case a.r.Target.Flavor == mysql.MariaDB:
		return clause + " IGNORED"
	}
	return clause + " INVISIBLE"
}

func (a *alter) end() error {
	pl := a.pl
	if err := pl.finish(a.r); err != nil {
		return err
	}
	if a.leftChanged {
		pl.setLeftOut(a.source, a.left)
	}
	for _, reason := range a.reasons {
		if err := pl.recopy(a.source, reason); err != nil {
			return err
		}
	}
	if a.keysChanged {
		pl.altered(a.source)
	}
	if pl.follows(a.source) && a.to != nil {
		a.renameParent()
	}
	if a.skip || len(a.keep) == 0 && len(pl.st.Clauses) > 0 {
		return nil
	}
	if err := a.replaceNames(); err != nil {
		return err
	}
	// The source has checked its rows; here parents and children may be of different
	// moments while they are copied, and an ALTER that rebuilds a table looks at all.
	s := step{sql: []string{a.text()}, objects: []schema.ID{a.target}, after: changed, anyFK: true}
	switch {
	case a.to != nil && pl.follows(a.source):
	case a.to != nil:
		end := map[schema.ID]schema.ID{a.source: pl.source(*a.to)}
		pl.moveKeys(end)
		pl.carryKeys(end, [2]schema.ID{a.source, pl.source(*a.to)})
		delete(pl.p.readBack, a.source)
		id, target, _ := pl.match(*a.to)
		s.objects, s.after = []schema.ID{a.target, target}, moved
		pl.p.changes.Renamed = append(pl.p.changes.Renamed, [2]schema.ID{a.source, id})
		pl.p.changes.Moved = append(pl.p.changes.Moved, a.source, id)
		pl.p.readBack[id] = true
	case a.with != nil:
		id, target, _ := pl.match(*a.with)
		pl.complete(a.source, a.target)
		pl.complete(id, target)
		s.objects, s.after = []schema.ID{a.target, target}, exchanged
		pl.p.changes.Exchanged = append(pl.p.changes.Exchanged, [2]schema.ID{a.source, id})
		pl.altered(a.source, id)
	default:
		pl.altered(a.source)
		s.told = only(pl.st.Clauses, sqltext.AddColumn, sqltext.AddKey) || only(pl.st.Clauses, sqltext.DropColumn, sqltext.DropKey)
		if shuffles(pl.st.Clauses) { // in place, the table would keep its number too
			s.sql = []string{a.text("FORCE")}
		}
	}
	pl.add(s)
	return nil
}

// only reports whether a statement does nothing but these acts, whatever is there.
func only(clauses []sqltext.Clause, acts ...sqltext.Act) bool {
	return len(clauses) > 0 && !slices.ContainsFunc(clauses, func(cl sqltext.Clause) bool {
		return !slices.Contains(acts, cl.Act) || sqltext.Has(cl.Tokens, "IF EXISTS") || sqltext.Has(cl.Tokens, "IF NOT EXISTS")
	})
}

func (a *alter) replaceNames() error { return a.pl.names(a.r) }

// shuffles reports whether columns take the names of others, so that the table may
// have the definition afterwards that it had before.
func shuffles(clauses []sqltext.Clause) bool {
	gone, come, renames := map[string]int{}, map[string]int{}, false
	for _, cl := range clauses {
		switch name := strings.ToLower(cl.Name); cl.Act {
		case sqltext.ChangeColumn:
			if to := strings.ToLower(cl.New); to != "" && to != name {
				renames = true
				gone[name]++
				come[to]++
			}
		case sqltext.DropColumn:
			gone[name]++
		case sqltext.AddColumn:
			come[name]++
		}
	}
	return renames && (come[""] > 0 || maps.Equal(gone, come)) // ADD (…) names several
}

// text puts the statement together from the clauses that are kept, behind others.
func (a *alter) text(others ...string) string {
	st := a.pl.st
	if len(a.keep) == len(st.Clauses) && len(others) == 0 {
		return a.r.e.Apply(st.SQL)
	}
	parts := others
	for _, cl := range a.keep {
		parts = append(parts, a.r.e.Slice(st.SQL, cl.Tokens[0].Start, cl.Tokens[len(cl.Tokens)-1].End))
	}
	lastTokens := st.Clauses[len(st.Clauses)-1].Tokens
	head := a.r.e.Slice(st.SQL, 0, st.Clauses[0].Tokens[0].Start)
	tail := a.r.e.Slice(st.SQL, lastTokens[len(lastTokens)-1].End, len(st.SQL))
	return head + join(parts) + tail
}
