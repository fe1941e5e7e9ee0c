package random

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
)

// names that have to be quoted, and some that do not.
var tableNames = []string{"orders", "Items", "sel`ect", "tä ble", "key", "a.b", "x-1", "events", "people", "日本", "groups", "it's", `quo"te`, "log"}

var columnNames = []string{"a", "b", "c", "Group", "order", "d e", "f#g", "größe", "名", "value", "x.y", "percent%", "q'r", "n", "m", "desc"}

// schema makes tables of one database; earlier ones may be parents.
func (w world) schema(r *rand.Rand, database string, n int) []*table {
	var all []*table
	names := slices.Clone(tableNames)
	r.Shuffle(len(names), func(i, j int) { names[i], names[j] = names[j], names[i] })
	for i := range n {
		t := w.table(r, database, names[i])
		if len(all) > 0 && t.partition == "" {
			w.relate(r, t, all)
		}
		all = append(all, t)
	}
	return all
}

func (w world) table(r *rand.Rand, database, name string) *table {
	t := &table{id: int(lastID.Add(1)), schema: database, name: name, domain: pick(r, 40, 150, 400, 900)}
	free := slices.Clone(columnNames)
	r.Shuffle(len(free), func(i, j int) { free[i], free[j] = free[j], free[i] })
	next := func(k kind) *column {
		t.columns = append(t.columns, column{kind: k, name: free[0]})
		free = free[1:]
		return &t.columns[len(t.columns)-1]
	}
	w.primaryKey(r, t, next)
	for range 1 + r.IntN(6) {
		c := next(w.column(r))
		c.null = chance(r, 50)
		if !c.null && c.some != nil && c.prefix == 0 && c.plain && chance(r, 30) {
			c.fallback = pick(r, c.some(r, 3))
			if strings.ContainsAny(c.fallback, "(+ ") {
				c.fallback = ""
			}
		}
		if chance(r, 5) {
			c.attribute = "COMMENT 'it''s; -- a \\\\ comment'"
			if (c.null || c.fallback != "") && chance(r, 50) { // a MariaDB takes no other ones
				c.attribute = "INVISIBLE"
			}
		}
	}
	w.uniqueKeys(r, t, next)
	w.generated(r, t, next)
	for i := range r.IntN(3) {
		c := t.columns[r.IntN(len(t.columns))]
		if c.some != nil && c.generated == "" {
			t.indexes = append(t.indexes, index{name: fmt.Sprintf("k%d", i), parts: []part{{column: c.name, prefix: c.prefix}}})
		}
	}
	if chance(r, 60) { // a key is seldom the first column only
		first := t.columns[0]
		at := r.IntN(len(t.columns))
		t.columns = slices.Insert(t.columns[1:len(t.columns):len(t.columns)], at, first)
	}
	w.divide(r, t)
	t.options = pick(r, "", "", "ENGINE=InnoDB ROW_FORMAT=DYNAMIC", "COMMENT='a \\'table\\''", "DEFAULT CHARSET=latin1", "DEFAULT CHARSET=utf8mb4 COLLATE=utf8mb4_unicode_ci", "ROW_FORMAT=COMPRESSED KEY_BLOCK_SIZE=8")
	if t.partition != "" {
		t.options = ""
	}
	return t
}

func (w world) primaryKey(r *rand.Rand, t *table, next func(kind) *column) {
	add := func(c *column, down bool) {
		t.primary = append(t.primary, part{column: c.name, prefix: c.prefix, down: down})
	}
	switch r.IntN(10) {
	case 0, 1: // no key at all
	case 2, 3, 4:
		c := next(serial(r))
		c.auto = chance(r, 70)
		t.domain *= max(w.wide, 1)
		add(c, false)
	case 5, 6, 7:
		add(next(w.key(r)), chance(r, 10))
	default:
		t.domain = min(t.domain, 60)
		for range 2 + r.IntN(2) {
			add(next(w.key(r)), chance(r, 10))
		}
	}
}

func (w world) uniqueKeys(r *rand.Rand, t *table, next func(kind) *column) {
	for i := range r.IntN(3) {
		u := index{name: fmt.Sprintf("u%d", i)}
		for range 1 + r.IntN(2) {
			c := next(w.key(r))
			c.null = chance(r, 50)
			u.parts = append(u.parts, part{column: c.name, prefix: c.prefix})
		}
		t.uniques = append(t.uniques, u)
	}
	if len(t.columns) > 0 && w.mysql() && chance(r, 8) {
		if c := t.columns[len(t.columns)-1]; strings.HasPrefix(c.sql, "VARCHAR") {
			t.uniques = append(t.uniques, index{name: "uf", expression: "lower(" + ident(c.name) + ")"})
		}
	}
}

// generated adds columns that follow from others.
func (w world) generated(r *rand.Rand, t *table, next func(kind) *column) {
	if !chance(r, 40) {
		return
	}
	for _, c := range slices.Clone(t.columns) {
		if !c.number || c.auto || strings.Contains(c.sql, "BIGINT") || strings.HasPrefix(c.sql, "FLOAT") || strings.HasPrefix(c.sql, "DOUBLE") {
			continue
		}
		g := next(kind{sql: "DECIMAL(40,8)", number: true, any: func(r *rand.Rand) string { return fmt.Sprint(r.IntN(100)) }})
		g.generated, g.stored, g.null = ident(c.name)+" * 2 + 1", chance(r, 50), true
		if chance(r, 40) {
			t.indexes = append(t.indexes, index{name: "kg", parts: []part{{column: g.name}}})
		} else if chance(r, 30) {
			t.uniques = append(t.uniques, index{name: "ug", parts: []part{{column: g.name}}})
		}
		return
	}
}

// divide partitions a table whose only unique key is a primary key that allows
// it.
func (w world) divide(r *rand.Rand, t *table) {
	if len(t.primary) == 0 || len(t.uniques) > 0 || !chance(r, 35) || slices.ContainsFunc(t.columns, func(c column) bool { return strings.HasPrefix(c.sql, "POINT") || strings.HasPrefix(c.sql, "GEOM") }) {
		return
	}
	c := t.column(t.primary[0].column)
	whole := c.number && strings.Contains(c.sql, "INT")
	switch {
	case whole && chance(r, 40):
		t.partition = fmt.Sprintf(" PARTITION BY HASH (%s) PARTITIONS %d", ident(c.name), 2+r.IntN(4))
	case whole && chance(r, 60):
		t.partition = fmt.Sprintf(" PARTITION BY RANGE (%s) (PARTITION p0 VALUES LESS THAN (20), PARTITION p1 VALUES LESS THAN (90), PARTITION p2 VALUES LESS THAN MAXVALUE)", ident(c.name))
	case c.prefix == 0 && !w.cross:
		t.partition = fmt.Sprintf(" PARTITION BY KEY (%s) PARTITIONS 3", ident(c.name))
	}
}

var actions = []string{"", " ON DELETE CASCADE", " ON DELETE CASCADE", " ON DELETE SET NULL", " ON DELETE NO ACTION"}

// relate makes a table the child of earlier ones, or of itself.
func (w world) relate(r *rand.Rand, t *table, all []*table) {
	for range 1 + r.IntN(2) {
		p := all[r.IntN(len(all))]
		if chance(r, 15) {
			p = t
		}
		if !chance(r, 45) || p.partition != "" || len(p.primary) != 1 || p.primary[0].prefix > 0 {
			continue
		}
		key := *p.column(p.primary[0].column)
		if key.some == nil {
			continue
		}
		key.auto = false
		number := r.IntN(1000000)
		name := fmt.Sprintf("ref%d", number)
		t.columns = append(t.columns, column{kind: key.kind, name: name, null: true})
		f := foreign{name: fmt.Sprintf("fk_%d", number), column: name, schema: p.schema, parent: p.name, of: p.id, key: key, domain: p.domain,
			onDelete: pick(r, actions...), update: pick(r, "", "", " ON UPDATE CASCADE", " ON UPDATE SET NULL")}
		t.foreign = append(t.foreign, f)
		t.indexes = append(t.indexes, index{name: fmt.Sprintf("kf%d", number), parts: []part{{column: name}}})
	}
}
