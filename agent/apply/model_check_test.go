package apply

import (
	"fmt"
	"slices"
	"strings"

	"github.com/tidegate-io/tidegate/internal/change"
)

// prefix holds the target between two batches to a state that the source had
// (I-6), once every window is over.
func (m *model) prefix(o *owner) {
	_, at := o.a.frontier.place()
	if !o.over || len(m.dst.open) > 0 {
		return
	}
	for _, w := range o.tables {
		if high, _ := w.High(); w.Tolerant(at.set) || !at.set.Includes(high) {
			return
		}
	}
	if want := m.src.state(in(at.set)); !m.dst.equal(want) && o == m.now {
		m.fail("between batches the target was no state of the source: %v, want %v", m.dst.side, want)
	}
}

func in(s *change.Set) func(*logged) bool { return func(l *logged) bool { return s.Contains(l.id) } }

// finish ends the history if nothing is left to be done.
func (m *model) finish() {
	o := m.now
	if m.writes > 0 || !o.over || !o.idle() || len(m.dst.open) > 0 {
		return
	}
	for _, l := range m.src.log {
		if !l.executed {
			return
		}
	}
	if _, at := o.a.frontier.place(); !at.set.Includes(m.src.all()) {
		return
	}
	for i := len(m.frozen) - 1; i >= 0; i-- { // whoever wakes up now must do no harm either
		m.thaw(i)
	}
	m.equal(o)
	m.fail(ended)
}

func (m *model) equal(o *owner) {
	if !m.dst.equal(m.src.rows) {
		m.fail("diverged: the target has %v, the source %v", m.dst.side, m.src.rows)
	}
	_, at := o.a.frontier.place()
	for n, w := range o.tables {
		if w.Tolerant(at.set) {
			m.fail("%s is still tolerant", n)
		}
	}
	for d := range m.dst.debts { // as Settle looks at them
		table, id, _ := strings.Cut(d, " ")
		var n int
		fmt.Sscan(id, &n)
		_, there := m.dst.keyed[table][n]
		_, wanted := m.src.rows.keyed[table][n]
		if !there && wanted {
			m.fail("a debt is left: %s", d)
		}
	}
	if m.dst.exact["k"] != "copied" && slices.Contains(m.names, "k") {
		m.fail("table k is %q", m.dst.exact["k"])
	}
}
