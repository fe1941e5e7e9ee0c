package random

import (
	"fmt"
	"slices"
	"strings"
)

// change alters the schema: the definition of a table, or which there are.
func (c *writer) change() {
	t := c.some(c.r)
	if c.stays(t) {
		return
	}
	if c.run("SET SESSION foreign_key_checks = 1") == nil { // without, a source takes definitions that no other server does
		c.unchecked = false
	}
	switch c.r.IntN(32) {
	case 0, 1, 2, 3, 4, 5, 6:
		c.alterColumns(t)
	case 7, 8, 9:
		c.alterKeys(t)
	case 10, 11:
		c.alterWhole(t)
	case 12, 13:
		c.divided(t)
	case 14, 15:
		c.rename(t)
	case 16:
		c.run("TRUNCATE TABLE " + t.String()) //nolint:errcheck // noted
	case 17:
		c.newTable(t)
	case 18:
		c.dropTable(t)
	case 19:
		c.views(t)
	case 20, 21, 22, 23:
		c.compound(t)
	case 24:
		c.triggers(t)
	default:
		c.reshape(t)
	}
}

// alterTable carries out changes of one table, and notes what it is like now.
func (c *writer) alterTable(before, after *table, changes ...string) {
	if c.clauses != nil {
		c.clauses.after, c.clauses.list = after, append(c.clauses.list, changes...)
		return
	}
	if c.run("ALTER TABLE "+before.String()+" "+strings.Join(changes, ", ")) == nil {
		c.put(before, after)
	}
}

// clauses of one statement, and what the table is like after them.
type clauses struct {
	after *table
	list  []string
}

// compound changes a table in several ways by one statement. Clauses that do not
// go together are the server's to refuse.
func (c *writer) compound(t *table) {
	g := &clauses{after: t}
	c.clauses = g
	for n := range 2 + c.r.IntN(3) {
		if chance(c.r, 60) && !(c.cross && n > 0) { // a MariaDB modifies columns that it has just added, a MySQL does not
			c.alterColumns(g.after)
		} else {
			c.alterKeys(g.after)
		}
	}
	c.clauses = nil
	if len(g.list) > 0 {
		c.alterTable(t, g.after, g.list...)
	}
}

func (c *writer) place(t *table) string {
	switch c.r.IntN(3) {
	case 0:
		return " FIRST"
	case 1:
		return " AFTER " + ident(t.columns[c.r.IntN(len(t.columns))].name)
	}
	return ""
}

// freshColumn is one with a name that the table does not have.
func (c *writer) freshColumn(t *table) (column, bool) {
	r := c.r
	for range 10 {
		name := pick(r, columnNames...)
		if slices.ContainsFunc(t.columns, func(o column) bool { return strings.EqualFold(o.name, name) }) {
			continue
		}
		n := column{kind: c.column(r), name: name, null: chance(r, 60)}
		n.null = n.null || n.hollow()
		if !n.null && n.plain && chance(r, 60) {
			n.fallback = pick(r, "7", "'1'")
			if !n.number {
				n.fallback = "'2020-02-02'"
			}
		}
		if strings.HasPrefix(n.sql, "TIMESTAMP") && !strings.Contains(n.sql, "(") && !n.null {
			n.fallback = "CURRENT_TIMESTAMP"
		}
		return n, true
	}
	return column{}, false
}

// hollow types have no value that rows could get by a new column that is NOT
// NULL: servers fill in an empty text, which they then refuse to take from a
// statement.
func (k kind) hollow() bool {
	return strings.HasPrefix(k.sql, "POINT") || strings.HasPrefix(k.sql, "GEOMETRY") || strings.HasPrefix(k.sql, "VECTOR")
}

// free is a column that nothing depends on.
func (c *writer) free(t *table) (int, bool) {
	for range 6 {
		i := c.r.IntN(len(t.columns))
		if n := t.columns[i]; n.generated == "" && !n.auto && !t.keyed(n.name) {
			return i, true
		}
	}
	return 0, false
}

func (c *writer) alterColumns(t *table) {
	r, after := c.r, t.clone()
	switch r.IntN(7) {
	case 0, 1:
		n, ok := c.freshColumn(t)
		if !ok {
			return
		}
		after.columns = append(after.columns, n)
		c.alterTable(t, after, "ADD COLUMN "+n.definition()+c.place(t)+pick(r, "", "", ", ALGORITHM=INSTANT", ", ALGORITHM=COPY"))
	case 2:
		if i, ok := c.free(t); ok && len(t.columns) > 2 {
			after.columns = slices.Delete(after.columns, i, i+1)
			c.alterTable(t, after, "DROP COLUMN "+ident(t.columns[i].name))
		}
	case 3:
		if i, ok := c.free(t); ok {
			after.columns[i].kind, after.columns[i].fallback = c.column(r), ""
			after.columns[i].null = after.columns[i].null || after.columns[i].hollow()
			if c.cross && strings.Contains(after.columns[i].sql, "CHARACTER SET ascii") { // MariaDB puts any bytes there, MySQL refuses them
				return
			}
			c.alterTable(t, after, "MODIFY "+after.columns[i].definition()+c.place(t))
		}
	case 4:
		c.renameColumn(t, after)
	case 5: // several at once
		n, ok := c.freshColumn(t)
		i, found := c.free(t)
		if !ok || !found || len(t.columns) < 3 {
			return
		}
		after.columns = append(slices.Delete(after.columns, i, i+1), n)
		c.alterTable(t, after, "ADD "+n.definition()+" FIRST", "DROP "+ident(t.columns[i].name), "COMMENT 'changed'")
	default:
		i := r.IntN(len(t.columns))
		if n := t.columns[i]; n.generated == "" { // the same, elsewhere
			c.alterTable(t, after, "MODIFY "+n.definition()+c.place(t))
		}
	}
}

func (c *writer) renameColumn(t, after *table) {
	i := c.r.IntN(len(t.columns))
	old := t.columns[i].name
	n, ok := c.freshColumn(t)
	if !ok || strings.Contains(t.partition, ident(old)) || slices.ContainsFunc(t.columns, func(o column) bool { return strings.Contains(o.generated, ident(old)) }) ||
		slices.ContainsFunc(t.uniques, func(u index) bool { return strings.Contains(u.expression, ident(old)) }) {
		return
	}
	after.columns[i].name = n.name
	renamed := func(parts []part) []part {
		parts = slices.Clone(parts)
		for i := range parts {
			if parts[i].column == old {
				parts[i].column = n.name
			}
		}
		return parts
	}
	after.primary = renamed(after.primary)
	for i := range after.uniques {
		after.uniques[i].parts = renamed(after.uniques[i].parts)
	}
	for i := range after.indexes {
		after.indexes[i].parts = renamed(after.indexes[i].parts)
	}
	for i := range after.foreign {
		if after.foreign[i].column == old {
			after.foreign[i].column = n.name
		}
	}
	if t.columns[i].generated == "" && chance(c.r, 40) {
		c.alterTable(t, after, "CHANGE "+ident(old)+" "+after.columns[i].definition())
		return
	}
	c.alterTable(t, after, "RENAME COLUMN "+ident(old)+" TO "+ident(n.name))
}

func (c *writer) alterKeys(t *table) {
	r, after := c.r, t.clone()
	some := func() (part, bool) {
		n := t.columns[r.IntN(len(t.columns))]
		return part{column: n.name, prefix: n.prefix}, n.some != nil && n.generated == ""
	}
	switch r.IntN(10) {
	case 9:
		c.newParent(t, after)
	case 0, 1:
		if p, ok := some(); ok {
			i := index{name: fmt.Sprintf("n%d", r.IntN(1000)), parts: []part{p}}
			after.indexes = append(after.indexes, i)
			if c.clauses == nil && chance(r, 40) {
				if c.run("CREATE INDEX "+ident(i.name)+" ON "+t.String()+" ("+join(i.parts)+")") == nil {
					c.put(t, after)
				}
				return
			}
			c.alterTable(t, after, "ADD KEY "+i.String())
		}
	case 2:
		if p, ok := some(); ok {
			u := index{name: fmt.Sprintf("nu%d", r.IntN(1000)), parts: []part{p}}
			if q, ok := some(); ok && q.column != p.column {
				u.parts = append(u.parts, q)
			}
			after.uniques = append(after.uniques, u)
			c.alterTable(t, after, "ADD UNIQUE KEY "+u.String())
		}
	case 3:
		if len(t.indexes) > 0 {
			i := r.IntN(len(t.indexes))
			after.indexes = slices.Delete(after.indexes, i, i+1)
			c.alterTable(t, after, "DROP KEY "+ident(t.indexes[i].name))
		}
	case 4:
		if len(t.uniques) > 0 {
			i := r.IntN(len(t.uniques))
			after.uniques = slices.Delete(after.uniques, i, i+1)
			c.alterTable(t, after, "DROP KEY "+ident(t.uniques[i].name))
		}
	case 5:
		if len(t.indexes) > 0 {
			i := r.IntN(len(t.indexes))
			after.indexes[i].name = fmt.Sprintf("r%d", r.IntN(1000))
			c.alterTable(t, after, "RENAME INDEX "+ident(t.indexes[i].name)+" TO "+ident(after.indexes[i].name))
		}
	case 6:
		if len(t.foreign) > 0 {
			i := r.IntN(len(t.foreign))
			after.foreign = slices.Delete(after.foreign, i, i+1)
			c.alterTable(t, after, "DROP FOREIGN KEY "+ident(t.foreign[i].name))
		}
	case 7:
		if len(t.primary) > 0 && t.partition == "" && (c.mysql() || !c.referenced(t)) && !slices.ContainsFunc(t.columns, func(n column) bool { return n.auto }) {
			after.primary = nil
			c.alterTable(t, after, "DROP PRIMARY KEY")
		}
	default:
		if p, ok := some(); ok && len(t.primary) == 0 && !t.column(p.column).null {
			after.primary = []part{p}
			c.alterTable(t, after, "ADD PRIMARY KEY ("+p.String()+")")
		}
	}
}

// alterWhole are changes that leave columns and keys as they are.
func (c *writer) alterWhole(t *table) {
	r := c.r
	switch r.IntN(7) {
	case 0:
		c.run("OPTIMIZE TABLE " + t.String()) //nolint:errcheck // noted
	case 1:
		c.run("ANALYZE TABLE " + t.String()) //nolint:errcheck // noted
	case 2:
		c.alterTable(t, t, pick(r, "ENGINE=InnoDB", "FORCE", "COMMENT='it''s new'", "AUTO_INCREMENT=5000", "ROW_FORMAT=DYNAMIC", "ORDER BY "+ident(t.columns[0].name)))
	case 3:
		c.alterTable(t, t, pick(r, "DEFAULT CHARACTER SET utf8mb4 COLLATE utf8mb4_bin", "CONVERT TO CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci", "CONVERT TO CHARACTER SET utf8mb4"))
	case 4:
		if i, ok := c.free(t); ok && t.columns[i].plain {
			after := t.clone()
			after.columns[i].fallback = "NULL"
			action := "SET DEFAULT NULL"
			if !t.columns[i].null {
				after.columns[i].fallback, action = "", "DROP DEFAULT"
			}
			c.alterTable(t, after, "ALTER COLUMN "+ident(t.columns[i].name)+" "+action)
		}
	case 5:
		if i, ok := c.free(t); ok && !(c.cross && t.columns[i].null) { // NULL comes and goes; each flavour makes another value of it
			after := t.clone()
			after.columns[i].null, after.columns[i].fallback = !t.columns[i].null || t.columns[i].hollow(), ""
			c.alterTable(t, after, "MODIFY "+after.columns[i].definition())
		}
	default:
		c.run("ALTER DATABASE " + ident(t.schema) + " CHARACTER SET " + pick(r, "utf8mb4", "latin1")) //nolint:errcheck // noted
	}
}

// divided changes partitions.
func (c *writer) divided(t *table) {
	r, after := c.r, t.clone()
	switch {
	case strings.Contains(t.partition, "RANGE"):
		c.alterTable(t, t, pick(r, "TRUNCATE PARTITION p0", "REORGANIZE PARTITION p2 INTO (PARTITION p2 VALUES LESS THAN (500), PARTITION p9 VALUES LESS THAN MAXVALUE)",
			"DROP PARTITION p1", "REORGANIZE PARTITION p0, p1 INTO (PARTITION p0 VALUES LESS THAN (90))", "REBUILD PARTITION ALL", "ANALYZE PARTITION p0"))
	case t.partition != "" && chance(r, 80):
		c.alterTable(t, t, pick(r, "ADD PARTITION PARTITIONS 2", "COALESCE PARTITION 1", "TRUNCATE PARTITION p0", "TRUNCATE PARTITION ALL", "REBUILD PARTITION p0"))
	case t.partition != "":
		after.partition = ""
		c.alterTable(t, after, "REMOVE PARTITIONING")
	case len(t.primary) > 0 && len(t.foreign) == 0:
		c.divide(r, after)
		if after.partition != "" {
			c.alterTable(t, after, after.partition)
		}
	}
}
