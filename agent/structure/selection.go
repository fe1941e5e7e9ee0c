package structure

import (
	"strings"

	"github.com/tidegate-io/tidegate/agent/ledger"
	"github.com/tidegate-io/tidegate/internal/mysql"
	"github.com/tidegate-io/tidegate/internal/schema"
	"github.com/tidegate-io/tidegate/internal/spec"
)

// Selection says which objects of the source are moved, and what they are
// called on the target.
type Selection struct {
	databases []spec.Database
	fold      bool // the source does not tell names apart by case
	lower     bool // the target stores names in lower case
}

// NewSelection reads a pipeline's objects block.
func NewSelection(o spec.Objects, source, target *mysql.Server) *Selection {
	return &Selection{databases: o.Databases, fold: source.LowerCase != 0, lower: target.LowerCase == 1}
}

// system databases are never moved, whatever a pattern says.
var system = map[string]bool{"mysql": true, "sys": true, "information_schema": true, "performance_schema": true, "ndbinfo": true, ledger.Schema: true}

func (s *Selection) same(pattern, name string) bool {
	if s.fold {
		pattern, name = strings.ToLower(pattern), strings.ToLower(name)
	}
	return spec.MatchPattern(pattern, name)
}

func isPattern(s string) bool { return strings.ContainsAny(s, "*?") }

// Database returns the block that selects a database: the one that names it,
// else the first whose pattern matches, else nil.
func (s *Selection) Database(name string) *spec.Database {
	if system[strings.ToLower(name)] {
		return nil
	}
	var found *spec.Database
	for i := range s.databases {
		d := &s.databases[i]
		if !s.same(d.Name, name) {
			continue
		}
		if !isPattern(d.Name) {
			return d
		}
		if found == nil {
			found = d
		}
	}
	return found
}

// Schema returns the target's name of a selected database.
func (s *Selection) Schema(name string) (target string, ok bool) {
	d := s.Database(name)
	if d == nil {
		return "", false
	}
	return s.schemaOf(d, name), true
}

func (s *Selection) schemaOf(d *spec.Database, name string) string {
	if d.Rename != "" {
		return s.stored(d.Rename)
	}
	return s.stored(name)
}

func (s *Selection) stored(name string) string {
	if s.lower {
		return strings.ToLower(name)
	}
	return name
}

// Rule returns the block of one table, nil if there is none.
func (s *Selection) Rule(schemaName, table string) *spec.TableRule {
	if d := s.Database(schemaName); d != nil {
		return s.ruleOf(d, table)
	}
	return nil
}

func (s *Selection) ruleOf(d *spec.Database, table string) *spec.TableRule {
	for i := range d.TableRules {
		if r := &d.TableRules[i]; r.Name == table || s.fold && strings.EqualFold(r.Name, table) {
			return r
		}
	}
	return nil
}

// Match returns the target's name of a selected table or view. Tables that
// gh-ost and pt-osc make beside another match like any other: they are made by
// DDL that is carried too, so that their RENAME finds them on the target.
func (s *Selection) Match(schemaName, table string) (targetSchema, targetTable string, ok bool) {
	d := s.Database(schemaName)
	if d == nil || !s.listed(d, table) {
		return "", "", false
	}
	targetSchema = s.schemaOf(d, schemaName)
	if r := s.ruleOf(d, table); r != nil && r.Rename != "" {
		return targetSchema, s.stored(r.Rename), true
	}
	return targetSchema, s.stored(table), true
}

func (s *Selection) listed(d *spec.Database, table string) bool {
	in := len(d.Tables) == 0
	for _, p := range d.Tables {
		in = in || s.same(p, table)
	}
	for _, p := range d.Except {
		in = in && !s.same(p, table)
	}
	return in
}

// Whole reports whether every table of a database is selected.
func (s *Selection) Whole(name string) bool {
	d := s.Database(name)
	if d == nil || len(d.Except) > 0 {
		return false
	}
	for _, p := range d.Tables {
		if p == "*" {
			return true
		}
	}
	return len(d.Tables) == 0
}

// Views reports whether the views of a database are selected.
func (s *Selection) Views(name string) bool {
	d := s.Database(name)
	return d != nil && d.Views
}

// target is Match on an ID.
func (s *Selection) target(id schema.ID) (schema.ID, bool) {
	ts, tt, ok := s.Match(id.Schema, id.Name)
	return schema.ID{Schema: ts, Name: tt}, ok
}

// canonical gives a name as the source stores it, so that it can be a key.
func (s *Selection) canonical(id schema.ID) schema.ID {
	if s.fold {
		return schema.ID{Schema: strings.ToLower(id.Schema), Name: strings.ToLower(id.Name)}
	}
	return id
}
