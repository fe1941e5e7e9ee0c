package verify

import (
	"strings"

	"github.com/tidegate-io/tidegate/internal/mysql"
	"github.com/tidegate-io/tidegate/internal/schema"
)

// Table is one table to compare. Both definitions are as read from their own
// server.
type Table struct {
	ID     int // the caller's number for the table, whatever it is called
	Source *schema.Table
	Target *schema.Table
}

// side is one of the two servers with the table's name there.
type side struct {
	table string // quoted
	def   *schema.Table
}

func (t Table) source() side {
	return side{mysql.Table(t.Source.Schema, t.Source.Name), t.Source}
}

func (t Table) target() side {
	return side{mysql.Table(t.Target.Schema, t.Target.Name), t.Target}
}

// columns are the columns compared: all of the source, in its order, generated
// and invisible ones too. Columns only the target has are not looked at.
func (t Table) columns() []schema.Column { return t.Source.Columns }

// missing names a source column the target lacks.
func (t Table) missing() string {
	for _, c := range t.Source.Columns {
		if d, _ := t.Target.Column(c.Name); d == nil {
			return c.Name
		}
	}
	return ""
}

// pagingKey returns the key by which both sides can be walked in the same
// order, nil if there is none: a unique key over NOT NULL columns whose text
// parts have the same collation on both sides, and no approximate numbers,
// whose bounds text cannot carry.
func (t Table) pagingKey() *schema.Key {
	k := t.Source.RowKey()
	if k == nil {
		return nil
	}
	for _, p := range k.Parts {
		c, _ := t.Source.Column(p.Column)
		d, _ := t.Target.Column(p.Column)
		if c == nil || d == nil || c.Collation != d.Collation || c.DataType != d.DataType {
			return nil
		}
		switch c.DataType {
		case "float", "double", "real", "bit", "enum", "set", "uuid", "geometry":
			return nil
		}
	}
	return k
}

// keyOf returns the columns of a key.
func keyOf(def *schema.Table, k *schema.Key) []schema.Column {
	cols := make([]schema.Column, len(k.Parts))
	for i, p := range k.Parts {
		c, _ := def.Column(p.Column)
		cols[i] = *c
	}
	return cols
}

// rangeKey is what of a key the bounds of ranges are made of.
func rangeKey(def *schema.Table, key []schema.Column) []schema.Column {
	for i := range key {
		if def.CutsRanges(&key[i]) {
			return key[:i+1]
		}
	}
	return key
}

// boundText is the SELECT expression that reads a key value for a bound.
func boundText(c *schema.Column) string {
	if c.Charset != "" || isBinary(c) {
		return "HEX(" + mysql.Ident(c.Name) + ")"
	}
	return "CAST(" + mysql.Ident(c.Name) + " AS CHAR)"
}

// boundLiteral is the literal that compares with the column as the value read
// by boundText does.
func boundLiteral(c *schema.Column, text string) string {
	switch {
	case c.Charset != "":
		return "_" + c.Charset + " X'" + text + "'"
	case isBinary(c):
		return "X'" + text + "'"
	case isNumber(c):
		return text
	default:
		return mysql.String(text)
	}
}

func isBinary(c *schema.Column) bool {
	return strings.HasSuffix(c.DataType, "blob") || strings.HasSuffix(c.DataType, "binary")
}

func isNumber(c *schema.Column) bool {
	switch c.DataType {
	case "tinyint", "smallint", "mediumint", "int", "integer", "bigint", "decimal", "year":
		return true
	}
	return false
}

// after returns the condition "key > bound" (or >=, <=) for a composite key in
// the form range optimisers of both flavours use: a disjunction of prefixes.
func after(cols []schema.Column, op string, bound []string) string {
	var or []string
	for i := range cols {
		var and []string
		for j := range i {
			and = append(and, mysql.Ident(cols[j].Name)+"="+bound[j])
		}
		o := op[:1] // strict for all but the last part
		if i == len(cols)-1 {
			o = op
		}
		and = append(and, mysql.Ident(cols[i].Name)+o+bound[i])
		or = append(or, "("+strings.Join(and, " AND ")+")")
	}
	return "(" + strings.Join(or, " OR ") + ")"
}
