package apply

import (
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"

	"github.com/tidegate-io/tidegate/internal/change"
)

// The model runs the protocol of copy and apply (ENGINE §3 and §4) against a
// source and a target in memory. What decides is the real code: the gate, the
// intake, batches, net changes, partition, rebuild and the ledger's statements.
// What it simulates is the servers (a log that is ahead of what can be read,
// transactions that stay open, answers that get lost), the copy's steps between
// its SQL, and the agents: crashed, frozen and thawed, replaced.
//
// One step after another is drawn. With every rule kept no history may end with
// other rows than the source's, a strict count that is wrong, a state between
// two batches that the source never had, or without an end.

const modelKeys = 10

// last is the upper bound of a last range: none.
const last = 1 << 30

type model struct {
	pick   func(n int) int // draws, or enumerates
	broken string          // the rule that is not kept
	small  bool            // few steps, for enumeration

	src    *source
	dst    *mtarget
	past   []*mtarget // what the target was after each commit
	now    *owner
	frozen []*owner
	epoch  uint64
	bounds []int // upper bounds of a table's ranges
	names  []string
	lanes  int
	rows   int // LaneRows
	slow   int // which side is
	chunks int // in flight at a time

	writes, crashes, losses, freezes, moves int // how many may still happen

	end   string // why the history is over
	list  []step
	trace []string
}

// What a history has: the upper bounds of its ranges, and its tables.
var (
	layouts    = [][]int{{last}, {3, last}, {4, last}, {1, 3, 5, last}}
	selections = [][]string{{"t"}, {"t"}, {"t", "p"}, {"p"}, {"t", "k"}, {"t", "p", "k"}}
)

func newModel(pick func(int) int, broken string) *model {
	m := &model{pick: pick, broken: broken, bounds: layouts[pick(len(layouts))], names: selections[pick(len(selections))],
		crashes: pick(3), losses: pick(6), freezes: pick(2), moves: pick(2), epoch: 1, chunks: 2, lanes: 1 + pick(3), rows: 1 + 2*pick(2)}
	m.src = newSource([]change.Kind{change.MySQL, change.MySQL, change.MariaDB}[pick(3)])
	m.slow = pick(3)
	m.writes = 10 + pick(30)
	return m
}

// begin makes what the copy finds, and the run's rows on the target.
func (m *model) begin(before int) {
	for range before {
		m.src.commit(m.drawEdits())
	}
	for i := range m.src.log {
		m.src.execute(i)
	}
	start := m.place(m.src.done())
	m.dst = &mtarget{side: newSide(), epoch: m.epoch, exact: map[string]string{}, at: map[string]string{}, debts: map[string]bool{}}
	for range m.lanes {
		m.dst.lanes = append(m.dst.lanes, mlane{epoch: m.epoch, to: start})
	}
	m.boot(m.epoch)
}

// place is the stored text of a position.
func (m *model) place(s *change.Set) string {
	return change.Position{Kind: m.src.kind, GTID: s.String(), File: "log", Offset: uint64(len(m.src.log))}.Encode()
}

// keeps: some defects show only when a second line of defence is gone too, so
// two rules can be broken at once.
func (m *model) keeps(rule string) bool {
	return m.broken == "" || m.broken != rule && !slices.Contains(strings.Split(m.broken, both), rule)
}

const both = "; and "

func (m *model) fail(format string, args ...any) {
	if m.end == "" {
		m.end = fmt.Sprintf(format, args...)
	}
}

const ended = "ok"

// saved notes a committed state of the target, for a target that falls back.
func (m *model) saved() {
	if m.moves > 0 && !m.small {
		m.past = append(m.past, m.dst.clone())
		if len(m.past) > 6 {
			m.past = slices.Delete(m.past, 0, 1)
		}
	}
}

func (m *model) commit(x *tx) {
	m.dst.commit(x)
	m.saved()
}

// kind is what a step does.
type stepKind int

const (
	stepWrite stepKind = iota
	stepShow
	stepExecute
	stepPoll
	stepTake
	stepClose
	stepLaunch
	stepShare
	stepFence
	stepLand
	stepHandOut
	stepChunk
	stepExact
	stepOver
	stepZombie
	stepCrash
	stepFreeze
	stepThaw
	stepFailover
	stepFallBack
	stepNothing
)

// weights: writes go on during the whole copy, the log is ahead of what is
// visible for a while, and faults come anywhere.
var weights = [...]int{stepWrite: 60, stepShow: 40, stepExecute: 40, stepPoll: 40, stepTake: 100, stepClose: 40, stepLaunch: 40, stepShare: 60, stepFence: 40, stepLand: 60,
	stepHandOut: 30, stepChunk: 60, stepExact: 40, stepOver: 60, stepZombie: 20, stepCrash: 2, stepFreeze: 2, stepThaw: 6, stepFailover: 1, stepFallBack: 1, stepNothing: 0}

// step is one thing that may happen next.
type step struct {
	kind stepKind
	o    *owner
	i, j int
}

// possible lists what may happen next.
func (m *model) possible() []step {
	m.list = m.list[:0]
	add := func(k stepKind, o *owner, i, j int) { m.list = append(m.list, step{kind: k, o: o, i: i, j: j}) }
	if m.writes > 0 {
		add(stepWrite, nil, 0, 0)
	}
	m.possibleSource(add)
	for i, x := range m.dst.open {
		if x.sent {
			add(stepZombie, nil, i, 0)
		}
	}
	m.now.possible(add)
	if m.crashes > 0 {
		add(stepCrash, nil, 0, 0)
	}
	if m.freezes > 0 {
		add(stepFreeze, nil, 0, 0)
	}
	for i := range m.frozen {
		add(stepThaw, nil, i, 0)
	}
	if m.moves > 0 {
		add(stepFailover, nil, 0, 0)
		if len(m.past) > 1 {
			add(stepFallBack, nil, 0, 0)
		}
	}
	return m.list
}

// possibleSource lists the steps of transactions that are logged and not
// executed; drawn histories take any of them.
func (m *model) possibleSource(add func(stepKind, *owner, int, int)) {
	var hidden, seen []int
	for i, l := range m.src.log {
		switch {
		case !l.visible:
			hidden = append(hidden, i)
		case !l.executed:
			seen = append(seen, i)
		}
	}
	if !m.small && len(hidden) > 0 {
		hidden = hidden[:1:1]
		hidden[0] += m.pick(len(m.src.log) - hidden[0])
	}
	if !m.small && len(seen) > 0 {
		n := m.pick(len(seen))
		seen = seen[n : n+1]
	}
	for _, i := range hidden {
		add(stepShow, nil, i, 0)
	}
	for _, i := range seen {
		add(stepExecute, nil, i, 0)
	}
}

// happen carries a step out. One that cannot be done now changes nothing.
func (m *model) happen(s step) {
	switch s.kind {
	case stepNothing:
	case stepWrite:
		if e := m.drawEdits(); len(e) > 0 {
			m.writes--
			m.src.commit(e)
		}
	case stepShow:
		m.src.show(s.i)
	case stepExecute:
		m.src.execute(s.i)
	case stepZombie:
		m.zombie(m.dst.open[s.i])
	case stepCrash:
		m.crashes--
		m.reboot()
	case stepFreeze:
		m.freezes--
		m.frozen = append(m.frozen, m.now)
		m.reboot()
	case stepThaw:
		m.thaw(s.i)
	case stepFailover:
		m.moves--
		m.src.replace(m.pick, m.pick(3) == 0)
		m.boot(m.epoch) // the same agent connects anew
	case stepFallBack:
		m.moves--
		m.dst = m.past[m.pick(len(m.past)-1)].clone()
		m.past, m.frozen = nil, nil
		m.reboot()
	default:
		s.o.step(s)
	}
	m.note(s)
	if m.now.dead && m.end == "" {
		m.fail("the present owner found itself fenced")
	}
}

// zombie ends a transaction whose COMMIT is on its way.
func (m *model) zombie(x *tx) {
	if m.pick(2) == 0 {
		m.commit(x)
	} else {
		m.dst.leave(x)
	}
}

// reboot starts a new owner under the next epoch.
func (m *model) reboot() {
	m.epoch++
	m.boot(m.epoch)
}

// thaw lets a frozen owner go on for a while.
func (m *model) thaw(i int) {
	o := m.frozen[i]
	for range 1 + m.pick(6) {
		var own []step
		o.possible(func(k stepKind, o *owner, i, j int) { own = append(own, step{kind: k, o: o, i: i, j: j}) })
		if o.dead || len(own) == 0 {
			break
		}
		o.step(own[m.pick(len(own))])
	}
	if o.dead {
		m.frozen = slices.Delete(m.frozen, i, i+1)
	}
}

// random runs one history drawn from a seed.
func random(seed uint64, broken string) *model {
	rng := rand.New(rand.NewPCG(seed, 11))
	m := newModel(func(n int) int {
		if n < 2 {
			return 0
		}
		return rng.IntN(n)
	}, broken)
	m.begin(rng.IntN(10))
	for range 6000 {
		if m.end == "" {
			m.finish()
		}
		if m.end != "" {
			return m
		}
		m.happen(m.draw(rng))
	}
	m.fail("the history does not end")
	return m
}

// weight is how likely a step is. In some histories chunks are written slowly,
// so that the applier comes as far as it may; in others batches are. Faults
// prefer a batch that only some lanes have committed.
func (m *model) weight(s step) int {
	w := weights[s.kind]
	switch s.kind {
	case stepChunk:
		if m.slow == 1 && s.o.work[s.i].stage >= workWrite {
			w /= 4
		}
	case stepShare:
		if m.slow == 2 {
			w /= 10
		}
	case stepCrash, stepFreeze:
		if m.now.halfway() || m.now.exact != nil && m.now.exact.stage == exactTruncate {
			w *= 20
		}
	}
	return w
}

// halfway reports that some lanes have committed a batch and others have not.
func (o *owner) halfway() bool {
	return len(o.flight) > 0 && slices.Contains(o.flight[0].state, shareDone) && slices.ContainsFunc(o.flight[0].state, func(s shareState) bool { return s != shareDone })
}

func (m *model) draw(rng *rand.Rand) step {
	list, sum := m.possible(), 0
	for _, s := range list {
		sum += m.weight(s)
	}
	if sum == 0 {
		m.fail("nothing can happen any more")
		return step{kind: stepNothing}
	}
	n := rng.IntN(sum)
	for _, s := range list {
		if n -= m.weight(s); n < 0 {
			return s
		}
	}
	panic("weights")
}
