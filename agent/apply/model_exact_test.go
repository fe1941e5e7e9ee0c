package apply

import (
	"maps"
	"slices"

	"github.com/tidegate-io/tidegate/agent/gate"
	"github.com/tidegate-io/tidegate/internal/change"
)

// mexact is the copy of the table without a key: one snapshot at one exact
// position, written in pieces, the gate held all the while.
type mexact struct {
	stage exactStage
	at    *change.Set
	held  *gate.Chunk
	rows  []row
	piece int
	x     *tx
}

type exactStage int

const (
	exactLock exactStage = iota
	exactBegin
	exactTell
	exactPiece
	exactCommit
	exactAsk
	exactDone
	exactDiscard // given up: forget, empty, begin anew
	exactTruncate
	exactAgain
	exactOver
)

const pieces = 2

// loadExact goes on from what the target says: a copy in one snapshot that was
// interrupted is thrown away before anything is applied.
func (o *owner) loadExact() {
	m := o.m
	o.exact = &mexact{}
	switch m.dst.exact["k"] {
	case "copied":
		at, err := change.ParseSet(m.src.kind, m.dst.at["k"])
		if err != nil {
			m.fail("%v", err)
			return
		}
		o.tables["k"].Exact(at)
		o.tables["k"].Finish()
		o.exact.stage = exactOver
	case "exact", "emptying":
		m.discard()
		if m.keeps("an interrupted snapshot is emptied") {
			m.dst.bag = map[row]int{}
		}
		m.dst.exact["k"] = ""
		m.saved()
	}
}

func (m *model) discard() {
	m.dst.exact["k"], m.dst.at["k"] = "emptying", ""
	m.dst.chunks = slices.DeleteFunc(m.dst.chunks, func(c mchunk) bool { return c.table == "k" })
}

func (o *owner) stepExact() {
	m, e := o.m, o.exact
	if e.stage >= exactTell && e.stage < exactDone && m.losses > 0 && m.pick(8) == 0 { // the source's connection is lost
		m.losses--
		e.stage = exactDiscard
		if slices.Contains(m.dst.open, e.x) && !e.x.sent {
			m.dst.leave(e.x)
		}
		return
	}
	switch e.stage {
	case exactLock:
		o.lock(e)
	case exactBegin:
		if !o.fenced() {
			m.dst.exact["k"], m.dst.at["k"] = "exact", e.at.String()
			m.saved()
			e.stage = exactTell
		}
	case exactTell:
		at := e.at
		if !m.keeps("what a snapshot holds is skipped") {
			at = change.NewSet(m.src.kind)
		}
		o.tables["k"].Exact(at)
		e.stage, e.piece = exactPiece, 0
	case exactPiece:
		o.writePiece(e)
	case exactCommit:
		o.commitPiece(e)
	case exactAsk:
		o.askPiece(e)
	case exactDone:
		if e.held != nil {
			e.held.Done(e.at)
		}
		o.tables["k"].Finish()
		e.stage = exactOver
	default:
		o.abandon(e)
	}
}

// fenced asks the run row for a write that commits at once.
func (o *owner) fenced() bool {
	if o.m.dst.epoch != o.epoch && o.m.keeps("everything that writes is fenced") {
		o.dead = true
	}
	return o.dead
}

// lock opens the snapshot while the table's writers stand still, and holds the
// gate at its position.
func (o *owner) lock(e *mexact) {
	m := o.m
	before := m.src.done()
	m.src.settle("k")
	e.at = m.src.done()
	switch {
	case !m.keeps("a snapshot's position is taken under the lock"):
		e.at = before
	case m.src.kind == change.MariaDB:
		e.at = m.src.all()
	}
	held, err := o.g.Open(o.tables["k"], e.at)
	if err != nil {
		return
	}
	e.held, e.rows = held, nil
	bag := m.src.visible().bag
	for _, r := range slices.SortedFunc(maps.Keys(bag), func(a, b row) int { return a.id*10 + a.v - b.id*10 - b.v }) {
		for range bag[r] {
			e.rows = append(e.rows, r)
		}
	}
	if !m.keeps("the gate stands at a snapshot until its last piece") {
		held.Drop()
		e.held = nil
	}
	e.stage = exactBegin
}

func (o *owner) writePiece(e *mexact) {
	m := o.m
	if o.fenced() {
		return
	}
	x := o.tx()
	x.reads["run"] = true
	half := (len(e.rows) + pieces - 1) / pieces
	for _, r := range e.rows[min(e.piece*half, len(e.rows)):min((e.piece+1)*half, len(e.rows))] {
		ed := edit{table: "k", after: &r}
		x.edits = append(x.edits, ed)
		for _, c := range ed.cells() {
			x.locks[c] = true
		}
	}
	n := e.piece
	x.then = append(x.then, func(t *mtarget) {
		t.chunks = append(t.chunks, mchunk{table: "k", seq: n, done: true})
		if n == pieces-1 {
			t.exact["k"] = "copied"
		}
	})
	if m.dst.enter(x) == nil {
		e.x, e.stage = x, exactCommit
	}
}

func (o *owner) commitPiece(e *mexact) {
	if !o.m.try(e.x) {
		e.stage = exactAsk
		return
	}
	o.nextPiece(e)
}

func (o *owner) nextPiece(e *mexact) {
	e.piece++
	if e.stage = exactPiece; e.piece == pieces {
		e.stage = exactDone
	}
}

func (o *owner) askPiece(e *mexact) {
	m := o.m
	switch {
	case m.dst.epoch != o.epoch:
		o.dead = true
	case slices.Contains(m.dst.open, e.x): // its outcome is waited for
	case m.dst.chunk("k", e.piece) != nil && m.keeps("a piece that is there is not written again"):
		o.nextPiece(e)
	default:
		e.stage = exactPiece
	}
}

// abandon throws the rows away before the gate is let go.
func (o *owner) abandon(e *mexact) {
	m := o.m
	switch e.stage {
	case exactDiscard:
		if o.fenced() || m.waits("run") { // the row is locked by what is on its way
			return
		}
		m.discard()
		m.saved()
		e.stage = exactTruncate
	case exactTruncate: // commits by itself: only the holder of the run's lock may send it
		if m.dst.epoch != o.epoch && m.keeps("TRUNCATE needs the run's lock") {
			o.dead = true
			return
		}
		if slices.ContainsFunc(m.dst.open, func(x *tx) bool {
			return slices.ContainsFunc(x.edits, func(e edit) bool { return e.table == "k" })
		}) {
			return
		}
		m.dst.bag = map[row]int{}
		m.saved()
		e.stage = exactAgain
	case exactAgain:
		if o.fenced() {
			return
		}
		m.dst.exact["k"] = ""
		m.saved()
		o.tables["k"].Restart()
		if e.held != nil {
			e.held.Drop()
		}
		o.exact = &mexact{}
	}
}

// waits reports whether another transaction holds the copy's rows.
func (m *model) waits(what string) bool {
	return slices.ContainsFunc(m.dst.open, func(x *tx) bool { return x.reads[what] })
}
