package apply

import (
	"errors"
	"fmt"
	"maps"
	"regexp"
	"slices"
	"strconv"

	"github.com/tidegate-io/tidegate/agent/ledger"
	"github.com/tidegate-io/tidegate/internal/change"
)

// mtarget is the target: committed rows and control rows, and the transactions
// that are open on it.
type mtarget struct {
	side
	epoch  uint64 // of the run row
	lanes  []mlane
	chunks []mchunk
	exact  map[string]string // keyless tables: their state
	at     map[string]string // and position
	debts  map[string]bool   // table and key

	open []*tx
}

// mlane is a lane's row of the ledger.
type mlane struct {
	epoch, batch uint64
	from, to     string
}

// mchunk is a row of _tidegate.chunk.
type mchunk struct {
	table        string
	seq          int
	lower, upper int // above lower, up to upper; upper is last for the last one
	done         bool
	high         string
}

func (t *mtarget) clone() *mtarget {
	c := *t
	c.side, c.lanes, c.chunks, c.open = t.side.clone(), slices.Clone(t.lanes), slices.Clone(t.chunks), nil
	c.exact, c.at, c.debts = maps.Clone(t.exact), maps.Clone(t.at), maps.Clone(t.debts)
	return &c
}

func (t *mtarget) chunk(table string, seq int) *mchunk {
	for i := range t.chunks {
		if t.chunks[i].table == table && t.chunks[i].seq == seq {
			return &t.chunks[i]
		}
	}
	return nil
}

// tx is an open transaction: its statements have run, their effects wait for
// the commit, and what it wrote is locked.
type tx struct {
	owner  *owner
	edits  []edit
	locks  map[string]bool
	reads  map[string]bool // locked in share mode
	then   []func(*mtarget)
	sent   bool // COMMIT is on its way
	ledger bool // it has moved the ledger
}

func (o *owner) tx() *tx { return &tx{owner: o, locks: map[string]bool{}, reads: map[string]bool{}} }

var (
	errWait     = errors.New("a row is locked by another transaction")
	errCounted  = errors.New("a statement counted another number of rows than expected")
	errIsFenced = errors.New("fenced")
	errStep     = errors.New("out of step")
)

// enter opens a transaction unless something it locks is locked already.
func (t *mtarget) enter(x *tx) error {
	for _, o := range t.open {
		for l := range o.locks {
			if x.locks[l] || x.reads[l] {
				return errWait
			}
		}
		for l := range o.reads {
			if x.locks[l] {
				return errWait
			}
		}
	}
	t.open = append(t.open, x)
	return nil
}

func (t *mtarget) leave(x *tx) {
	t.open = slices.DeleteFunc(t.open, func(o *tx) bool { return o == x })
}

func (t *mtarget) commit(x *tx) {
	t.leave(x)
	for _, e := range x.edits {
		e.apply(t.side)
	}
	for _, f := range x.then {
		f(t)
	}
}

// writing is what a transaction sees: the committed rows and its own.
type writing struct {
	s side
	x *tx
}

func (w *writing) edit(e edit) {
	e.apply(w.s)
	w.x.edits = append(w.x.edits, e)
	for _, c := range e.cells() {
		w.x.locks[c] = true
	}
}

// holder is another row that has a unique value.
func (w *writing) holder(table string, r row) *row {
	if table != "t" || r.u == 0 {
		return nil
	}
	for id, o := range w.s.keyed[table] {
		if o.u == r.u && id != r.id {
			return &o
		}
	}
	return nil
}

func (w *writing) find(table string, id int) *row {
	if r, ok := w.s.keyed[table][id]; ok {
		return &r
	}
	return nil
}

// run carries out one op as a server would; it fails where its count is wrong.
func (w *writing) run(o *op) error {
	table := o.table.plan.Source.Name
	switch o.kind {
	case deleteMatch, updateMatch:
		before := unimage(o.before)
		if w.s.bag[before] == 0 {
			return errCounted
		}
		e := edit{table: table, before: &before}
		if o.kind == updateMatch {
			after := unimage(o.after)
			e.after = &after
		}
		w.edit(e)
		return nil
	}
	r := unimage(o.image())
	if table == "k" {
		if o.kind != insertRow {
			return fmt.Errorf("op %d on a table without a key", o.kind)
		}
		w.edit(edit{table: table, after: &r})
		return nil
	}
	old, other := w.find(table, r.id), w.holder(table, r)
	switch o.kind {
	case deleteKey, deleteAny:
		if old == nil && o.kind == deleteKey {
			return errCounted
		}
		if old != nil {
			w.edit(edit{table: table, before: old})
		}
		return nil
	case replaceRow:
		if other != nil {
			w.edit(edit{table: table, before: other})
		}
	case insertRow:
		if old != nil || other != nil {
			return errCounted
		}
	case upsertRow:
		if old == nil || other != nil || *old == r {
			return errCounted
		}
	default:
		return fmt.Errorf("op %d is not known", o.kind)
	}
	w.edit(edit{table: table, before: old, after: &r})
	return nil
}

// moves reads the ledger's compare-and-set.
var moves = regexp.MustCompile("^UPDATE `_tidegate`.`ledger` SET batch = (\\d+), from_pos = '(.*)', to_pos = '(.*)' WHERE run = 'model'( AND lane = (\\d+))?( AND epoch = (\\d+))?( AND batch = (\\d+))?$")

// move runs the statement that the real ledger made, and returns its count.
func (t *mtarget) move(x *tx, text string, m *model) (int, error) {
	f := moves.FindStringSubmatch(text)
	if f == nil {
		return 0, fmt.Errorf("the model does not read %s", text)
	}
	n := func(i int) uint64 { v, _ := strconv.ParseUint(f[i], 10, 64); return v }
	count := 0
	for i := range t.lanes {
		l := t.lanes[i]
		switch {
		case f[4] != "" && int(n(5)) != i:
			continue
		case f[6] != "" && m.keeps("ledger compares the epoch") && l.epoch != n(7):
			continue
		case f[8] != "" && m.keeps("ledger compares the batch") && l.batch != n(9):
			continue
		}
		count++
		x.locks[fmt.Sprint("lane", i)] = true
		x.then = append(x.then, func(t *mtarget) {
			if i >= len(t.lanes) { // another owner has changed their number
				return
			}
			l := &t.lanes[i]
			l.batch, l.from, l.to = n(1), unquote(f[2]), unquote(f[3])
		})
	}
	x.ledger = true
	return count, nil
}

var quoted = regexp.MustCompile(`\\(.)`)

func unquote(s string) string { return quoted.ReplaceAllString(s, "$1") }

// state is what a takeover reads.
func (t *mtarget) state() (*ledger.State, error) {
	st := &ledger.State{}
	for _, l := range t.lanes {
		var lane ledger.Lane
		var err error
		if lane.From, err = change.DecodePosition(l.from); err != nil {
			return nil, err
		}
		if lane.To, err = change.DecodePosition(l.to); err != nil {
			return nil, err
		}
		lane.Batch = l.batch
		st.Lanes = append(st.Lanes, lane)
	}
	return st, nil
}
