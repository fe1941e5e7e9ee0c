package apply

import (
	"errors"
	"fmt"
	"slices"

	"github.com/tidegate-io/tidegate/agent/gate"
	"github.com/tidegate-io/tidegate/internal/change"
)

// mcopy is the place of a table that is read in ranges.
type mcopy struct {
	name     string
	seq      int // the next range
	lower    int
	closed   bool // the last range is handed out
	ready    []int
	flying   int
	finished bool
	told     bool
}

// mwork is a range between hand-out and its end.
type mwork struct {
	c     *mcopy
	seq   int
	stage workStage
	low   *change.Set
	held  *gate.Chunk
	rows  []row
	first *change.Set // what was read first for the high mark
	high  *change.Set
	x     *tx
}

type workStage int

const (
	workMark workStage = iota
	workOpen
	workSelect
	workHighFirst
	workHigh
	workWrite
	workCommit
	workAsk
	workDone
)

// place is where a row lies in its table's paging order; "p" is paged
// backwards, as by a key of which Go does not know the order.
func pagePlace(table string, id int) int {
	if table == "p" {
		return modelKeys - 1 - id
	}
	return id
}

// load restores the copy from the target.
func (o *owner) load() {
	m := o.m
	for _, n := range m.names {
		o.tables[n] = o.g.Add(tableID(n))
		if n == "k" {
			o.loadExact()
			continue
		}
		c := &mcopy{name: n, lower: -1}
		o.copies[n] = c
		for i := range m.dst.chunks {
			if ck := &m.dst.chunks[i]; ck.table == n {
				o.loadChunk(c, ck)
			}
		}
		if c.seq > 0 {
			o.tell(c)
		}
		o.settle(c)
	}
	o.g.Copying(m.keeps("while chunks are left, nothing is taken that cannot be read"))
}

func (o *owner) loadChunk(c *mcopy, ck *mchunk) {
	c.seq, c.lower, c.closed = max(c.seq, ck.seq+1), max(c.lower, ck.upper), c.closed || ck.seq+1 == len(o.m.bounds)
	if !ck.done {
		c.ready = append(c.ready, ck.seq)
		return
	}
	high, err := change.ParseSet(o.m.src.kind, ck.high)
	if err != nil {
		o.m.fail("%v", err)
		return
	}
	if o.m.keeps("windows outlive a crash") {
		o.tables[c.name].Window(high)
	}
}

// tell tells the gate what is handed out.
func (o *owner) tell(c *mcopy) {
	w := o.tables[c.name]
	switch {
	case c.closed:
		w.HandOutLast()
	case c.name == "t" || !o.m.keeps("only comparable keys are skipped"):
		w.HandOut(above(c.lower))
	default:
		w.HandOut(nil)
	}
}

func (o *owner) settle(c *mcopy) {
	if c.closed && c.flying == 0 && len(c.ready) == 0 && !c.finished {
		c.finished = true
		o.tables[c.name].Finish()
	}
}

func (o *owner) possibleCopy(add func(stepKind, *owner, int, int)) {
	finished := true
	if o.server != o.m.src.server {
		return
	}
	for i, n := range o.m.names {
		c := o.copies[n]
		if c == nil {
			continue
		}
		finished = finished && c.finished
		if len(o.work) < o.m.chunks && (len(c.ready) > 0 || !c.closed) {
			add(stepHandOut, o, i, 0)
		}
	}
	for i := range o.work {
		add(stepChunk, o, i, 0)
	}
	if o.exact != nil && o.exact.stage != exactOver {
		finished = false
		add(stepExact, o, 0, 0)
	}
	if finished && !o.over && len(o.work) == 0 {
		add(stepOver, o, 0, 0)
	}
}

func (o *owner) stepCopy(s step) {
	switch s.kind {
	case stepHandOut:
		o.handOut(o.copies[o.m.names[s.i]])
	case stepChunk:
		o.chunk(o.work[s.i])
	case stepExact:
		o.stepExact()
	case stepOver:
		o.over = true
		o.g.Copying(false)
	}
}

// handOut takes a range that was handed out before, or records the next one.
func (o *owner) handOut(c *mcopy) {
	m := o.m
	w := &mwork{c: c}
	if len(c.ready) > 0 {
		w.seq, c.ready = c.ready[0], c.ready[1:]
	} else {
		if m.dst.epoch != o.epoch && m.keeps("everything that writes is fenced") {
			o.dead = true
			return
		}
		w.seq = c.seq
		upper := m.bounds[c.seq]
		if upper == last && !m.keeps("the last range has no upper bound") {
			upper = m.top(c.name)
		}
		row := mchunk{table: c.name, seq: c.seq, lower: c.lower, upper: upper}
		if m.keeps("a range is recorded before it is read") {
			m.dst.chunks = append(m.dst.chunks, row)
			m.saved()
		}
		c.seq, c.lower, c.closed = c.seq+1, upper, c.seq+1 == len(m.bounds) || upper == last
		if m.keeps("the gate knows a range before its chunk leaves the gate") {
			if c.closed && upper != last {
				o.tables[c.name].HandOut(above(upper))
			} else {
				o.tell(c)
			}
		}
	}
	c.flying++
	o.work = append(o.work, w)
}

// top is the greatest place that is taken now.
func (m *model) top(table string) int {
	n := 0
	if len(m.bounds) > 1 {
		n = m.bounds[len(m.bounds)-2]
	}
	for id := range m.src.visible().keyed[table] {
		n = max(n, pagePlace(table, id))
	}
	return n
}

// chunk goes one step on with a range.
func (o *owner) chunk(w *mwork) {
	m := o.m
	w.stage++
	switch w.stage - 1 {
	case workMark:
		w.low = m.lowMark()
	case workOpen:
		o.open(w)
	case workSelect:
		w.rows = m.selected(w.c.name, o.rangeOf(w))
	case workHighFirst:
		w.first = m.src.owned()
		if !m.keeps("the high mark reads gtid_owned first") {
			w.first = m.src.done()
		}
	case workHigh:
		w.high = m.highMark(w)
	case workWrite:
		o.write(w)
	case workCommit:
		if m.try(w.x) {
			w.stage = workDone
		} else if !m.keeps("the gate is held until the outcome is known") && w.held != nil {
			w.held.Drop()
			w.held = nil
		}
	case workAsk:
		o.ask(w)
	case workDone:
		o.finishChunk(w)
	}
}

// lowMark is what every SELECT begun after it sees.
func (m *model) lowMark() *change.Set {
	switch {
	case !m.keeps("the low mark is what is executed, not what is logged"):
		return m.src.all()
	case !m.keeps("the low mark is a set, not a place"):
		end := 0
		for i, l := range m.src.log {
			if l.executed {
				end = i + 1
			}
		}
		s := change.NewSet(m.src.kind)
		for _, l := range m.src.log[:end] {
			s.Add(l.id)
		}
		return s
	}
	return m.src.done()
}

func (o *owner) open(w *mwork) {
	m := o.m
	low := w.low
	if !m.keeps("a low mark contains all that was taken") {
		low = low.Clone()
		low.Union(m.src.done())
		low.Union(o.loop.gather.to.set)
	}
	held, err := o.g.Open(o.tables[w.c.name], low)
	switch {
	case errors.Is(err, gate.ErrStale):
		w.stage = workMark
		return
	case err != nil:
		m.fail("open: %v", err)
	}
	w.held = held
	if !m.keeps("the gate trails behind the oldest chunk") {
		held.Drop()
	}
}

// rangeOf is the recorded range: it keeps its bounds.
func (o *owner) rangeOf(w *mwork) mchunk {
	ck := o.m.dst.chunk(w.c.name, w.seq)
	if ck == nil { // recorded with its rows only
		lower := -1
		if w.seq > 0 {
			lower = o.m.bounds[w.seq-1]
		}
		return mchunk{table: w.c.name, seq: w.seq, lower: lower, upper: o.m.bounds[w.seq]}
	}
	return *ck
}

func (m *model) selected(table string, ck mchunk) (out []row) {
	for id, r := range m.src.visible().keyed[table] {
		if p := pagePlace(table, id); p > ck.lower && p <= ck.upper {
			out = append(out, r)
		}
	}
	slices.SortFunc(out, func(a, b row) int { return a.id - b.id })
	return out
}

func (m *model) highMark(w *mwork) *change.Set {
	if m.src.kind == change.MariaDB {
		return m.src.all() // gtid_binlog_pos
	}
	high := m.src.done()
	switch {
	case !m.keeps("the high mark has what is owned"):
		return high
	case !m.keeps("the high mark reads gtid_owned first"):
		high = m.src.owned()
	}
	high.Union(w.first)
	return high
}

// write runs a chunk's transaction up to its COMMIT: the fence first, the
// chunk's row last, and a debt for whatever was in the way of a row.
func (o *owner) write(w *mwork) {
	m := o.m
	if m.dst.epoch != o.epoch && m.keeps("everything that writes is fenced") {
		o.dead = true
		return
	}
	x := o.tx()
	x.reads["run"] = true
	in := &writing{s: m.dst.side.clone(), x: x}
	debts := map[string]bool{}
	for _, r := range w.rows {
		o.put(in, w.c.name, r, debts)
	}
	ck := o.rangeOf(w)
	if now := m.dst.chunk(w.c.name, w.seq); now == nil && m.keeps("a range is recorded before it is read") || now != nil && now.done {
		o.refused("chunk %d of %s is not handed out", w.seq, w.c.name)
		return
	}
	ck.done, ck.high = true, w.high.String()
	if !m.keeps("a window ends at the high mark") {
		ck.high = w.low.String()
	}
	x.then = append(x.then, func(t *mtarget) {
		if old := t.chunk(ck.table, ck.seq); old != nil {
			*old = ck
		} else {
			t.chunks = append(t.chunks, ck)
		}
		for d := range debts {
			t.debts[d] = true
		}
	})
	if m.dst.enter(x) != nil {
		w.stage = workWrite // the locks are waited for
		return
	}
	w.x = x
}

// put writes one row over what is in its way.
func (o *owner) put(in *writing, table string, r row, debts map[string]bool) {
	old, other := in.find(table, r.id), in.holder(table, r)
	if other != nil {
		in.edit(edit{table: table, before: other})
		debts[fmt.Sprint(table, " ", other.id)] = true
	}
	in.edit(edit{table: table, before: old, after: &r})
	delete(debts, fmt.Sprint(table, " ", r.id))
}

// ask finds out whether a chunk whose answer was lost is there.
func (o *owner) ask(w *mwork) {
	m := o.m
	switch {
	case m.dst.epoch != o.epoch:
		o.dead = true
	case slices.Contains(m.dst.open, w.x) && m.keeps("a chunk's outcome is waited for"):
		w.stage = workAsk
	default:
		if ck := m.dst.chunk(w.c.name, w.seq); ck != nil && ck.done {
			w.stage = workDone
			return
		}
		if w.held != nil {
			w.held.Drop()
		}
		w.stage, w.held = workMark, nil
	}
}

func (o *owner) finishChunk(w *mwork) {
	high := w.high
	if !o.m.keeps("a window ends at the high mark") {
		high = w.low
	}
	if w.held != nil {
		w.held.Done(high)
	}
	o.work = slices.DeleteFunc(o.work, func(v *mwork) bool { return v == w })
	w.c.flying--
	if w.c.told = !w.c.told; !o.m.keeps("the gate knows a range before its chunk leaves the gate") && w.c.told {
		o.tell(w.c)
	}
	o.settle(w.c)
}
