package random

import (
	"fmt"
	"strings"
)

// outside is a database that is not moved.
const outside = "rnd_outside"

// moved reports whether a table is, in trials that leave some aside.
func moved(schema, name string) bool {
	return schema != outside && !strings.HasPrefix(name, "Extra")
}

// goes reports whether a table may have a name, in which it perhaps is not moved.
// One that passes on what its own parents do has to be; and where the log does not
// have what foreign keys do, one that others refer to stays where it is.
func (c *writer) goes(t, after *table) bool {
	switch {
	case !c.aside:
		return true
	case !moved(after.schema, after.name) && len(after.foreign) > 0:
		return false
	}
	crosses := moved(t.schema, t.name) != moved(after.schema, after.name)
	after.strayed = after.strayed || crosses
	return !crosses || c.logged || !c.referenced(t)
}

// stays reports whether a table is left as it is: one aside that became a parent on
// the way. What it was before its next change nobody can tell then, and the run stops
// by name if it is changed before the program has read it.
func (c *writer) stays(t *table) bool { return c.aside && t.parent && !moved(t.schema, t.name) }

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
		if c.goes(t, after) && c.run("ALTER TABLE "+t.String()+" RENAME TO "+after.String()) == nil {
			c.put(t, after)
		}
	case 1:
		after.name, after.schema = c.fresh(), pick(r, c.schemas...)
		if c.aside && chance(r, 40) {
			after.schema = outside
		}
		if c.goes(t, after) && c.run("RENAME TABLE "+t.String()+" TO "+after.String()) == nil {
			c.put(t, after)
		}
	case 2:
		other := c.some(r)
		if other == t || c.stays(other) {
			return
		}
		second := other.clone()
		after.schema, after.name, second.schema, second.name = other.schema, other.name, t.schema, t.name
		if !c.goes(t, after) || !c.goes(other, second) {
			return
		}
		aside := ident(t.schema) + "." + ident(c.fresh())
		if c.run(fmt.Sprintf("RENAME TABLE %s TO %s, %s TO %s, %s TO %s", t, aside, other, t, aside, other)) == nil {
			c.put(t, after)
			c.put(other, second)
		}
	default:
		after.name = c.fresh()
		n, ok := c.freshColumn(t)
		// A MariaDB that waits too long for the second lock keeps the column, and logs
		// nothing; an InnoDB that carries out foreign keys forgets those of the table.
		// A parent that is changed as it leaves the selection is refused by name.
		leaves := c.aside && !moved(after.schema, after.name)
		if !ok || !c.mysql() || !c.goes(t, after) || (leaves || !c.logged) && c.referenced(t) {
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
		after := t.another(t.schema, c.fresh())
		after.foreign = nil
		if c.run("CREATE TABLE "+after.String()+" LIKE "+t.String()) == nil {
			c.put(nil, after)
			c.run("INSERT INTO " + after.String() + " (" + after.names(after.written()) + ") SELECT " + after.names(after.written()) + " FROM " + t.String()) //nolint:errcheck // noted
		}
	case 1:
		after := &table{id: int(lastID.Add(1)), schema: t.schema, name: c.fresh(), domain: t.domain}
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
	if c.aside && !moved(t.schema, t.name) {
		return
	}
	view := ident(t.schema) + "." + ident(fmt.Sprintf("view%d", c.r.IntN(3)))
	if chance(c.r, 30) {
		c.run("DROP VIEW IF EXISTS " + view) //nolint:errcheck // noted
		return
	}
	c.run("CREATE OR REPLACE VIEW " + view + " AS SELECT " + ident(t.columns[0].name) + " FROM " + t.String()) //nolint:errcheck // noted
}

// triggers lets writing one table write another one, or ends that. They are not
// moved: what they do is in the log.
func (c *writer) triggers(t *table) {
	name := ident(t.schema) + "." + ident(fmt.Sprintf("trg%d", c.r.IntN(3)))
	if chance(c.r, 50) {
		c.run("DROP TRIGGER IF EXISTS " + name) //nolint:errcheck // noted
		return
	}
	other := c.some(c.r)
	does := "DELETE FROM " + other.String() + " WHERE " + other.where(c.r, "") + " LIMIT 1"
	if chance(c.r, 70) {
		columns := other.written()
		does = "INSERT IGNORE INTO " + other.String() + " (" + other.names(columns) + ") VALUES " + other.rows(c.r, columns, 1)
	}
	c.run("CREATE TRIGGER " + name + " " + pick(c.r, "BEFORE", "AFTER") + " " + pick(c.r, "INSERT", "UPDATE", "DELETE") + " ON " + t.String() + " FOR EACH ROW " + does) //nolint:errcheck // noted
}

// newParent lets a table refer to another one from now on, by a column of its own.
// Where the log does not have what foreign keys do, one that has just come in may
// be no parent yet.
func (c *writer) newParent(t, after *table) {
	p := c.some(c.r)
	if t.partition != "" || c.aside && (p.strayed && !c.logged || !moved(t.schema, t.name) || !moved(p.schema, p.name) && len(p.foreign) > 0) {
		return
	}
	c.relate(c.r, after, []*table{p})
	if p != t {
		parent := p.clone()
		parent.parent = true
		c.put(p, parent)
	}
	if n := len(t.foreign); len(after.foreign) > n {
		var added []string
		for _, column := range after.columns[len(t.columns):] {
			added = append(added, "ADD COLUMN "+column.definition())
		}
		for _, i := range after.indexes[len(t.indexes):] {
			added = append(added, "ADD KEY "+i.String())
		}
		for _, f := range after.foreign[n:] {
			added = append(added, "ADD "+f.String())
		}
		c.alterTable(t, after, added...)
	}
}
