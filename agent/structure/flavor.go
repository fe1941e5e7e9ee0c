package structure

import (
	"strings"

	"github.com/tidegate-io/tidegate/agent/structure/sqltext"
	"github.com/tidegate-io/tidegate/internal/mysql"
)

// foreign types have no counterpart in the other flavour that holds the same
// bytes in the same order.
var foreignTypes = map[mysql.Flavor]map[string]bool{
	mysql.MySQL:   {"UUID": true, "INET4": true, "INET6": true, "XMLTYPE": true, "VECTOR": true}, // a MySQL target refuses
	mysql.MariaDB: {"VECTOR": true},
}

// column rewrites a column's definition: "name type attributes". The first
// token is the name.
func (r *rewrite) column(tokens []sqltext.Token) {
	if len(tokens) < 2 {
		return
	}
	if r.noKeys || r.inlineReferencesIgnored() {
		r.dropInlineReferences(tokens)
	}
	r.compressed(tokens)
	r.labels(tokens)
	if !r.cross() {
		return
	}
	if typ := tokens[1]; typ.Kind == sqltext.Word && foreignTypes[r.Target.Flavor][strings.ToUpper(typ.Text)] {
		r.refuse(exclude, "column %s: %s has no type %s", tokens[0].Text, r.Target, strings.ToUpper(typ.Text))
	}
	if r.Target.Flavor == mysql.MySQL {
		r.columnToMySQL(tokens)
		return
	}
	r.columnToMariaDB(tokens)
}

// compressed refuses MariaDB's compressed columns, for a target of MariaDB too:
// the log holds their bytes in a form that is not read.
func (r *rewrite) compressed(tokens []sqltext.Token) {
	each(tokens, func(c *sqltext.Cursor) {
		if c.Peek(0).Is("COMPRESSED") {
			r.refuse("ALTER TABLE … MODIFY the column without COMPRESSED on the source", "column %s is COMPRESSED, and such values are not read from the log", tokens[0].Text)
		}
	})
}

// fourBytes are the charsets with characters that utf8mb3 has not.
var fourBytes = map[string]bool{"utf8mb4": true, "utf16": true, "utf16le": true, "utf32": true, "gb18030": true}

// labels refuses an ENUM or SET of which a label may not be what the definition
// says: servers print those in utf8mb3, and a question mark for what that has
// not. The log's numbers would then stand for other texts on the target, which
// no comparison of numbers finds.
func (r *rewrite) labels(tokens []sqltext.Token) {
	if r.ddl || r.def == nil || !tokens[1].Is("ENUM") && !tokens[1].Is("SET") {
		return
	}
	if c, _ := r.def.Column(tokens[0].Text); c == nil || !fourBytes[c.Charset] {
		return
	}
	for _, t := range tokens[2:] {
		if t.Is(")") {
			return
		}
		if t.Kind == sqltext.String && strings.Contains(t.Text, "?") {
			r.refuse("on the source: ALTER TABLE … MODIFY the column with a label of other characters, or with CHARACTER SET utf8mb3; or leave the table out with except",
				"column %s has a label %q: servers print ? for every character of four bytes, so that it is not known which one is meant", tokens[0].Text, t.Text)
			return
		}
	}
}

// inlineReferencesIgnored: the source reads REFERENCES at a column and forgets
// it, the target makes a foreign key of it.
func (r *rewrite) inlineReferencesIgnored() bool {
	honours := func(s *mysql.Server) bool {
		if s.Flavor == mysql.MariaDB {
			return s.AtLeast(10, 5, 0)
		}
		return s.AtLeast(9, 0, 0)
	}
	return !honours(r.Source) && honours(r.Target)
}

func (r *rewrite) dropInlineReferences(tokens []sqltext.Token) {
	c := &sqltext.Cursor{T: tokens}
	for ; !c.Done(); c.At++ {
		start := c.Peek(0).Start
		if !c.Accept("REFERENCES") {
			continue
		}
		c.Name()
		c.SkipParens()
		for c.AcceptAny("ON DELETE", "ON UPDATE") != "" {
			action(c)
		}
		if c.Accept("MATCH") {
			c.At++
		}
		r.e.Replace(start, tokens[c.At-1].End, "")
		c.At--
	}
}

// each calls f for every token outside of parentheses, from the second on.
func each(tokens []sqltext.Token, f func(c *sqltext.Cursor)) {
	c := &sqltext.Cursor{T: tokens, At: 1}
	for !c.Done() {
		if c.SkipParens() {
			continue
		}
		at := c.At
		f(c)
		if c.At == at {
			c.At++
		}
	}
}

var blobs = map[string]bool{"TINYBLOB": true, "BLOB": true, "MEDIUMBLOB": true, "LONGBLOB": true, "TINYTEXT": true, "TEXT": true, "MEDIUMTEXT": true, "LONGTEXT": true,
	"JSON": true, "GEOMETRY": true, "POINT": true, "LINESTRING": true, "POLYGON": true, "MULTIPOINT": true, "MULTILINESTRING": true, "MULTIPOLYGON": true, "GEOMETRYCOLLECTION": true}

func (r *rewrite) columnToMySQL(tokens []sqltext.Token) {
	name := tokens[0].Text
	isBlob := blobs[strings.ToUpper(tokens[1].Text)]
	r.jsonToMySQL(tokens)
	each(tokens, func(c *sqltext.Cursor) {
		t := c.Peek(0)
		switch {
		case t.Is("PERSISTENT"):
			r.e.Replace(t.Start, t.End, "STORED")
		case t.Is("REF_SYSTEM_ID") && c.Peek(1).Is("="):
			r.e.Replace(t.Start, c.Peek(1).End, "SRID ")
		case t.Is("ROW") && (c.Peek(1).Is("START") || c.Peek(1).Is("END")):
			r.refuse(exclude, "column %s belongs to system versioning, which MySQL does not know", name)
		case (t.Is("WITHOUT") || t.Is("WITH")) && c.Peek(1).Is("SYSTEM"):
			r.e.Replace(t.Start, c.Peek(2).End, "")
			c.At += 3
		case t.Is("DEFAULT"):
			c.At++
			r.defaultToMySQL(c, isBlob, name)
		}
	})
}

// jsonToMySQL makes what MariaDB makes of the type JSON: text, with a CHECK
// unless the column has one. Definitions say so themselves; statements do not.
func (r *rewrite) jsonToMySQL(tokens []sqltext.Token) {
	if !tokens[1].Is("JSON") {
		return
	}
	text := "LONGTEXT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin"
	if !sqltext.Has(tokens, "AS (") && !sqltext.Has(tokens, "CHECK") {
		text += " CHECK (json_valid(" + mysql.Ident(tokens[0].Text) + "))"
	}
	r.e.Replace(tokens[1].Start, tokens[1].End, text)
}

// timestamps may stand as a default without parentheses.
var timestamps = map[string]bool{"CURRENT_TIMESTAMP": true, "NOW": true, "LOCALTIME": true, "LOCALTIMESTAMP": true}

func (r *rewrite) defaultToMySQL(c *sqltext.Cursor, isBlob bool, name string) {
	first := c.Peek(0)
	word := strings.ToUpper(first.Text)
	if first.Kind == sqltext.Word && (word == "NEXTVAL" || word == "NEXT" || word == "LASTVAL" || word == "SETVAL") {
		r.refuse("give the column AUTO_INCREMENT, or no default", "column %s takes its default from a sequence, which MySQL does not have", name)
		return
	}
	start, end := first.Start, first.End
	wrap := false
	switch {
	case first.Kind == sqltext.Word && c.Peek(1).Is("("):
		wrap = !timestamps[word]
		c.At++
		c.SkipParens()
		end = c.T[c.At-1].End
	case first.Kind == sqltext.Word && strings.HasPrefix(first.Text, "_") && c.Peek(1).Kind == sqltext.String:
		wrap, end = isBlob, c.Peek(1).End
		c.At += 2
	case first.Is("-") || first.Is("+"):
		wrap, end = isBlob, c.Peek(1).End
		c.At += 2
	case first.Kind == sqltext.String || first.Kind == sqltext.Number:
		wrap = isBlob
		c.At++
	default: // NULL, a parenthesis, CURRENT_TIMESTAMP, b'1', x'1'
		if first.Kind == sqltext.Word && c.Peek(1).Kind == sqltext.String && c.Peek(1).Start == first.End {
			wrap, end = isBlob, c.Peek(1).End
		}
	}
	if wrap {
		r.e.Insert(start, "(")
		r.e.Insert(end, ")")
	}
}

// dropped are column attributes of MySQL that MariaDB does not read; each has
// one value.
var dropped = map[string]bool{"COLUMN_FORMAT": true, "STORAGE": true, "ENGINE_ATTRIBUTE": true, "SECONDARY_ENGINE_ATTRIBUTE": true}

// introducers takes "_utf8mb4" off literals: MariaDB prints those with a quote
// inside wrongly into its own stored expressions. The session's character set
// is the same; other charsets only matter beyond ASCII.
func (r *rewrite) introducers(tokens []sqltext.Token) {
	for i := 0; i+1 < len(tokens); i++ {
		t, lit := tokens[i], tokens[i+1]
		if t.Kind != sqltext.Word || lit.Kind != sqltext.String || !strings.HasPrefix(t.Text, "_") || t.Is("_BINARY") {
			continue
		}
		if strings.HasPrefix(strings.ToLower(t.Text), "_utf8") || isASCII(lit.Text) {
			r.e.Replace(t.Start, t.End, "")
		}
	}
}

func (r *rewrite) columnToMariaDB(tokens []sqltext.Token) {
	r.introducers(tokens)
	generated := sqltext.Has(tokens, "AS (")
	each(tokens, func(c *sqltext.Cursor) {
		t := c.Peek(0)
		switch {
		case t.Is("SRID"):
			r.e.Replace(t.Start, t.End, "REF_SYSTEM_ID=")
		case t.Kind == sqltext.Word && dropped[strings.ToUpper(t.Text)]:
			value := c.Peek(1)
			if value.Is("=") {
				value = c.Peek(2)
			}
			r.e.Replace(t.Start, value.End, "")
		case t.Is("NOT") && c.Peek(1).Is("SECONDARY"):
			r.e.Replace(t.Start, c.Peek(1).End, "")
			c.At += 2
		case t.Is("VISIBLE"):
			r.e.Replace(t.Start, t.End, "")
		case generated && t.Is("NOT") && c.Peek(1).Is("NULL"):
			r.e.Replace(t.Start, c.Peek(1).End, "")
			r.note("none is needed", "generated column %s loses NOT NULL, which MariaDB does not take there", tokens[0].Text)
			c.At += 2
		case generated && t.Is("NULL"):
			r.e.Replace(t.Start, t.End, "")
		case t.Is("NOT") && c.Peek(1).Is("ENFORCED"):
			r.refuse("drop the CHECK on the source", "column %s has a CHECK that is not enforced, which MariaDB does not know", tokens[0].Text)
		}
	})
}

// key rewrites an index.
func (r *rewrite) key(it item) {
	if sqltext.Has(it.tokens, "WITHOUT OVERLAPS") && r.Target.Flavor == mysql.MySQL {
		r.refuse(exclude, "key %s is WITHOUT OVERLAPS, which MySQL does not know", it.name)
	}
	if !r.cross() {
		return
	}
	r.hashed(it)
	each(it.tokens, func(c *sqltext.Cursor) {
		t := c.Peek(0)
		toMySQL := r.Target.Flavor == mysql.MySQL
		switch {
		case toMySQL && t.Is("NOT") && c.Peek(1).Is("IGNORED"):
			r.e.Replace(t.Start, c.Peek(1).End, "VISIBLE")
			c.At += 2
		case toMySQL && t.Is("IGNORED"):
			r.e.Replace(t.Start, t.End, "INVISIBLE")
		case !toMySQL && t.Is("INVISIBLE"):
			r.e.Replace(t.Start, t.End, "IGNORED")
		case !toMySQL && t.Is("VISIBLE"):
			r.e.Replace(t.Start, t.End, "")
		case !toMySQL && t.Is("PARSER"):
			r.refuse("drop the index on the source, or leave the table out", "key %s uses parser %s, which MariaDB does not have", it.name, c.Peek(1).Text)
		}
	})
	if r.Target.Flavor == mysql.MariaDB {
		for _, name := range it.indexed() {
			if name == "" {
				r.refuse("replace it on the source by an index on a generated column", "key %s has an expression, which MariaDB does not take", it.name)
				return
			}
		}
	}
}

// hashed refuses MariaDB's unique keys that are too long for an index, as over a
// whole BLOB or TEXT column: on MySQL a prefix would not mean the same.
func (r *rewrite) hashed(it item) {
	if !it.unique || r.def == nil {
		return
	}
	for _, k := range r.def.Keys {
		if k.Name == it.name && k.Kind == "HASH" {
			r.refuse(exclude, "unique key %s is too long for an index of MySQL: MariaDB keeps it by a hidden column", it.name)
		}
	}
}
