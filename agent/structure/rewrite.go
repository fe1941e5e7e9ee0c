package structure

import (
	"cmp"
	"fmt"
	"strings"

	"github.com/tidegate-io/tidegate/agent/structure/sqltext"
	"github.com/tidegate-io/tidegate/internal/mysql"
	"github.com/tidegate-io/tidegate/internal/schema"
)

// rewrite collects the changes one text needs for the target. The same rules
// serve definitions and the statements of the log.
type rewrite struct {
	*Carrier
	text     *sqltext.Text
	e        sqltext.Edits
	object   string
	def      *schema.Table // nil for a statement of the log
	target   schema.ID
	names    map[string]int // uses of constraint names; nil for a statement of the log
	findings []Finding

	ddl           bool // a statement of the log, of which def has but the name
	engineChanges bool
	noKeys        bool       // the source's engine has no foreign keys
	indexed       [][]string // columns of indexes that are there, with noKeys
	inherits      string     // the table's collation, which its columns have without saying so
	charset       string     // default charset and collation where a text gives a charset only; from the event
	collation     string
}

func (r *rewrite) refuse(remedy, format string, args ...any) {
	r.findings = append(r.findings, Finding{Object: r.object, Reason: fmt.Sprintf(format, args...), Remedy: remedy, Fatal: true})
}

func (r *rewrite) note(remedy, format string, args ...any) {
	r.findings = append(r.findings, Finding{Object: r.object, Reason: fmt.Sprintf(format, args...), Remedy: remedy})
}

const exclude = "change it on the source, or leave the table out with except"

// engines are those whose tables InnoDB can take over, by the names that statements
// have for them; the values are what servers list.
var engines = map[string]string{"innodb": "InnoDB", "innobase": "InnoDB", "myisam": "MyISAM", "aria": "Aria", "maria": "Aria", "memory": "MEMORY", "heap": "MEMORY",
	"archive": "ARCHIVE", "csv": "CSV", "rocksdb": "ROCKSDB", "tokudb": "TokuDB", "ndb": "ndbcluster", "ndbcluster": "ndbcluster"}

// engineIn returns the engine that table options name; "" if none does.
func engineIn(tokens []sqltext.Token) string {
	name := ""
	for c := (&sqltext.Cursor{T: tokens}); !c.Done(); c.At++ {
		if c.Accept("ENGINE") {
			c.Accept("=")
			if t := c.Peek(0); t.Name() || t.Kind == sqltext.String {
				name = cmp.Or(engines[strings.ToLower(t.Text)], t.Text)
			}
		}
	}
	return name
}

// hasForeignKeys reports whether an engine of a source enforces them. Others read
// them and forget them.
func hasForeignKeys(engine string) bool {
	return engine == "" || engine == "InnoDB" || engine == "ndbcluster"
}

// onlyIndex puts its index in the place of a foreign key that the source's engine
// forgets; gone says that another index serves.
func (r *rewrite) onlyIndex(it item) (gone bool) {
	r.note("none is needed: it had no effect", "foreign key %s becomes an index: the source's engine has no foreign keys", it.name)
	cols := it.foreignKey("").Columns
	for _, key := range r.indexed {
		if begins(key, cols) {
			return true
		}
	}
	r.indexed = append(r.indexed, cols)
	name := ""
	if key := cmp.Or(it.name, it.index); key != "" {
		name = mysql.Ident(key) + " "
	}
	quoted := make([]string, len(cols))
	for i, c := range cols {
		quoted[i] = mysql.Ident(c)
	}
	r.e.Replace(it.tokens[0].Start, it.tokens[len(it.tokens)-1].End, "KEY "+name+"("+strings.Join(quoted, ", ")+")")
	return false
}

// engine refuses a table whose rows are not in it, and notes one that changes.
func (r *rewrite) engine(name string) {
	lower := strings.ToLower(name)
	r.engineChanges = lower != "" && engines[lower] != "InnoDB"
	switch {
	case lower == "":
	case engines[lower] == "":
		r.refuse("leave the table out with except", "engine %s holds its rows elsewhere and is not carried", name)
	case r.engineChanges:
		r.note("none is needed; MyISAM-only behaviour (table locks, key order of AUTO_INCREMENT) goes", "engine %s becomes InnoDB", name)
		r.autoIncrement()
	}
}

// autoIncrement: InnoDB wants the column first in some key.
func (r *rewrite) autoIncrement() {
	if r.def == nil {
		return
	}
	for _, c := range r.def.Columns {
		if !c.AutoInc {
			continue
		}
		first := false
		for _, k := range r.def.Keys {
			first = first || len(k.Parts) > 0 && strings.EqualFold(k.Parts[0].Column, c.Name)
		}
		if !first {
			r.refuse("add an index that begins with the column", "AUTO_INCREMENT column %s is first in no index, which InnoDB does not take", c.Name)
		}
	}
}

// unwrap takes the delimiters off versioned comments for another flavour, which
// reads their numbers differently.
func (r *rewrite) unwrap() {
	if !r.cross() {
		return
	}
	for _, c := range r.text.Comments {
		r.e.Replace(c.Start, c.End, "")
	}
}

// item rewrites one line of a table's body; gone says that it is left out.
func (r *rewrite) item(it item) (gone bool) {
	r.charsets(it.tokens)
	switch it.kind {
	case itemColumn:
		r.inherited(it.tokens)
		r.column(it.tokens)
	case itemKey, itemPrimary:
		r.key(it)
	case itemForeignKey:
		return r.foreignKey(it)
	case itemCheck:
		return r.check(it)
	case itemPeriod:
		if r.Target.Flavor == mysql.MySQL {
			r.refuse(exclude, "PERIOD FOR is unknown to MySQL")
		}
	}
	return false
}

// inherited takes off a collation that a column only inherits: MySQL prints one
// without CHARACTER SET, and would take it for the column's own.
func (r *rewrite) inherited(tokens []sqltext.Token) {
	if r.inherits == "" || r.cross() || r.Target.Flavor != mysql.MySQL || sqltext.Has(tokens, "CHARACTER SET") {
		return
	}
	for i := 2; i+1 < len(tokens); i++ {
		if tokens[i].Is("COLLATE") && tokens[i+1].Is(r.inherits) {
			r.e.Replace(tokens[i].Start, tokens[i+1].End, "")
			return
		}
	}
}

// charsets maps the names after CHARACTER SET and COLLATE, wherever they stand.
func (r *rewrite) charsets(tokens []sqltext.Token) {
	charset, collated := -1, false
	for i := 0; i+1 < len(tokens); i++ {
		t, at := tokens[i], i+1
		switch {
		case t.Is("COLLATE"):
		case t.Is("CHARSET"):
		case t.Is("CHARACTER") && tokens[at].Is("SET"):
			at++
		default:
			continue
		}
		if at < len(tokens) && tokens[at].Is("=") {
			at++
		}
		if at >= len(tokens) || !(tokens[at].Name() || tokens[at].Kind == sqltext.String) {
			continue
		}
		if t.Is("COLLATE") {
			collated = true
			r.mapCollation(tokens[at])
			continue
		}
		charset = at
		r.mapCharset(tokens[at])
	}
	if charset >= 0 && !collated {
		r.defaultCollation(tokens[charset])
	}
}

func (r *rewrite) mapCollation(t sqltext.Token) {
	if t.Is("DEFAULT") {
		return
	}
	mapped, ok := r.Facts.Collation(t.Text)
	switch {
	case !ok:
		r.refuse("convert it on the source to a collation both sides have", "the target has nothing like collation %s", t.Text)
	case mapped != "" && mapped != strings.ToLower(t.Text):
		r.e.Replace(t.Start, t.End, mapped)
		r.note(collationRemedy, "collation %s becomes %s", t.Text, mapped)
	}
}

func (r *rewrite) mapCharset(t sqltext.Token) {
	if t.Is("DEFAULT") {
		return
	}
	mapped, ok := r.Facts.Charset(t.Text)
	switch {
	case !ok:
		r.refuse("convert it on the source to a character set both sides have", "the target has no character set %s", t.Text)
	case mapped != "" && mapped != strings.ToLower(t.Text) && r.cross():
		r.e.Replace(t.Start, t.End, mapped)
	}
}

// defaultCollation writes down the collation a bare charset means on the
// source, where it may mean another one on the target.
func (r *rewrite) defaultCollation(charset sqltext.Token) {
	name := strings.ToLower(charset.Text)
	if !strings.HasPrefix(name, "utf") && name != "ucs2" {
		return
	}
	collation := sourceDefault(r.Source, name)
	if name == r.charset && r.collation != "" {
		collation = r.collation
	}
	if mapped, ok := r.Facts.Collation(collation); ok && mapped != "" {
		targetName, _ := r.Facts.Charset(name)
		if r.Facts.Defaults[targetName] != mapped || r.cross() {
			r.e.Insert(charset.End, " COLLATE "+mapped)
		}
	}
}

// sourceDefault is a charset's default collation on the source. A MariaDB of
// 11.5 or newer prints the collation always, since its default can be set.
func sourceDefault(s *mysql.Server, charset string) string {
	switch {
	case s.Flavor == mysql.MySQL && s.AtLeast(8, 0, 0) && charset == "utf8mb4":
		return "utf8mb4_0900_ai_ci"
	case s.Flavor == mysql.MariaDB && s.AtLeast(11, 5, 0):
		return charset + "_uca1400_ai_ci"
	}
	return charset + "_general_ci"
}

// tableCollation writes down a table's collation where its text leaves it to a
// default.
func (r *rewrite) tableCollation(text *createText, t *Table) {
	if t.Collation == "" || sqltext.Has(text.options, "COLLATE") || sqltext.Has(text.options, "CHARSET") {
		return
	}
	if mapped, ok := r.Facts.Collation(t.Collation); ok && mapped != "" {
		r.e.Insert(text.Tokens[text.shut].End, " COLLATE="+mapped)
	}
}

func (r *rewrite) foreignKey(it item) (gone bool) {
	if r.noKeys {
		return r.onlyIndex(it)
	}
	fk := it.foreignKey(r.def.Schema)
	parent, ok := r.Selection.target(schema.ID{Schema: fk.ParentSchema, Name: fk.ParentTable})
	if !ok {
		does := ""
		if Acts(&fk) {
			does = "; what it does to rows is carried"
		}
		r.note("select the table too, or add the foreign key by hand after completion: until then nothing keeps rows without a parent out of the target",
			"foreign key %s refers to %s.%s, which is not selected, and is left out%s", fk.Name, fk.ParentSchema, fk.ParentTable, does)
		return true
	}
	c := &sqltext.Cursor{T: it.tokens}
	for !c.Done() && !c.Accept("REFERENCES") {
		c.At++
	}
	if n, ok := c.Name(); ok {
		r.e.Replace(n.Start, n.End, quoteID(parent))
	}
	r.constraintName(it)
	return false
}

func (r *rewrite) check(it item) (gone bool) {
	if sqltext.Has(it.tokens, "NOT ENFORCED") && r.Target.Flavor == mysql.MariaDB {
		r.note("none is needed: it had no effect", "CHECK %s is not enforced, which MariaDB does not know, and is left out", it.name)
		return true
	}
	if r.cross() && r.Target.Flavor == mysql.MariaDB {
		r.introducers(it.tokens)
	}
	r.constraintName(it)
	return false
}

// constraintName keeps names apart that are unique per table on the source and
// per database on the target. Names that a server gave are left to the target.
func (r *rewrite) constraintName(it item) {
	name := it.tokens[0]
	if it.name == "" || !name.Is("CONSTRAINT") || r.Target.Flavor != mysql.MySQL || r.names == nil {
		return
	}
	automatic := strings.HasPrefix(it.name, "CONSTRAINT_") && it.kind == itemCheck || strings.Trim(it.name, "0123456789") == ""
	switch {
	case r.names[constraintKey(r.target.Schema, it)] < 2 && !(automatic && r.cross()):
	case automatic:
		r.e.Replace(name.Start, it.tokens[1].End, "")
		r.note("none is needed", "constraint %s gets a name from the target: names are unique per database there", it.name)
	default:
		unique := clip(r.target.Name + "_" + it.name)
		r.e.Replace(it.tokens[1].Start, it.tokens[1].End, mysql.Ident(unique))
		r.note("none is needed", "constraint %s becomes %s: names are unique per database on the target", it.name, unique)
	}
}

// clip cuts a name to the 64 characters servers take.
func clip(name string) string {
	if r := []rune(name); len(r) > 64 {
		return string(r[:64])
	}
	return name
}
