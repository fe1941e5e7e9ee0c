package random

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync/atomic"
)

// table is what the workload knows of one. It is not changed once others see it:
// a schema change makes a new one.
type table struct {
	id           int  // the same for all its versions
	strayed      bool // it may have come in from outside
	parent       bool // another one may have begun to refer to it
	schema, name string
	columns      []column
	primary      []part
	uniques      []index
	indexes      []index
	foreign      []foreign
	partition    string // how rows are divided, "" not at all
	options      string
	domain       int // how many keys the workload uses
}

type column struct {
	kind
	name      string
	null      bool
	fallback  string // DEFAULT
	generated string // expression
	stored    bool
	auto      bool
	attribute string // INVISIBLE, COMMENT …
}

// part is a column of an index, or of a column's first characters.
type part struct {
	column string
	prefix int
	down   bool
}

type index struct {
	name       string
	parts      []part
	expression string // a functional key, instead of parts
}

type foreign struct {
	name, column     string
	schema, parent   string // as the table was called then
	of               int    // the table
	key              column
	domain           int
	onDelete, update string
}

func ident(name string) string { return "`" + strings.ReplaceAll(name, "`", "``") + "`" }

func (t *table) String() string { return ident(t.schema) + "." + ident(t.name) }

func (t *table) clone() *table {
	c := *t
	c.columns, c.primary = slices.Clone(t.columns), slices.Clone(t.primary)
	c.uniques, c.indexes, c.foreign = slices.Clone(t.uniques), slices.Clone(t.indexes), slices.Clone(t.foreign)
	return &c
}

// lastID numbers tables.
var lastID atomic.Int64

// another is a table like this one.
func (t *table) another(schema, name string) *table {
	c := t.clone()
	c.id, c.schema, c.name, c.strayed = int(lastID.Add(1)), schema, name, true
	return c
}

func (t *table) column(name string) *column {
	for i := range t.columns {
		if t.columns[i].name == name {
			return &t.columns[i]
		}
	}
	return nil
}

// keyed reports whether a key, a generated column or the partition needs the
// column.
func (t *table) keyed(name string) bool {
	has := func(p part) bool { return p.column == name }
	in := func(i index) bool {
		return slices.ContainsFunc(i.parts, has) || strings.Contains(i.expression, ident(name))
	}
	return slices.ContainsFunc(t.primary, has) || slices.ContainsFunc(t.uniques, in) || slices.ContainsFunc(t.indexes, in) ||
		slices.ContainsFunc(t.foreign, func(f foreign) bool { return f.column == name }) || strings.Contains(t.partition, ident(name)) ||
		slices.ContainsFunc(t.columns, func(c column) bool { return strings.Contains(c.generated, ident(name)) })
}

// definition is the column as CREATE and ALTER write it.
func (c column) definition() string {
	out := ident(c.name) + " " + c.sql
	if c.generated != "" {
		out += " GENERATED ALWAYS AS (" + c.generated + ") " + map[bool]string{true: "STORED", false: "VIRTUAL"}[c.stored]
		return out + " " + c.attribute
	}
	out += map[bool]string{true: " NULL", false: " NOT NULL"}[c.null]
	if c.fallback != "" {
		out += " DEFAULT " + c.fallback
	}
	if c.auto {
		out += " AUTO_INCREMENT"
	}
	return out + " " + c.attribute
}

func (p part) String() string {
	out := ident(p.column)
	if p.prefix > 0 {
		out += fmt.Sprintf("(%d)", p.prefix)
	}
	if p.down {
		out += " DESC"
	}
	return out
}

func join[T fmt.Stringer](all []T) string {
	var out []string
	for _, v := range all {
		out = append(out, v.String())
	}
	return strings.Join(out, ", ")
}

func (i index) String() string {
	if i.expression != "" {
		return ident(i.name) + " ((" + i.expression + "))"
	}
	return ident(i.name) + " (" + join(i.parts) + ")"
}

func (f foreign) String() string {
	return fmt.Sprintf("CONSTRAINT %s FOREIGN KEY (%s) REFERENCES %s.%s (%s)%s%s", ident(f.name), ident(f.column), ident(f.schema), ident(f.parent), ident(f.key.name), f.onDelete, f.update)
}

func (t *table) create() string {
	var lines []string
	for _, c := range t.columns {
		lines = append(lines, c.definition())
	}
	if len(t.primary) > 0 {
		lines = append(lines, "PRIMARY KEY ("+join(t.primary)+")")
	}
	for _, u := range t.uniques {
		lines = append(lines, "UNIQUE KEY "+u.String())
	}
	for _, i := range t.indexes {
		lines = append(lines, "KEY "+i.String())
	}
	for _, f := range t.foreign {
		lines = append(lines, f.String())
	}
	return "CREATE TABLE " + t.String() + " (\n  " + strings.Join(lines, ",\n  ") + "\n) " + t.options + t.partition
}

// spot is a place in the domain of keys.
func (t *table) spot(r *rand.Rand) int { return r.IntN(t.domain) }

// value is one for a column, as a literal.
func (t *table) value(r *rand.Rand, c *column) string {
	if c.auto && chance(r, 60) {
		return "NULL"
	}
	if c.null && chance(r, 12) {
		return "NULL"
	}
	if i := slices.IndexFunc(t.foreign, func(f foreign) bool { return f.column == c.name }); i >= 0 {
		f := t.foreign[i]
		return f.key.some(r, r.IntN(f.domain))
	}
	if c.fallback != "" && chance(r, 10) {
		return "DEFAULT"
	}
	if c.some != nil && (t.keyed(c.name) || chance(r, 50)) {
		return c.some(r, t.spot(r))
	}
	return c.any(r)
}

// written are the columns that statements name.
func (t *table) written() []*column {
	var out []*column
	for i := range t.columns {
		if t.columns[i].generated == "" {
			out = append(out, &t.columns[i])
		}
	}
	return out
}

func (t *table) names(columns []*column) string {
	var out []string
	for _, c := range columns {
		out = append(out, ident(c.name))
	}
	return strings.Join(out, ", ")
}

func (t *table) row(r *rand.Rand, columns []*column) string {
	var out []string
	for _, c := range columns {
		out = append(out, t.value(r, c))
	}
	return "(" + strings.Join(out, ", ") + ")"
}

func (t *table) rows(r *rand.Rand, columns []*column, n int) string {
	var out []string
	for range n {
		out = append(out, t.row(r, columns))
	}
	return strings.Join(out, ", ")
}

// where names a few rows: by key if the table has one, otherwise by values.
func (t *table) where(r *rand.Rand, alias string) string {
	var terms []string
	equal := func(name string) {
		if c := t.column(name); c != nil && c.some != nil {
			terms = append(terms, alias+ident(name)+" = "+c.some(r, t.spot(r)))
		}
	}
	switch {
	case len(t.primary) > 0 && chance(r, 60):
		for _, p := range t.primary[:1+r.IntN(len(t.primary))] {
			equal(p.column)
		}
	case len(t.uniques) > 0 && len(t.uniques[0].parts) > 0 && chance(r, 50):
		equal(t.uniques[0].parts[0].column)
	default:
		c := t.columns[r.IntN(len(t.columns))]
		switch {
		case c.null && chance(r, 30):
			terms = append(terms, alias+ident(c.name)+" IS NULL")
		case c.number:
			terms = append(terms, fmt.Sprintf("%s%s %s %d", alias, ident(c.name), pick(r, "<", ">", "<>"), r.IntN(100)))
		case c.generated == "" && c.some != nil:
			terms = append(terms, alias+ident(c.name)+pick(r, " >= ", " <= ")+c.some(r, t.spot(r)))
		}
	}
	if len(terms) == 0 {
		return "RAND() < 0.3"
	}
	return strings.Join(terms, " AND ")
}

// assignments are for an UPDATE; keys change now and then.
func (t *table) assignments(r *rand.Rand, alias string) string {
	var out []string
	for _, c := range t.written() {
		key := t.keyed(c.name)
		if key && !chance(r, 12) || !key && !chance(r, 40) {
			continue
		}
		switch {
		case c.number && !key && chance(r, 40):
			out = append(out, fmt.Sprintf("%s%s = %s%s + %d", alias, ident(c.name), alias, ident(c.name), r.IntN(3)))
		case c.auto:
		default:
			v := t.value(r, c)
			if v == "DEFAULT" {
				v = fmt.Sprintf("DEFAULT(%s%s)", alias, ident(c.name))
			}
			out = append(out, alias+ident(c.name)+" = "+v)
		}
	}
	if len(out) == 0 {
		c := t.written()[0]
		out = append(out, fmt.Sprintf("%s%s = %s%s", alias, ident(c.name), alias, ident(c.name)))
	}
	return strings.Join(out, ", ")
}
