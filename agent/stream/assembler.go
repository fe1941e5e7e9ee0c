package stream

import (
	"bytes"
	"encoding/binary"
	"math"

	"github.com/tidegate-io/tidegate/internal/change"
	"github.com/tidegate-io/tidegate/internal/mysql"
)

// assembler makes whole transactions of events. It is pure but for the spool
// and the functions it is given, and used by one goroutine.
type assembler struct {
	kind       change.Kind
	flavor     mysql.Flavor
	foldNames  bool // the source compares table names without case
	selected   func(schema, name string) bool
	inSchema   func(schema string) bool // may any table of the schema be selected?
	collations map[uint64]collation
	engine     func(schema, name string) (transactional bool, err error)
	budget     int
	spillDir   string
	emit       func(*change.Txn) error

	cut   cutter
	names sidNames
	inner payloadReader

	file   string
	offset uint64 // end of the last event, beyond the 32 bits of the log's own
	low    uint64 // start of the last group that begins within 32 bits; a place to read from
	g      *group

	seen     *change.Set // read to its end: handed over, or prepared
	done     *change.Set // handed over before this run: dropped when read again
	prepared preparedSet
}

func (a *assembler) init(done *change.Set) {
	a.names = sidNames{}
	a.cut = cutter{tables: newTables(), maria: a.flavor == mysql.MariaDB}
	a.prepared = preparedSet{byXID: map[string]*prepared{}}
	a.done = done
	a.seen = done.Clone()
}

// disconnected forgets the unfinished transaction: it will be sent again.
func (a *assembler) disconnected() {
	a.g.close()
	a.g = nil
	a.cut.tables = newTables()
}

func (a *assembler) close() {
	a.g.close()
	a.g = nil
	a.prepared.close()
}

// outer takes an event as it comes from the server.
func (a *assembler) outer(e *event) error {
	a.advance(e)
	return a.handle(e)
}

// advance follows the log's offset. Positions in the log have 32 bits and wrap
// in files above 4 GiB. MariaDB 11.4 and newer leaves them out inside of
// transactions.
func (a *assembler) advance(e *event) {
	switch {
	case e.artificial() || e.kind == evHeartbeat || e.kind == evHeartbeatV2:
	case e.logPos != 0:
		end := a.offset&^math.MaxUint32 | uint64(e.logPos)
		if end < a.offset {
			end += 1 << 32
		}
		a.offset = end
	case e.kind != evFormat:
		a.offset += uint64(e.size)
	}
}

func (a *assembler) handle(e *event) error {
	if form, ok := rowsForms[e.kind]; ok {
		return a.rows(form, e)
	}
	switch e.kind {
	case evTableMap:
		if a.g == nil || a.g.skip {
			return nil
		}
		return a.cut.tables.announce(e.body, a.selected)
	case evGTID, evAnonymousGTID, evTaggedGTID, evMariaGTID:
		return a.gtid(e)
	case evQuery, evQueryZ, evExecuteLoad:
		return a.query(e)
	case evXID:
		return a.finish()
	case evXAPrepare:
		return a.xaPrepare(e)
	case evPayload:
		return a.inner.each(e.body, a.handle)
	case evRotate:
		return a.rotate(e)
	case evFormat:
		return checkFormat(e.body)
	case evIncident:
		return fatal("source_incident", restartRemedy, "the source's log says that events were lost (INCIDENT event at %s:%d)", a.file, a.offset)
	default:
		if harmless[e.kind] || e.flags&flagIgnorable != 0 || e.artificial() {
			return nil
		}
		return fatal("unknown_event", "this version does not know the event and must not skip it; MariaDB 12.3 and newer: keep rows below binlog_row_event_fragment_threshold",
			"the source's log has an event of type %d at %s:%d", e.kind, a.file, a.offset)
	}
}

// checkFormat refuses logs from before row events had their present form.
func checkFormat(body []byte) error {
	if len(body) < 2 || binary.LittleEndian.Uint16(body) != 4 {
		return fatal("source_log", "the source is older than MySQL 5.6 or MariaDB 10.1; upgrade it", "the source's log has a format that is not known")
	}
	return nil
}

// rotate takes the start of a log file. In a file kind's position the new file
// must show, or an idle source purges the old one from under it.
func (a *assembler) rotate(e *event) error {
	c := cursor{b: e.body}
	offset := c.uint(8)
	name := string(bytes.TrimRight(c.b, "\x00"))
	if c.bad || name == "" {
		return fatal("source_log", restartRemedy, "the source's log has a rotate event without a file")
	}
	moved := a.file != "" && name != a.file
	a.file, a.offset = name, offset
	if !moved {
		return nil
	}
	a.low = offset
	a.disconnected() // a transaction that ends with its file was never committed
	if a.kind != change.File {
		return nil
	}
	id := change.ID{Source: name, N: offset}
	again := a.seen.Contains(id) || a.done.Contains(id)
	a.seen.Add(id)
	if again {
		return nil
	}
	return a.emit(&change.Txn{IDs: []change.ID{id}, File: name, Offset: offset, ReadFrom: a.readFrom(), Time: e.time(), Bytes: txnCost})
}

// gtid opens a group.
func (a *assembler) gtid(e *event) error {
	if a.g != nil {
		return fatal("source_log", restartRemedy, "a transaction at %s:%d begins inside of another", a.file, a.offset)
	}
	var o opening
	var err error
	if e.kind == evMariaGTID {
		o, err = mariaOpening(e)
	} else {
		o, err = mysqlOpening(e.kind, e.body, a.names)
	}
	if err != nil {
		return err
	}
	if a.kind == change.MySQL && o.id.N == 0 {
		return misconfigured("gtid_mode", "set gtid_mode=ON on the source and start the run anew", "the source's log has a transaction without a GTID at %s:%d", a.file, a.offset)
	}
	return a.open(o, e)
}

// open begins a group whose first event is e.
func (a *assembler) open(o opening, e *event) error {
	a.cut.tables.trim()
	g := &group{opening: o, begun: o.begun, hold: o.prepares, at: o.time}
	if g.at.IsZero() {
		g.at = e.time()
	}
	start := a.offset - min(a.offset, uint64(e.size))
	g.start = change.ID{Source: a.file, N: start}
	if start <= math.MaxUint32 {
		a.low = start
	}
	switch a.kind {
	case change.File:
		g.id = change.ID{} // a GTID of a source that does not always write them
		if o.length > 0 {
			g.id = change.ID{Source: a.file, N: start + o.length}
		}
		g.skip = a.done.Contains(change.ID{Source: a.file, N: start + 1})
	case change.MariaDB:
		if a.seen.Contains(o.id) {
			return misconfigured("gtid_order", "set gtid_strict_mode=ON on the source, give servers that are written at the same time domains of their own (gtid_domain_id), and start the run anew",
				"transaction %s-%d-%d comes after a higher number in its domain, so that positions are ambiguous", o.id.Source, o.id.Server, o.id.N)
		}
		g.skip = a.done.Contains(o.id)
	default:
		g.skip = a.done.Contains(o.id)
	}
	if g.hold && a.kind != change.MySQL {
		g.skip = false // prepared before the position, perhaps committed after it
	}
	a.g = g
	return nil
}

func (a *assembler) rows(form rowsForm, e *event) error {
	g := a.g
	if g == nil || !g.begun {
		return fatal("source_log", restartRemedy, "the log has rows outside of a transaction at %s:%d", a.file, a.offset)
	}
	if g.skip {
		return nil
	}
	var n int
	var err error
	g.changes, n, err = a.cut.cut(form, e.body, g.changes)
	if err != nil {
		return err
	}
	g.bytes += n
	if g.bytes < a.budget {
		return nil
	}
	if g.hold || len(g.savepoints) > 0 || g.id.N == 0 || g.spool != nil {
		return g.spill(a.spillDir)
	}
	return a.part(g, g.changes, g.bytes)
}

// txnCost is the memory of a transaction beside its changes.
const txnCost = 250

// part hands over what was read so far of a transaction that goes on.
func (a *assembler) part(g *group, changes []change.Change, bytes int) error {
	t := &change.Txn{IDs: g.txnIDs(), Time: g.at, Changes: changes, Part: g.part, More: true, Bytes: txnCost + bytes}
	if g.part == 0 && g.ddl != nil {
		t.DDL = g.ddl
		t.DDL.IDs = t.IDs
	}
	g.part++
	g.changes, g.bytes = nil, 0
	return a.emit(t)
}

func (g *group) txnIDs() []change.ID {
	if g.ids != nil {
		return g.ids
	}
	g.ids = []change.ID{g.id}
	return g.ids
}

// finish ends the group: the transaction is committed.
func (a *assembler) finish() error {
	g := a.g
	if g == nil {
		return fatal("source_log", restartRemedy, "the log ends a transaction at %s:%d that did not begin", a.file, a.offset)
	}
	a.g = nil
	a.ended(g)
	return a.handOver(g)
}

// ended notes that the group was read to its end.
func (a *assembler) ended(g *group) {
	if a.kind == change.File {
		g.id = change.ID{Source: a.file, N: a.offset}
	}
	a.seen.Add(g.id)
}

// handOver emits what is left of a group, the spooled part first.
func (a *assembler) handOver(g *group) error {
	defer g.close()
	if g.skip {
		return nil
	}
	if g.spool != nil {
		if err := a.unspool(g); err != nil {
			return err
		}
	}
	t := &change.Txn{
		IDs: g.txnIDs(), File: a.file, Offset: a.offset, ReadFrom: a.readFrom(),
		Time: g.at, Changes: g.changes, Part: g.part, Bytes: txnCost + g.bytes,
	}
	if g.part == 0 && g.ddl != nil {
		t.DDL = g.ddl
		t.DDL.IDs = t.IDs
		t.Bytes += len(g.ddl.SQL) + 500
	}
	return a.emit(t)
}

// unspool hands the spooled changes over in parts, and leaves the last of them
// in memory in front of those that were never spooled.
func (a *assembler) unspool(g *group) error {
	rest, restBytes := g.changes, g.bytes
	g.changes, g.bytes = nil, 0
	take := func(ch change.Change, size int) error {
		if g.bytes >= a.budget {
			if err := a.part(g, g.changes, g.bytes); err != nil {
				return err
			}
		}
		g.changes = append(g.changes, ch)
		g.bytes += size
		return nil
	}
	if err := g.spool.each(take); err != nil {
		return err
	}
	g.changes, g.bytes = append(g.changes, rest...), g.bytes+restBytes
	return nil
}

// readFrom is Position.ReadFrom for a position after what was just read.
func (a *assembler) readFrom() string {
	if a.kind == change.MySQL {
		return "" // sets have holes where a prepared transaction is
	}
	if p := a.prepared.oldest(); p != nil {
		return p.readFrom
	}
	if a.kind == change.File && a.offset > math.MaxUint32 {
		return a.place(change.ID{Source: a.file, N: a.offset})
	}
	return ""
}

// place is where reading can begin to meet what stands at id. The protocol has
// 32 bits for it.
func (a *assembler) place(id change.ID) string {
	if id.N > math.MaxUint32 {
		id.N = a.low
	}
	s := change.NewSet(change.File)
	s.Add(id)
	return s.String()
}
