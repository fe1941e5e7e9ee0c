package stream

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"golang.org/x/sync/errgroup"

	"github.com/tidegate-io/tidegate/integration/dbtest"
	"github.com/tidegate-io/tidegate/internal/change"
	"github.com/tidegate-io/tidegate/internal/mysql"
)

// TestMarks writes all the time and holds what a SELECT saw against the marks
// around it: it saw every transaction of the low mark, and none beyond the high.
func TestMarks(t *testing.T) {
	unordered := gtidConfig // commits become visible in another order than they are logged
	unordered.Args = append(slices.Clone(unordered.Args), "--binlog-order-commits=OFF")
	for _, cfg := range []dbtest.Config{gtidConfig, unordered, mariaConfig} {
		t.Run(string(kindOf(cfg)), func(t *testing.T) {
			s := newSource(t, dbtest.Shared(t, cfg))
			s.exec("CREATE TABLE t (id INT PRIMARY KEY, v VARCHAR(9))")
			from := s.here()
			ctx, cancel := context.WithCancel(t.Context())
			written := make(chan error, 4)
			for w := range 4 {
				go func() {
					for i := 0; ctx.Err() == nil; i++ {
						if _, err := s.db.ExecContext(context.Background(), "INSERT INTO t VALUES (?,'a')", w*1000000+i); err != nil {
							written <- err
							return
						}
					}
					written <- nil
				}()
			}
			type look struct {
				low, high *change.Set
				seen      map[string]bool
			}
			quiet := s.others(ctx)
			var looks []look
			n := 25
			if s.Kind() == change.MariaDB {
				n = 100
			}
			for range n {
				low, high, ids := s.look(t)
				looks = append(looks, look{low, high, ids})
			}
			cancel()
			quiet()
			for range 4 {
				if err := <-written; err != nil {
					t.Fatal(err)
				}
			}
			p := s.tap(from)
			p.upTo(s.here())
			for i, l := range looks {
				for _, tx := range p.txns {
					for _, c := range tx.Changes {
						id := strings.TrimSuffix(show(c.Table, c.After), ",a")
						in := l.seen[id]
						if l.low.Contains(tx.IDs[0]) && !in {
							t.Fatalf("look %d: row %s of %v is in the low mark and was not seen", i, id, tx.IDs)
						}
						if in && !l.high.Contains(tx.IDs[0]) {
							t.Fatalf("look %d: row %s of %v was seen and is not in the high mark", i, id, tx.IDs)
						}
					}
				}
			}
			t.Logf("%d transactions, the last look saw %d", len(p.txns), len(looks[len(looks)-1].seen))
		})
	}
}

// others are sessions that ask a MariaDB for the place of their own, older
// snapshots, and for the last commit's, as dumps and monitoring do. The server
// gives such answers to whoever asks at that moment. It returns how to wait for
// their end.
func (s *source) others(ctx context.Context) (wait func()) {
	var wg sync.WaitGroup
	if s.Kind() != change.MariaDB {
		return wg.Wait
	}
	for i := range 6 {
		wg.Go(func() {
			conn, err := s.db.Conn(ctx)
			if err != nil {
				return
			}
			defer conn.Close()
			for n := 0; ctx.Err() == nil; n++ { // errors are those of ctx's end
				if i%2 == 0 && n%50 == 0 {
					_, _ = conn.ExecContext(ctx, "START TRANSACTION WITH CONSISTENT SNAPSHOT")
				}
				_, _ = conn.ExecContext(ctx, "SHOW STATUS LIKE 'binlog_snapshot_%'")
			}
		})
	}
	return wg.Wait
}

func (s *source) look(t *testing.T) (low, high *change.Set, seen map[string]bool) {
	t.Helper()
	ctx := t.Context()
	conn, err := s.Source.db.Conn(ctx)
	if err != nil {
		t.Fatal(err)
	}
	defer conn.Close()
	must := func(err error) {
		t.Helper()
		if err != nil {
			t.Fatal(err)
		}
	}
	low, err = s.MarkLow(ctx, conn)
	must(err)
	rows, err := conn.QueryContext(ctx, "SELECT id FROM "+mysql.Table(s.schema, "t"))
	must(err)
	seen = map[string]bool{}
	for rows.Next() {
		var id string
		must(rows.Scan(&id))
		seen[id] = true
	}
	must(rows.Err())
	high, err = s.MarkHigh(ctx, conn)
	must(err)
	_, err = conn.ExecContext(ctx, "ROLLBACK")
	must(err)
	executed, err := s.Executed(ctx)
	must(err)
	if s.Kind() != change.MariaDB && !executed.Includes(low) { // there an answer may be that of an older snapshot, see committed
		t.Errorf("executed %s lacks the earlier low mark %s", executed, low)
	}
	return low, high, seen
}

// TestPlaceIsNamedByWhatItHad: a MariaDB's log goes on while a place in it is named.
func TestPlaceIsNamedByWhatItHad(t *testing.T) {
	s := newSource(t, dbtest.Shared(t, mariaConfig))
	s.exec("CREATE TABLE t (id INT)", "INSERT INTO t VALUES (1)")
	at, err := s.committed(t.Context(), s.Source.db)
	if err != nil {
		t.Fatal(err)
	}
	s.exec("INSERT INTO t VALUES (2)", "INSERT INTO t VALUES (3)")
	name, err := s.gtidAt(t.Context(), s.Source.db, at.File, at.Offset)
	if err != nil {
		t.Fatal(err)
	}
	got, err := change.ParseSet(change.MariaDB, name)
	want, wantErr := at.Set() // domains come in any order
	if err = errors.Join(err, wantErr); err != nil || !got.Equal(want) {
		t.Errorf("%s:%d is named %s, it was %s, %v", at.File, at.Offset, got, want, err)
	}
}

// TestVisibleBeforeExecuted lets two transactions commit as one group, of which the
// second builds a full-text index in its commit. Meanwhile the row of the first
// can be read and its number is not executed: it is of the high mark all the same.
func TestVisibleBeforeExecuted(t *testing.T) {
	s := newSource(t, dbtest.Start(t, gtidConfig))
	s.exec("CREATE TABLE t (id INT PRIMARY KEY)", "CREATE TABLE words (v LONGTEXT, FULLTEXT (v))",
		"SET GLOBAL binlog_group_commit_sync_delay = 1000000", "SET GLOBAL binlog_group_commit_sync_no_delay_count = 2",
		"2: BEGIN", "2: INSERT INTO t VALUES (1)", "3: BEGIN", "3: INSERT INTO words WITH RECURSIVE n AS (SELECT 1 i UNION ALL SELECT i + 1 FROM n WHERE i < 1000) SELECT REPEAT(CONCAT('w', i, ' x', i, 'y '), 2000) FROM n")
	var g errgroup.Group
	g.Go(func() error { return s.try("2: COMMIT") })
	s.await("SELECT @@global.gtid_owned <> ''")
	g.Go(func() error { return s.try("3: COMMIT") })
	s.await("SELECT COUNT(*) FROM t")
	low, err := s.MarkLow(t.Context(), s.Source.db)
	if err != nil {
		t.Fatal(err)
	}
	high, err := s.MarkHigh(t.Context(), s.Source.db)
	if err != nil {
		t.Fatal(err)
	}
	// Asked while they end, what one question has no more the other has.
	ended := sync.OnceValue(g.Wait)
	meanwhile, err := s.MarkHigh(t.Context(), &between{Querier: s.Source.db, second: func() { _ = ended() }})
	if err = errors.Join(err, ended()); err != nil {
		t.Fatal(err)
	}
	after, err := s.MarkLow(t.Context(), s.Source.db)
	if err != nil {
		t.Fatal(err)
	}
	if low.Includes(after) {
		t.Fatal("the executed set had the transactions before both were committed")
	}
	if !high.Includes(after) || !meanwhile.Includes(after) {
		t.Errorf("a row was seen, and of the transactions %s the high mark has %s, and %s as they ended", after, high, meanwhile)
	}
}

// TestLoggedBeforeVisible: a MariaDB that waits for a replica between its log and the
// commit has a transaction in the log whose row nobody can read. It is not of the low
// mark.
func TestLoggedBeforeVisible(t *testing.T) {
	s := newSource(t, dbtest.Start(t, mariaConfig))
	s.exec("CREATE TABLE t (id INT PRIMARY KEY)", "INSERT INTO t VALUES (0)", "SET GLOBAL rpl_semi_sync_master_wait_point = AFTER_SYNC, GLOBAL rpl_semi_sync_master_timeout = 20000, GLOBAL rpl_semi_sync_master_enabled = ON")
	before, err := s.Logged(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var g errgroup.Group
	g.Go(func() error { return s.try("2: INSERT INTO t VALUES (1)") })
	s.await("SELECT VARIABLE_VALUE FROM information_schema.GLOBAL_STATUS WHERE VARIABLE_NAME = 'Rpl_semi_sync_master_wait_sessions'")
	low, err := s.MarkLow(t.Context(), s.Source.db)
	if err != nil {
		t.Fatal(err)
	}
	logged, err := s.Logged(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	var n int
	if err := s.Source.db.QueryRowContext(t.Context(), "SELECT COUNT(*) FROM "+mysql.Table(s.schema, "t")).Scan(&n); err != nil {
		t.Fatal(err)
	}
	s.exec("SET GLOBAL rpl_semi_sync_master_enabled = OFF")
	if err := g.Wait(); err != nil {
		t.Fatal(err)
	}
	if n != 1 || before.Includes(logged) {
		t.Fatalf("%d rows were seen, and %s was logged after %s: the server did not wait where it was to", n, logged, before)
	}
	if !before.Includes(low) || !low.Includes(before) {
		t.Errorf("the low mark is %s, what can be read %s", low, before)
	}
}

// between runs something before the second question.
type between struct {
	mysql.Querier
	second func()
	asked  int
}

func (b *between) QueryRowContext(ctx context.Context, q string, args ...any) *sql.Row {
	if b.asked++; b.asked == 2 {
		b.second()
	}
	return b.Querier.QueryRowContext(ctx, q, args...)
}

// await asks until the answer is 1.
func (s *source) await(query string) {
	s.t.Helper()
	for limit := time.Now().Add(time.Minute); ; time.Sleep(2 * time.Millisecond) {
		var yes bool
		if err := s.db.QueryRow(query).Scan(&yes); err != nil || time.Now().After(limit) {
			s.t.Fatalf("%s is not answered by 1, %v", query, err)
		}
		if yes {
			return
		}
	}
}

func TestParseOwned(t *testing.T) {
	set, err := parseOwned("aaaaaaaa-0000-0000-0000-000000000001:14659#139:14661#7,\nbbbbbbbb-0000-0000-0000-000000000002:blue:3#12")
	if err != nil {
		t.Fatal(err)
	}
	if got, want := set.String(), "aaaaaaaa-0000-0000-0000-000000000001:14659:14661,bbbbbbbb-0000-0000-0000-000000000002:blue:3"; got != want {
		t.Errorf("got %s, want %s", got, want)
	}
}

// TestStatement reads back the settings a statement ran under.
func TestStatement(t *testing.T) {
	kinds(t, func(t *testing.T, s *source) {
		s.exec("CREATE TABLE t (id INT)")
		from := s.here()
		s.exec("SET NAMES latin1 COLLATE latin1_german1_ci", "SET SESSION collation_server='utf8mb4_bin'", "SET SESSION sql_mode='ANSI_QUOTES,NO_BACKSLASH_ESCAPES,PAD_CHAR_TO_FULL_LENGTH'",
			"SET SESSION time_zone='+05:30'", "SET SESSION foreign_key_checks=0", "SET SESSION auto_increment_increment=5, auto_increment_offset=2",
			"SET SESSION timestamp=1700000000.123456", `ALTER TABLE t ADD COLUMN d DATETIME(6) DEFAULT NOW(6)`)
		p := s.tap(from)
		p.upTo(s.here())
		var got *change.Statement
		for _, tx := range p.txns {
			if tx.DDL != nil {
				got = tx.DDL
				if !slices.Equal(got.IDs, tx.IDs) || len(got.IDs) != 1 {
					t.Errorf("the statement has the names %v, its transaction %v", got.IDs, tx.IDs)
				}
			}
		}
		want := &change.Statement{
			SQL: "ALTER TABLE t ADD COLUMN d DATETIME(6) DEFAULT NOW(6)", Schema: s.schema,
			SQLMode:       []string{"ANSI_QUOTES", "NO_BACKSLASH_ESCAPES", "PAD_CHAR_TO_FULL_LENGTH"},
			CharsetClient: "latin1", CollationConnection: "latin1_german1_ci", CollationServer: "utf8mb4_bin",
			TimeZone: "+05:30", Timestamp: time.Unix(1700000000, 123456000).UTC(), UniqueChecks: true, AutoIncrementInc: 5, AutoIncrementOffset: 2,
		}
		ignore := cmpopts.IgnoreFields(change.Statement{}, "IDs", "CollationDatabase", "DefaultUTF8MB4", "ExplicitDefaults", "SQLRequirePrimaryKey")
		if diff := cmp.Diff(want, got, ignore); diff != "" {
			t.Errorf("(-want +got):\n%s", diff)
		}
		if s.Kind() != change.MariaDB && (got.DefaultUTF8MB4 == "" || got.SQLRequirePrimaryKey == nil) {
			t.Errorf("settings are missing: %+v", got)
		}
	})
}

// TestModeNames asks each server what the bits of sql_mode mean.
func TestModeNames(t *testing.T) {
	kinds(t, func(t *testing.T, s *source) {
		flavor := s.Server().Flavor
		for bit := range uint(40) {
			if err := s.try(fmt.Sprintf("SET SESSION sql_mode=%d", uint64(1)<<bit)); err != nil {
				continue // not a mode of this version
			}
			var mode string
			if err := s.conns["1"].QueryRowContext(t.Context(), "SELECT @@session.sql_mode").Scan(&mode); err != nil {
				t.Fatal(err)
			}
			names := modeNames(flavor, 1<<bit)
			if (mode == "" || mode == "NOT_USED") && len(names) == 0 {
				continue
			}
			if len(names) != 1 || !slices.Contains(strings.Split(mode, ","), names[0]) {
				t.Errorf("bit %d is %q on %s, here %q", bit, mode, s.Server(), names)
			}
		}
	})
}

func TestResumeChecks(t *testing.T) {
	kinds(t, func(t *testing.T, s *source) {
		s.exec("CREATE TABLE t (id INT PRIMARY KEY)")
		pos := s.here()
		set, err := pos.Set()
		if err != nil {
			t.Fatal(err)
		}
		if err := s.CheckResume(t.Context(), pos, set); err != nil {
			t.Errorf("at its own position: %v", err)
		}
		ahead := set.Clone()
		switch s.Kind() {
		case change.MySQL:
			ahead.Add(change.ID{Source: "cccccccc-0000-0000-0000-000000000003", N: 1})
		case change.MariaDB:
			ahead.Add(change.ID{Source: "0", Server: 1, N: 1 << 40})
		default:
			ahead.Add(change.ID{Source: pos.File, N: 1 << 40})
		}
		e, ok := s.CheckResume(t.Context(), pos, ahead).(*mysql.Error)
		if !ok || e.Code != "lost_transactions" || e.Class != mysql.Fatal {
			t.Errorf("ahead of the source: %v", e)
		}
		id, err := s.Identity(t.Context())
		if err != nil || id == "" {
			t.Errorf("identity %q, %v", id, err)
		}
		p := s.tap(pos)
		p.cfg.Identity = "another"
		if s.Kind() == change.File {
			if e := p.failure(); e.Code != "server_changed" {
				t.Errorf("another server: %v", e)
			}
		} else {
			s.exec("INSERT INTO t VALUES (1)")
			wantLines(t, p.upTo(s.here()), "+t 1")
		}
		if s.Kind() == change.MariaDB {
			s.overtaken()
		}
	})
}

// overtaken: a server took over without the last transaction of the one before,
// and has come past its number since. It is lost all the same.
func (s *source) overtaken() {
	s.t.Helper()
	set, err := s.here().Set()
	if err != nil {
		s.t.Fatal(err)
	}
	var lost change.ID
	if _, err := fmt.Sscanf(set.String(), "0-%d-%d", &lost.Server, &lost.N); err != nil {
		s.t.Fatalf("%s: %v", set, err)
	}
	lost.Source, lost.N = "0", lost.N+1
	s.exec("SET @@session.server_id = 4242", fmt.Sprintf("SET @@session.gtid_seq_no = %d", lost.N+4), "INSERT INTO t VALUES (99)", "DELETE FROM t WHERE id = 99",
		"SET @@session.server_id = @@global.server_id")
	needed := set.Clone()
	needed.Add(lost)
	e, ok := s.CheckResume(s.t.Context(), s.here(), needed).(*mysql.Error)
	if !ok || e.Code != "lost_transactions" || e.Class != mysql.Fatal {
		s.t.Errorf("%v was lost, %s is there: %v", lost, s.here(), e)
	}
}

func TestPreparedXA(t *testing.T) {
	kinds(t, func(t *testing.T, s *source) {
		s.exec("CREATE TABLE t (id INT PRIMARY KEY)", "XA START 'g''1','b',3", "INSERT INTO t VALUES (1)", "XA END 'g''1','b',3", "XA PREPARE 'g''1','b',3")
		got, err := s.PreparedXA(t.Context())
		if want := xidKey("3", []byte("g'1"), []byte("b")); err != nil || !slices.Contains(got, want) {
			t.Errorf("got %q, %v, want %q among them", got, err, want)
		}
		s.exec("XA ROLLBACK 'g''1','b',3")
	})
}

// TestCompressedAndEncrypted reads over each kind of connection.
func TestCompressedAndEncrypted(t *testing.T) {
	plain := newSource(t, dbtest.Shared(t, gtidConfig))
	for _, compress := range []bool{false, true} {
		for _, mode := range []string{"disabled", "preferred", "required"} {
			t.Run(fmt.Sprintf("%s,compress=%v", mode, compress), func(t *testing.T) {
				ep := plain.server.Endpoint()
				ep.TLS.Mode, ep.Compress = mode, compress
				s := newSourceAt(t, plain.server, ep)
				s.exec("CREATE TABLE t (id INT PRIMARY KEY, v VARCHAR(9))")
				from := s.here()
				want := s.history(0, 8)
				s.exec("FLUSH BINARY LOGS")
				want = append(want, s.history(8, 4)...)
				wantLines(t, s.rest(from), want...)
			})
		}
	}
}
