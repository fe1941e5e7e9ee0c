package gate

import (
	"errors"
	"maps"
	"math/rand/v2"
	"slices"
	"testing"

	"github.com/tidegate-io/tidegate/internal/change"
	"github.com/tidegate-io/tidegate/internal/schema"
)

// A model of copy and replay around the real gate: one table with a key and a
// unique value, read in ranges while its log is replayed, with batches, skipped
// changes, a log that is ahead of what a SELECT sees, and crashes. With every
// rule kept no history may diverge; each broken rule must make some diverge.

const (
	modelKeys   = 8
	rangeKeys   = 2
	modelRanges = modelKeys / rangeKeys
	modelSource = "01234567-89ab-cdef-0123-456789abcdef"
)

var modelTable = schema.ID{Schema: "s", Name: "t"}

type modelRow struct{ unique, payload int } // unique -1: NULL

type modelOp struct {
	key int
	row *modelRow // nil: deleted
}

// broken names a rule that a history does not keep.
type broken string

const (
	allKept          broken = ""
	noGate           broken = "gate"
	noContainment    broken = "containment"
	lowAtLogEnd      broken = "low mark at the log's end"
	noWindow         broken = "window"
	notDurable       broken = "hand-out not durable"
	dropEmpty        broken = "insert and delete in a batch are nothing in the window"
	dropUnchanged    broken = "first image equal to the last is nothing in the window"
	boundedLastRange broken = "the last range has an upper bound"
)

// modelSide holds rows and removes what stands in the way of a unique value.
type modelSide map[int]modelRow

func (m modelSide) put(key int, row modelRow) {
	for k, r := range m {
		if k != key && row.unique >= 0 && r.unique == row.unique {
			delete(m, k)
		}
	}
	m[key] = row
}

type modelChunk struct {
	n    int
	gate *Chunk
	rows modelSide
	high int
}

// model is one history.
type model struct {
	rng    *rand.Rand
	broken broken

	rows    modelSide
	log     []modelOp
	history []modelSide // history[i]: rows after i changes

	gate  *Gate
	table *Table

	target   modelSide
	applied  int
	flying   []modelChunk
	handed   int // ranges handed out, as this process knows
	maxKey   int // with boundedLastRange: greatest key at the start
	durable  struct{ applied, handed int }
	done     map[int]int // range to its high mark
	executed int
	crashes  int
	start    int
}

func runModel(seed uint64, b broken) string {
	m := &model{rng: rand.New(rand.NewPCG(seed, 7)), broken: b, rows: modelSide{}, history: []modelSide{{}}, target: modelSide{}, done: map[int]int{}, crashes: 2}
	for range m.rng.IntN(8) {
		m.write()
	}
	m.start = len(m.log)
	m.applied, m.durable.applied, m.executed = m.start, m.start, m.start
	for k := range m.rows {
		m.maxKey = max(m.maxKey, k)
	}
	m.boot()
	for range 5000 {
		if len(m.done) == modelRanges && len(m.flying) == 0 && m.applied == len(m.log) {
			if !maps.Equal(m.target, m.rows) {
				return "diverged"
			}
			return "ok"
		}
		if bad := m.step(); bad != "" {
			return bad
		}
	}
	return "stalled"
}

func (m *model) step() string {
	switch k := m.rng.Float64(); {
	case k < .3:
		if len(m.log) < 60 {
			m.write()
		}
	case k < .35:
		m.executed = max(m.executed, m.visible())
		m.gate.Executed(setTo(m.executed))
	case k < .5:
		m.read()
	case k < .65 && len(m.flying) > 0:
		m.commit(m.rng.IntN(len(m.flying)))
	case k < .68 && m.crashes > 0 && m.rng.Float64() < .3:
		m.crash()
	case k >= .68:
		return m.apply()
	}
	return ""
}

// write changes the source.
func (m *model) write() {
	key, u, k := m.rng.IntN(modelKeys), m.rng.IntN(7)-1, m.rng.Float64()
	row, there := m.rows[key]
	free := true
	for other, r := range m.rows {
		free = free && (u < 0 || other == key || r.unique != u)
	}
	switch {
	case k < .5 && free:
		row = modelRow{u, m.rng.IntN(3)}
		m.rows[key] = row
		m.note(key, &row)
	case k >= .5 && k < .85 && there:
		delete(m.rows, key)
		m.note(key, nil)
	case k >= .85 && there: // the key itself changes
		to := m.rng.IntN(modelKeys)
		if _, taken := m.rows[to]; taken {
			return
		}
		delete(m.rows, key)
		m.note(key, nil)
		m.rows[to] = row
		m.note(to, &row)
	}
}

func (m *model) note(key int, row *modelRow) {
	m.log = append(m.log, modelOp{key, row})
	m.history = append(m.history, maps.Clone(m.rows))
}

// visible is a place in the log up to which a SELECT sees everything.
func (m *model) visible() int { return max(m.executed, len(m.log)-m.rng.IntN(3)) }

func setTo(n int) *change.Set {
	s := change.NewSet(change.MySQL)
	for i := range n {
		s.Add(change.ID{Source: modelSource, N: uint64(i + 1)})
	}
	return s
}

func idsOf(i int) []change.ID { return []change.ID{{Source: modelSource, N: uint64(i + 1)}} }

// boot is a process that starts from what is durable.
func (m *model) boot() {
	m.gate = New(change.MySQL)
	m.gate.Copying(m.broken != noContainment)
	m.table = m.gate.Add(modelTable)
	m.gate.Executed(setTo(m.executed))
	m.flying, m.applied, m.handed = nil, m.durable.applied, m.durable.handed
	for n, high := range m.done {
		m.handed = max(m.handed, n+1)
		m.table.Window(setTo(high))
	}
	m.tell()
	m.settle()
}

// tell tells the gate what is handed out.
func (m *model) tell() {
	switch {
	case m.handed == modelRanges && m.broken != boundedLastRange:
		m.table.HandOutLast()
	case m.handed == modelRanges:
		limit := byte(m.maxKey)
		m.table.HandOut(func(raw []byte) bool { return raw[0] > limit })
	case m.handed > 0:
		limit := byte(m.handed * rangeKeys)
		m.table.HandOut(func(raw []byte) bool { return raw[0] >= limit })
	}
}

func (m *model) settle() {
	if len(m.done) == modelRanges {
		m.table.Finish()
		m.gate.Copying(false)
	}
}

// read hands a range out, marks, and reads it.
func (m *model) read() {
	n := -1
	for i := range modelRanges {
		_, done := m.done[i]
		if !done && !slices.ContainsFunc(m.flying, func(c modelChunk) bool { return c.n == i }) {
			n = i
			break
		}
	}
	if n < 0 || len(m.flying) >= 2 {
		return
	}
	m.handed = max(m.handed, n+1)
	if m.broken != notDurable {
		m.durable.handed = max(m.durable.handed, m.handed)
	}
	m.tell()
	seen := m.visible()
	low := max(m.start, seen-m.rng.IntN(2))
	if m.broken == lowAtLogEnd {
		low = len(m.log)
	}
	c, err := m.gate.Open(m.table, setTo(low))
	if errors.Is(err, ErrStale) && m.broken == noContainment {
		m.gate.executed, m.gate.ahead = change.NewSet(change.MySQL), change.NewSet(change.MySQL)
		c, err = m.gate.Open(m.table, setTo(low))
	}
	if err != nil {
		return
	}
	if m.broken == noGate {
		delete(m.gate.lows, c)
	}
	rows := modelSide{}
	for k, r := range m.history[seen] {
		if k/rangeKeys == n && (m.broken != boundedLastRange || n < modelRanges-1 || k <= m.maxKey) {
			rows[k] = r
		}
	}
	m.flying = append(m.flying, modelChunk{n: n, gate: c, rows: rows, high: len(m.log)})
}

func (m *model) commit(i int) {
	c := m.flying[i]
	m.flying = slices.Delete(m.flying, i, i+1)
	if m.crashes > 0 && m.rng.Float64() < .2 {
		if m.broken == notDurable { // the model of R4: written, and not noted
			for k, r := range c.rows {
				m.target.put(k, r)
			}
		}
		m.crash()
		return
	}
	for k, r := range c.rows {
		m.target.put(k, r)
	}
	m.done[c.n] = c.high
	m.durable.handed = max(m.durable.handed, c.n+1)
	c.gate.Done(setTo(c.high))
	m.settle()
}

func (m *model) crash() {
	m.crashes--
	m.boot()
}

// apply takes a batch of what the gate admits.
func (m *model) apply() string {
	n := m.applied
	for limit := m.applied + 1 + m.rng.IntN(4); n < min(limit, len(m.log)) && m.gate.Admit(idsOf(n)); n++ {
	}
	if n == m.applied {
		return ""
	}
	strict := !m.table.Tolerant(setTo(m.applied))
	if m.broken == noWindow && len(m.done) == modelRanges {
		strict = true
	}
	base, last, order := m.history[m.applied], map[int]*modelRow{}, []int{}
	for i := m.applied; i < n; i++ {
		op := m.log[i]
		if m.table.Skip(idsOf(i), []byte{byte(op.key)}) {
			continue
		}
		if _, ok := last[op.key]; !ok {
			order = append(order, op.key)
		}
		last[op.key] = op.row
	}
	for k := range last {
		before, was := base[k]
		now, is := m.target[k]
		if strict && (was != is || was && now != before) {
			return "strict: another row is there"
		}
	}
	for _, pass := range []bool{true, false} { // deletes first
		for _, k := range order {
			if (last[k] == nil) == pass {
				m.change(k, base, last[k], strict)
			}
		}
	}
	m.applied, m.durable.applied = n, n
	return ""
}

// change carries out a net change (ENGINE §4), strictly or not.
func (m *model) change(key int, base modelSide, row *modelRow, strict bool) {
	before, was := base[key]
	switch {
	case row == nil && !was && (strict || m.broken == dropEmpty):
	case row == nil:
		delete(m.target, key)
	case was && before == *row && (strict || m.broken == dropUnchanged):
	default:
		m.target.put(key, *row)
	}
}

func TestModel(t *testing.T) {
	histories := uint64(20000)
	if testing.Short() {
		histories = 3000
	}
	for seed := range histories {
		if got := runModel(seed, allKept); got != "ok" {
			t.Fatalf("seed %d with all rules kept: %s", seed, got)
		}
	}
	for _, b := range []broken{noGate, noContainment, lowAtLogEnd, noWindow, notDurable, dropEmpty, dropUnchanged, boundedLastRange} {
		t.Run(string(b), func(t *testing.T) {
			for seed := range uint64(200000) {
				if runModel(seed, b) != "ok" {
					return
				}
			}
			t.Error("the rule can be broken without any history noticing")
		})
	}
}
