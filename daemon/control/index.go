package control

import (
	"maps"
	"slices"

	"github.com/tidegate-io/tidegate/daemon/store"
)

// index finds runs without a look at all of them.
type index struct {
	held map[string]map[string]bool // by the agent that has them
	open map[string]bool            // not in a final state
}

func newIndex(runs map[string]store.Run) index {
	ix := index{held: map[string]map[string]bool{}, open: map[string]bool{}}
	for _, r := range runs {
		ix.set(store.Run{}, r)
	}
	return ix
}

// set notes that a run was as before and is as r.
func (ix index) set(before, r store.Run) {
	if before.Agent != r.Agent {
		delete(ix.held[before.Agent], r.ID)
	}
	if r.Agent != "" {
		if ix.held[r.Agent] == nil {
			ix.held[r.Agent] = map[string]bool{}
		}
		ix.held[r.Agent][r.ID] = true
	}
	if r.State.Final() && r.Agent == "" {
		delete(ix.open, r.ID)
	} else {
		ix.open[r.ID] = true
	}
}

func (ix index) drop(r store.Run) {
	delete(ix.held[r.Agent], r.ID)
	delete(ix.open, r.ID)
}

// of lists the runs an agent has.
func (ix index) of(agent string) []string { return slices.Sorted(maps.Keys(ix.held[agent])) }

// seat is an agent as a place for runs, while one change is made.
type seat struct {
	agent store.Agent
	load  int
}

// seats are the living agents by the labels that are asked for, and why there
// was no room among them.
type seats struct {
	delta map[string]int // runs the change has given to or taken from an agent
	all   map[string]*seat
	fit   map[string][]*seat
	unfit map[string]store.Wait
}

func newSeats() seats {
	return seats{delta: map[string]int{}, all: map[string]*seat{}, fit: map[string][]*seat{}, unfit: map[string]store.Wait{}}
}

// seat returns an agent with what it has after the change so far.
func (x *change) seat(id string) *seat {
	s := x.seats.all[id]
	if s == nil {
		s = &seat{agent: x.c.data.Agents[id], load: len(x.c.index.held[id]) + x.seats.delta[id]}
		x.seats.all[id] = s
	}
	return s
}

// moved keeps the seats in step with a run that changes hands.
func (x *change) moved(from, to string) {
	if from == to {
		return
	}
	x.seats.delta[from]--
	x.seats.delta[to]++
	if s := x.seats.all[from]; s != nil {
		s.load--
		clear(x.seats.unfit)
	}
	if s := x.seats.all[to]; s != nil {
		s.load++
	}
}

// fitting are the living agents that carry labels.
func (x *change) fitting(labels map[string]string) []*seat {
	text := labelText(labels)
	list, known := x.seats.fit[text]
	if !known {
		for id, a := range x.c.data.Agents {
			if x.c.alive(id) && carries(a, labels) {
				list = append(list, x.seat(id))
			}
		}
		x.seats.fit[text] = list
	}
	return list
}
