package random

import (
	"fmt"
	"slices"
	"strings"
)

// reshape are changes after which a row read before them, met again with the
// statement or with the rows of the log behind it, would not be what it is on
// the source.
func (c *writer) reshape(t *table) {
	switch c.r.IntN(8) {
	case 0, 1:
		c.swapColumns(t)
	case 2:
		c.thereAndBack(t)
	case 3:
		c.columnAgain(t)
	case 4:
		c.numbered(t)
	case 5:
		c.otherPrimary(t)
	case 6:
		c.ghost(t)
	default:
		c.exchange(t)
	}
}

// swapColumns gives two columns each other's name.
func (c *writer) swapColumns(t *table) {
	i, ok := c.free(t)
	j, found := c.free(t)
	if !ok || !found || i == j {
		return
	}
	after := t.clone()
	a, b := &after.columns[i], &after.columns[j]
	a.name, b.name = b.name, a.name
	if chance(c.r, 40) {
		c.alterTable(t, after, fmt.Sprintf("RENAME COLUMN %s TO %s", ident(b.name), ident(a.name)), fmt.Sprintf("RENAME COLUMN %s TO %s", ident(a.name), ident(b.name)))
		return
	}
	c.alterTable(t, after, "CHANGE "+ident(b.name)+" "+a.definition(), "CHANGE "+ident(a.name)+" "+b.definition())
}

// thereAndBack lets a column be text for a while.
func (c *writer) thereAndBack(t *table) {
	i, ok := c.free(t)
	if !ok || !t.columns[i].number {
		return
	}
	text, null := ident(t.columns[i].name)+" "+pick(c.r, "VARCHAR(70)", "TEXT", "VARBINARY(70)"), map[bool]string{true: " NULL", false: " NOT NULL"}[t.columns[i].null]
	if c.run("ALTER TABLE "+t.String()+" MODIFY "+text+null) != nil {
		return
	}
	if chance(c.r, 50) {
		c.run("UPDATE " + t.String() + " SET " + ident(t.columns[i].name) + " = '12' WHERE " + t.where(c.r, "") + " LIMIT 20") //nolint:errcheck // noted
	}
	after := t.clone()
	if c.run("ALTER TABLE "+t.String()+" MODIFY "+t.columns[i].definition()) != nil {
		after.columns[i].kind = kind{sql: strings.TrimPrefix(text, ident(t.columns[i].name)+" "), any: t.columns[i].any}
		after.columns[i].fallback, after.columns[i].auto = "", false
		c.put(t, after)
	}
}

// columnAgain takes a column away that comes back without its values.
func (c *writer) columnAgain(t *table) {
	i, ok := c.free(t)
	if !ok || t.columns[i].hollow() && !t.columns[i].null || len(t.columns) < 3 {
		return
	}
	n, after := t.columns[i], t.clone()
	after.columns = append(slices.Delete(after.columns, i, i+1), n)
	if chance(c.r, 50) {
		c.alterTable(t, after, "DROP COLUMN "+ident(n.name), "ADD COLUMN "+n.definition())
		return
	}
	without := t.clone()
	without.columns = slices.Delete(without.columns, i, i+1)
	if c.run("ALTER TABLE "+t.String()+" DROP COLUMN "+ident(n.name)) != nil {
		return
	}
	c.put(t, without)
	c.alterTable(without, after, "ADD COLUMN "+n.definition())
}

// numbered lets the server number the rows that are there.
func (c *writer) numbered(t *table) {
	if t.partition != "" || slices.ContainsFunc(t.columns, func(n column) bool { return n.auto }) {
		return
	}
	n := column{kind: serial(c.r), name: fmt.Sprintf("no%d", c.r.IntN(1000)), auto: true}
	n.sql = "BIGINT"
	after := t.clone()
	after.columns = append(after.columns, n)
	if len(t.primary) == 0 && chance(c.r, 60) {
		after.primary = []part{{column: n.name}}
		c.alterTable(t, after, "ADD COLUMN "+n.definition()+" PRIMARY KEY"+c.place(t))
		return
	}
	u := index{name: "u" + n.name, parts: []part{{column: n.name}}}
	after.uniques = append(after.uniques, u)
	c.alterTable(t, after, "ADD COLUMN "+n.definition()+c.place(t), "ADD UNIQUE KEY "+u.String())
}

// otherPrimary orders a table by other columns. A MariaDB lets a foreign key lose the
// index over what it refers to; a later statement on the child that fails for it (1025)
// takes the key away there, and is not in the log.
func (c *writer) otherPrimary(t *table) {
	if len(t.primary) == 0 || t.partition != "" || !c.mysql() && c.referenced(t) || slices.ContainsFunc(t.columns, func(n column) bool { return n.auto }) {
		return
	}
	after := t.clone()
	n := t.columns[c.r.IntN(len(t.columns))]
	if n.null || n.some == nil || n.generated != "" {
		return
	}
	after.primary = append([]part{{column: n.name, prefix: n.prefix}}, slices.DeleteFunc(slices.Clone(t.primary), func(p part) bool { return p.column == n.name })...)
	c.alterTable(t, after, "DROP PRIMARY KEY", "ADD PRIMARY KEY ("+join(after.primary)+")")
}

// ghost changes a table as the online tools do: another one gets the rows and
// then the name.
func (c *writer) ghost(t *table) {
	if len(t.foreign) > 0 || c.referenced(t) {
		return
	}
	work := t.another(t.schema, c.fresh())
	if c.run("CREATE TABLE "+work.String()+" LIKE "+t.String()) != nil {
		return
	}
	if n, ok := c.freshColumn(t); ok && c.run("ALTER TABLE "+work.String()+" ADD COLUMN "+n.definition()+c.place(t)) == nil {
		work.columns = append(work.columns, n)
	}
	columns := t.names(t.written())
	for range 1 + c.r.IntN(4) {
		c.run("INSERT IGNORE INTO " + work.String() + " (" + columns + ") SELECT " + columns + " FROM " + t.String() + " WHERE " + t.where(c.r, "") + " LIMIT 2000") //nolint:errcheck // noted
	}
	after, old := work.clone(), ident(t.schema)+"."+ident(c.fresh())
	after.name = t.name
	if c.run(fmt.Sprintf("RENAME TABLE %s TO %s, %s TO %s", t, old, work, t)) != nil {
		c.run("DROP TABLE " + work.String()) //nolint:errcheck // noted
		return
	}
	c.put(t, after)
	c.run("DROP TABLE " + old) //nolint:errcheck // noted
}

func (c *writer) referenced(t *table) bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return slices.ContainsFunc(c.tables, func(o *table) bool {
		return slices.ContainsFunc(o.foreign, func(f foreign) bool { return f.of == t.id })
	})
}

// exchange lets a partition and a table change places.
func (c *writer) exchange(t *table) {
	if t.partition == "" {
		return
	}
	other := t.another(t.schema, c.fresh())
	other.partition = ""
	if c.run("CREATE TABLE "+other.String()+" LIKE "+t.String()) != nil {
		return
	}
	if c.run("ALTER TABLE "+other.String()+" REMOVE PARTITIONING") != nil {
		c.run("DROP TABLE " + other.String()) //nolint:errcheck // noted
		return
	}
	c.put(nil, other)
	if c.mysql() && chance(c.r, 50) { // a column added in place keeps partition and table apart
		c.run("ALTER TABLE " + t.String() + " FORCE") //nolint:errcheck // noted
	}
	columns := t.names(t.written())
	for range c.r.IntN(3) {
		c.run("INSERT IGNORE INTO " + other.String() + " (" + columns + ") SELECT " + columns + " FROM " + t.String() + " PARTITION (p0) LIMIT 50") //nolint:errcheck // noted
		c.run("ALTER TABLE " + t.String() + " EXCHANGE PARTITION p0 WITH TABLE " + other.String())                                                  //nolint:errcheck // noted
	}
}
