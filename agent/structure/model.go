package structure

import (
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"slices"
	"strings"

	"github.com/tidegate-io/tidegate/agent/structure/sqltext"
	"github.com/tidegate-io/tidegate/internal/mysql"
	"github.com/tidegate-io/tidegate/internal/schema"
)

// Database is a database's own properties.
type Database struct {
	Name, Charset, Collation string
}

// Table is a table as its server describes it.
type Table struct {
	Definition *schema.Table
	Create     string // SHOW CREATE TABLE
	Collation  string // default collation of its columns

	Rows, Bytes uint64 // the server's estimates
	Keyless     bool   // no key tells its rows apart
}

// guessRow is the least that a row takes where a server has not looked at a
// table's size yet: after a load its count of rows is there before its bytes.
const guessRow = 100

// size is the estimate of a table's bytes.
func (t *Table) size() uint64 { return max(t.Bytes, t.Rows*guessRow) }

// ID returns the table's name.
func (t *Table) ID() schema.ID { return t.Definition.ID() }

// View is a view. One that its server cannot explain is broken and has no text.
type View struct {
	ID      schema.ID
	Create  string // SHOW CREATE VIEW, from a session without a default database
	Charset string // character_set_client of its making
	Coll    string // collation_connection of its making
	Broken  error
}

// Model is everything selected that a server holds at one moment.
type Model struct {
	Server    *mysql.Server
	Databases []Database
	Tables    []*Table
	Views     []*View
	Parents   []*Table  // not selected, and followed for what their foreign keys do
	Others    []Finding // selected objects that are neither table nor view
}

// Finding is something that cannot be carried as it is, or that a person should
// know. Fatal ones stop a run at its check.
type Finding struct {
	Object string
	Reason string
	Remedy string
	Fatal  bool
}

func (f Finding) String() string { return f.Object + ": " + f.Reason }

// Table returns the table of that name, nil if the model has none.
func (m *Model) Table(id schema.ID) *Table {
	for _, t := range m.Tables {
		if t.ID() == id {
			return t
		}
	}
	return nil
}

// fingerprints returns a hash per object, by a name that tells kinds apart.
func (m *Model) fingerprints() map[string]string {
	out := make(map[string]string, len(m.Tables)+len(m.Views)+len(m.Databases))
	for _, d := range m.Databases {
		out["database "+d.Name] = d.Charset + " " + d.Collation
	}
	for _, t := range m.Tables {
		out["table "+t.ID().String()] = Fingerprint(t.Create)
	}
	for _, t := range m.Parents {
		out["parent "+t.ID().String()] = Fingerprint(t.Create)
	}
	for _, v := range m.Views {
		out["view "+v.ID.String()] = Fingerprint(v.Create)
	}
	return out
}

// Fingerprint hashes a definition. The next AUTO_INCREMENT value is no part of
// it: it moves with every row.
func Fingerprint(create string) string {
	sum := sha256.Sum256([]byte(withoutAutoIncrement(create)))
	return hex.EncodeToString(sum[:16])
}

func withoutAutoIncrement(create string) string {
	t, err := sqltext.Lex(create, sqltext.Mode{})
	if err != nil {
		return create
	}
	var e sqltext.Edits
	for i := 0; i+2 < len(t.Tokens); i++ {
		if t.Tokens[i].Is("AUTO_INCREMENT") && t.Tokens[i+1].Is("=") {
			e.Replace(t.Tokens[i-1].End, t.Tokens[i+2].End, "")
		}
	}
	return e.Apply(t.SQL)
}

// Fingerprint is one hash over all definitions: two readings of a server with
// equal fingerprints found the same objects.
func (m *Model) Fingerprint() string {
	all := m.fingerprints()
	names := make([]string, 0, len(all))
	for n := range all {
		names = append(names, n)
	}
	slices.Sort(names)
	h := sha256.New()
	for _, n := range names {
		fmt.Fprintf(h, "%q=%q\n", n, all[n])
	}
	return hex.EncodeToString(h.Sum(nil))
}

// Compare names what differs between an earlier reading and this one, as "table
// shop.orders changed", in order; none if both agree.
func (m *Model) Compare(earlier *Model) []string {
	was, is := earlier.fingerprints(), m.fingerprints()
	var out []string
	for n, f := range is {
		switch old, ok := was[n]; {
		case !ok:
			out = append(out, n+" appeared")
		case old != f:
			out = append(out, n+" changed")
		}
	}
	for n := range was {
		if _, ok := is[n]; !ok {
			out = append(out, n+" vanished")
		}
	}
	slices.Sort(out)
	return out
}

// quoteID quotes a table's name.
func quoteID(id schema.ID) string { return mysql.Table(id.Schema, id.Name) }

func literals(names []string) string {
	q := make([]string, len(names))
	for i, n := range names {
		q[i] = mysql.String(n)
	}
	return strings.Join(q, ",")
}
