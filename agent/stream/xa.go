package stream

import (
	"strconv"

	"github.com/tidegate-io/tidegate/internal/change"
)

// prepared is an XA transaction between its PREPARE and its COMMIT or ROLLBACK,
// which are groups of their own in the log.
type prepared struct {
	*group
	seq      int
	readFrom string // where reading must begin to meet it again
}

type preparedSet struct {
	byXID map[string]*prepared
	bytes int // held in memory
	seq   int
}

func (s *preparedSet) oldest() *prepared {
	var first *prepared
	for _, p := range s.byXID {
		if first == nil || p.seq < first.seq {
			first = p
		}
	}
	return first
}

func (s *preparedSet) take(xid string) *prepared {
	p := s.byXID[xid]
	if p != nil {
		delete(s.byXID, xid)
		s.bytes -= p.bytes
	}
	return p
}

func (s *preparedSet) close() {
	for xid, p := range s.byXID {
		p.close()
		delete(s.byXID, xid)
	}
}

// xaPrepare ends a group that was begun by XA START.
func (a *assembler) xaPrepare(e *event) error {
	c := cursor{b: e.body}
	onePhase := c.uint(1) != 0
	format := strconv.Itoa(int(int32(c.uint(4))))
	gtridLen, bqualLen := int(c.uint(4)), int(c.uint(4))
	xid := xidKey(format, c.take(gtridLen), c.take(bqualLen))
	if c.bad {
		return fatal("source_log", restartRemedy, "an XA PREPARE event of %d bytes ends too early", len(e.body))
	}
	if onePhase {
		return a.finish()
	}
	g := a.g
	if g == nil {
		return fatal("source_log", restartRemedy, "XA PREPARE of %s at %s:%d without a beginning", xid, a.file, a.offset)
	}
	a.g = nil
	p := &prepared{group: g, seq: a.prepared.seq}
	switch a.kind {
	case change.MariaDB:
		p.readFrom = a.seen.String()
	case change.File:
		p.readFrom = a.place(g.start)
	}
	a.ended(g)
	if g.skip {
		g.close()
		return nil
	}
	if a.prepared.bytes+g.bytes > a.budget {
		if err := g.spill(a.spillDir); err != nil {
			return err
		}
	}
	if old := a.prepared.take(xid); old != nil {
		old.close()
	}
	a.prepared.seq++
	a.prepared.bytes += g.bytes
	a.prepared.byXID[xid] = p
	return nil
}

// xaEnd takes XA COMMIT or XA ROLLBACK of a prepared transaction.
func (a *assembler) xaEnd(xid string, commit bool) error {
	g := a.g
	a.g = nil
	a.ended(g)
	p := a.prepared.take(xid)
	switch {
	case g.skip && p != nil:
		p.close()
		return nil
	case g.skip || p == nil && !commit:
		return a.handOver(g) // nothing of it was ever applied
	case p == nil:
		return fatal("unknown_xa", "start the run anew while no XA transaction is prepared on the source (XA RECOVER lists them)",
			"the source committed XA transaction %s, whose rows were logged before the run's start position", xid)
	}
	if a.kind == change.MySQL { // elsewhere sets have no holes: PREPARE's id means nothing
		g.ids = []change.ID{p.id, g.id}
	}
	if !commit {
		p.close()
		return a.handOver(g)
	}
	g.changes, g.bytes, g.spool, g.spooled = p.changes, p.bytes, p.spool, p.spooled
	return a.handOver(g)
}
