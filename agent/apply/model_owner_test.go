package apply

import (
	"context"
	"encoding/binary"
	"errors"
	"slices"

	"github.com/rs/zerolog"

	"github.com/tidegate-io/tidegate/agent/gate"
	"github.com/tidegate-io/tidegate/agent/ledger"
	"github.com/tidegate-io/tidegate/internal/change"
	"github.com/tidegate-io/tidegate/internal/mysql"
	"github.com/tidegate-io/tidegate/internal/schema"
)

// owner is an agent that runs the pipeline, or believes that it does.
type owner struct {
	m     *model
	epoch uint64
	dead  bool // it has found itself fenced

	server int // whose log it reads
	log    []*logged
	fed    int // transactions of the log given to the loop
	a      *Applier
	loop   *loop
	flight []*flight

	g         *gate.Gate
	tables    map[string]*gate.Table
	copies    map[string]*mcopy
	work      []*mwork
	exact     *mexact
	published *change.Set // what the gate was told of the source
	over      bool        // nothing is left to be copied
}

// flight is a batch that is being executed.
type flight struct {
	b     *batch
	state []shareState
	txs   []*tx
}

type shareState int

const (
	shareIdle shareState = iota
	shareOpen
	shareLost // its connection, and with it the answer
	shareDone
)

var serverForModel = &mysql.Conn{Server: &mysql.Server{Flavor: mysql.MySQL, MaxPacket: 64 << 20}}

// boot is an agent, or its next session, that takes the run over.
func (m *model) boot(epoch uint64) {
	o := &owner{m: m, epoch: epoch, server: m.src.server, log: m.src.log, g: gate.New(m.src.kind), tables: map[string]*gate.Table{}, copies: map[string]*mcopy{}}
	if m.now != nil && m.now.epoch == epoch { // its old session's connections are gone
		m.hangUp(m.now)
	}
	m.now = o
	var st *ledger.State
	for n := 0; ; n++ {
		var err error
		if st, err = o.takeOver(); err == nil {
			break
		}
		if n > 50 || !errors.Is(err, errWait) {
			m.fail("takeover: %v", err)
			return
		}
		for _, x := range m.dst.open {
			m.zombie(x)
			break
		}
	}
	if st = m.reconfigure(o, st); st == nil || !m.contained(st) {
		return
	}
	o.a = New(Config{LaneRows: m.rows}, Deps{Target: serverForModel, Ledger: &ledger.Ledger{Run: "model", Epoch: epoch}, Queue: change.NewQueue(1 << 20),
		Gate: o.g, Catalog: &mcatalog{o: o}, Log: zerolog.Nop()})
	if err := o.a.adopt(st); err != nil {
		m.fail("%v", err)
		return
	}
	o.load()
	o.loop = newLoop(o.a, nil, context.Background())
}

// hangUp ends the connections of a session: what was not sent is rolled back.
func (m *model) hangUp(o *owner) {
	for _, x := range slices.Clone(m.dst.open) {
		if !x.sent && x.owner == o {
			m.dst.leave(x)
		}
	}
}

// takeOver fences older owners and reads where the run stands (I-5).
func (o *owner) takeOver() (*ledger.State, error) {
	m := o.m
	if m.dst.epoch > o.epoch {
		return nil, errIsFenced
	}
	var early *ledger.State
	if !m.keeps("takeover fences before it reads") {
		early, _ = m.dst.state()
	}
	for _, x := range slices.Clone(m.dst.open) { // registered connections are ended; a COMMIT that runs, runs to its end
		switch {
		case x.owner == o && !x.ledger:
			return nil, errWait // our own copy's transaction holds the run row
		case x.sent:
			m.zombie(x)
		case m.keeps("takeover waits for what is in flight"):
			m.dst.leave(x)
		}
	}
	if m.keeps("takeover raises the epoch") {
		m.dst.epoch = o.epoch
		for i := range m.dst.lanes {
			m.dst.lanes[i].epoch = max(m.dst.lanes[i].epoch, o.epoch)
		}
		m.saved()
	}
	if early != nil {
		return early, nil
	}
	return m.dst.state()
}

// reconfigure gives the run another number of lanes, between batches.
func (m *model) reconfigure(o *owner, st *ledger.State) *ledger.State {
	low, high := st.Lanes[0], st.Lanes[0]
	for _, l := range st.Lanes {
		if l.Batch < low.Batch {
			low = l
		}
		if l.Batch > high.Batch {
			high = l
		}
	}
	if high.Batch > low.Batch+1 { // as ledger.State's own check
		m.fail("lanes stand at batch %d and %d", low.Batch, high.Batch)
		return nil
	}
	if high.Batch != low.Batch && m.keeps("a changed configuration waits for a whole batch") {
		return st
	}
	if m.small || m.pick(2) == 0 {
		return st
	}
	n := 1 + m.pick(3)
	rows := slices.Clone(m.dst.lanes)
	slices.SortFunc(rows, func(a, b mlane) int { return int(a.batch) - int(b.batch) })
	for len(rows) < n {
		rows = append(rows, rows[0])
	}
	m.dst.lanes = rows[:n]
	m.saved()
	st, err := m.dst.state()
	if err != nil {
		m.fail("%v", err)
	}
	return st
}

// contained: the source has all that was taken from it, or the run stops (R7,
// R8).
func (m *model) contained(st *ledger.State) bool {
	needed := change.NewSet(m.src.kind)
	union := func(text string) {
		if s, err := change.ParseSet(m.src.kind, text); err == nil {
			needed.Union(s)
		}
	}
	_, frontier := st.Frontier()
	for _, l := range st.Lanes {
		if l.To == frontier || m.keeps("the source has what any lane has") {
			union(l.To.GTID)
		}
	}
	if m.keeps("the source has what any window holds") {
		for _, c := range m.dst.chunks {
			union(c.high)
		}
		union(m.dst.at["k"])
	}
	if m.src.lacks(needed) {
		m.fail(ended) // stopped as fatal, with nothing written
		return false
	}
	return true
}

// mcatalog is the plans of the model's tables.
type mcatalog struct {
	o     *owner
	plans map[string]*Plan
}

func (c *mcatalog) Plan(_, name string) (*Plan, error) {
	if p := c.plans[name]; p != nil {
		return p, nil
	}
	def := definition()
	def.Name = name
	if name != "t" {
		def.Keys = def.Keys[:1]
	}
	if name == "k" {
		def.Keys = nil
	}
	p := &Plan{ID: 1 + slices.Index(modelNames, name), Source: def, Target: def, Window: c.o.tables[name], PageColumn: -1}
	if name == "t" || name == "p" && !c.o.m.keeps("only comparable keys are skipped") {
		p.PageColumn = 0
	}
	if c.plans == nil {
		c.plans = map[string]*Plan{}
	}
	c.plans[name] = p
	return p, nil
}

// above is the copy's comparison of a logged key with a bound.
func above(upper int) func([]byte) bool {
	return func(raw []byte) bool { return int(int32(binary.LittleEndian.Uint32(raw))) > upper }
}

func tableID(name string) schema.ID { return schema.ID{Schema: "s", Name: name} }

// idle: everything that was read is committed.
func (o *owner) idle() bool {
	l := o.loop
	return len(o.flight) == 0 && l.ready == nil && l.gather.txns == 0 && len(l.pending) == 0 && len(l.later) == 0 && o.fed == len(o.source())
}

// source is the log as the owner sees it: a server that is gone sends no more.
func (o *owner) source() []*logged {
	if o.server == o.m.src.server {
		o.log = o.m.src.log
	}
	return o.log
}

// possible lists what the owner may do next.
func (o *owner) possible(add func(stepKind, *owner, int, int)) {
	if o.dead || o.m.end != "" {
		return
	}
	if o.m.small {
		o.possibleSmall(add)
		return
	}
	l := o.loop
	if !o.over {
		add(stepPoll, o, 0, 0)
	}
	if len(l.pending) > 0 || o.fed < len(o.source()) {
		add(stepTake, o, 0, 0)
	}
	if l.ready == nil && o.a.half == nil && l.gather.txns > 0 {
		add(stepClose, o, 0, 0)
	}
	if l.ready != nil && (len(o.flight) == 0 || len(o.flight) == 1 && !o.m.keeps("no lane is ahead")) {
		add(stepLaunch, o, 0, 0)
	}
	for n, f := range o.flight {
		o.possibleIn(f, n, add)
	}
	o.possibleCopy(add)
}

// possibleSmall joins steps between which nothing of others matters.
func (o *owner) possibleSmall(add func(stepKind, *owner, int, int)) {
	if len(o.flight) == 0 && (len(o.loop.pending) > 0 || o.fed < len(o.source())) {
		add(stepTake, o, 0, 0)
	}
	for n, f := range o.flight {
		o.possibleIn(f, n, add)
	}
	o.possibleCopy(add)
}

// stepSmall is a step together with those that follow it by themselves.
func (o *owner) stepSmall(s step) {
	switch s.kind {
	case stepTake:
		o.single(step{kind: stepPoll})
		o.single(s)
		if l := o.loop; l.gather.txns > 0 && l.ready == nil && o.a.half == nil {
			o.single(step{kind: stepClose})
		}
		if o.loop.ready != nil {
			o.launch()
		}
	case stepShare:
		o.single(s)
		if f := o.flight[0]; !slices.ContainsFunc(f.state, func(st shareState) bool { return st != shareDone }) {
			o.single(step{kind: stepLand})
		}
	case stepChunk:
		w := o.work[s.i]
		if o.chunk(w); w.stage == workOpen || w.stage == workDone {
			o.chunk(w)
		}
	default:
		o.single(s)
	}
}

func (o *owner) possibleIn(f *flight, n int, add func(stepKind, *owner, int, int)) {
	done, lost, busy := 0, 0, 0
	for i, st := range f.state {
		switch {
		case st == shareDone:
			done++
			continue
		case st == shareLost:
			lost++
			continue
		}
		busy++
		if n == 0 || i < len(o.flight[0].state) && o.flight[0].state[i] == shareDone {
			add(stepShare, o, n, i)
		}
	}
	switch {
	case busy > 0 || n > 0:
	case lost > 0:
		add(stepFence, o, 0, 0)
	default:
		add(stepLand, o, 0, 0)
	}
}
