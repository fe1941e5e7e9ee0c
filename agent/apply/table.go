package apply

import (
	"bytes"
	"fmt"
	"slices"
	"strings"

	"github.com/cespare/xxhash/v2"

	"github.com/tidegate-io/tidegate/agent/apply/sqltext"
	"github.com/tidegate-io/tidegate/internal/change"
	"github.com/tidegate-io/tidegate/internal/mysql"
	"github.com/tidegate-io/tidegate/internal/schema"
)

// table is a plan compiled for one shape of row images: codecs, statement
// texts, and how rows are told apart.
type table struct {
	plan   *Plan
	shape  *change.TableMap
	codecs []*schema.Codec  // of the source, by column of the image
	enums  []sqltext.Column // written columns whose value may need a lax statement
	text   *sqltext.Table   // nil if rows are not written

	key     *schema.KeyEncoder   // nil: rows cannot be told apart in Go
	uniques []*schema.KeyEncoder // the target's other unique keys
	home    uint64               // places what is not split by key

	// rewrite: a changed row is deleted and inserted. Of a system-versioned table
	// an upsert's count says nothing; where there are more unique keys, an upsert
	// that finds its row missing would rewrite the row that holds one of them.
	rewrite bool

	fires []cascadeRule
}

// serial reports that the table's changes are applied row by row in log order.
func (t *table) serial() bool { return t.key == nil }

// keyless reports that rows are found by all their bytes.
func (t *table) keyless() bool { return len(t.text.Key) == 0 }

func (t *table) name() schema.ID { return t.plan.Source.ID() }

// skip reports whether the copy has not reached the row of this image, or has
// read the transaction already. key is nil for a change that is asked for as a
// whole.
func (t *table) skip(ids []change.ID, row *change.Row) bool {
	if t.plan.Window == nil {
		return false
	}
	var key []byte
	if row != nil && t.plan.PageColumn >= 0 {
		key = row.Value(t.plan.PageColumn)
	}
	return t.plan.Window.Skip(ids, key)
}

// moved is how far the table's copy is.
func (t *table) moved() uint64 {
	if t.plan.Window == nil {
		return 0
	}
	return t.plan.Window.Moved()
}

// lacks refuses images without a column that is written: only what follows from
// other columns may be missing.
func (t *table) lacks(bits []byte) error {
	for i := range t.plan.Source.Columns {
		if c := &t.plan.Source.Columns[i]; bits[i/8]&(1<<(i%8)) != 0 && c.Written() {
			return &mysql.Error{Class: mysql.Config, Code: "row_image",
				Err:    fmt.Errorf("the log has rows of %s without column %s (binlog_row_image is not FULL)", t.plan.Source.ID(), c.Name),
				Remedy: "on the source: SET GLOBAL binlog_row_image = 'FULL' and end the sessions that set another value; then the table must be copied again"}
		}
	}
	return nil
}

// passesOn refuses a change of a table that enters which may have changed rows of
// its children by foreign keys: the log does not say which.
func (t *table) passesOn(c *change.Change) error {
	if c.Op == change.Insert || c.CascadeLogged || c.NoForeignKeys {
		return nil
	}
	child := t.plan.Children[0]
	return &mysql.Error{Class: mysql.Config, Code: "parent_entering",
		Err: fmt.Errorf("rows of %s.%s were changed between the moment it came into the selection and its copy, and its foreign key %s passes that on to rows of %s.%s, which the log does not show",
			c.Table.Schema, c.Table.Name, child.Key.Name, child.Schema, child.Table),
		Remedy: "stop the run and apply the pipeline again"}
}

func (t *table) tolerant(from *change.Set) bool {
	return t.plan.Window != nil && t.plan.Window.Tolerant(from)
}

func sameShape(a, b *change.TableMap) bool {
	return a == b || bytes.Equal(a.Types, b.Types) && slices.Equal(a.Meta, b.Meta)
}

// compile prepares a plan for images of one shape.
func compile(p *Plan, tm *change.TableMap, form sqltext.Form) (*table, error) {
	if n := len(p.Source.Columns); len(tm.Types) != n && len(tm.Types) != n+p.Source.Hidden() {
		return nil, mismatch(p, fmt.Errorf("the log's rows have %d columns, the definition has %d", len(tm.Types), len(p.Source.Columns)))
	}
	t := &table{plan: p, shape: tm, codecs: make([]*schema.Codec, len(p.Source.Columns))}
	for i := range p.Source.Columns {
		c, err := schema.NewCodec(&p.Source.Columns[i], tm.Types[i], tm.Meta[i])
		if err != nil {
			return nil, mismatch(p, err)
		}
		t.codecs[i] = c
	}
	t.home = xxhash.Sum64String(p.Source.Schema + "\x00" + p.Source.Name)
	t.fires = cascadeRules(p)
	if p.Target == nil {
		return t, nil
	}
	if err := p.Target.CheckWritten(); err != nil {
		return nil, err
	}
	columns, err := t.columns()
	if err != nil {
		return nil, err
	}
	key, keyCols := t.rowKey(columns)
	keyName := ""
	if key != nil {
		keyName = key.Name
	}
	t.text = sqltext.New(p.Target, columns, keyCols, keyName, form)
	for _, c := range columns {
		if strings.EqualFold(c.Type.DataType, "enum") {
			t.enums = append(t.enums, c)
		}
	}
	if key == nil {
		t.text.Narrow = t.narrow()
		return t, nil
	}
	t.encoders(key)
	t.rewrite = t.rewrite || p.Target.SystemVersioned || len(t.text.Columns) == 0 || hasDocuments(p.Target)
	return t, nil
}

// hasDocuments reports whether a table has columns of MySQL's JSON type: the
// server takes 1.0 and 1 in a document for the same, so an upsert from one to
// the other changes nothing and counts 0.
func hasDocuments(t *schema.Table) bool {
	return slices.ContainsFunc(t.Columns, func(c schema.Column) bool { return c.DataType == "json" })
}

func mismatch(p *Plan, err error) error {
	return &mysql.Error{Class: mysql.Fatal, Code: "definition_mismatch", Err: fmt.Errorf("table %s: %w", p.Source.ID(), err),
		Remedy: "the table was changed on the source without a trace in its log (sql_log_bin = 0, or a tool): copy the table again"}
}

// columns are the target's written columns that the source has.
func (t *table) columns() ([]sqltext.Column, error) {
	var out []sqltext.Column
	for i := range t.plan.Target.Columns {
		target := &t.plan.Target.Columns[i]
		source, n := t.plan.Source.Column(target.Name)
		if source == nil || !target.Written() {
			continue
		}
		codec, err := t.codecs[n].For(target)
		if err != nil {
			return nil, &mysql.Error{Class: mysql.Config, Code: "column_mismatch", Err: fmt.Errorf("table %s: %w", t.name(), err),
				Remedy: "change the target's column to the source's type, or leave it out by a columns rule"}
		}
		out = append(out, sqltext.Column{Name: target.Name, Source: n, Codec: codec, Type: source})
	}
	return out, nil
}

func find(columns []sqltext.Column, name string) (sqltext.Column, bool) {
	for _, c := range columns {
		if strings.EqualFold(c.Name, name) {
			return c, true
		}
	}
	return sqltext.Column{}, false
}

// rowKey is the target's key that rows are told apart by. Every column of it
// must come from the source.
func (t *table) rowKey(columns []sqltext.Column) (*schema.Key, []sqltext.Column) {
	key := t.plan.Target.RowKey()
	if key == nil {
		return nil, nil
	}
	var cols []sqltext.Column
	for _, p := range key.Parts {
		c, ok := find(columns, p.Column)
		if !ok {
			return nil, nil
		}
		cols = append(cols, c)
	}
	return key, cols
}

// lax counts the values of an image that only a statement without strict mode
// can store.
func (t *table) lax(row *change.Row) int {
	n := 0
	for i := range t.enums {
		if t.enums[i].Codec.Lax(row.Value(t.enums[i].Source)) {
			n++
		}
	}
	return n
}

// encoders makes the encoders of all unique keys, or none: one key that cannot
// be computed makes the whole table serial.
func (t *table) encoders(rowKey *schema.Key) {
	key, ok := schema.NewKeyEncoder(t.plan.Target, rowKey, t.codecs)
	if !ok || t.plan.Source.PartedByKey && key.TellsCharApart() {
		return
	}
	for i := range t.plan.Target.Keys {
		k := &t.plan.Target.Keys[i]
		if !k.Unique || k.Name == rowKey.Name {
			continue
		}
		if k.WithoutOverlaps || !t.plainParts(k) {
			return
		}
		u, ok := schema.NewKeyEncoder(t.plan.Target, k, t.codecs)
		if !ok {
			return
		}
		t.uniques = append(t.uniques, u)
		t.rewrite = true
	}
	t.key = key
}

func (t *table) plainParts(k *schema.Key) bool {
	for _, p := range k.Parts {
		if _, ok := find(t.text.Columns, p.Column); p.Expression != "" || !ok {
			return false
		}
	}
	return true
}

// narrow picks the leading columns of an index whose values compare exactly, so
// that the rows of a table without a key need not be found by a scan.
func (t *table) narrow() []sqltext.Column {
	var best []sqltext.Column
	for i := range t.plan.Target.Keys {
		k := &t.plan.Target.Keys[i]
		if k.Kind != "" || !k.Visible {
			continue
		}
		var cols []sqltext.Column
		for _, p := range k.Parts {
			c, ok := find(t.text.Columns, p.Column)
			if !ok || p.Prefix > 0 || p.Expression != "" || inexact(c.Type) {
				break
			}
			cols = append(cols, c)
		}
		if len(cols) > len(best) {
			best = cols
		}
	}
	return best
}

func inexact(c *schema.Column) bool {
	switch strings.ToLower(c.DataType) {
	case "float", "double", "json", "geometry", "vector":
		return true
	}
	return false
}
