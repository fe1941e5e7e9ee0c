package random

import (
	"fmt"
	"strings"
)

// fresh is a name no table has had.
func (c *writer) fresh() string {
	return fmt.Sprintf("%s%d", pick(c.r, "new", "Extra`", "näw "), c.r.IntN(100000))
}

// rename gives tables other names, two of them each other's, or moves one to
// another database.
func (c *writer) rename(t *table) {
	r, after := c.r, t.clone()
	switch r.IntN(4) {
	case 0:
		after.name = c.fresh()
		if c.run("ALTER TABLE "+t.String()+" RENAME TO "+after.String()) == nil {
			c.put(t, after)
		}
	case 1:
		after.name, after.schema = c.fresh(), pick(r, c.schemas...)
		if c.run("RENAME TABLE "+t.String()+" TO "+after.String()) == nil {
			c.put(t, after)
		}
	case 2:
		other := c.some(r)
		if other == t {
			return
		}
		second := other.clone()
		after.schema, after.name, second.schema, second.name = other.schema, other.name, t.schema, t.name
		aside := ident(t.schema) + "." + ident(c.fresh())
		if c.run(fmt.Sprintf("RENAME TABLE %s TO %s, %s TO %s, %s TO %s", t, aside, other, t, aside, other)) == nil {
			c.put(t, after)
			c.put(other, second)
		}
	default:
		after.name = c.fresh()
		n, ok := c.freshColumn(t)
		if !ok || !c.mysql() { // a MariaDB that waits too long for the second lock keeps the column, and logs nothing
			return
		}
		after.columns = append(after.columns, n)
		if c.run("ALTER TABLE "+t.String()+" ADD COLUMN "+n.definition()+", RENAME TO "+after.String()) == nil {
			c.put(t, after)
		}
	}
}

func (c *writer) newTable(t *table) {
	r := c.r
	switch r.IntN(4) {
	case 0:
		after := t.clone()
		after.name, after.foreign = c.fresh(), nil
		if c.run("CREATE TABLE "+after.String()+" LIKE "+t.String()) == nil {
			c.put(nil, after)
			c.run("INSERT INTO " + after.String() + " (" + after.names(after.written()) + ") SELECT " + after.names(after.written()) + " FROM " + t.String()) //nolint:errcheck // noted
		}
	case 1:
		after := &table{schema: t.schema, name: c.fresh(), domain: t.domain}
		for _, n := range t.columns {
			n.auto, n.generated = false, ""
			after.columns = append(after.columns, n)
		}
		if c.run("CREATE TABLE "+after.String()+" AS SELECT "+t.names(t.all())+" FROM "+t.String()) == nil {
			c.put(nil, after)
		}
	default:
		after := c.table(r, pick(r, c.schemas...), c.fresh())
		if c.run(pick(r, "/* a comment */ ", "", "-- one more\n ")+after.create()) == nil {
			c.put(nil, after)
			c.run("INSERT IGNORE INTO " + after.String() + " (" + after.names(after.written()) + ") VALUES " + after.rows(r, after.written(), 30)) //nolint:errcheck // noted
		}
	}
}

func (t *table) all() []*column {
	var out []*column
	for i := range t.columns {
		out = append(out, &t.columns[i])
	}
	return out
}

func (c *writer) dropTable(t *table) {
	c.mu.Lock()
	few := len(c.tables) < 4
	c.mu.Unlock()
	if few {
		return
	}
	if c.run(pick(c.r, "DROP TABLE ", "DROP TABLE IF EXISTS ")+t.String()) != nil {
		return
	}
	c.put(t, nil)
	if chance(c.r, 50) { // and comes back as something else
		after := c.table(c.r, t.schema, t.name)
		if c.run(strings.Replace(after.create(), "CREATE TABLE", "CREATE TABLE IF NOT EXISTS", 1)) == nil {
			c.put(nil, after)
		}
	}
}

func (c *writer) views(t *table) {
	view := ident(t.schema) + "." + ident(fmt.Sprintf("view%d", c.r.IntN(3)))
	if chance(c.r, 30) {
		c.run("DROP VIEW IF EXISTS " + view) //nolint:errcheck // noted
		return
	}
	c.run("CREATE OR REPLACE VIEW " + view + " AS SELECT " + ident(t.columns[0].name) + " FROM " + t.String()) //nolint:errcheck // noted
}
