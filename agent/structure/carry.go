package structure

import (
	"fmt"
	"slices"
	"strings"

	"github.com/tidegate-io/tidegate/agent/structure/sqltext"
	"github.com/tidegate-io/tidegate/internal/mysql"
	"github.com/tidegate-io/tidegate/internal/schema"
)

// Carrier rewrites definitions of the source for the target.
type Carrier struct {
	Selection      *Selection
	Source, Target *mysql.Server
	Facts          *Facts // of the target
	DeferIndexes   bool   // secondary indexes are left for after the copy
	DeferFrom      uint64 // but not of tables of fewer bytes, for which that does not pay
}

// Carried is a table as it shall be made on the target.
type Carried struct {
	Source, Target schema.ID
	SQL            string   // CREATE TABLE
	LeftOut        []string // ALTER TABLE clauses that make the indexes left out
	Findings       []Finding
}

func (c *Carrier) cross() bool { return c.Source.Flavor != c.Target.Flavor }

// neighbours is what a table's definition must know of the others.
type neighbours struct {
	parents map[schema.ID][][]string // columns that foreign keys refer to, by parent
	names   map[string]int           // how often a constraint's name is used in a target schema
	parted  map[schema.ID]bool       // tables with partitions
}

func (c *Carrier) neighbours(m *Model) *neighbours {
	n := &neighbours{parents: map[schema.ID][][]string{}, names: map[string]int{}, parted: map[schema.ID]bool{}}
	for _, t := range m.Tables {
		for _, fk := range t.Definition.ForeignKeys {
			id := c.Selection.canonical(schema.ID{Schema: fk.ParentSchema, Name: fk.ParentTable})
			n.parents[id] = append(n.parents[id], fk.ParentCols)
		}
		target, ok := c.Selection.target(t.ID())
		if !ok {
			continue
		}
		if text, err := parseCreate(t.Create); err == nil {
			n.parted[c.Selection.canonical(t.ID())] = sqltext.Has(text.options, "PARTITION BY")
			for _, it := range text.items {
				if it.kind == itemCheck || it.kind == itemForeignKey {
					n.names[constraintKey(target.Schema, it)]++
				}
			}
		}
	}
	return n
}

// constraintKey: names of checks and foreign keys are apart from each other.
func constraintKey(schemaName string, it item) string {
	return fmt.Sprintf("%d %s.%s", it.kind, schemaName, strings.ToLower(it.name))
}

// Tables rewrites every table of a model.
func (c *Carrier) Tables(m *Model) ([]*Carried, error) {
	n := c.neighbours(m)
	out := make([]*Carried, 0, len(m.Tables))
	for _, t := range m.Tables {
		carried, err := c.table(t, n)
		if err != nil {
			return nil, fmt.Errorf("rewrite table %s: %w", t.ID(), err)
		}
		out = append(out, carried)
	}
	return out, nil
}

func (c *Carrier) table(t *Table, n *neighbours) (*Carried, error) {
	target, ok := c.Selection.target(t.ID())
	if !ok {
		return nil, fmt.Errorf("not selected")
	}
	return c.tableAs(t, n, target, false)
}

// tableAs rewrites a table for a name; a shadow gets no constraints.
func (c *Carrier) tableAs(t *Table, n *neighbours, target schema.ID, shadow bool) (*Carried, error) {
	text, err := parseCreate(t.Create)
	if err != nil {
		return nil, err
	}
	r := &rewrite{Carrier: c, text: text.Text, object: t.ID().String(), def: t.Definition, target: target, names: n.names, inherits: t.Collation}
	if t.Definition.CheckWritten() != nil {
		r.refuse(schema.NothingWrittenRemedy, schema.NothingWritten)
	}
	r.engine(t.Definition.Engine)
	r.unwrap()
	for _, ref := range text.Refs {
		if ref.Role == sqltext.Subject {
			r.e.Replace(ref.Start, ref.End, quoteID(target))
		}
	}
	var drop, leave []int
	for i, it := range text.items {
		switch gone := shadow && (it.kind == itemForeignKey || it.kind == itemCheck) || r.item(it); {
		case gone:
			drop = append(drop, i)
		case c.DeferIndexes && !shadow && t.size() >= c.DeferFrom && leavable(t, it, n.parents[c.Selection.canonical(t.ID())]):
			leave = append(leave, i)
		case it.kind == itemForeignKey && !shadow:
			r.partitioned(t, it, n)
		}
	}
	r.options(text.options)
	r.tableCollation(text, t)
	out := &Carried{Source: t.ID(), Target: target}
	for _, i := range leave {
		start, end := text.bounds(i)
		out.LeftOut = append(out.LeftOut, "ADD "+strings.TrimSpace(r.e.Slice(text.SQL, start, end)))
	}
	for _, i := range append(drop, leave...) {
		start, end := text.bounds(i)
		if i > 0 {
			start--
		}
		r.e.Replace(start, end, "")
	}
	out.SQL, out.Findings = r.e.Apply(text.SQL), r.findings
	return out, nil
}

// partitioned refuses a foreign key to a table with partitions, which MySQL does
// not take, and MariaDB does while it does not check foreign keys.
func (r *rewrite) partitioned(t *Table, it item, n *neighbours) {
	fk := it.foreignKey(t.ID().Schema)
	parent := r.Selection.canonical(schema.ID{Schema: fk.ParentSchema, Name: fk.ParentTable})
	if r.Target.Flavor == mysql.MySQL && n.parted[parent] {
		r.refuse("on the source: ALTER TABLE … DROP FOREIGN KEY, or take the partitions off the parent; or leave the table out with except",
			"foreign key %s refers to %s, which has partitions: MySQL does not take that", fk.Name, parent)
	}
}

// bounds returns the bytes of a body's item, comments included, without the
// commas around it.
func (c *createText) bounds(i int) (start, end int) {
	first := c.items[i].tokens[0]
	last := c.items[i].tokens[len(c.items[i].tokens)-1]
	start, end = c.Tokens[c.open].End, c.Tokens[c.shut].Start
	for _, t := range c.Tokens[c.open+1 : c.shut] {
		if t.Is(",") && t.End <= first.Start {
			start = t.End
		}
		if t.Is(",") && t.Start >= last.End {
			end = t.Start
			break
		}
	}
	return start, end
}

// leavable reports whether an index can be made after the copy: not unique, no
// table without a key, not needed by a foreign key from or to the table, and
// not the one an AUTO_INCREMENT column needs.
func leavable(t *Table, it item, parents [][]string) bool {
	if it.kind != itemKey || it.unique || it.name == "" || t.Keyless {
		return false
	}
	cols := it.indexed()
	with := slices.Concat(cols, t.Definition.PrimaryKey()) // to InnoDB these are part of it
	for _, fk := range t.Definition.ForeignKeys {
		if begins(with, fk.Columns) {
			return false
		}
	}
	for _, p := range parents {
		if begins(with, p) {
			return false
		}
	}
	for _, name := range cols {
		if col, _ := t.Definition.Column(name); name != "" && col != nil && col.AutoInc {
			return false
		}
	}
	return true
}

// Database returns the statement that makes a database on the target.
func (c *Carrier) Database(d Database) (sql string, target string, finding *Finding) {
	target, _ = c.Selection.Schema(d.Name)
	charset, okCharset := c.Facts.Charset(d.Charset)
	collation, ok := c.Facts.Collation(d.Collation)
	if !ok || !okCharset {
		return "", target, &Finding{Object: d.Name, Reason: fmt.Sprintf("the target has nothing like collation %s", d.Collation), Fatal: true,
			Remedy: "ALTER DATABASE " + mysql.Ident(d.Name) + " COLLATE … on the source, to a collation both sides have"}
	}
	if collation != strings.ToLower(d.Collation) {
		finding = &Finding{Object: d.Name, Reason: fmt.Sprintf("collation %s becomes %s", d.Collation, collation), Remedy: collationRemedy}
	}
	return "CREATE DATABASE IF NOT EXISTS " + mysql.Ident(target) + " CHARACTER SET " + charset + " COLLATE " + collation, target, finding
}

const collationRemedy = "compare what unique keys and sorting mean to the application; values that only the target finds equal stop the copy with their key"

// Unsupported lists all that cannot be carried from source to target, and what
// changes on the way, in the order of the model.
func (c *Carrier) Unsupported(m *Model) ([]Finding, error) {
	out := append([]Finding(nil), m.Others...)
	for _, d := range m.Databases {
		if _, _, f := c.Database(d); f != nil {
			out = append(out, *f)
		}
	}
	tables, err := c.Tables(m)
	if err != nil {
		return nil, err
	}
	taken := map[schema.ID]schema.ID{}
	for _, t := range tables {
		out = append(out, t.Findings...)
		key := t.Target
		if c.Target.LowerCase != 0 {
			key = schema.ID{Schema: strings.ToLower(key.Schema), Name: strings.ToLower(key.Name)}
		}
		if other, ok := taken[key]; ok {
			out = append(out, Finding{Object: t.Source.String(), Reason: fmt.Sprintf("it and %s would both be %s on the target", other, t.Target), Fatal: true,
				Remedy: "give one of them another name with a table block's rename"})
		}
		taken[key] = t.Source
	}
	for _, v := range m.Views {
		if v.Broken != nil {
			out = append(out, Finding{Object: v.ID.String(), Reason: "the view is broken on the source: " + v.Broken.Error(), Remedy: "repair or drop it; it is not carried"})
		}
	}
	return fold(out), nil
}

// fold puts notes that say the same of many objects into one, under the first
// object's name.
func fold(findings []Finding) []Finding {
	at := map[string]int{}
	more := map[int]int{}
	var out []Finding
	for _, f := range findings {
		if i, ok := at[f.Reason]; ok && !f.Fatal {
			if out[i].Object != f.Object {
				more[i]++
			}
			continue
		}
		if !f.Fatal {
			at[f.Reason] = len(out)
		}
		out = append(out, f)
	}
	for i, n := range more {
		out[i].Object = fmt.Sprintf("%s and %d more", out[i].Object, n)
	}
	return out
}
