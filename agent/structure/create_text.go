package structure

import (
	"errors"
	"slices"
	"strings"

	"github.com/tidegate-io/tidegate/agent/structure/sqltext"
	"github.com/tidegate-io/tidegate/internal/schema"
)

type itemKind uint8

const (
	itemColumn itemKind = iota
	itemPrimary
	itemKey
	itemForeignKey
	itemCheck
	itemPeriod
)

// item is one line of a CREATE TABLE's body.
type item struct {
	kind   itemKind
	name   string // of the column, key or constraint; may be ""
	index  string // of a foreign key: the name behind FOREIGN KEY; may be ""
	unique bool   // of a key
	tokens []sqltext.Token
}

// createText is a CREATE TABLE taken apart.
type createText struct {
	*sqltext.Statement
	items      []item
	open, shut int             // token indexes of the body's parentheses; -1 without a body
	options    []sqltext.Token // what follows the body
}

var errNotCreate = errors.New("not a CREATE TABLE")

// parseCreate reads what SHOW CREATE TABLE printed.
func parseCreate(sql string) (*createText, error) {
	st, err := sqltext.Parse(sql, sqltext.Mode{})
	if err != nil {
		return nil, err
	}
	return takeApart(st)
}

func takeApart(st *sqltext.Statement) (*createText, error) {
	if st.Verb != sqltext.CreateTable {
		return nil, errNotCreate
	}
	c := &createText{Statement: st, open: -1, shut: -1}
	t := st.Tokens
	if st.Rest >= len(t) || !t[st.Rest].Is("(") {
		c.options = t[st.Rest:]
		return c, nil
	}
	c.open, c.shut = st.Rest, sqltext.Close(t, st.Rest)
	c.options = t[c.shut+1:]
	for _, tokens := range sqltext.Split(t[c.open+1 : c.shut]) {
		if len(tokens) > 0 {
			c.items = append(c.items, readItem(tokens))
		}
	}
	return c, nil
}

func readItem(tokens []sqltext.Token) item {
	it := item{tokens: tokens}
	c := &sqltext.Cursor{T: tokens}
	if c.Accept("CONSTRAINT") {
		if c.Peek(0).Name() && !c.Peek(0).Is("CHECK") && !c.Peek(0).Is("FOREIGN") && !c.Peek(0).Is("UNIQUE") && !c.Peek(0).Is("PRIMARY") {
			it.name = c.Peek(0).Text
			c.At++
		}
	}
	switch {
	case c.Accept("PRIMARY KEY"):
		it.kind, it.name, it.unique = itemPrimary, "PRIMARY", true
	case c.Accept("FOREIGN KEY"):
		it.kind = itemForeignKey
		c.Accept("IF NOT EXISTS")
		if c.Peek(0).Name() {
			it.index = c.Peek(0).Text
		}
	case c.Peek(0).Is("CHECK"):
		it.kind = itemCheck
	case c.Peek(0).Is("PERIOD") && c.Peek(1).Is("FOR"):
		it.kind = itemPeriod
	case keyWords(c, &it):
		it.kind = itemKey
		if c.Peek(0).Name() && !c.Peek(0).Is("USING") {
			it.name = c.Peek(0).Text
		}
	default:
		it.name = c.Peek(0).Text
	}
	return it
}

// keyWords steps over the words an index begins with.
func keyWords(c *sqltext.Cursor, it *item) bool {
	switch {
	case c.Accept("UNIQUE"):
		it.unique = true
		c.AcceptAny("KEY", "INDEX")
		return true
	case c.AcceptAny("FULLTEXT", "SPATIAL") != "":
		c.AcceptAny("KEY", "INDEX")
		return true
	case c.Accept("VECTOR KEY"), c.Accept("VECTOR INDEX"), c.Accept("KEY"), c.Accept("INDEX"):
		return true
	}
	return false
}

// columns returns the names in the item's first parenthesis.
func columns(c *sqltext.Cursor) []string {
	for !c.Done() && !c.Peek(0).Is("(") {
		c.At++
	}
	if c.Done() {
		return nil
	}
	end := sqltext.Close(c.T, c.At)
	var out []string
	for _, p := range sqltext.Split(c.T[c.At+1 : end]) {
		if len(p) > 0 && p[0].Name() {
			out = append(out, p[0].Text)
		} else {
			out = append(out, "") // an expression
		}
	}
	c.At = end + 1
	return out
}

func (it item) foreignKey(schemaName string) schema.ForeignKey {
	c := &sqltext.Cursor{T: it.tokens}
	fk := schema.ForeignKey{Name: it.name, OnDelete: "RESTRICT", OnUpdate: "RESTRICT"}
	for !c.Done() && !c.Accept("FOREIGN KEY") {
		c.At++
	}
	fk.Columns = columns(c)
	for !c.Done() && !c.Accept("REFERENCES") {
		c.At++
	}
	parent, _ := c.Name()
	fk.ParentSchema, fk.ParentTable = schemaName, parent.Name
	if parent.Schema != "" {
		fk.ParentSchema = parent.Schema
	}
	fk.ParentCols = columns(c)
	for ; !c.Done(); c.At++ {
		switch {
		case c.Accept("ON DELETE"):
			fk.OnDelete = action(c)
		case c.Accept("ON UPDATE"):
			fk.OnUpdate = action(c)
		default:
			continue
		}
		c.At--
	}
	return fk
}

func action(c *sqltext.Cursor) string {
	if a := c.AcceptAny("CASCADE", "SET NULL", "SET DEFAULT", "NO ACTION", "RESTRICT"); a != "" {
		return a
	}
	return "RESTRICT"
}

// indexed returns the columns of each key.
func (c *createText) indexed() (out [][]string) {
	for _, it := range c.items {
		if it.kind == itemKey || it.kind == itemPrimary {
			out = append(out, it.indexed())
		}
	}
	return out
}

// indexed returns the columns of a key item.
func (it item) indexed() []string { return columns(&sqltext.Cursor{T: it.tokens}) }

// begins reports whether a key's first columns are exactly these, in any order.
func begins(key, cols []string) bool {
	if len(key) < len(cols) {
		return false
	}
	for _, c := range cols {
		if !slices.ContainsFunc(key[:len(cols)], func(k string) bool { return strings.EqualFold(k, c) }) {
			return false
		}
	}
	return true
}
