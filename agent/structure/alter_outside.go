package structure

import (
	"fmt"
	"slices"
	"strings"

	"github.com/tidegate-io/tidegate/agent/structure/sqltext"
	"github.com/tidegate-io/tidegate/internal/schema"
)

// What an ALTER TABLE has to do with tables that are not selected: new names on
// the other side of the selection, and foreign keys that the target has not.

// foreignKey takes care of a constraint that the target does not have or does
// not get; gone says that the clause is left out.
func (a *alter) foreignKey(cl sqltext.Clause) (gone bool, err error) {
	c := &sqltext.Cursor{T: cl.Tokens}
	pl, followed := a.pl, a.pl.follows(a.source)
	switch {
	case c.Accept("ADD"):
		it, byIndex := pl.named(readItem(cl.Tokens[1:]))
		switch {
		case it.kind == itemForeignKey && a.r.noKeys:
			return a.r.foreignKey(it), nil
		case it.kind == itemForeignKey && (followed || !a.parentSelected(cl)):
			fk := it.foreignKey(a.source.Schema)
			if fk.Name == "" {
				a.added++
				fk.Name = nextKey(a.source, pl.allKeys(a.source), a.added)
			}
			if !followed {
				a.r.note("", "foreign key %s refers to %s, which is not selected, and is left out", fk.Name, parentOf(&fk))
			}
			a.keysChanged = true
			return true, pl.leftOut(a.source, fk)
		case byIndex:
			nameKey(a.r, it, it.name)
		case it.kind == itemForeignKey && it.name == "" && len(pl.keysOf(a.source)) > 0:
			a.added++
			name := nextKey(a.source, pl.allKeys(a.source), a.added)
			nameKey(a.r, it, name)
		case it.kind == itemCheck && followed:
			return true, nil
		}
	case a.r.noKeys && c.Accept("DROP FOREIGN KEY"): // such engines drop any
		return true, nil
	case c.Accept("DROP CHECK"):
		return followed, nil
	case c.AcceptAny("DROP FOREIGN KEY", "DROP CONSTRAINT") != "":
		c.Accept("IF EXISTS")
		n, _ := c.Name()
		keys := pl.keysOf(a.source)
		i := slices.IndexFunc(keys, func(fk schema.ForeignKey) bool { return strings.EqualFold(fk.Name, n.Name) })
		if i >= 0 {
			pl.p.absent[a.source] = slices.Delete(slices.Clone(keys), i, i+1)
			a.keysChanged = true
		}
		return i >= 0 || followed, nil
	}
	return false, nil
}

// parentSelected looks up the parent that stands in the clause.
func (a *alter) parentSelected(cl sqltext.Clause) bool {
	first, last := cl.Tokens[0].Start, cl.Tokens[len(cl.Tokens)-1].End
	for _, ref := range a.pl.st.Refs {
		if ref.Role == sqltext.Parent && ref.Start >= first && ref.End <= last {
			return a.pl.selects(ref)
		}
	}
	return true
}

// moves takes care of a new name on the other side of the selection; gone says
// that nothing else of the statement matters.
func (a *alter) moves() (gone bool, err error) {
	pl, to := a.pl, a.pl.source(*a.to)
	end := map[schema.ID]schema.ID{a.source: to}
	followed := pl.follows(a.source)
	switch selected := pl.selects(*a.to); {
	case !selected && followed, selected && !followed:
		return false, nil
	case selected: // a parent comes into the selection
		pl.drop(a.source, a.target)
		err = pl.enter(to)
	default:
		if len(pl.st.Clauses) > 1 && len(pl.deps.Registry.Children(a.source)) > 0 {
			return true, pl.refuse(fmt.Sprintf("it changes %s, to which selected tables refer, and takes it out of the selection", a.source),
				"rename it and alter it in two statements: rename it back on the source, stop the run, and apply the pipeline again")
		}
		err = pl.departs(a.source, to, a.target)
	}
	pl.moveKeys(end)
	return true, err
}

// outside: the altered table is not selected, or not there yet, but another one
// may be touched.
func (a *alter) outside() error {
	if a.to != nil {
		if err := a.pl.leaves(a.source); err != nil {
			return err
		}
		to := a.pl.source(*a.to)
		err := a.pl.arrives(a.source, to, a.pl.selects(*a.to))
		a.pl.moveKeys(map[schema.ID]schema.ID{a.source: to})
		return err
	}
	if err := a.pl.touched(a.source); err != nil {
		return err
	}
	if a.with != nil {
		if id, _, in := a.pl.match(*a.with); in {
			return a.pl.recopy(id, "rows came by EXCHANGE PARTITION from a table that is not selected")
		}
	}
	return nil
}

// renameParent lets a parent that is followed get another name outside of the
// selection: its shadow stays where it is.
func (a *alter) renameParent() {
	pl, to := a.pl, a.pl.source(*a.to)
	pl.renameFollowed(a.source, to)
	end := map[schema.ID]schema.ID{a.source: to}
	pl.moveKeys(end)
	pl.carryKeys(end, [2]schema.ID{a.source, to})
	delete(pl.p.readBack, a.source)
}
