package dsl

import (
	"slices"
	"strings"

	"github.com/tidegate-io/tidegate/dsl/internal/literal"
	"github.com/tidegate-io/tidegate/internal/spec"
)

var databaseSchema = &schema{
	kind: "database", label: "name", many: true,
	attrs:  optional("rename", "tables", "except", "views", "routines", "triggers", "events"),
	blocks: []*schema{tableSchema},
}

// ownDatabase holds the ledger on the target; it is never moved.
const ownDatabase = "_tidegate"

// systemDatabases belong to the server, not to a migration.
var systemDatabases = []string{"mysql", "information_schema", "performance_schema", "sys", "ndbinfo", ownDatabase}

func isSystem(name string) bool { return slices.Contains(systemDatabases, strings.ToLower(name)) }

func (b *body) database() spec.Database {
	db := spec.Database{
		Name:     b.label,
		Rename:   b.name("rename"),
		Tables:   b.strings("tables", []string{"*"}, literal.Pattern),
		Except:   b.strings("except", nil, literal.Pattern),
		Views:    b.flag("views", true),
		Routines: b.flag("routines", false),
		Triggers: b.flag("triggers", false),
		Events:   b.flag("events", false),
	}
	b.checkDatabaseName(db)
	blocks := b.all(tableSchema)
	for _, t := range blocks {
		db.TableRules = append(db.TableRules, t.table())
	}
	b.checkTables(db, blocks)
	return db
}

func (b *body) checkDatabaseName(db spec.Database) {
	if err := literal.Pattern(db.Name); err != nil && b.label != "" {
		b.fail(b.label0, "Invalid database", "%q %v.", db.Name, err)
	}
	if isSystem(db.Name) {
		b.fail(b.label0, "System database", "%q belongs to the server and is not moved; accounts are moved by an accounts block.", db.Name)
	}
	switch {
	case db.Rename == "":
	case literal.IsPattern(db.Name):
		b.reject("rename", "%q can fit many databases, which would become one; name the database to be renamed in a block of its own.", db.Name)
	case isSystem(db.Rename):
		b.reject("rename", "%q belongs to the server; choose another name.", db.Rename)
	}
}

// checkTables holds the table blocks against the selection and each other.
func (b *body) checkTables(db spec.Database, blocks []*body) {
	if len(db.Tables) == 0 && len(blocks) > 0 {
		b.reject("tables", "An empty list selects no table, but there are table blocks; add their names.")
		return
	}
	matches := func(patterns []string, name string) bool {
		return slices.ContainsFunc(patterns, func(p string) bool { return literal.Match(p, name) })
	}
	for i, t := range blocks {
		rule := db.TableRules[i]
		if rule.Name != "" && (!matches(db.Tables, rule.Name) || matches(db.Except, rule.Name)) {
			t.fail(t.label0, "Table not selected", "tables and except of database %q leave out %q; select the table, or drop this block.", db.Name, rule.Name)
		}
		b.checkTableTarget(db, blocks, i)
	}
}

// checkTableTarget refuses a table that would be merged into another one that
// is named here. What only a pattern takes is known when a server is asked.
func (b *body) checkTableTarget(db spec.Database, blocks []*body, i int) {
	rule, t := db.TableRules[i], blocks[i]
	for j, before := range db.TableRules[:i] {
		if before.Name == rule.Name && rule.Name != "" {
			t.fail(t.label0, "Duplicate table", "There is a table %q already at %s; join the two blocks.", rule.Name, placeOf(blocks[j].label0))
			return
		}
	}
	for j, other := range db.TableRules {
		if j != i && rule.Rename != "" && rule.Rename == targetTable(other) && (other.Rename == "" || j < i) {
			t.fail(t.place("rename"), "Tables merged", "This and the table at %s would become one on the target; give each its own name.", placeOf(blocks[j].head))
			return
		}
	}
	moved := slices.ContainsFunc(db.TableRules, func(o spec.TableRule) bool { return o.Name == rule.Rename })
	if rule.Rename != "" && !moved && slices.Contains(db.Tables, rule.Rename) {
		t.fail(t.place("rename"), "Tables merged", "tables at %s selects a table of this name as well; the two would become one on the target. Give each its own name.", placeOf(b.place("tables")))
	}
}

func targetTable(t spec.TableRule) string {
	if t.Rename != "" {
		return t.Rename
	}
	return t.Name
}
