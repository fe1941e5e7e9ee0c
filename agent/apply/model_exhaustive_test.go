package apply

import (
	"flag"
	"fmt"
	"maps"
	"slices"
	"strings"
	"testing"

	"github.com/tidegate-io/tidegate/internal/change"
)

// bound is what a small model may have, so that all its histories can be gone
// through: every order of its steps, with a crash at any of them.
type bound struct {
	name   string
	before []edit // what the copy finds

	writes, crashes, losses int
	lanes                   int
	bounds                  []int
	kind                    change.Kind
	long, enormous          bool
}

// search goes through all histories of a small model: one after another is run,
// each with the choices of the one before up to the last that has another way.
// A state that was met before is not gone on from.
type search struct {
	path, ways []int
	at         int
	seen       map[string]struct{}
	runs       int
}

func (s *search) pick(n int) int {
	if n < 2 {
		return 0
	}
	if s.at == len(s.path) {
		s.path, s.ways = append(s.path, 0), append(s.ways, n)
	}
	s.at++
	return s.path[s.at-1]
}

// next turns to the next history; false: there is none.
func (s *search) next() bool {
	for n := len(s.path) - 1; n >= 0; n-- {
		if s.path[n]+1 < s.ways[n] {
			s.path[n]++
			s.path, s.ways, s.at = s.path[:n+1], s.ways[:n+1], 0
			return true
		}
	}
	return false
}

// run runs one history to its end, or to a state that is known.
func (s *search) run(c bound, broken string) string {
	s.runs++
	m := newModel(func(int) int { return 0 }, broken)
	m.small, m.names, m.bounds, m.lanes, m.rows, m.slow, m.chunks = true, []string{"t"}, c.bounds, c.lanes, 1, 0, 1
	m.writes, m.crashes, m.losses, m.freezes, m.moves = c.writes, c.crashes, c.losses, 0, 0
	m.src = newSource(c.kind)
	if len(c.before) > 0 {
		m.src.commit(c.before)
	}
	m.begin(0)
	m.pick = s.pick
	for {
		m.finish()
		if m.end != "" {
			return m.end
		}
		if s.at == len(s.path) { // not a repetition of the history before
			sig := m.signature()
			if _, known := s.seen[sig]; known {
				return ended
			}
			s.seen[sig] = struct{}{}
		}
		list := m.possible()
		if len(list) == 0 {
			return "nothing can happen any more"
		}
		m.happen(list[s.pick(len(list))])
	}
}

// signature tells apart states from which different things can follow.
func (m *model) signature() string {
	var b strings.Builder
	for _, l := range m.src.log {
		for _, e := range l.edits {
			fmt.Fprint(&b, e.table, show(e.before), show(e.after))
		}
		fmt.Fprint(&b, l.visible, l.executed, ";")
	}
	t := m.dst
	fmt.Fprint(&b, m.writes, m.crashes, m.losses, m.freezes, m.epoch, t.epoch, t.side, t.lanes, t.chunks, t.debts)
	for _, x := range t.open {
		sign(&b, x)
	}
	m.now.sign(&b)
	for _, o := range m.frozen {
		o.sign(&b)
	}
	return b.String()
}

func sign(b *strings.Builder, x *tx) {
	fmt.Fprint(b, "tx", x.sent, x.ledger, x.owner.epoch, slices.Sorted(maps.Keys(x.locks)))
	for _, e := range x.edits {
		fmt.Fprint(b, show(e.before), show(e.after))
	}
}

func (o *owner) sign(b *strings.Builder) {
	l := o.loop
	fmt.Fprint(b, "owner", o.epoch, o.dead, o.fed, len(l.pending), len(l.later), o.a.half != nil, l.gather.to.pos.GTID, l.gather.to.set, l.gather.txns, o.over, o.published)
	if l.ready != nil {
		signBatch(b, l.ready)
	}
	for _, f := range o.flight {
		signBatch(b, f.b)
		fmt.Fprint(b, f.state)
	}
	for _, n := range o.m.names {
		c := o.copies[n]
		fmt.Fprint(b, c.seq, c.closed, c.ready, c.flying, c.finished)
	}
	for _, w := range o.work {
		fmt.Fprint(b, w.seq, w.stage, w.low, w.rows, w.first, w.high, w.held != nil)
	}
}

func signBatch(b *strings.Builder, f *batch) {
	fmt.Fprint(b, "batch", f.seq, f.from.text, f.to.text, f.done, f.behind, f.outdated())
	for _, s := range f.shares {
		for i := range s.ops {
			fmt.Fprint(b, s.ops[i].kind, unimage(s.ops[i].image()))
		}
		b.WriteByte('|')
	}
}

var enormous = flag.Bool("model-exhaust", false, "go through larger models too, which takes a quarter of an hour")

// TestModelExhaustive goes through every history of small models.
func TestModelExhaustive(t *testing.T) {
	for _, c := range []bound{
		{name: "one write, two ranges, a crash", writes: 1, crashes: 1, lanes: 1, bounds: []int{0, last}, kind: change.MySQL},
		{name: "one write, two lanes, a crash and a lost answer", writes: 1, crashes: 1, losses: 1, lanes: 2, bounds: []int{last}, kind: change.MySQL},
		{name: "two writes, MariaDB", writes: 2, lanes: 1, bounds: []int{last}, kind: change.MariaDB, long: true},
		{name: "two writes, two ranges, MariaDB", writes: 2, lanes: 1, bounds: []int{0, last}, kind: change.MariaDB, enormous: true},
		{name: "two writes", writes: 2, lanes: 1, bounds: []int{last}, kind: change.MySQL, enormous: true},
		{name: "two writes, two ranges, a crash, MariaDB", writes: 2, crashes: 1, lanes: 2, bounds: []int{0, last}, kind: change.MariaDB, enormous: true},
		{name: "two writes, two ranges, a crash", writes: 2, crashes: 1, lanes: 2, bounds: []int{0, last}, kind: change.MySQL, enormous: true},
	} {
		t.Run(c.name, func(t *testing.T) {
			if c.long && testing.Short() || c.enormous && !*enormous {
				t.Skip("takes longer")
			}
			s := &search{seen: map[string]struct{}{}}
			for more := true; more; more = s.next() {
				if end := s.run(c, ""); end != ended {
					t.Fatalf("history %d, choices %v: %s", s.runs, s.path, end)
				}
			}
			t.Logf("%d histories, %d states", s.runs, len(s.seen))
		})
	}
}
