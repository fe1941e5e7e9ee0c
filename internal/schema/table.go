// Package schema holds what a table is, and what its values are: definitions,
// the codec of every column type from the log's binary form and from a SELECT
// to the text of a statement, key encoding and collation weights.
//
// It does no I/O: definitions are read by agent/structure.
package schema

import (
	"fmt"
	"slices"
	"strings"
	"unique"

	"github.com/tidegate-io/tidegate/internal/mysql"
)

// Table is one table's definition as its server describes it.
type Table struct {
	Schema string `json:"schema"`
	Name   string `json:"name"`
	// Flavor of its server. A few collations of one name compare differently;
	// their keys are encoded only where the flavour is known.
	Flavor  mysql.Flavor `json:"flavor,omitempty"`
	Engine  string       `json:"engine"`
	Columns []Column     `json:"columns"` // in ordinal order, hidden ones included
	Keys    []Key        `json:"keys"`    // all indexes; the primary key first, if there is one

	ForeignKeys []ForeignKey `json:"foreign_keys,omitempty"` // in which this table is the child

	// SystemVersioned: MariaDB keeps old row versions in this table.
	SystemVersioned bool `json:"system_versioned,omitempty"`

	// PartedByKey: PARTITION or SUBPARTITION BY KEY. PartedByText: by RANGE or LIST
	// COLUMNS of which one is text.
	PartedByKey  bool `json:"parted_by_key,omitempty"`
	PartedByText bool `json:"parted_by_text,omitempty"`
}

// Generation says how a column gets its value.
type Generation string

// The ways a column gets its value.
const (
	Plain   Generation = ""
	Virtual Generation = "virtual"
	Stored  Generation = "stored"
	RowTime Generation = "row_time" // ROW START and ROW END of a system-versioned table
)

// Column is one column.
type Column struct {
	Name       string     `json:"name"`
	Type       string     `json:"type"`               // COLUMN_TYPE, as in "int(10) unsigned"
	DataType   string     `json:"data_type"`          // DATA_TYPE in lower case, as in "int"
	Unsigned   bool       `json:"unsigned,omitempty"` // ZEROFILL included
	Nullable   bool       `json:"nullable,omitempty"`
	Charset    string     `json:"charset,omitempty"`   // empty for what is not text; "binary" never occurs
	Collation  string     `json:"collation,omitempty"` // with Charset
	Generation Generation `json:"generation,omitempty"`
	Invisible  bool       `json:"invisible,omitempty"`
	AutoInc    bool       `json:"auto_inc,omitempty"`
	Length     int64      `json:"length,omitempty"`    // characters or bytes, of text and binary
	Precision  int        `json:"precision,omitempty"` // digits of a number
	Scale      int        `json:"scale,omitempty"`     // digits after the point
	Fraction   int        `json:"fraction,omitempty"`  // digits of fractional seconds
	SRID       *uint32    `json:"srid,omitempty"`
	Compressed bool       `json:"compressed,omitempty"` // MariaDB COMPRESSED

	// Default as information_schema prints it, for comparing definitions only.
	Default    *string `json:"default,omitempty"`
	Expression string  `json:"expression,omitempty"` // of a generated column
	Extra      string  `json:"extra,omitempty"`
}

// Written reports whether statements give this column a value.
func (c *Column) Written() bool { return c.Generation == Plain }

// CheckWritten returns an error if statements give no column of the table a value:
// such rows cannot be told from each other, and no statement can name one.
func (t *Table) CheckWritten() error {
	if slices.ContainsFunc(t.Columns, func(c Column) bool { return c.Written() }) {
		return nil
	}
	return &mysql.Error{Class: mysql.Config, Code: "no_columns", Err: fmt.Errorf("table %s: %s", t.ID(), NothingWritten), Remedy: NothingWrittenRemedy}
}

// What is said of tables that CheckWritten refuses.
const (
	NothingWritten       = "all of its columns are generated"
	NothingWrittenRemedy = "add a column that is not generated to it on the source, or leave the table out with except; then restart the run"
)

// Key is one index.
type Key struct {
	Name    string    `json:"name"` // "PRIMARY" for the primary key
	Unique  bool      `json:"unique,omitempty"`
	Kind    string    `json:"kind,omitempty"` // "", "FULLTEXT", "SPATIAL", "VECTOR", or "HASH", see Hidden
	Parts   []KeyPart `json:"parts"`
	Visible bool      `json:"visible"`

	// WithoutOverlaps: MariaDB's temporal unique key.
	WithoutOverlaps bool `json:"without_overlaps,omitempty"`
}

// KeyPart is one part of an index: a column, maybe only its first Prefix
// characters, or an expression.
type KeyPart struct {
	Column     string `json:"column,omitempty"`
	Prefix     int    `json:"prefix,omitempty"`
	Desc       bool   `json:"desc,omitempty"`
	Expression string `json:"expression,omitempty"`
}

// ForeignKey is one foreign key, seen from the child.
type ForeignKey struct {
	Name         string   `json:"name"`
	Columns      []string `json:"columns"`
	ParentSchema string   `json:"parent_schema"`
	ParentTable  string   `json:"parent_table"`
	ParentCols   []string `json:"parent_columns"`
	OnDelete     string   `json:"on_delete"` // "CASCADE", "SET NULL", "RESTRICT", "NO ACTION", "SET DEFAULT"
	OnUpdate     string   `json:"on_update"`

	// Absent: the target's table does not have it, since its parent is not there.
	// What it does to rows is carried all the same.
	Absent bool `json:"absent,omitempty"`
}

// Column returns the column of that name (names are compared without case, as
// servers do) and its index, or nil and -1.
func (t *Table) Column(name string) (*Column, int) {
	for i := range t.Columns {
		if strings.EqualFold(t.Columns[i].Name, name) {
			return &t.Columns[i], i
		}
	}
	return nil, -1
}

// CutsRanges reports whether ranges of a key are to end with this part of it. Where
// KeyEncoder.TellsCharApart tells of rows with equal keys in several partitions, a
// server that is asked for one value of the column, or for a range that holds no
// other, looks into the partition of just that text (seen in MySQL 9.7 and MariaDB
// 10.11).
func (t *Table) CutsRanges(c *Column) bool {
	if !t.PartedByKey || !strings.EqualFold(c.DataType, "char") {
		return false
	}
	collate := lookupCollation(c.Collation, t.Flavor)
	return collate == nil || collate.noPad
}

// RowKey returns the key that tells rows apart: the primary key, else the first
// unique key over whole NOT NULL columns. It is nil for a keyless table.
// Columns that are generated and not stored may be part of it on MariaDB; they
// never decide which row is meant, so such a key does not count.
func (t *Table) RowKey() *Key {
	for i := range t.Keys {
		if k := &t.Keys[i]; k.Unique && k.Kind == "" && !k.WithoutOverlaps && t.identifies(k) {
			return k
		}
	}
	return nil
}

// Hidden is how many columns the log of a MariaDB has behind the table's own: one
// for the hash of each unique key that is too long for an index.
func (t *Table) Hidden() int {
	n := 0
	for i := range t.Keys {
		if t.Keys[i].Kind == "HASH" {
			n++
		}
	}
	return n
}

func (t *Table) identifies(k *Key) bool {
	for _, p := range k.Parts {
		c, _ := t.Column(p.Column)
		if p.Column == "" || p.Prefix > 0 || c == nil || c.Nullable || c.Generation != Plain {
			return false
		}
	}
	return len(k.Parts) > 0
}

// Referenced reports whether foreign keys act that refer to these columns: on a
// MariaDB a primary key or an index can be taken from under them while
// foreign_key_checks are off, and what is deleted or updated then reaches no child.
// An index serves if it begins with whole columns in this order, a secondary one
// with the primary key's behind its own (InnoDB: dict_foreign_qualify_index).
func (t *Table) Referenced(columns []string) bool {
	primary := t.PrimaryKey()
	return slices.ContainsFunc(t.Keys, func(k Key) bool {
		var whole []string
		for _, p := range k.Parts {
			if p.Prefix > 0 || p.Column == "" {
				break
			}
			whole = append(whole, p.Column)
		}
		if len(whole) == len(k.Parts) {
			whole = append(whole, primary...)
		}
		return k.Kind == "" && len(whole) >= len(columns) && slices.EqualFunc(whole[:len(columns)], columns, strings.EqualFold)
	})
}

// PrimaryKey returns the primary key's columns, maybe none.
func (t *Table) PrimaryKey() []string {
	var out []string
	if i := slices.IndexFunc(t.Keys, func(k Key) bool { return k.Name == "PRIMARY" }); i >= 0 {
		for _, p := range t.Keys[i].Parts {
			out = append(out, p.Column)
		}
	}
	return out
}

// Compact lets a definition take less memory: text that many tables have in
// common is kept once.
func (t *Table) Compact() {
	share(&t.Schema, &t.Engine)
	t.Columns, t.Keys = slices.Clip(t.Columns), slices.Clip(t.Keys)
	for i := range t.Columns {
		c := &t.Columns[i]
		share(&c.Name, &c.Type, &c.DataType, &c.Charset, &c.Collation, &c.Extra)
	}
	for i := range t.Keys {
		k := &t.Keys[i]
		share(&k.Name, &k.Kind)
		for j := range k.Parts {
			share(&k.Parts[j].Column)
		}
	}
}

func share(texts ...*string) {
	for _, s := range texts {
		*s = unique.Make(*s).Value()
	}
}

// ID is a table's name as a map key: schema and name, apart.
type ID struct{ Schema, Name string }

// ID returns the table's name as a map key.
func (t *Table) ID() ID { return ID{t.Schema, t.Name} }

// String shows the name to people.
func (id ID) String() string { return id.Schema + "." + id.Name }
