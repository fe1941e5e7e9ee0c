package dsl

import (
	"github.com/tidegate-io/tidegate/dsl/internal/literal"
	"github.com/tidegate-io/tidegate/internal/spec"
)

var objectsSchema = &schema{
	kind:   "objects",
	attrs:  optional("on_exists", "definer"),
	blocks: []*schema{databaseSchema, accountsSchema},
}

func (b *body) objects() spec.Objects {
	o := spec.Objects{
		OnExists: b.choice("on_exists", "fail", "empty", "keep"),
		Definer:  b.choice("definer", "keep", "migrator", "fail"),
		Accounts: b.one(accountsSchema).accounts(),
	}
	blocks := b.all(databaseSchema)
	for _, db := range blocks {
		o.Databases = append(o.Databases, db.database())
	}
	if b.written() && len(blocks) == 0 && o.Accounts == nil {
		b.fail(b.head, "Nothing selected", "An objects block needs at least one database block: database \"NAME\" { }.")
	}
	checkSelections(blocks, o.Databases)
	checkTargets(blocks, o.Databases)
	return o
}

// checkSelections refuses two blocks that take the same database: which rules
// hold for it would depend on their order.
func checkSelections(blocks []*body, dbs []spec.Database) {
	for i, b := range blocks {
		for j, before := range blocks[:i] {
			if !literal.Overlap(dbs[i].Name, dbs[j].Name) {
				continue
			}
			if dbs[i].Name == dbs[j].Name {
				b.fail(b.label0, "Duplicate database", "There is a database %q already at %s; join the two blocks.", dbs[i].Name, placeOf(before.label0))
			} else {
				b.fail(b.label0, "Database selected twice", "A database can fit both %q and %q at %s; make the patterns exclude each other, or name the databases one by one.", dbs[i].Name, dbs[j].Name, placeOf(before.label0))
			}
			break
		}
	}
}

// checkTargets refuses two databases that would become one on the target.
func checkTargets(blocks []*body, dbs []spec.Database) {
	for i, b := range blocks {
		for j, before := range blocks[:i] {
			renamed := dbs[i].Rename != "" || dbs[j].Rename != ""
			if !renamed || literal.Overlap(dbs[i].Name, dbs[j].Name) || !literal.Overlap(targetName(dbs[i]), targetName(dbs[j])) {
				continue
			}
			at, other := b, before
			if dbs[i].Rename == "" {
				at, other = before, b
			}
			at.fail(at.place("rename"), "Databases merged", "This and the database at %s would become one on the target; give each its own name.", placeOf(other.head))
			break
		}
	}
}

func targetName(db spec.Database) string {
	if db.Rename != "" {
		return db.Rename
	}
	return db.Name
}
