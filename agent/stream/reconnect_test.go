package stream

import (
	"context"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tidegate-io/tidegate/integration/dbtest"
	"github.com/tidegate-io/tidegate/integration/faultnet"
	"github.com/tidegate-io/tidegate/internal/change"
)

// history makes transactions of several kinds and returns what must be read.
func (s *source) history(from, n int) []string {
	var want []string
	for i := from; i < from+n; i++ {
		switch i % 4 {
		case 0:
			s.exec(fmt.Sprintf("INSERT INTO t VALUES (%d,'a')", i))
			want = append(want, fmt.Sprintf("+t %d,a", i))
		case 1:
			s.exec("BEGIN", fmt.Sprintf("INSERT INTO t VALUES (%d,'b')", i), fmt.Sprintf("UPDATE t SET v='c' WHERE id=%d", i), "COMMIT")
			want = append(want, fmt.Sprintf("+t %d,b; ~t %d,b>%d,c", i, i, i))
		case 2:
			s.exec(fmt.Sprintf("CREATE TABLE un%d (id INT)", i))
			want = append(want, fmt.Sprintf("CREATE TABLE un%d (id INT)", i))
		default:
			x := fmt.Sprintf("'h%d'", i)
			s.exec("XA START "+x, fmt.Sprintf("INSERT INTO t VALUES (%d,'x')", i), "XA END "+x, "XA PREPARE "+x)
			s.exec(fmt.Sprintf("2: INSERT INTO t VALUES (%d,'y')", -i), "XA COMMIT "+x)
			want = append(want, fmt.Sprintf("+t %d,y", -i), fmt.Sprintf("+t %d,x", i))
		}
	}
	return want
}

// TestCutConnection cuts the connection after random numbers of bytes, again and
// again: nothing may be missing or come twice.
func TestCutConnection(t *testing.T) {
	kinds(t, func(t *testing.T, plain *source) {
		proxy := faultnet.Listen(t, plain.server.Addr)
		ep := plain.server.Endpoint()
		ep.Address = proxy.Addr()
		ep.TLS.Mode = "disabled" // so that bytes on the wire are bytes of the log
		s := newSourceAt(t, plain.server, ep)
		s.exec("CREATE TABLE t (id INT PRIMARY KEY, v VARCHAR(9))")
		from := s.here()
		want := s.history(0, 60)
		end := s.here()

		p := s.tap(from)
		var reader *Reader
		p.reader = func(r *Reader) { reader = r }
		proxy.OnConn(func(c *faultnet.Conn) {
			c.CutAfter(faultnet.ToClient, 1500+rand.Int64N(4000))
		})
		ctx, cancel := context.WithCancel(t.Context())
		defer cancel()
		go func() { // lets it through in the end
			select {
			case <-time.After(4 * time.Second):
			case <-ctx.Done():
			}
			proxy.OnConn(nil)
			proxy.Heal()
		}()
		wantLines(t, p.upTo(end), want...)
		t.Logf("%d connections", reader.Stats().Connections)
	})
}

// TestKilledServer kills the source while it is read and written, and goes on
// when it is back.
func TestKilledServer(t *testing.T) {
	for _, cfg := range []dbtest.Config{gtidConfig, fileConfig, mariaConfig} {
		cfg.Durable = true
		t.Run(string(kindOf(cfg)), func(t *testing.T) {
			t.Parallel()
			s := newSource(t, dbtest.Start(t, cfg))
			s.exec("CREATE TABLE t (id INT PRIMARY KEY, v VARCHAR(9))")
			p := s.tap(s.here())
			want := s.history(0, 8)
			ctx, cancel := context.WithTimeout(t.Context(), 90*time.Second)
			defer cancel()
			stop := make(chan error, 1)
			last := ""
			p.more = func(tx *change.Txn) bool { return p.line(tx) != "+t 999,z" }
			go func() { stop <- p.run(ctx) }()
			s.exec("3: BEGIN", "3: INSERT INTO t VALUES (500,'lost')")
			s.server.Kill()
			if err := s.server.Restart(); err != nil {
				t.Fatal(err)
			}
			s.reconnect()
			want = append(want, s.history(8, 8)...)
			s.exec("INSERT INTO t VALUES (999,'z')")
			if err := <-stop; err != nil {
				t.Fatalf("%v%s", err, last)
			}
			wantLines(t, p.lines(), append(want, "+t 999,z")...)
		})
	}
}

// reconnect forgets connections that a restart has ended.
func (s *source) reconnect() {
	for name, c := range s.conns {
		c.Close()
		delete(s.conns, name)
	}
}

// TestParts reads a transaction far above the budget, cut in the middle once.
func TestParts(t *testing.T) {
	for _, mode := range []string{"plain", "savepoint", "xa", "compressed"} {
		t.Run(mode, func(t *testing.T) {
			kinds(t, func(t *testing.T, plain *source) {
				if mode == "compressed" && plain.Kind() == change.MariaDB {
					t.SkipNow() // log_bin_compress has a test of its own
				}
				testParts(t, plain, mode)
			})
		})
	}
}

func testParts(t *testing.T, plain *source, mode string) {
	proxy := faultnet.Listen(t, plain.server.Addr)
	ep := plain.server.Endpoint()
	ep.Address, ep.TLS.Mode = proxy.Addr(), "disabled"
	s := newSourceAt(t, plain.server, ep)
	s.exec("CREATE TABLE t (id INT PRIMARY KEY, v VARCHAR(200))", "CREATE TABLE d (n INT)", "INSERT INTO d VALUES (0),(1),(2),(3),(4),(5),(6),(7),(8),(9)")
	from := s.here()
	begin, commit := []string{"BEGIN"}, []string{"COMMIT"}
	fill := func(first int, v string) string {
		return fmt.Sprintf("INSERT INTO t SELECT %d+a.n+10*b.n+100*c.n, REPEAT('%s',150) FROM d a, d b, d c ORDER BY a.n+10*b.n+100*c.n", first, v)
	}
	var wantRows []string
	rows := func(first int, v string) {
		for i := range 1000 {
			wantRows = append(wantRows, fmt.Sprintf("+t %d,%s", first+i, strings.Repeat(v, 150)))
		}
	}
	body := []string{fill(0, "a"), fill(1000, "b")}
	rows(0, "a")
	rows(1000, "b")
	switch mode {
	case "savepoint":
		body = []string{fill(0, "a"), "SAVEPOINT one", fill(1000, "b"), "SAVEPOINT two", fill(2000, "c"), "CREATE TEMPORARY TABLE tt (n INT)", "ROLLBACK TO two", fill(3000, "d"), "RELEASE SAVEPOINT one", "DROP TEMPORARY TABLE tt"}
		rows(3000, "d")
	case "xa":
		begin, commit = []string{"XA START 'big'"}, []string{"XA END 'big'", "XA PREPARE 'big'", "2: INSERT INTO t VALUES (-5,'y')", "XA COMMIT 'big'"}
	case "compressed":
		begin = []string{"SET SESSION binlog_transaction_compression=ON", "BEGIN"}
	}
	s.exec(slices.Concat(begin, body, commit)...)
	s.exec("INSERT INTO t VALUES (-1,'z')")
	end := s.here()
	want := []string{strings.Join(wantRows, "; "), "+t -1,z"}
	if mode == "xa" {
		want = append([]string{"+t -5,y"}, want...)
	}

	cut := false
	p := s.tap(from)
	p.cfg.PartBytes = 32 << 10
	p.on = func(tx *change.Txn) {
		if tx.Bytes > 100<<10 {
			t.Errorf("a part of %d bytes", tx.Bytes)
		}
		if tx.Part == 3 && !cut && mode != "xa" {
			cut = true
			proxy.Cut()
		}
	}
	wantLines(t, p.upTo(end), want...)
	if p.parts < 8 {
		t.Errorf("only %d parts", p.parts)
	}
}

// TestLogBinCompress reads MariaDB's compressed events.
func TestLogBinCompress(t *testing.T) {
	for _, flavor := range []dbtest.Flavor{dbtest.MariaDB, dbtest.MariaDB118} {
		t.Run(string(flavor), func(t *testing.T) {
			s := newSource(t, dbtest.Start(t, dbtest.Config{Flavor: flavor, Args: []string{"--log-bin-compress=ON", "--log-bin-compress-min-len=10"}}))
			s.exec("CREATE TABLE t (id INT PRIMARY KEY, v VARCHAR(900))")
			from := s.here()
			want := s.history(0, 8)
			s.exec("INSERT INTO t VALUES (100,REPEAT('k',900))", "UPDATE t SET v='l' WHERE id=100", "DELETE FROM t WHERE id=100")
			k := strings.Repeat("k", 900)
			want = append(want, "+t 100,"+k, "~t 100,"+k+">100,l", "-t 100,l")
			end := s.here()
			p := s.tap(from)
			wantLines(t, p.upTo(end), want...)
			if p.at.File != end.File || p.at.Offset != end.Offset {
				t.Errorf("the log ends at %s:%d, we are at %s:%d", end.File, end.Offset, p.at.File, p.at.Offset)
			}
		})
	}
}

// TestPreparedBeforeTheStart: of a transaction that was prepared before the start
// nothing is known, and its rows would be missing.
func TestPreparedBeforeTheStart(t *testing.T) {
	kinds(t, func(t *testing.T, s *source) {
		s.exec("CREATE TABLE t (id INT PRIMARY KEY)")
		for _, end := range []string{"ROLLBACK", "COMMIT"} {
			s.exec("1: XA START 'before'", "1: INSERT INTO t VALUES (1)", "1: XA END 'before'", "1: XA PREPARE 'before'")
			from := s.here()
			s.exec("1: XA "+end+" 'before'", "INSERT INTO t VALUES (2)", "DELETE FROM t WHERE id = 2")
			if end == "ROLLBACK" {
				wantLines(t, s.rest(from), "+t 2", "-t 2")
			} else if e := s.tap(from).failure(); e.Code != "unknown_xa" || e.Hint() == "" {
				t.Errorf("got %q: %v", e.Code, e)
			}
		}
	})
}

// TestXAAcrossRestart resumes at every transaction while XA transactions are
// open, over a rotated log.
func TestXAAcrossRestart(t *testing.T) {
	kinds(t, func(t *testing.T, s *source) {
		s.exec("CREATE TABLE t (id INT PRIMARY KEY, v VARCHAR(9))")
		from := s.here()
		s.exec("1: XA START 'a'", "1: INSERT INTO t VALUES (1,'a')", "1: XA END 'a'", "1: XA PREPARE 'a'", "3: INSERT INTO t VALUES (2,'b')", "3: FLUSH BINARY LOGS",
			"2: XA START 'b'", "2: INSERT INTO t VALUES (3,'c')", "2: XA END 'b'", "2: XA PREPARE 'b'", "3: INSERT INTO t VALUES (4,'d')",
			"2: XA COMMIT 'b'", "3: FLUSH BINARY LOGS", "3: INSERT INTO t VALUES (5,'e')", "1: XA COMMIT 'a'", "3: INSERT INTO t VALUES (6,'f')",
			"2: XA START 'c'", "2: INSERT INTO t VALUES (7,'g')", "2: XA END 'c'", "2: XA PREPARE 'c'", "3: INSERT INTO t VALUES (8,'h')", "2: XA ROLLBACK 'c'", "3: INSERT INTO t VALUES (9,'i')")
		end := s.here()
		p := s.tap(from)
		wantLines(t, p.upTo(end), "+t 2,b", "+t 4,d", "+t 3,c", "+t 5,e", "+t 1,a", "+t 6,f", "+t 8,h", "+t 9,i")
		resumeEverywhere(t, s, p, end)
		if p.at.ReadFrom != "" {
			t.Errorf("nothing is prepared, but reading begins at %s", p.at.ReadFrom)
		}
	})
}
