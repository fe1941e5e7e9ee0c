package structure

import (
	"fmt"
	"maps"
	"slices"
	"strconv"
	"strings"

	"github.com/tidegate-io/tidegate/agent/structure/sqltext"
	"github.com/tidegate-io/tidegate/internal/change"
	"github.com/tidegate-io/tidegate/internal/mysql"
	"github.com/tidegate-io/tidegate/internal/schema"
)

// Parent is a table that is not selected and is followed for its foreign keys.
type Parent struct {
	Shadow schema.ID // what stands for it on the target
	// Read is what the source had executed when the definition was read, nil for
	// one that was read before the run's start. A statement in it is in the
	// definition already.
	Read *change.Set
}

// NewParent is a parent that is followed from a statement on.
type NewParent struct {
	ID, Shadow schema.ID
	Read       string // Parent.Read as text
}

// follows reports whether a table is followed and not selected.
func (pl *planner) follows(id schema.ID) bool {
	_, selected := pl.deps.Carrier.Selection.target(id)
	_, followed := pl.parents[id]
	return followed && !selected
}

// parentsMove refuses a statement that changes a parent and that its definition
// had when it was read: the rows between cannot be told apart.
func (pl *planner) parentsMove() error {
	for _, ref := range pl.st.Refs {
		id := pl.source(ref)
		p := pl.parents[id]
		if ref.Role != sqltext.Subject || p.Read == nil || len(pl.ev.IDs) == 0 {
			continue
		}
		if slices.ContainsFunc(pl.ev.IDs, func(id change.ID) bool { return !p.Read.Contains(id) }) {
			continue
		}
		return &mysql.Error{Class: mysql.Fatal, Code: "parent_changed", Err: fmt.Errorf("%s was changed right after a foreign key of a selected table began to refer to it: %.500s", id, pl.ev.SQL),
			Remedy: "its columns before that cannot be known any more: stop the run and apply the pipeline again"}
	}
	return nil
}

// keysOf returns a table's foreign keys that are not on the target, as this
// statement has left them so far. They may be changed.
func (pl *planner) keysOf(id schema.ID) []schema.ForeignKey {
	if keys, ok := pl.p.absent[id]; ok {
		return keys
	}
	def, _ := pl.known(id)
	return absentKeys(def)
}

// adopt begins to follow a parent: what it is is read from the source.
func (pl *planner) adopt(id schema.ID, onto []schema.ForeignKey) error {
	if _, selected := pl.deps.Carrier.Selection.target(id); selected || pl.follows(id) || pl.p.shadows[id].Name != "" {
		return nil
	}
	t, read, err := pl.readParent(id)
	if err != nil {
		return err
	}
	for i := range t.Definition.ForeignKeys {
		fk := &t.Definition.ForeignKeys[i]
		if leads(fk, onto) {
			return pl.refuse(needsRows(id, fk), selectMiddle(id)+", and apply the pipeline again")
		}
		fk.Absent = true
	}
	carried, err := pl.deps.Carrier.shadow(t, Shadow(pl.deps.Ledger.Run, id, pl.seq))
	if err == nil {
		err = Refuse(carried.Findings)
	}
	if err != nil {
		return pl.refuse(fmt.Sprintf("%s, whose foreign keys change selected rows: %s", id, err), "leave out the tables that refer to it, and apply the pipeline again")
	}
	pl.followAs(id, carried.Target, step{sql: []string{"DROP TABLE IF EXISTS " + quoteID(carried.Target), carried.SQL}}, t.Definition.ForeignKeys)
	pl.p.changes.Parents[len(pl.p.changes.Parents)-1].Read = read.String()
	return nil
}

func (pl *planner) followAs(id, shadow schema.ID, s step, keys []schema.ForeignKey) {
	s.objects, s.repeat, s.anyFK = []schema.ID{shadow}, true, true
	pl.add(s)
	pl.p.shadows[id], pl.p.absent[id], pl.p.readBack[id] = shadow, keys, true
	pl.p.changes.Parents = append(pl.p.changes.Parents, NewParent{ID: id, Shadow: shadow})
}

// readParent reads a table with a position between two readings that agree.
func (pl *planner) readParent(id schema.ID) (*Table, *change.Set, error) {
	if pl.deps.Source == nil || pl.deps.Executed == nil {
		return nil, nil, pl.refuse(fmt.Sprintf("it makes %s, which is not selected, a parent of selected tables", id), selectMiddle(id)+", and apply the pipeline again")
	}
	for range 20 {
		first, err := ReadTable(pl.ctx, pl.deps.Source, pl.deps.Carrier.Source, id)
		if n := mysql.Number(err); n == noSuchTable || n == noSuchDB {
			return nil, nil, pl.refuse(fmt.Sprintf("%s is not on the source any more, so what it did to selected rows cannot be known", id), "stop the run and apply the pipeline again")
		}
		if err != nil {
			return nil, nil, err
		}
		read, err := pl.deps.Executed(pl.ctx)
		if err != nil {
			return nil, nil, err
		}
		again, err := ReadTable(pl.ctx, pl.deps.Source, pl.deps.Carrier.Source, id)
		if err == nil && Fingerprint(first.Create) == Fingerprint(again.Create) {
			return again, read, nil
		}
	}
	return nil, nil, pl.refuse(fmt.Sprintf("the definition of %s changes at every reading", id), "hold schema changes on the source, then retry")
}

// made adopts a table that is not selected and has just got the name that
// foreign keys of selected tables refer to, or that was the table from, to which
// they refer.
func (pl *planner) made(id, from schema.ID) error {
	var onto []schema.ForeignKey
	for _, name := range []schema.ID{id, from} {
		for _, child := range pl.deps.Registry.Children(name) {
			def, _ := pl.known(child)
			for _, fk := range def.ForeignKeys {
				if parentOf(&fk) == name && Acts(&fk) {
					onto = append(onto, fk)
				}
			}
		}
	}
	if len(onto) == 0 {
		return nil
	}
	return pl.adopt(id, onto)
}

// departs takes a selected table away that gets a name outside: its children's
// foreign keys go with it on the source, and it is followed under that name.
func (pl *planner) departs(from, to, target schema.ID) error {
	def, _ := pl.known(from)
	if pl.detachAll(from) && def != nil {
		shadow := Shadow(pl.deps.Ledger.Run, to, pl.seq)
		keys := slices.Clone(def.ForeignKeys)
		for i := range keys {
			keys[i].Absent = true
		}
		pl.followAs(to, shadow, step{sql: []string{"DROP TABLE IF EXISTS " + quoteID(shadow), "CREATE TABLE " + quoteID(shadow) + " LIKE " + quoteID(target)}}, keys)
	}
	pl.drop(from, target)
	return nil
}

// detachAll takes all foreign keys to a parent off the target, and reports
// whether one of them acts.
func (pl *planner) detachAll(parent schema.ID) (acting bool) {
	for _, child := range pl.deps.Registry.Children(parent) {
		if known, _ := pl.known(child); known != nil && child != parent {
			acting = pl.detach(child, known, parent) || acting
		}
	}
	return acting
}

// detach takes the foreign keys of a child to a parent off the target, and
// reports whether one of them acts.
func (pl *planner) detach(child schema.ID, known *schema.Table, parent schema.ID) (acting bool) {
	keys := slices.Clone(pl.keysOf(child))
	target, here := pl.here(child)
	for _, fk := range known.ForeignKeys {
		if parentOf(&fk) != parent {
			continue
		}
		acting = acting || Acts(&fk)
		if fk.Absent || !here {
			continue
		}
		pl.add(step{sql: []string{fmt.Sprintf("ALTER TABLE %s DROP FOREIGN KEY %s", quoteID(target), mysql.Ident(fk.Name))}, objects: []schema.ID{target}, after: changed})
		pl.note(child.String(), "foreign key %s is left out: it goes with %s, which leaves the selection", fk.Name, parent)
		fk.Absent = true
		keys = append(keys, fk)
	}
	pl.p.absent[child] = keys
	return acting
}

// moveKeys lets foreign keys follow their parents from name to name, as the
// source's do. end has the name after the statement by the name before.
func (pl *planner) moveKeys(end map[schema.ID]schema.ID) {
	var children []schema.ID
	for origin := range end {
		for _, child := range pl.deps.Registry.Children(origin) {
			if !slices.Contains(children, child) {
				children = append(children, child)
			}
		}
	}
	for id := range pl.p.absent { // also those this statement changes
		if !slices.Contains(children, id) {
			children = append(children, id)
		}
	}
	for _, child := range children {
		if slices.Contains(pl.p.changes.Dropped, child) {
			continue
		}
		keys := slices.Clone(pl.keysOf(child))
		for i := range keys {
			if to, ok := end[parentOf(&keys[i])]; ok {
				keys[i].ParentSchema, keys[i].ParentTable = to.Schema, to.Name
			}
		}
		if to, moved := end[child]; moved && to != child {
			continue // carryKeys
		}
		pl.p.absent[child] = keys
		if !pl.p.readBack[child] {
			pl.altered(child)
		}
	}
}

// carryKeys gives renamed tables the foreign keys that are not on the target.
// InnoDB renames those it has named itself. All are taken before any is given:
// tables may swap names.
func (pl *planner) carryKeys(end map[schema.ID]schema.ID, renamed ...[2]schema.ID) {
	given := map[schema.ID][]schema.ForeignKey{}
	for _, pair := range renamed {
		from, to := pair[0], pair[1]
		keys := slices.Clone(pl.keysOf(from))
		for i := range keys {
			if rest, ok := strings.CutPrefix(keys[i].Name, from.Name+"_ibfk_"); ok {
				keys[i].Name = to.Name + "_ibfk_" + rest
			}
			if parent, ok := end[parentOf(&keys[i])]; ok {
				keys[i].ParentSchema, keys[i].ParentTable = parent.Schema, parent.Name
			}
		}
		given[to] = keys
	}
	for _, pair := range renamed {
		delete(pl.p.absent, pair[0])
	}
	maps.Copy(pl.p.absent, given)
}

// columnRenamed lets foreign keys that refer to a renamed column follow it.
func (pl *planner) columnRenamed(parent schema.ID, from, to string) {
	for _, child := range pl.deps.Registry.Children(parent) {
		keys := slices.Clone(pl.keysOf(child))
		for i := range keys {
			if parentOf(&keys[i]) == parent {
				keys[i].ParentCols = renamedIn(keys[i].ParentCols, from, to)
			}
		}
		pl.p.absent[child] = keys
		if child != parent {
			pl.altered(child)
		}
	}
}

func renamedIn(list []string, from, to string) []string {
	out := slices.Clone(list)
	for i := range out {
		if strings.EqualFold(out[i], from) {
			out[i] = to
		}
	}
	return out
}

// leftOut notes a foreign key whose parent is not selected, and follows that.
func (pl *planner) leftOut(child schema.ID, fk schema.ForeignKey) error {
	keys := slices.Clone(pl.keysOf(child))
	fk.Absent = true
	pl.p.absent[child] = append(keys, fk)
	if !Acts(&fk) {
		return nil
	}
	if pl.follows(child) { // its own rows would be needed
		var onto []schema.ForeignKey
		for _, id := range pl.deps.Registry.Children(child) {
			def, _ := pl.known(id)
			for _, k := range def.ForeignKeys {
				if parentOf(&k) == child {
					onto = append(onto, k)
				}
			}
		}
		if leads(&fk, onto) {
			return pl.refuse(needsRows(child, &fk), selectMiddle(child)+", and apply the pipeline again")
		}
		return nil
	}
	return pl.adopt(parentOf(&fk), []schema.ForeignKey{fk})
}

func (pl *planner) allKeys(id schema.ID) []schema.ForeignKey {
	if def, _ := pl.known(id); def != nil {
		return slices.Clone(def.ForeignKeys)
	}
	return nil
}

// nextKey is the name InnoDB gives the nth new foreign key that has none.
func nextKey(table schema.ID, keys []schema.ForeignKey, n int) string {
	top := 0
	for _, fk := range keys {
		if rest, ok := strings.CutPrefix(fk.Name, table.Name+"_ibfk_"); ok {
			if n, err := strconv.Atoi(rest); err == nil {
				top = max(top, n)
			}
		}
	}
	return table.Name + "_ibfk_" + strconv.Itoa(top+n)
}

// named gives a foreign key that has no name the one that MariaDB gives it, which
// is its index's. MySQL would count.
func (pl *planner) named(it item) (_ item, byIndex bool) {
	if it.kind != itemForeignKey || it.name != "" || it.index == "" || pl.deps.Carrier.Source.Flavor != mysql.MariaDB {
		return it, false
	}
	it.name = it.index
	return it, true
}

// nameKey writes down the name that a foreign key has on the source, where the
// target would find another: beside one that is left out it counts otherwise.
func nameKey(r *rewrite, it item, name string) {
	if it.tokens[0].Is("CONSTRAINT") {
		r.e.Insert(it.tokens[0].End, " "+mysql.Ident(name))
		return
	}
	r.e.Insert(it.tokens[0].Start, "CONSTRAINT "+mysql.Ident(name)+" ")
}
