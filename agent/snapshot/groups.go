package snapshot

import (
	"strings"

	"github.com/tidegate-io/tidegate/internal/schema"
)

// Groups returns which tables must be read in one snapshot because of foreign
// keys, for sources that do not log what a foreign key carries out (ENGINE §6,
// c): tables that a cascade reaches in more than one step, through themselves,
// or by ON UPDATE, with all tables that fire it. Each group is a list of indexes
// of tables; tables of no group are copied by chunks. tables may hold tables
// that are not selected, as long as their definitions are known.
func Groups(tables []*schema.Table) [][]int {
	f := newFamily(tables)
	parent := make([]int, len(tables)) // union-find
	for i := range parent {
		parent[i] = i
	}
	var root func(i int) int
	root = func(i int) int {
		if parent[i] != i {
			parent[i] = root(parent[i])
		}
		return parent[i]
	}
	member := make([]bool, len(tables))
	for i := range tables {
		if !f.deep(i) {
			continue
		}
		for _, a := range f.firing(i) {
			member[a] = true
			parent[root(a)] = root(i)
		}
	}
	byRoot := map[int]int{}
	var out [][]int
	for i := range tables {
		if !member[i] {
			continue
		}
		r := root(i)
		n, ok := byRoot[r]
		if !ok {
			n = len(out)
			byRoot[r], out = n, append(out, nil)
		}
		out[n] = append(out[n], i)
	}
	return out
}

// edge is a foreign key that acts on its child.
type edge struct {
	parent   int  // -1: a table whose definition is not known
	deletes  bool // ON DELETE CASCADE: the child's rows go
	onDelete bool // any action by ON DELETE
	onUpdate bool // any action by ON UPDATE
}

// family is the foreign keys of some tables, by child.
type family struct{ edges [][]edge }

func newFamily(tables []*schema.Table) *family {
	at := make(map[schema.ID]int, len(tables))
	for i, t := range tables {
		at[t.ID()] = i
	}
	f := &family{edges: make([][]edge, len(tables))}
	for i, t := range tables {
		for _, k := range t.ForeignKeys {
			e := edge{parent: -1, deletes: strings.EqualFold(k.OnDelete, "CASCADE"), onDelete: acts(k.OnDelete), onUpdate: acts(k.OnUpdate)}
			if p, ok := at[schema.ID{Schema: k.ParentSchema, Name: k.ParentTable}]; ok {
				e.parent = p
			}
			if e.onDelete || e.onUpdate {
				f.edges[i] = append(f.edges[i], e)
			}
		}
	}
	return f
}

// acts reports whether a rule changes child rows.
func acts(rule string) bool {
	switch strings.ToUpper(rule) {
	case "CASCADE", "SET NULL", "SET DEFAULT":
		return true
	default:
		return false
	}
}

// deep reports whether a cascade reaches the table by ON UPDATE, through
// itself, or in more than one step.
func (f *family) deep(i int) bool {
	for _, e := range f.edges[i] {
		if e.onUpdate || e.parent == i {
			return true
		}
		if e.parent < 0 {
			continue
		}
		for _, up := range f.edges[e.parent] { // deleted there by a cascade, the row fires on
			if up.deletes {
				return true
			}
		}
	}
	return false
}

// firing returns the table and all tables from which a cascade can reach it.
func (f *family) firing(i int) []int {
	seen := map[int]bool{i: true}
	out := []int{i}
	for n := 0; n < len(out); n++ {
		for _, e := range f.edges[out[n]] {
			if e.parent >= 0 && !seen[e.parent] {
				seen[e.parent] = true
				out = append(out, e.parent)
			}
		}
	}
	return out
}
