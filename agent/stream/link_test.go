package stream

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/tidegate-io/tidegate/integration/dbtest"
	"github.com/tidegate-io/tidegate/integration/faultnet"
	"github.com/tidegate-io/tidegate/internal/change"
	"github.com/tidegate-io/tidegate/internal/mysql"
)

// TestSlowTaker does not take anything for longer than the source waits for a
// reader by default, while more is written than the socket holds: the source
// must neither give up on us nor may anything be missing.
func TestSlowTaker(t *testing.T) {
	for _, cfg := range []dbtest.Config{gtidConfig, mariaConfig} {
		t.Run(string(kindOf(cfg)), func(t *testing.T) {
			t.Parallel()
			s := newSource(t, dbtest.Start(t, cfg))
			s.exec("CREATE TABLE t (id INT PRIMARY KEY, v LONGTEXT)", "SET GLOBAL net_write_timeout=1")
			from := s.here()
			for i := range 60 {
				s.exec(fmt.Sprintf("INSERT INTO t VALUES (%d, REPEAT('x', 1000000))", i))
			}
			end := s.here()
			p := s.tap(from)
			var reader *Reader
			p.reader = func(r *Reader) { reader = r }
			p.on = func(*change.Txn) {
				if len(p.txns) == 1 {
					time.Sleep(4 * time.Second) // several times the source's patience
				}
			}
			if got := len(p.upTo(end)); got != 60 {
				t.Errorf("%d transactions", got)
			}
			if n := reader.Stats().Connections; n != 1 {
				t.Errorf("%d connections: the source gave up on a slow reader", n)
			}
		})
	}
}

// TestDeadLink holds back every byte of all open connections, those for SQL too:
// without heartbeats the reader must take another one, and lose nothing.
func TestDeadLink(t *testing.T) {
	kinds(t, func(t *testing.T, plain *source) {
		proxy := faultnet.Listen(t, plain.server.Addr)
		ep := plain.server.Endpoint()
		ep.Address, ep.TLS.Mode = proxy.Addr(), "disabled"
		s := newSourceAt(t, plain.server, ep)
		s.exec("CREATE TABLE t (id INT PRIMARY KEY, v VARCHAR(9))")
		from := s.here()
		want := s.history(0, 8)
		p := s.tap(from)
		p.reader = func(r *Reader) { r.patience = 2 * time.Second }
		done := false
		p.on = func(tx *change.Txn) {
			if !done && p.line(tx) == want[1] {
				done = true
				for _, c := range proxy.Conns() {
					c.Stall(faultnet.ToClient)
				}
				plain.exec("INSERT INTO " + s.schema + ".t VALUES (1000,'z')")
			}
		}
		last := "+t 1000,z"
		p.more = func(tx *change.Txn) bool { return p.line(tx) != last }
		ctx, cancel := context.WithTimeoutCause(t.Context(), 30*time.Second, errors.New("the dead link was not noticed"))
		defer cancel()
		if err := p.run(ctx); err != nil {
			t.Fatalf("%v; so far %q", err, p.lines())
		}
		wantLines(t, p.lines(), append(want, last)...)
	})
}

// TestDamagedFile overwrites a row in the source's log file: what does not fit
// its checksum is not handed on, is not taken for a purged log, and is not tried
// for ever.
func TestDamagedFile(t *testing.T) {
	s := newSource(t, dbtest.Start(t, gtidConfig))
	s.exec("CREATE TABLE t (id INT PRIMARY KEY, v VARCHAR(50))")
	from := s.here()
	s.exec("INSERT INTO t VALUES (1,'whole')", "INSERT INTO t VALUES (2,'to-be-damaged')", "INSERT INTO t VALUES (3,'behind')", "FLUSH BINARY LOGS")
	file := filepath.Join(s.server.Dir, from.File)
	b, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	at := strings.LastIndex(string(b), "to-be-damaged")
	if at < 0 {
		t.Fatal("the row is not in the file")
	}
	b[at] ^= 1
	if err := os.WriteFile(file, b, 0o644); err != nil {
		t.Fatal(err)
	}
	p := s.tap(from)
	if e := p.failure(); e.Code != "source_log" || e.Class != mysql.Fatal || !strings.Contains(e.Error(), from.File) || e.Hint() == "" {
		t.Errorf("got %s %q: %v", e.Class, e.Code, e)
	}
	wantLines(t, p.lines(), "+t 1,whole")
}

// TestLargeSessionCompression mixes transactions that one session compresses
// with those of another, on a link that is cut in the middle of payloads.
func TestLargeSessionCompression(t *testing.T) {
	plain := newSource(t, dbtest.Shared(t, gtidConfig))
	proxy := faultnet.Listen(t, plain.server.Addr)
	ep := plain.server.Endpoint()
	ep.Address, ep.TLS.Mode = proxy.Addr(), "disabled"
	s := newSourceAt(t, plain.server, ep)
	s.exec("CREATE TABLE t (id INT PRIMARY KEY, v VARCHAR(9))", "2: SET SESSION binlog_transaction_compression=ON")
	from := s.here()
	var want []string
	for i := range 30 {
		id := 10 * i
		s.exec(fmt.Sprintf("2: INSERT INTO t VALUES (%d,'zip'),(%d,'zip')", id, id+1), fmt.Sprintf("INSERT INTO t VALUES (%d,'plain')", id+2))
		want = append(want, fmt.Sprintf("+t %d,zip; +t %d,zip", id, id+1), fmt.Sprintf("+t %d,plain", id+2))
	}
	end := s.here()
	p := s.tap(from)
	cuts := 0
	proxy.OnConn(func(c *faultnet.Conn) {
		if cuts++; cuts < 12 {
			c.CutAfter(faultnet.ToClient, int64(1400+137*cuts))
		}
	})
	wantLines(t, p.upTo(end), want...)
}

// TestHeartbeatMovesNothing: what is not a transaction's end moves no place,
// whatever position it names, also in the middle of one.
func TestHeartbeatMovesNothing(t *testing.T) {
	for _, kind := range []change.Kind{change.MySQL, change.File} {
		a, out := newAssembler(t, kind)
		feed := func(kind eventType, end uint32, body []byte) {
			t.Helper()
			if err := a.outer(&event{kind: kind, size: 40, logPos: end, body: body}); err != nil {
				t.Fatal(err)
			}
		}
		query := func(sql string) []byte { return append(make([]byte, 14), sql...) }
		begin, gtid := evAnonymousGTID, make([]byte, 25)
		if kind == change.MySQL {
			begin, gtid[17] = evGTID, 7
		}
		heartbeat := func() {
			a.seenBefore(t, func() { feed(evHeartbeat, 1<<30, []byte("b.000009")) })
		}
		feed(evRotate, 0, append(binary.LittleEndian.AppendUint64(nil, 4), "b.000001"...))
		heartbeat()
		feed(begin, 200, gtid)
		heartbeat()
		feed(evQuery, 240, query("BEGIN"))
		heartbeat()
		if len(*out) != 0 {
			t.Fatalf("%s: %d transactions before the end of the first", kind, len(*out))
		}
		feed(evXID, 271, make([]byte, 8))
		heartbeat()
		if len(*out) != 1 || (*out)[0].Offset != 271 || (*out)[0].File != "b.000001" {
			t.Errorf("%s: got %+v", kind, *out)
		}
	}
}

// seenBefore holds what f does to leaving the place to resume from as it was.
func (a *assembler) seenBefore(t *testing.T, f func()) {
	t.Helper()
	before, done := a.seen.String(), a.done.String()
	f()
	if a.seen.String() != before || a.done.String() != done {
		t.Errorf("the place moved from %s to %s", before, a.seen)
	}
}

// TestAlterInTwoPhases has other tables' rows between the beginning of an ALTER
// and its end, and one that fails after it was logged.
func TestAlterInTwoPhases(t *testing.T) {
	for _, flavor := range []dbtest.Flavor{dbtest.MariaDB, dbtest.MariaDB118} {
		t.Run(string(flavor), func(t *testing.T) {
			s := newSource(t, dbtest.Shared(t, dbtest.Config{Flavor: flavor}))
			s.exec("CREATE TABLE t (id INT PRIMARY KEY, v VARCHAR(9))", "CREATE TABLE o (id INT PRIMARY KEY)", "INSERT INTO t VALUES (1,'a'),(2,'a')")
			from := s.here()
			s.alterWhile("ALTER TABLE t ADD COLUMN w INT NOT NULL DEFAULT 3, ALGORITHM=COPY", "", "INSERT INTO o VALUES (1)")
			s.alterWhile("ALTER TABLE t ADD UNIQUE KEY u (v), ALGORITHM=COPY", "1062", "INSERT INTO o VALUES (2)")
			s.exec("INSERT INTO t VALUES (3,'b',4)")
			end := s.here()
			p := s.tap(from)
			wantLines(t, p.upTo(end), "+o 1", "ALTER TABLE t ADD COLUMN w INT NOT NULL DEFAULT 3, ALGORITHM=COPY", "+o 2", "+t 3,b,4")
			resumeEverywhere(t, s, p, end)
		})
	}
}

// alterWhile runs an ALTER in two phases, and a statement after its beginning
// was logged and before its end. It may have to fail.
func (s *source) alterWhile(alter, fails, between string) {
	s.t.Helper()
	s.exec("2: BEGIN", "2: SELECT * FROM t", "3: SET SESSION binlog_alter_two_phase=ON, lock_wait_timeout=30")
	var g errgroup.Group
	g.Go(func() error { return s.try("3: " + alter) })
	logged := func() bool {
		rows, err := s.server.DB().QueryContext(s.t.Context(), "SELECT 1 FROM information_schema.PROCESSLIST WHERE STATE = 'Waiting for table metadata lock' AND INFO = ?", alter)
		if err != nil {
			s.t.Fatal(err)
		}
		defer rows.Close()
		return rows.Next()
	}
	if fails == "" { // it waits for the reader when all rows are copied
		for limit := time.Now().Add(20 * time.Second); !logged(); time.Sleep(5 * time.Millisecond) {
			if time.Now().After(limit) {
				s.t.Fatal("the ALTER does not wait")
			}
		}
	}
	s.exec("4: "+between, "2: COMMIT")
	if err := g.Wait(); (err != nil) != (fails != "") || fails != "" && fmt.Sprint(mysql.Number(err)) != fails {
		s.t.Fatalf("%s: %v", alter, err)
	}
}
