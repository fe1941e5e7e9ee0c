package sqltext

import "strings"

// Renaming says what a table is called on the target; with an empty table, what
// a schema is called.
type Renaming func(schema, table string) (targetSchema, targetTable string)

// ViewNames replaces the names of tables in tokens from on: those in FROM and
// JOIN by their names on the target, with the old name as alias where the text
// gives none, so that what refers to the table stays right; and columns that
// are qualified with a schema lose it. Names that a WITH defines are left.
// quote renders a name; schema is the default database.
func (t *Text) ViewNames(e *Edits, from int, schema string, rename Renaming, quote func(schema, table string) string) {
	v := &view{Text: t, e: e, schema: schema, rename: rename, quote: quote, cte: map[string]bool{}}
	v.findCTE(from)
	v.walk(from)
}

type view struct {
	*Text
	e      *Edits
	schema string
	rename Renaming
	quote  func(schema, table string) string
	cte    map[string]bool
}

// findCTE collects the names that "name AS (" or "name (columns) AS (" define
// after WITH and its commas.
func (v *view) findCTE(from int) {
	c := &Cursor{T: v.Tokens, At: from}
	for ; !c.Done(); c.At++ {
		if !c.Accept("WITH") {
			continue
		}
		c.Accept("RECURSIVE")
		for c.Peek(0).Name() {
			name := c.Peek(0).Text
			c.At++
			c.SkipParens()
			if !c.Accept("AS") || !c.Peek(0).Is("(") {
				break
			}
			v.cte[strings.ToLower(name)] = true
			end := Close(c.T, c.At) + 1
			if end >= len(c.T) || !c.T[end].Is(",") {
				break
			}
			c.At = end + 1
		}
		c.At--
	}
}

// level is one depth of parentheses: whether it is a SELECT of its own, and
// whether table names are expected now.
type level struct {
	query, tables bool
}

// ends lists what ends the list of tables of a FROM.
var ends = map[string]bool{"WHERE": true, "GROUP": true, "HAVING": true, "ORDER": true, "LIMIT": true, "UNION": true, "EXCEPT": true,
	"INTERSECT": true, "WINDOW": true, "PROCEDURE": true, "FOR": true, "INTO": true, "SELECT": true, "OFFSET": true, "FETCH": true, "QUALIFY": true}

func (v *view) walk(from int) {
	stack := []level{{query: true}}
	expect := false // the next name is a table
	c := &Cursor{T: v.Tokens, At: from}
	for !c.Done() {
		top := &stack[len(stack)-1]
		t := c.Peek(0)
		word := ""
		if t.Kind == Word && !(c.At > 0 && c.T[c.At-1].Is(".")) {
			word = strings.ToUpper(t.Text)
		}
		switch {
		case t.Is("("):
			// "FROM (a JOIN b)" goes on with tables; "(SELECT" begins anew.
			stack = append(stack, level{query: expect, tables: expect})
			c.At++
		case t.Is(")"):
			if len(stack) > 1 {
				stack = stack[:len(stack)-1]
			}
			expect = false
			c.At++
		case word == "SELECT":
			*top, expect = level{query: true}, false
			c.At++
		case word == "FROM" && top.query, (word == "JOIN" || word == "STRAIGHT_JOIN") && top.tables:
			top.tables, expect = true, true
			c.At++
		case ends[word]:
			top.tables, expect = false, false
			c.At++
		case t.Is(",") && top.tables:
			expect = true
			c.At++
		case expect && (word == "LATERAL" || word == "JSON_TABLE" || word == "DUAL" || word == "OJ"):
			expect = word == "LATERAL" || word == "OJ"
			c.At++
		case expect && t.Name():
			v.table(c)
			expect = false
		case (word == "ON" || word == "USING") && top.tables:
			c.At++
		case t.Name():
			v.column(c)
		default:
			c.At++
		}
	}
}

// table replaces one table's name.
func (v *view) table(c *Cursor) {
	n, _ := c.Name()
	if n.Schema == "" {
		if v.cte[strings.ToLower(n.Name)] {
			return
		}
		n.Schema = v.schema
	}
	if c.Peek(0).Is("(") { // a table function
		return
	}
	s, t := v.rename(n.Schema, n.Name)
	text := v.quote(s, t)
	if t != n.Name && !v.aliased(c) {
		text += " AS " + quoteName(n.Name)
	}
	v.e.Replace(n.Start, n.End, text)
}

func quoteName(s string) string { return "`" + strings.ReplaceAll(s, "`", "``") + "`" }

// notAlias are words that may follow a table without being its alias.
var notAlias = map[string]bool{"JOIN": true, "INNER": true, "CROSS": true, "LEFT": true, "RIGHT": true, "NATURAL": true, "STRAIGHT_JOIN": true,
	"ON": true, "USING": true, "USE": true, "FORCE": true, "IGNORE": true, "PARTITION": true, "TABLESAMPLE": true, "FULL": true}

func (v *view) aliased(c *Cursor) bool {
	at := c.At
	if c.T != nil && c.Peek(0).Is("PARTITION") {
		at++
		if at < len(c.T) && c.T[at].Is("(") {
			at = Close(c.T, at) + 1
		}
	}
	if at >= len(c.T) {
		return false
	}
	t := c.T[at]
	if t.Kind == Word {
		w := strings.ToUpper(t.Text)
		return w == "AS" || !notAlias[w] && !ends[w]
	}
	return t.Kind == Quoted || t.Kind == String
}

// column takes the schema off "schema.table.column", and renames that of
// "schema.function(".
func (v *view) column(c *Cursor) {
	n, _ := c.Name()
	if n.Schema == "" {
		return
	}
	if c.Peek(0).Is(".") && (c.Peek(1).Name() || c.Peek(1).Is("*")) {
		c.At += 2
		if s, t := v.rename(n.Schema, n.Name); t == n.Name {
			v.e.Replace(n.Start, n.End, v.quote(s, t)) // two schemas may have a table of that name
			return
		}
		v.e.Replace(n.Start, n.End, quoteName(n.Name)) // its alias now
		return
	}
	if c.Peek(0).Is("(") {
		if s, _ := v.rename(n.Schema, ""); s != n.Schema {
			v.e.Replace(n.Start, n.End, v.quote(s, n.Name))
		}
	}
}
