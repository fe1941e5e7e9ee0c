package stream

import (
	"context"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
	"github.com/google/go-cmp/cmp/cmpopts"
	"golang.org/x/sync/errgroup"

	"github.com/tidegate-io/tidegate/integration/dbtest"
	"github.com/tidegate-io/tidegate/internal/change"
	"github.com/tidegate-io/tidegate/internal/mysql"
)

// TestRefusals provokes what would lose rows: each must stop the reader with its
// code and a remedy.
func TestRefusals(t *testing.T) {
	const setup = "CREATE TABLE t (id INT PRIMARY KEY, v VARCHAR(50), w INT)"
	my, maria := []change.Kind{change.MySQL, change.File}, []change.Kind{change.MariaDB}
	tests := []struct {
		name  string
		kinds []change.Kind
		setup []string
		steps []string
		code  string
	}{
		{name: "text", steps: []string{"SET SESSION binlog_format='STATEMENT'", "INSERT INTO t VALUES (1,'a',1)"}, code: "binlog_format"},
		{name: "text in another schema", steps: []string{"SET SESSION binlog_format='STATEMENT'", "UPDATE un1, %s.`t` SET un1.id=2, t.w=3"}, setup: []string{"CREATE TABLE un1 (id INT)", "INSERT INTO un1 VALUES (1)", "INSERT INTO t VALUES (1,'a',1)"}, code: "binlog_format"},
		{name: "function", setup: []string{"CREATE FUNCTION f() RETURNS INT DETERMINISTIC MODIFIES SQL DATA BEGIN INSERT INTO t VALUES (1,'a',1); RETURN 1; END"},
			steps: []string{"SET SESSION binlog_format='STATEMENT'", "DO f()"}, code: "binlog_format"},
		{name: "minimal image", kinds: my, setup: []string{"INSERT INTO t VALUES (1,'a',1)"}, steps: []string{"SET SESSION binlog_row_image='MINIMAL'", "UPDATE t SET w=2"}, code: "row_image"},
		{name: "no blobs", kinds: my, setup: []string{"CREATE TABLE b (id INT PRIMARY KEY, v TEXT, w INT)", "INSERT INTO b VALUES (1,'a',1)"},
			steps: []string{"SET SESSION binlog_row_image='NOBLOB'", "UPDATE b SET w=2"}, code: "row_image"},
		{name: "partial JSON", kinds: my, setup: []string{"CREATE TABLE j (id INT PRIMARY KEY, v JSON)", `INSERT INTO j VALUES (1,'{"a":"aaaaaaaaaaaaaaaaaaaaaaaaa","b":1}')`},
			steps: []string{"SET SESSION binlog_row_value_options='PARTIAL_JSON'", "UPDATE j SET v=JSON_SET(v,'$.b',2)"}, code: "row_value_options"},
		{name: "compressed column", kinds: maria, setup: []string{"CREATE TABLE z (id INT PRIMARY KEY, v TEXT COMPRESSED)"}, steps: []string{"INSERT INTO z VALUES (1,REPEAT('a',300))"}, code: "compressed_column"},
		{name: "unknown XA", setup: []string{"XA START 'old'", "INSERT INTO t VALUES (1,'a',1)", "XA END 'old'", "XA PREPARE 'old'"}, steps: []string{"XA COMMIT 'old'"}, code: "unknown_xa"},
		{name: "order in a domain", kinds: maria, setup: []string{"SET SESSION gtid_domain_id=11", "SET SESSION gtid_seq_no=100", "INSERT INTO t VALUES (1,'a',1)"},
			steps: []string{"SET SESSION server_id=77", "SET SESSION gtid_seq_no=50", "INSERT INTO t VALUES (2,'b',1)"}, code: "gtid_order"},
	}
	for _, tt := range tests {
		t.Run(tt.name, func(t *testing.T) {
			kinds(t, func(t *testing.T, s *source) {
				if len(tt.kinds) > 0 && !contains(tt.kinds, s.Kind()) {
					t.SkipNow()
				}
				s.exec(setup)
				s.exec(tt.setup...)
				from := s.here()
				for _, stmt := range tt.steps {
					s.exec(replaceSchema(stmt, s.schema))
				}
				e := s.tap(from).failure()
				if e.Code != tt.code || e.Class == mysql.Transient || e.Hint() == "" {
					t.Errorf("got %s %q %v (hint %q), want code %q", e.Class, e.Code, e, e.Hint(), tt.code)
				}
				t.Log(e)
			})
		})
	}
}

// TestMixedEnginesInOneTransaction needs a server that allows it.
func TestMixedEnginesInOneTransaction(t *testing.T) {
	srv := dbtest.Start(t, dbtest.Config{NoGTID: true, Args: []string{"--enforce-gtid-consistency=OFF"}})
	s := newSource(t, srv)
	s.exec("CREATE TABLE t (id INT PRIMARY KEY, v VARCHAR(9))", "CREATE TABLE m (id INT, v VARCHAR(9)) ENGINE=MyISAM")
	from := s.here()
	s.exec("BEGIN", "INSERT INTO t VALUES (1,'a')", "SAVEPOINT s", "INSERT INTO t VALUES (2,'b')", "INSERT INTO m VALUES (7,'m')", "ROLLBACK TO s", "INSERT INTO t VALUES (3,'c')", "COMMIT",
		"BEGIN", "INSERT INTO t VALUES (4,'d')", "INSERT INTO m VALUES (8,'n')", "ROLLBACK")
	wantLines(t, s.rest(from), "+m 7,m", "+t 1,a; +t 3,c", "+m 8,n")
}

// TestPurged stops, lets the source purge what was not read, and goes on.
func TestPurged(t *testing.T) {
	for _, cfg := range []dbtest.Config{gtidConfig, fileConfig, mariaConfig} {
		t.Run(string(kindOf(cfg)), func(t *testing.T) {
			t.Parallel()
			s := newSource(t, dbtest.Start(t, cfg))
			s.exec("CREATE TABLE t (id INT PRIMARY KEY)")
			from := s.here()
			s.exec("INSERT INTO t VALUES (1)", "FLUSH BINARY LOGS", "INSERT INTO t VALUES (2)", "FLUSH BINARY LOGS")
			end, err := s.LogEnd(t.Context())
			if err != nil {
				t.Fatal(err)
			}
			gap, ok, err := s.GapBytes(t.Context(), from)
			if err != nil || !ok || gap < 500 {
				t.Errorf("gap %d, %v, %v", gap, ok, err)
			}
			s.purge(end.File)
			asked, _ := errors.AsType[*mysql.Error](s.CheckResume(t.Context(), from, change.NewSet(from.Kind)))
			if known := from.Kind != change.MariaDB; (asked != nil) != known || known && asked.Code != "position_purged" {
				t.Errorf("asked before it is read: %v", asked)
			}
			e := s.tap(from).failure()
			if e.Code != "position_purged" || e.Class != mysql.Fatal {
				t.Errorf("got %s %q: %v", e.Class, e.Code, e)
			}
			if _, ok, err := s.GapBytes(t.Context(), from); ok || err != nil {
				t.Errorf("the gap behind a purged file is known: %v, %v", ok, err)
			}
			wantLines(t, s.rest(s.here()))
		})
	}
}

// kindOf names a configuration.
func kindOf(cfg dbtest.Config) change.Kind {
	switch {
	case cfg.Flavor == dbtest.MariaDB:
		return change.MariaDB
	case cfg.NoGTID:
		return change.File
	}
	return change.MySQL
}

// TestServerIDInUse runs two readers with one id. MySQL tells readers apart by
// their UUIDs, MariaDB ends the older one.
func TestServerIDInUse(t *testing.T) {
	s := newSource(t, dbtest.Shared(t, mariaConfig))
	s.exec("CREATE TABLE t (id INT PRIMARY KEY)")
	first, second := s.tap(s.here()), s.tap(s.here())
	second.cfg.ServerID = first.cfg.ServerID
	running := make(chan *Reader, 1)
	first.reader = func(r *Reader) { running <- r }
	ctx, cancel := context.WithCancel(t.Context())
	var g errgroup.Group
	g.Go(func() error {
		r := <-running
		for !r.Stats().Connected {
			select {
			case <-ctx.Done():
				return nil
			case <-time.After(5 * time.Millisecond):
			}
		}
		return second.run(ctx)
	})
	e := first.failure()
	cancel()
	_ = g.Wait() // it was cancelled
	if e.Code != "server_id_in_use" || e.Class != mysql.Config {
		t.Errorf("got %s %q: %v", e.Class, e.Code, e)
	}
}

func replaceSchema(stmt, schema string) string { return strings.ReplaceAll(stmt, "%s", schema) }

func wantLines(t *testing.T, got []string, want ...string) {
	t.Helper()
	if diff := cmp.Diff(want, got, cmpopts.EquateEmpty()); diff != "" {
		t.Errorf("(-want +got):\n%s", diff)
	}
}

// purge removes the logs before file. A server keeps those that its engines may
// still need after a crash, for a moment.
func (s *source) purge(file string) {
	s.t.Helper()
	for range 100 {
		s.exec("PURGE BINARY LOGS TO '" + file + "'")
		var first string
		rows, err := s.server.DB().QueryContext(s.t.Context(), "SHOW BINARY LOGS")
		if err != nil {
			s.t.Fatal(err)
		}
		if rows.Next() {
			err = scanFirst(rows, &first)
		}
		if err := errors.Join(err, rows.Close()); err != nil {
			s.t.Fatal(err)
		}
		if first == file {
			return
		}
		time.Sleep(50 * time.Millisecond)
	}
	s.t.Fatalf("the logs before %s cannot be purged", file)
}

// TestMemoryTable restarts the source: the first use of a MEMORY table empties
// it in the log, as a statement even where rows are logged.
func TestMemoryTable(t *testing.T) {
	for _, cfg := range []dbtest.Config{gtidConfig, mariaConfig} {
		t.Run(string(kindOf(cfg)), func(t *testing.T) {
			t.Parallel()
			s := newSource(t, dbtest.Start(t, cfg))
			s.exec("CREATE TABLE m (id INT) ENGINE=MEMORY", "INSERT INTO m VALUES (1)")
			from := s.here()
			if err := s.server.Restart(); err != nil {
				t.Fatal(err)
			}
			s.reconnect()
			s.exec("INSERT INTO m VALUES (2)")
			p := s.tap(from)
			p.upTo(s.here())
			var ddl []string
			for _, tx := range p.txns {
				if tx.DDL != nil {
					ddl = append(ddl, tx.DDL.SQL)
				}
			}
			if len(ddl) != 1 || !strings.HasPrefix(ddl[0], "TRUNCATE TABLE") || !strings.Contains(ddl[0], s.schema) {
				t.Errorf("statements %q, want one TRUNCATE TABLE", ddl)
			}
		})
	}
}

// TestObserve renames a table into the selection: its rows count from then on.
func TestObserve(t *testing.T) {
	kinds(t, func(t *testing.T, s *source) {
		s.exec("CREATE TABLE un1 (id INT PRIMARY KEY)")
		from := s.here()
		s.exec("INSERT INTO un1 VALUES (1)", "RENAME TABLE un1 TO t", "INSERT INTO t VALUES (2)", "RENAME TABLE t TO t3, t3 TO t4", "INSERT INTO t4 VALUES (3)")
		p := s.tap(from)
		renamed := 0
		p.observe = func(st *change.Statement) {
			if st.Schema == s.schema {
				renamed++
			}
		}
		p.selected = func(schema, name string) bool {
			return schema == s.schema && renamed > 0 && (name == "t") == (renamed == 1)
		}
		wantLines(t, p.upTo(s.here()), "RENAME TABLE un1 TO t", "+t 2", "RENAME TABLE t TO t3, t3 TO t4", "+t4 3")
	})
}
