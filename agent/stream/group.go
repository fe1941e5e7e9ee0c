package stream

import (
	"time"

	"github.com/tidegate-io/tidegate/internal/change"
)

// group is the transaction that is being read: the events between a GTID and
// what ends it.
type group struct {
	opening
	start change.ID // File: the place before the first event
	begun bool      // BEGIN was seen: a commit of some form will end it
	hold  bool      // XA: nothing of it may be handed over yet
	skip  bool      // applied before; read again for the sake of another one
	at    time.Time // its first event's, for logs without commit times
	ids   []change.ID

	ddl     *change.Statement
	changes []change.Change
	bytes   int
	part    int // parts handed over

	spool      *spool
	spooled    int // changes in the spool; those in memory follow them
	savepoints []savepoint
}

// savepoint is a place in a group's changes that a rollback may return to.
type savepoint struct {
	name   string
	n      int   // changes before it that were not handed over as parts
	offset int64 // its place in the spool, once it is there
}

func (g *group) close() {
	if g != nil && g.spool != nil {
		g.spool.close()
		g.spool = nil
	}
}

// total counts the changes not handed over yet.
func (g *group) total() int { return g.spooled + len(g.changes) }

// empty says that nothing of a selected table was seen.
func (g *group) empty() bool { return g.total() == 0 && g.part == 0 && g.ddl == nil }

func (g *group) setSavepoint(name string) {
	g.releaseSavepoint(name, false)
	sp := savepoint{name: name, n: g.total()}
	if g.spool != nil && len(g.changes) == 0 {
		sp.offset = g.spool.size
	}
	g.savepoints = append(g.savepoints, sp)
}

// releaseSavepoint forgets a savepoint, and those after it if all is set.
func (g *group) releaseSavepoint(name string, all bool) {
	for i, sp := range g.savepoints {
		if sp.name != name {
			continue
		}
		if all {
			g.savepoints = g.savepoints[:i]
		} else {
			g.savepoints = append(g.savepoints[:i], g.savepoints[i+1:]...)
		}
		return
	}
}

// spill moves the changes in memory to disk.
func (g *group) spill(dir string) error {
	if g.spool == nil {
		s, err := newSpool(dir)
		if err != nil {
			return err
		}
		g.spool = s
	}
	next := 0
	for next < len(g.savepoints) && g.savepoints[next].n < g.spooled {
		next++
	}
	for i := range g.changes {
		for next < len(g.savepoints) && g.savepoints[next].n == g.spooled+i {
			g.savepoints[next].offset = g.spool.size
			next++
		}
		if err := g.spool.add(&g.changes[i]); err != nil {
			return err
		}
	}
	for ; next < len(g.savepoints); next++ {
		g.savepoints[next].offset = g.spool.size
	}
	g.spooled += len(g.changes)
	clear(g.changes)
	g.changes, g.bytes = g.changes[:0], 0
	return nil
}

// rollbackTo takes back the changes since a savepoint. keep says which tables
// are not transactional: what happened to them stays.
func (g *group) rollbackTo(name string, keep func(*change.TableMap) (bool, error)) error {
	for i := len(g.savepoints) - 1; i >= 0; i-- {
		if sp := g.savepoints[i]; sp.name == name {
			g.savepoints = g.savepoints[:i+1]
			return g.takeBack(sp.n, sp.offset, keep)
		}
	}
	return fatal("source_log", restartRemedy, "the log rolls back to savepoint %q, which this transaction has not set", name)
}

// takeBack undoes all but the first n changes; offset is their place in the
// spool if they are there.
func (g *group) takeBack(n int, offset int64, keep func(*change.TableMap) (bool, error)) error {
	if n < g.spooled {
		for _, def := range g.spool.tables {
			kept, err := keep(def)
			if err != nil {
				return err
			}
			if kept {
				return fatal("mixed_rollback", restartRemedy, "a large transaction was rolled back in part, and %s.%s is not transactional", def.Schema, def.Name)
			}
		}
		if err := g.spool.truncate(offset); err != nil {
			return err
		}
		g.spooled = n
		clear(g.changes)
		g.changes, g.bytes = g.changes[:0], 0
		return nil
	}
	kept := g.changes[:n-g.spooled]
	for _, ch := range g.changes[n-g.spooled:] {
		stays, err := keep(ch.Table)
		if err != nil {
			return err
		}
		if stays {
			kept = append(kept, ch)
		}
	}
	clear(g.changes[len(kept):])
	g.changes, g.bytes = kept, 0
	for i := range kept {
		g.bytes += sizeOf(&kept[i])
	}
	return nil
}

func sizeOf(ch *change.Change) int {
	return changeCost + len(ch.Before.Image()) + len(ch.After.Image()) + 8*(ch.Before.Len()+ch.After.Len())
}
