package stream

import (
	"encoding/binary"
	"errors"
	"math"
	"testing"

	"github.com/tidegate-io/tidegate/internal/change"
	"github.com/tidegate-io/tidegate/internal/mysql"
)

func newAssembler(t *testing.T, kind change.Kind) (*assembler, *[]*change.Txn) {
	t.Helper()
	var out []*change.Txn
	a := &assembler{
		kind: kind, flavor: mysql.MySQL, selected: func(string, string) bool { return true }, inSchema: func(string) bool { return true },
		budget: 1 << 20, spillDir: t.TempDir(), emit: func(tx *change.Txn) error { out = append(out, tx); return nil },
		engine: func(string, string) (bool, error) { return true, nil },
	}
	a.init(change.NewSet(kind))
	t.Cleanup(a.close)
	return a, &out
}

// TestUnknownEvents: what is not understood stops the reading, unless the log
// says that it may be skipped.
func TestUnknownEvents(t *testing.T) {
	for _, tt := range []struct {
		kind  eventType
		flags uint16
		code  string
	}{
		{kind: 172, code: "unknown_event"}, {kind: 99, code: "unknown_event"}, {kind: 6, code: "unknown_event"}, {kind: 20, code: "unknown_event"},
		{kind: evIncident, code: "source_incident"}, {kind: evWriteRows, code: "source_log"}, {kind: evXID, code: "source_log"},
		{kind: 99, flags: flagIgnorable}, {kind: evHeartbeat}, {kind: evGTIDList}, {kind: evRowsQuery},
	} {
		a, _ := newAssembler(t, change.MySQL)
		err := a.outer(&event{kind: tt.kind, flags: tt.flags, size: 30, logPos: 100, body: make([]byte, 11)})
		e, _ := errors.AsType[*mysql.Error](err)
		switch {
		case tt.code == "" && err != nil:
			t.Errorf("event %d: %v", tt.kind, err)
		case tt.code != "" && (e == nil || e.Code != tt.code || e.Class != mysql.Fatal || e.Hint() == ""):
			t.Errorf("event %d: got %v, want %s", tt.kind, err, tt.code)
		}
	}
}

// TestBeyond32Bits follows a log file past 4 GiB, where its own positions wrap:
// a position there must say where reading can begin, and be exact all the same.
func TestBeyond32Bits(t *testing.T) {
	a, out := newAssembler(t, change.File)
	rotate := append(binary.LittleEndian.AppendUint64(nil, 4), "b.000001"...)
	feed := func(a *assembler, kind eventType, end uint64, size uint32, body []byte) {
		t.Helper()
		if err := a.outer(&event{kind: kind, size: size, logPos: uint32(end), body: body}); err != nil {
			t.Fatal(err)
		}
	}
	query := func(sql string) []byte { return append(make([]byte, 14), sql...) }
	txn := func(a *assembler, start, end uint64) {
		t.Helper()
		feed(a, evAnonymousGTID, start+60, 60, make([]byte, 25))
		feed(a, evQuery, start+100, 40, query("BEGIN"))
		for at := start + 100; at+1<<30 < end; at += 1 << 30 {
			feed(a, evRowsQuery, at+1<<30, 1<<30, nil)
		}
		feed(a, evXID, end, 31, make([]byte, 8))
	}
	history := func(a *assembler, from int) {
		for i, e := range [][2]uint64{{4, 1000}, {1000, 5 << 30}, {5 << 30, 5<<30 + 500}, {5<<30 + 500, 5<<30 + 900}} {
			if i >= from {
				txn(a, e[0], e[1])
			}
		}
	}
	feed(a, evRotate, 0, 30, rotate)
	history(a, 0)
	ends := []uint64{1000, 5 << 30, 5<<30 + 500, 5<<30 + 900}
	if len(*out) != len(ends) {
		t.Fatalf("%d transactions", len(*out))
	}
	for i, tx := range *out {
		if tx.Offset != ends[i] || tx.IDs[0] != (change.ID{Source: "b.000001", N: ends[i]}) {
			t.Errorf("transaction %d ends at %d as %v, want %d", i, tx.Offset, tx.IDs, ends[i])
		}
		wantFrom := ""
		if ends[i] > math.MaxUint32 {
			wantFrom = "b.000001:1000"
		}
		if tx.ReadFrom != wantFrom {
			t.Errorf("transaction %d is read from %q", i, tx.ReadFrom)
		}
	}
	// Behind the second one, reading begins before it and yields the last two.
	b, rest := newAssembler(t, change.File)
	done := change.NewSet(change.File)
	done.Add((*out)[1].IDs[0])
	b.init(done)
	b.seen, _ = change.ParseSet(change.File, (*out)[1].ReadFrom)
	if got := b.begin().String(); got != "b.000001:1000" {
		t.Errorf("begins at %s", got)
	}
	history(b, 1)
	if len(*rest) != 2 || (*rest)[0].Offset != ends[2] || (*rest)[1].Offset != ends[3] {
		t.Errorf("got %d transactions: %+v", len(*rest), *rest)
	}
}

// TestEndsWithItsFile: a server that was killed leaves a transaction without an end
// in its log, and goes on with the next file.
func TestEndsWithItsFile(t *testing.T) {
	a, out := newAssembler(t, change.File)
	rotate := func(file string) []byte { return append(binary.LittleEndian.AppendUint64(nil, 4), file...) }
	gtid, begin := make([]byte, 25), append(make([]byte, 14), "BEGIN"...)
	for i, e := range []event{
		{kind: evRotate, body: rotate("b.000001")}, {kind: evAnonymousGTID, logPos: 64, body: gtid}, {kind: evQuery, logPos: 104, body: begin},
		{kind: evRotate, body: rotate("b.000002")}, {kind: evAnonymousGTID, logPos: 64, body: gtid}, {kind: evQuery, logPos: 104, body: begin}, {kind: evXID, logPos: 135, body: make([]byte, 8)},
	} {
		if err := a.outer(&e); err != nil {
			t.Fatalf("event %d: %v", i, err)
		}
	}
	if n := len(*out); n != 2 || (*out)[1].IDs[0] != (change.ID{Source: "b.000002", N: 135}) {
		t.Errorf("%d transactions: %+v", n, *out)
	}
}

// TestSpool takes changes back and gives the rest in order.
func TestSpool(t *testing.T) {
	def := &change.TableMap{Schema: "s", Name: "t", Types: []byte{change.TypeLong}, Meta: []uint16{0}}
	g := &group{}
	add := func(n uint32) {
		row, _, err := def.Cut(binary.LittleEndian.AppendUint32([]byte{0}, n), make([]change.Span, 1))
		if err != nil {
			t.Fatal(err)
		}
		g.changes = append(g.changes, change.Change{Op: change.Update, Table: def, Before: row, After: row, NoForeignKeys: true})
	}
	keep := func(*change.TableMap) (bool, error) { return false, nil }
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	add(1)
	g.setSavepoint("a")
	add(2)
	g.setSavepoint("b")
	must(g.spill(t.TempDir()))
	defer g.close()
	g.setSavepoint("c")
	add(3)
	must(g.rollbackTo("c", keep))
	add(4)
	must(g.spill(""))
	must(g.rollbackTo("b", keep))
	add(5)
	must(g.rollbackTo("a", keep))
	add(6)
	must(g.spill(""))
	add(7)
	var got []uint32
	read := func(ch change.Change) {
		if ch.Op != change.Update || ch.Table != def || !ch.NoForeignKeys || ch.CascadeLogged {
			t.Errorf("read back %+v", ch)
		}
		got = append(got, binary.LittleEndian.Uint32(ch.After.Value(0)))
	}
	must(g.spool.each(func(ch change.Change, _ int) error { read(ch); return nil }))
	for _, ch := range g.changes {
		read(ch)
	}
	if len(got) != 3 || got[0] != 1 || got[1] != 6 || got[2] != 7 {
		t.Errorf("got %v, want [1 6 7]", got)
	}
	if err := g.rollbackTo("b", keep); err == nil {
		t.Error("rolled back to a savepoint that is gone")
	}
}

// TestStaysBehindASavepoint: what happened to a table without transactions is not
// taken back, and once some of it is on disk nobody can tell it apart.
func TestStaysBehindASavepoint(t *testing.T) {
	tables := map[string]*change.TableMap{"t": {Schema: "s", Name: "t"}, "m": {Schema: "s", Name: "m"}}
	g := &group{}
	defer g.close()
	add := func(names ...string) {
		for _, name := range names {
			g.changes = append(g.changes, change.Change{Op: change.Insert, Table: tables[name]})
		}
	}
	keep := func(tm *change.TableMap) (bool, error) { return tm.Name == "m", nil }
	add("t")
	g.setSavepoint("a")
	add("t", "m", "t")
	if err := g.rollbackTo("a", keep); err != nil || len(g.changes) != 2 || g.changes[1].Table.Name != "m" || g.bytes != 2*sizeOf(&g.changes[0]) {
		t.Errorf("left are %d bytes of %+v, %v", g.bytes, g.changes, err)
	}
	g.setSavepoint("b")
	add("m")
	if err := g.spill(t.TempDir()); err != nil {
		t.Fatal(err)
	}
	if err := g.rollbackTo("b", keep); err == nil {
		t.Error("a table without transactions was rolled back on disk")
	}
}
