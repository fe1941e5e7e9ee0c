package structure

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/tidegate-io/tidegate/agent/structure/sqltext"
	"github.com/tidegate-io/tidegate/internal/mysql"
	"github.com/tidegate-io/tidegate/internal/schema"
)

func (pl *planner) createTable() error {
	source := pl.source(pl.st.Refs[0])
	target, ok := pl.deps.Carrier.Selection.target(source)
	if pl.st.Temporary || pl.follows(source) {
		return nil // IF NOT EXISTS, and it does
	}
	if !ok {
		return pl.made(source, source)
	}
	if pl.entering[source] && !pl.st.OrReplace {
		return nil // IF NOT EXISTS, and it does
	}
	if err := pl.leaves(source); err != nil {
		return err
	}
	delete(pl.entering, source)
	known, _ := pl.known(source)
	if entered, err := pl.likeAbsent(source, known != nil); entered || err != nil {
		return err
	}
	text, err := takeApart(pl.st)
	if err != nil {
		return pl.refuse(err.Error(), unreadable)
	}
	r := pl.rewrite(source, target)
	if err := pl.names(r); err != nil {
		return err
	}
	if err := pl.cutSelect(r, text); err != nil {
		return err
	}
	engine := pl.newEngine(text)
	if r.noKeys = !hasForeignKeys(engine); r.noKeys {
		r.indexed = text.indexed()
	}
	if known == nil || pl.st.OrReplace {
		pl.p.engines[source] = engine
		if err := pl.keysLeftOut(r, source, text); err != nil {
			return err
		}
	}
	for i, it := range text.items {
		if r.item(it) {
			start, end := text.bounds(i)
			if i > 0 {
				start--
			}
			r.e.Replace(start, end, "")
		}
	}
	r.options(text.options)
	if err := pl.finish(r); err != nil {
		return err
	}
	switch {
	case known == nil:
		pl.p.changes.Created = append(pl.p.changes.Created, source)
	case pl.st.OrReplace:
		pl.p.changes.Altered = append(pl.p.changes.Altered, source)
	}
	pl.p.readBack[source] = true
	s := step{objects: []schema.ID{target}, after: exists, anyFK: pl.refers()}
	if pl.st.OrReplace {
		pl.p.changes.Moved = append(pl.p.changes.Moved, source)
		s.after = changed
		if pl.deps.Carrier.Target.Flavor == mysql.MySQL {
			pl.dropReplace(r)
			s.sql, s.repeat, s.anyFK = []string{"DROP TABLE IF EXISTS " + quoteID(target)}, true, true
		}
	}
	s.sql = append(s.sql, r.e.Apply(pl.st.SQL))
	pl.add(s)
	pl.likeIndexes(target)
	return nil
}

// newEngine is the source's engine of a new table. The log does not say which one
// a session takes where a statement names none.
func (pl *planner) newEngine(text *createText) string {
	if len(pl.st.Refs) > 1 && pl.st.Refs[1].Role == sqltext.Like {
		if model, _ := pl.known(pl.source(pl.st.Refs[1])); model != nil {
			return model.Engine
		}
	}
	return cmp.Or(engineIn(text.options), "InnoDB")
}

// likeAbsent: a table made LIKE one that is not here cannot be made from the
// statement's text. It enters as one that was renamed does.
func (pl *planner) likeAbsent(source schema.ID, known bool) (entered bool, err error) {
	if len(pl.st.Refs) < 2 || pl.st.Refs[1].Role != sqltext.Like {
		return false, nil
	}
	if _, _, ok := pl.match(pl.st.Refs[1]); ok {
		return false, nil
	}
	if known && !pl.st.OrReplace {
		return true, nil // IF NOT EXISTS, and it does
	}
	if known {
		target, _ := pl.here(source)
		pl.drop(source, target)
	}
	return true, pl.enter(source)
}

// keysLeftOut notes the foreign keys of a new table whose parents are not
// selected.
func (pl *planner) keysLeftOut(r *rewrite, source schema.ID, text *createText) error {
	pl.p.absent[source] = []schema.ForeignKey{}
	unnamed := 0
	for _, it := range text.items {
		if it.kind == itemColumn && !r.noKeys && sqltext.Has(it.tokens, "REFERENCES") {
			for _, ref := range pl.st.Refs {
				if ref.Role == sqltext.Parent && ref.Start > it.tokens[0].Start && ref.End <= it.tokens[len(it.tokens)-1].End && !pl.selects(ref) {
					return pl.refuse(fmt.Sprintf("column %s refers to %s, which is not selected", it.name, pl.source(ref)), selectMiddle(pl.source(ref))+", and apply the pipeline again")
				}
			}
		}
		if it.kind != itemForeignKey || r.noKeys {
			continue
		}
		it, byIndex := pl.named(it)
		fk := it.foreignKey(source.Schema)
		if fk.Name == "" {
			unnamed++
			fk.Name = nextKey(source, nil, unnamed)
		}
		if _, selected := pl.deps.Carrier.Selection.target(parentOf(&fk)); selected {
			if byIndex || it.name == "" && len(pl.p.absent[source]) > 0 {
				nameKey(r, it, fk.Name)
			}
			continue
		}
		if err := pl.leftOut(source, fk); err != nil {
			return err
		}
	}
	return nil
}

// dropReplace takes OR REPLACE out of the text.
func (pl *planner) dropReplace(r *rewrite) {
	for i := 0; i+1 < len(pl.st.Tokens); i++ {
		if pl.st.Tokens[i].Is("OR") && pl.st.Tokens[i+1].Is("REPLACE") {
			r.e.Replace(pl.st.Tokens[i].Start, pl.st.Tokens[i+1].End, "")
			return
		}
	}
}

// cutSelect leaves out the SELECT of a CREATE TABLE … SELECT: its rows follow
// in the log.
func (pl *planner) cutSelect(r *rewrite, text *createText) error {
	for i, t := range text.options {
		if !t.Is("SELECT") && !(t.Is("VALUES") && i > 0 && text.options[i-1].Is("AS")) {
			continue
		}
		if text.open < 0 || text.items == nil {
			return pl.refuse("the log has a CREATE TABLE … SELECT without the columns", "set binlog_format=ROW on the source, and start the pipeline anew")
		}
		for i > 0 && (text.options[i-1].Is("(") || text.options[i-1].Is("AS") || text.options[i-1].Is("IGNORE") || text.options[i-1].Is("REPLACE")) {
			i--
		}
		r.e.Replace(text.options[i].Start, len(pl.st.SQL), "")
		text.options = text.options[:i]
		return nil
	}
	return nil
}

// likeIndexes gives a table made LIKE another the indexes that the other still
// lacks on the target. It is empty, so they are made at once.
func (pl *planner) likeIndexes(target schema.ID) {
	if len(pl.st.Refs) < 2 || pl.st.Refs[1].Role != sqltext.Like {
		return
	}
	model, _, _ := pl.match(pl.st.Refs[1])
	if _, left := pl.known(model); len(left) > 0 {
		s := step{objects: []schema.ID{target}, after: changed}
		for _, group := range groupIndexes(left) {
			s.sql = append(s.sql, "ALTER TABLE "+quoteID(target)+" "+join(group))
		}
		if len(s.sql) > 1 { // not one statement: undone by making the table anew
			pl.p.steps[len(pl.p.steps)-1].sql = append(pl.p.steps[len(pl.p.steps)-1].sql, s.sql...)
			pl.p.steps[len(pl.p.steps)-1].sql = append([]string{"DROP TABLE IF EXISTS " + quoteID(target)}, pl.p.steps[len(pl.p.steps)-1].sql...)
			pl.p.steps[len(pl.p.steps)-1].repeat = true
			return
		}
		pl.add(s)
	}
}

// complete makes the indexes that a table still lacks: tables that exchange a
// partition must be alike.
func (pl *planner) complete(id, target schema.ID) {
	_, left := pl.known(id)
	if len(left) == 0 {
		return
	}
	s := step{objects: []schema.ID{target}, repeat: true, indexes: true}
	for _, clause := range left { // each by itself: some may be there since an earlier attempt
		s.sql = append(s.sql, "ALTER TABLE "+quoteID(target)+" "+clause)
	}
	pl.add(s)
	pl.setLeftOut(id, nil)
}

func (pl *planner) dropTables() error {
	if pl.st.Temporary {
		return nil
	}
	for _, ref := range pl.st.Refs {
		source, target, ok := pl.match(ref)
		if ok {
			pl.drop(source, target)
		}
		if err := pl.leaves(source); err != nil {
			return err
		}
	}
	return nil
}

func (pl *planner) drop(source, target schema.ID) {
	pl.add(dropTable(target))
	pl.p.changes.Dropped = append(pl.p.changes.Dropped, source)
}

func dropTable(target schema.ID) step {
	return step{sql: []string{"DROP TABLE IF EXISTS " + quoteID(target)}, objects: []schema.ID{target}, repeat: true, anyFK: true, after: absent}
}

func (pl *planner) truncate() error {
	source, target, ok := pl.match(pl.st.Refs[0])
	if !ok {
		return nil
	}
	pl.add(step{sql: []string{"TRUNCATE TABLE " + quoteID(target)}, objects: []schema.ID{target}, repeat: true, anyFK: true})
	pl.p.changes.Altered = append(pl.p.changes.Altered, source)
	return nil
}

// maintenance changes neither rows nor definitions; it is repeated here for
// what it does to statistics and space.
func (pl *planner) maintenance() error {
	verb := strings.ToUpper(pl.st.Tokens[pl.st.Begin].Text)
	if verb == "REPAIR" { // nothing InnoDB knows
		return nil
	}
	for _, ref := range pl.st.Refs {
		if _, target, ok := pl.match(ref); ok {
			pl.add(step{sql: []string{verb + " TABLE " + quoteID(target)}, objects: []schema.ID{target}, repeat: true})
		}
	}
	return nil
}

func (pl *planner) createIndex() error {
	source, target, ok := pl.match(pl.st.Refs[0])
	if !ok {
		return pl.touched(source)
	}
	known, left := pl.known(source)
	there := known != nil && hasKey(known, left, pl.st.Index.Name)
	if there && pl.st.IfNotExists {
		return nil
	}
	r := pl.rewrite(source, target)
	if err := pl.names(r); err != nil {
		return err
	}
	rest := pl.st.Tokens[pl.st.Rest:]
	r.key(item{kind: itemKey, name: pl.st.Index.Name, tokens: rest})
	dropHints(r, rest)
	pl.prefixToMySQL(r, pl.st.Tokens[pl.st.Begin:])
	if i := keyIndex(left, pl.st.Index.Name); pl.st.OrReplace && i >= 0 {
		pl.setLeftOut(source, append(append([]string{}, left[:i]...), left[i+1:]...))
		there = false
	}
	if pl.st.OrReplace && r.Target.Flavor == mysql.MySQL {
		pl.replaceIndex(r, target, there)
	}
	if err := pl.finish(r); err != nil {
		return err
	}
	pl.add(step{sql: []string{r.e.Apply(pl.st.SQL)}, objects: []schema.ID{target}, after: changed, told: !pl.st.IfNotExists && !pl.st.OrReplace})
	pl.altered(source)
	return nil
}

// replaceIndex makes an ALTER TABLE of a CREATE OR REPLACE INDEX, which is
// carried out as a whole too.
func (pl *planner) replaceIndex(r *rewrite, target schema.ID, there bool) {
	first, table := pl.st.Tokens[pl.st.Begin], pl.st.Refs[0]
	head := "ALTER TABLE " + quoteID(target) + " "
	if there {
		head += "DROP INDEX " + mysql.Ident(pl.st.Index.Name) + ", "
	}
	kind := pl.st.Tokens[pl.st.Begin+3] // behind CREATE OR REPLACE
	r.e.Replace(first.Start, kind.Start, head+"ADD ")
	for _, t := range pl.st.Tokens[pl.st.Begin:pl.st.Rest] {
		if t.Is("ON") && t.Start > pl.st.Index.End && t.End <= table.Start {
			r.e.Replace(t.Start, table.End, "")
		}
	}
}

// dropHints takes ALGORITHM and LOCK out: they say how the source's version
// did it, and change nothing of what is done.
func dropHints(r *rewrite, tokens []sqltext.Token) {
	c := &sqltext.Cursor{T: tokens}
	for !c.Done() {
		if c.SkipParens() {
			continue
		}
		start := c.Peek(0).Start
		if c.AcceptAny("ALGORITHM", "LOCK") == "" {
			c.At++
			continue
		}
		c.Accept("=")
		if !c.Done() {
			r.e.Replace(start, c.Peek(0).End, "")
			c.At++
		}
	}
}

func (pl *planner) dropIndex() error {
	source, target, ok := pl.match(pl.st.Refs[0])
	if !ok {
		return pl.touched(source)
	}
	known, left := pl.known(source)
	if pl.st.IfExists && known != nil && !hasKey(known, left, pl.st.Index.Name) {
		return nil // it was not there on the source either
	}
	if i := keyIndex(left, pl.st.Index.Name); i >= 0 {
		pl.setLeftOut(source, append(append([]string{}, left[:i]...), left[i+1:]...))
		return nil
	}
	q := fmt.Sprintf("ALTER TABLE %s DROP INDEX %s", quoteID(target), mysql.Ident(pl.st.Index.Name))
	if pl.st.IfExists && pl.deps.Carrier.Target.Flavor == mysql.MariaDB {
		q = fmt.Sprintf("ALTER TABLE %s DROP INDEX IF EXISTS %s", quoteID(target), mysql.Ident(pl.st.Index.Name))
	}
	pl.add(step{sql: []string{q}, objects: []schema.ID{target}, after: changed, told: !pl.st.IfExists})
	pl.altered(source)
	return nil
}
