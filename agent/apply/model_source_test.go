package apply

import (
	"fmt"
	"maps"
	"slices"

	"github.com/tidegate-io/tidegate/internal/change"
)

// The model's tables all have the columns of row. "t" has a primary key and a
// unique value, and is paged by its integer key; "p" has a primary key alone,
// and its paging key counts as one that Go does not compare; "k" has no key.
var modelNames = []string{"t", "p", "k"}

var modelMaps = map[string]*change.TableMap{}

func init() {
	for _, n := range modelNames {
		modelMaps[n] = &change.TableMap{Schema: threeInts.Schema, Name: n, Types: threeInts.Types, Meta: threeInts.Meta}
	}
}

// side is the rows of all tables. Of the keyed ones, by id; of "k", how often
// each row is there.
type side struct {
	keyed map[string]map[int]row
	bag   map[row]int
}

func newSide() side {
	return side{keyed: map[string]map[int]row{"t": {}, "p": {}}, bag: map[row]int{}}
}

func (s side) clone() side {
	return side{keyed: map[string]map[int]row{"t": maps.Clone(s.keyed["t"]), "p": maps.Clone(s.keyed["p"])}, bag: maps.Clone(s.bag)}
}

func (s side) equal(o side) bool {
	return maps.Equal(s.keyed["t"], o.keyed["t"]) && maps.Equal(s.keyed["p"], o.keyed["p"]) && maps.Equal(s.bag, o.bag)
}

func (s side) count(r row, n int) {
	if s.bag[r] += n; s.bag[r] == 0 {
		delete(s.bag, r)
	}
}

// edit is one row change: nil is no row.
type edit struct {
	table         string
	before, after *row
}

func (e edit) apply(s side) {
	if e.table == "k" {
		if e.before != nil {
			s.count(*e.before, -1)
		}
		if e.after != nil {
			s.count(*e.after, 1)
		}
		return
	}
	if e.before != nil {
		delete(s.keyed[e.table], e.before.id)
	}
	if e.after != nil {
		s.keyed[e.table][e.after.id] = *e.after
	}
}

// cells are the rows and unique values that a transaction locks until its
// changes are visible.
func (e edit) cells() (out []string) {
	for _, r := range []*row{e.before, e.after} {
		switch {
		case r == nil:
		case e.table == "k":
			out = append(out, fmt.Sprint("k", *r))
		default:
			out = append(out, fmt.Sprint(e.table, r.id))
			if e.table == "t" && r.u != 0 {
				out = append(out, fmt.Sprint("u", r.u))
			}
		}
	}
	return out
}

func (e edit) change() change.Change {
	c := change.Change{Table: modelMaps[e.table]}
	switch {
	case e.before == nil:
		c.Op, c.After = change.Insert, image(*e.after)
	case e.after == nil:
		c.Op, c.Before = change.Delete, image(*e.before)
	default:
		c.Op, c.Before, c.After = change.Update, image(*e.before), image(*e.after)
	}
	return c
}

// logged is a transaction of the source's log. It is written there first, then
// its rows are visible, then it counts as executed.
type logged struct {
	id                change.ID
	edits             []edit
	cells             []string
	visible, executed bool
	txn               *change.Txn
}

// source is a server whose log runs ahead of what a SELECT sees.
type source struct {
	kind   change.Kind
	server int // another one after a failover
	next   uint64
	begun  uint64 // the next one when the run began
	first  side   // rows before the log
	rows   side   // rows behind the log
	log    []*logged
}

func newSource(kind change.Kind) *source {
	return &source{kind: kind, server: 1, next: 1, first: newSide(), rows: newSide()}
}

func (s *source) id() change.ID {
	id := change.ID{Source: fmt.Sprintf("00000000-0000-0000-0000-%012d", s.server), N: s.next}
	if s.kind == change.MariaDB {
		id = change.ID{Source: "0", Server: uint32(s.server), N: s.next}
	}
	s.next++
	return id
}

// commit writes a transaction to the log. Those it had to wait for are visible
// and executed first.
func (s *source) commit(edits []edit) {
	l := &logged{id: s.id(), edits: edits}
	for _, e := range edits {
		e.apply(s.rows)
		l.cells = append(l.cells, e.cells()...)
	}
	for i, o := range s.log {
		if !o.visible && o.meets(l) {
			s.show(i)
		}
	}
	l.txn = &change.Txn{IDs: []change.ID{l.id}, File: "log", Offset: uint64(len(s.log) + 1)}
	for _, e := range edits {
		l.txn.Changes = append(l.txn.Changes, e.change())
	}
	s.log = append(s.log, l)
}

func (l *logged) meets(o *logged) bool {
	return slices.ContainsFunc(l.cells, func(c string) bool { return slices.Contains(o.cells, c) })
}

// show makes a transaction visible; a MariaDB does that in the log's order.
func (s *source) show(i int) {
	for n := range i {
		if s.kind == change.MariaDB {
			s.log[n].visible = true
		}
	}
	s.log[i].visible = true
}

// execute puts a visible transaction into the executed set.
func (s *source) execute(i int) {
	for n := range i {
		if s.kind == change.MariaDB {
			s.log[n].visible, s.log[n].executed = true, true
		}
	}
	s.log[i].visible, s.log[i].executed = true, true
}

// settle ends the writers of a table: what LOCK TABLES waits for.
func (s *source) settle(table string) {
	for i, l := range s.log {
		if slices.ContainsFunc(l.edits, func(e edit) bool { return e.table == table }) {
			s.execute(i)
		}
	}
}

func (s *source) set(in func(*logged) bool) *change.Set {
	out := change.NewSet(s.kind)
	for _, l := range s.log {
		if in(l) {
			out.Add(l.id)
		}
	}
	return out
}

func (s *source) all() *change.Set   { return s.set(func(*logged) bool { return true }) }
func (s *source) done() *change.Set  { return s.set(func(l *logged) bool { return l.executed }) }
func (s *source) owned() *change.Set { return s.set(func(l *logged) bool { return !l.executed }) }

// state is the rows that some transactions of the log make.
func (s *source) state(in func(*logged) bool) side {
	out := s.first.clone()
	for _, l := range s.log {
		if in(l) {
			for _, e := range l.edits {
				e.apply(out)
			}
		}
	}
	return out
}

// visible is what a SELECT sees now.
func (s *source) visible() side { return s.state(func(l *logged) bool { return l.visible }) }

// replace is a failover: another server has the beginning of the log, perhaps
// with transactions that do not meet in another order. Without lost ones it has
// all that are executed.
func (s *source) replace(pick func(n int) int, lose bool) {
	least := 0
	for i, l := range s.log {
		if l.executed && !lose {
			least = i + 1
		}
	}
	if lose {
		least = max(0, len(s.log)-2)
	}
	kept := s.log[:least+pick(len(s.log)-least+1)]
	for n := 0; n+1 < len(kept) && s.kind == change.MySQL; n++ {
		if i := pick(len(kept) - 1); !kept[i].meets(kept[i+1]) {
			kept[i], kept[i+1] = kept[i+1], kept[i]
		}
	}
	s.log, s.rows = kept, s.first.clone()
	s.server++
	s.next = 1
	if s.kind == change.MariaDB && len(kept) > 0 {
		s.next = kept[len(kept)-1].id.N + 1
	} else if s.kind == change.MariaDB {
		s.next = s.begun
	}
	for _, l := range kept {
		l.visible, l.executed = true, true
		for _, e := range l.edits {
			e.apply(s.rows)
		}
	}
}

// lacks reports whether the server has not all of a set.
func (s *source) lacks(needed *change.Set) bool { return !needed.Minus(s.all()).Empty() }
