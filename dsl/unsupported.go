package dsl

import (
	"slices"

	"github.com/tidegate-io/tidegate/dsl/internal/literal"
	"github.com/tidegate-io/tidegate/internal/spec"
)

// unsupported names what a pipeline asks for and this version cannot carry out.
// The check stage refuses a run that has any, so what is missing is said before
// a row moves. A feature that becomes real loses its line here.
func unsupported(p spec.Pipeline) []string {
	var out []string
	note := func(asked bool, name string) {
		if asked && !slices.Contains(out, name) {
			out = append(out, name)
		}
	}
	_, notTime := literal.Time(p.Start.Position) // the other forms are carried
	note(notTime == nil, "start.position")
	note(p.Objects.OnExists != "fail", "objects.on_exists")
	note(p.Objects.Definer != "keep", "objects.definer")
	note(p.Objects.Accounts != nil, "objects.accounts")
	for _, db := range p.Objects.Databases {
		note(db.Routines, "database.routines")
		note(db.Triggers, "database.triggers")
		note(db.Events, "database.events")
		for _, t := range db.TableRules {
			note(t.Where != "", "table.where")
			note(len(t.Columns) > 0, "table.columns")
		}
	}
	note(p.Verify.Method == methodSample, "verify.method")
	note(p.Target.ReadOnly, "target.read_only")
	note(p.Cutover.Reverse, "cutover.reverse")
	note(len(p.Alerts) > 0, "pipeline.alert")
	slices.Sort(out)
	return out
}
