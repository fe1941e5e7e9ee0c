package apply

import (
	"fmt"

	"github.com/tidegate-io/tidegate/agent/apply/sqltext"
	"github.com/tidegate-io/tidegate/internal/change"
)

// tables keeps the compiled tables between two DDL barriers.
type tables struct {
	catalog Catalog
	form    sqltext.Form
	byMap   map[*change.TableMap]*table
	byPlan  map[int]*table

	last  *change.TableMap // of the change before: rows of a table come in runs
	found *table
}

func newTables(c Catalog, form sqltext.Form) tables {
	t := tables{catalog: c, form: form}
	t.forget()
	return t
}

// forget drops all plans: a DDL has been executed.
func (ts *tables) forget() {
	ts.byMap, ts.byPlan = map[*change.TableMap]*table{}, map[int]*table{}
	ts.last, ts.found = nil, nil
}

// errShape says that a table's rows have another shape than the ones before
// them although no DDL came between: another server writes the log now. Rows of
// two shapes cannot be in one batch.
var errShape = fmt.Errorf("the shape of a table's rows changed")

// find returns the table of an event, nil if it is not selected.
func (ts *tables) find(tm *change.TableMap) (*table, error) {
	if tm == ts.last {
		return ts.found, nil
	}
	t, known := ts.byMap[tm]
	if !known {
		var err error
		if t, err = ts.resolve(tm); err != nil {
			return nil, err
		}
		ts.byMap[tm] = t
	}
	ts.last, ts.found = tm, t
	return t, nil
}

func (ts *tables) resolve(tm *change.TableMap) (*table, error) {
	plan, err := ts.catalog.Plan(tm.Schema, tm.Name)
	if err != nil {
		return nil, fmt.Errorf("plan of %s.%s: %w", tm.Schema, tm.Name, err)
	}
	if plan == nil {
		return nil, nil
	}
	if plan.Entering {
		return &table{plan: plan}, nil
	}
	if t := ts.byPlan[plan.ID]; t != nil {
		if !sameShape(t.shape, tm) {
			return nil, errShape
		}
		return t, nil
	}
	t, err := compile(plan, tm, ts.form)
	if err != nil {
		return nil, err
	}
	ts.byPlan[plan.ID] = t
	return t, nil
}

// of finds the tables of a transaction's changes and whether a cascade
// fires in it. into is reused.
func (ts *tables) of(t *change.Txn, into []*table) (out []*table, fires bool, err error) {
	out = into[:0]
	for i := range t.Changes {
		tbl, err := ts.find(t.Changes[i].Table)
		if err != nil {
			return out, false, err
		}
		if tbl != nil && tbl.plan.Entering {
			if err := tbl.passesOn(&t.Changes[i]); err != nil {
				return out, false, err
			}
			tbl = nil
		}
		if tbl != nil && t.Changes[i].Lacks != nil {
			if err := tbl.lacks(t.Changes[i].Lacks); err != nil {
				return out, false, err
			}
		}
		if tbl != nil && !fires {
			fires = tbl.firesOn(&t.Changes[i])
		}
		out = append(out, tbl)
	}
	return out, fires, nil
}
