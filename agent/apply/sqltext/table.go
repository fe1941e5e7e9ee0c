package sqltext

import (
	"fmt"
	"slices"
	"strings"

	"github.com/tidegate-io/tidegate/internal/change"
	"github.com/tidegate-io/tidegate/internal/mysql"
	"github.com/tidegate-io/tidegate/internal/schema"
)

// Column is a target column that statements write, and where its value lies in
// the source's image.
type Column struct {
	Name   string
	Source int // column of the image
	Codec  *schema.Codec
	Type   *schema.Column // the source's column
}

// Table renders statements for one target table and one shape of images.
type Table struct {
	Columns []Column // what is written
	Key     []Column // what tells rows apart; empty for a table without a usable key
	Narrow  []Column // of a table without a key: leading columns of an index, to find the row by

	name     string // quoted
	columns  string // "(`a`,`b`)"
	upsert   string // what follows the rows of an upsert
	delHead  string
	keyTuple string
	byEach   bool // keys of a DELETE are compared one by one
}

// Form says how a target server wants its statements.
type Form struct {
	Flavor mysql.Flavor
	// RowAlias: INSERT … AS alias … is known (MySQL 8.0.20 and newer); VALUES()
	// is deprecated there.
	RowAlias bool
}

// FormOf returns the form of a server.
func FormOf(s *mysql.Server) Form {
	return Form{Flavor: s.Flavor, RowAlias: s.Flavor == mysql.MySQL && s.AtLeast(8, 0, 20)}
}

// New prepares the texts of a table that do not change from row to row. keyName
// is the index that key is made of, "" without one.
func New(target *schema.Table, columns, key []Column, keyName string, form Form) *Table {
	t := &Table{Columns: columns, Key: key, name: mysql.Table(target.Schema, target.Name)}
	names := make([]string, len(columns))
	for i, c := range columns {
		names[i] = mysql.Ident(c.Name)
	}
	t.columns = " (" + strings.Join(names, ",") + ") VALUES "
	t.upsert = upsertTail(target.Name, names, form)
	if len(key) == 0 {
		return t
	}
	parts := make([]string, len(key))
	for i, c := range key {
		parts[i] = mysql.Ident(c.Name)
	}
	t.keyTuple = parts[0]
	if len(parts) > 1 {
		t.keyTuple = "(" + strings.Join(parts, ",") + ")"
	}
	// A plain DELETE may choose to scan a small table, which waits for rows that
	// other lanes have locked; this form takes an index hint on both flavours.
	t.delHead = fmt.Sprintf("DELETE %s FROM %s FORCE INDEX (%s) WHERE ", t.name, t.name, mysql.Ident(keyName))
	if t.byEach = comparedAsText(key); t.byEach {
		t.delHead += "("
	} else {
		t.delHead += t.keyTuple + " IN ("
	}
	return t
}

// comparedAsText: in a list of several tuples MySQL compares an ENUM or SET with
// a number by its label, as text, and so finds no row. In one comparison of two
// tuples it does not.
func comparedAsText(key []Column) bool {
	return len(key) > 1 && slices.ContainsFunc(key, func(c Column) bool { return c.Codec.Numbered() })
}

// upsertTail sets every written column, key columns included: a key may change
// into one that the collation holds equal.
func upsertTail(table string, names []string, form Form) string {
	alias := "tg_new"
	for strings.EqualFold(alias, table) {
		alias += "_"
	}
	var b strings.Builder
	if form.RowAlias {
		b.WriteString(" AS " + alias)
	}
	b.WriteString(" ON DUPLICATE KEY UPDATE ")
	for i, n := range names {
		if i > 0 {
			b.WriteByte(',')
		}
		if form.RowAlias {
			b.WriteString(n + "=" + alias + "." + n)
		} else {
			b.WriteString(n + "=VALUES(" + n + ")")
		}
	}
	return b.String()
}

// Verb is how rows are written.
type Verb string

// The verbs.
const (
	Insert  Verb = "INSERT INTO "
	Replace Verb = "REPLACE INTO "
)

// AppendHead begins a statement that writes rows; the rows follow, separated by
// commas.
func (t *Table) AppendHead(dst []byte, v Verb) []byte {
	dst = append(dst, v...)
	dst = append(dst, t.name...)
	return append(dst, t.columns...)
}

// AppendRow appends one row of values.
func (t *Table) AppendRow(dst []byte, row change.Row) ([]byte, error) {
	sep := byte('(')
	for i := range t.Columns {
		c := &t.Columns[i]
		dst = append(dst, sep)
		sep = ','
		var err error
		if dst, err = c.Codec.AppendLiteral(dst, row.Value(c.Source)); err != nil {
			return dst, t.columnError(c, err)
		}
	}
	if sep == '(' {
		dst = append(dst, '(')
	}
	return append(dst, ')'), nil
}

// AppendUpsert ends a statement of rows that makes it an upsert.
func (t *Table) AppendUpsert(dst []byte) []byte { return append(dst, t.upsert...) }

// AppendDeleteHead begins a DELETE; keys follow, with separators between, then ")".
func (t *Table) AppendDeleteHead(dst []byte) []byte { return append(dst, t.delHead...) }

// AppendKeySeparator appends what stands between the keys of a DELETE.
func (t *Table) AppendKeySeparator(dst []byte) []byte {
	if t.byEach {
		return append(dst, " OR "...)
	}
	return append(dst, ',')
}

// AppendKey appends a row's key for the list of a DELETE.
func (t *Table) AppendKey(dst []byte, row change.Row) ([]byte, error) {
	if t.byEach {
		dst = append(append(dst, t.keyTuple...), " = "...)
	}
	if len(t.Key) > 1 {
		dst = append(dst, '(')
	}
	for i := range t.Key {
		c := &t.Key[i]
		if i > 0 {
			dst = append(dst, ',')
		}
		var err error
		if dst, err = c.Codec.AppendKey(dst, row.Value(c.Source)); err != nil {
			return dst, t.columnError(c, err)
		}
	}
	if len(t.Key) > 1 {
		dst = append(dst, ')')
	}
	return dst, nil
}

// Equal reports whether two images are equal as they would be rendered, over
// the columns that are written.
func (t *Table) Equal(a, b change.Row) bool {
	for i := range t.Columns {
		c := &t.Columns[i]
		if !c.Codec.Equal(a.Value(c.Source), b.Value(c.Source)) {
			return false
		}
	}
	return true
}

func (t *Table) columnError(c *Column, err error) error {
	return fmt.Errorf("render %s column %s: %w", t.name, mysql.Ident(c.Name), err)
}
