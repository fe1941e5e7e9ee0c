package precheck

import (
	"database/sql"
	"errors"
	"os"
	"strings"
	"testing"

	"github.com/tidegate-io/tidegate/integration/dbtest"
	"github.com/tidegate-io/tidegate/internal/mysql"
	"github.com/tidegate-io/tidegate/internal/run"
	"github.com/tidegate-io/tidegate/internal/schema"
	"github.com/tidegate-io/tidegate/internal/spec"
)

func TestMain(m *testing.M) { os.Exit(dbtest.Tests(m).Run()) }

func dial(t *testing.T, s *dbtest.Server) *Side {
	t.Helper()
	conn, err := mysql.Dial(t.Context(), s.Endpoint())
	if err != nil {
		t.Fatal(err)
	}
	side, err := NewSide(conn)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = side.DB.Close() })
	return side
}

// env is a pipeline of one table between two servers of a flavour that are as they
// should be.
func env(t *testing.T, source *dbtest.Server) *Env {
	t.Helper()
	target := dbtest.Shared(t, dbtest.Config{Flavor: source.Flavor})
	return &Env{Spec: spec.Pipeline{Type: spec.TypeFullIncremental}, Source: dial(t, source), Target: dial(t, target), ServerID: 4711,
		Objects: []Object{{Kind: "table", Source: schema.ID{Schema: "shop", Name: "t"}, Target: schema.ID{Schema: target.NewSchema(t), Name: "t"}}}}
}

// bad are the errors of a report, as "id: what was found".
func bad(t *testing.T, e *Env) []string {
	t.Helper()
	var out []string
	for _, f := range Run(t.Context(), e).Findings {
		if f.Level == run.LevelError {
			out = append(out, f.ID+": "+f.Found)
		}
	}
	return out
}

// wants one error, with this beginning.
func wants(t *testing.T, e *Env, want string) {
	t.Helper()
	if got := bad(t, e); len(got) != 1 || !strings.HasPrefix(got[0], want) {
		t.Errorf("errors %q, want one that begins with %q", got, want)
	}
}

func passes(t *testing.T, e *Env) {
	t.Helper()
	if got := bad(t, e); len(got) > 0 {
		t.Errorf("nothing is wrong, and the check says %q", got)
	}
}

func execute(t *testing.T, conn *sql.Conn, statements ...string) {
	t.Helper()
	for _, q := range statements {
		if _, err := conn.ExecContext(t.Context(), q); err != nil {
			t.Fatalf("%s: %v", q, err)
		}
	}
}

var flavors = []dbtest.Flavor{dbtest.MySQL, dbtest.MariaDB}

// TestSources breaks a source in ways in which changes would be missing from the log
// or from the copy.
func TestSources(t *testing.T) {
	for _, flavor := range flavors {
		t.Run(string(flavor), func(t *testing.T) {
			s := dbtest.Start(t, dbtest.Config{Flavor: flavor})
			passes(t, env(t, s))
			conn := s.Session(t)
			execute(t, conn, "CREATE DATABASE shop", "CREATE TABLE shop.t (id INT PRIMARY KEY)",
				"XA START 'left'", "INSERT INTO shop.t VALUES (1)", "XA END 'left'", "XA PREPARE 'left'")
			e := env(t, s)
			wants(t, e, `xa-prepared: XA transaction "left" is prepared`)
			e.Own = true // its reader has seen it prepared
			passes(t, e)
			execute(t, conn, "XA ROLLBACK 'left'")
			passes(t, env(t, s))

			restart := func(args ...string) {
				t.Helper()
				if err := s.Restart(args...); err != nil {
					t.Fatal(err)
				}
			}
			for _, option := range []string{"ignore", "do"} {
				restart("--binlog-" + option + "-db=shop")
				wants(t, env(t, s), "binlog-filters: binlog_"+option+"_db = shop")
			}
			restart("--skip-log-slave-updates")
			passes(t, env(t, s))
			if flavor == dbtest.MySQL {
				execute(t, s.Session(t), "CHANGE REPLICATION SOURCE TO SOURCE_HOST = '127.0.0.1', SOURCE_PORT = 1")
			} else {
				execute(t, s.Session(t), "CHANGE MASTER TO MASTER_HOST = '127.0.0.1', MASTER_PORT = 1")
			}
			wants(t, env(t, s), "replica-source: the source is a replica with log_")
			e = env(t, s)
			e.Spec.Type = spec.TypeStructure
			passes(t, e)
		})
	}
}

// TestNames has two objects meet under one name, or one that is there already.
func TestNames(t *testing.T) {
	for _, flavor := range flavors {
		t.Run(string(flavor), func(t *testing.T) {
			s := dbtest.Shared(t, dbtest.Config{Flavor: flavor})
			e := env(t, s)
			in := e.Objects[0].Target.Schema
			add := func(name string) {
				e.Objects = append(e.Objects, Object{Kind: "table", Source: schema.ID{Schema: "shop", Name: "u"}, Target: schema.ID{Schema: in, Name: name}})
			}
			add("T")
			passes(t, e)
			folding := *e.Target.Conn
			server := *folding.Server
			server.LowerCase, folding.Server = 1, &server
			exact := e.Target.Conn
			e.Target.Conn = &folding
			wants(t, e, "target-conflicts: shop.t and shop.u both get this name")
			e.Target.Conn = exact
			add("t")
			wants(t, e, "target-conflicts: shop.t and shop.u both get this name")
			e.Objects = e.Objects[:1]
			execute(t, s.Session(t), "CREATE VIEW "+mysql.Table(in, "t")+" AS SELECT 1")
			wants(t, e, "target-conflicts: a view of this name is on the target")
			e.Own = true
			passes(t, e)
		})
	}
}

// TestVersions: a target is no older than its source.
func TestVersions(t *testing.T) {
	e := env(t, dbtest.Shared(t, dbtest.Config{}))
	for _, older := range []func(*mysql.Server){func(s *mysql.Server) { s.Major-- }, func(s *mysql.Server) { s.Minor-- }} {
		conn := *e.Target.Conn
		server := *conn.Server
		older(&server)
		conn.Server = &server
		now := *e
		now.Target = &Side{Conn: &conn, DB: e.Target.DB}
		if server.Minor < 0 {
			now.Source = now.Target // no version is older than a .0 but by its major number
			continue
		}
		wants(t, &now, "version: ")
	}
	e.ServerID = e.Source.Conn.Server.ServerID
	wants(t, e, "server-id: server_id ")
}

// TestNotLookedAt: what was not looked at does not pass, and nobody can have a check
// left out without which rows could be lost.
func TestNotLookedAt(t *testing.T) {
	e := env(t, dbtest.Shared(t, dbtest.Config{}))
	e.Spec.Check.Skip = []string{"primary-keys"}
	passes(t, e)
	e.Spec.Check.Skip = []string{"xa-prepared"}
	wants(t, e, "xa-prepared: check.skip names this check")
	e.Spec.Check.Skip = []string{"primary-key"}
	wants(t, e, `check-skip: there is no check "primary-key"`)
	e.Spec.Check.Skip = nil
	e.Known = []run.Finding{{ID: "unsupported-now", Level: run.LevelError, Found: "a sequence"}}
	wants(t, e, "unsupported-now: a sequence")
	e.Known, e.Spec.Unsupported = nil, []string{"reverse"}
	wants(t, e, "unsupported-now: reverse is not yet supported")
	e.Spec.Unsupported = nil
	e.Source, e.SourceErr = nil, errors.New("refused")
	wants(t, e, "connect: refused")
	e = env(t, dbtest.Shared(t, dbtest.Config{}))
	_ = e.Source.DB.Close()
	if got := bad(t, e); len(got) < 5 {
		t.Errorf("of a source that went away the checks say only %q", got)
	}
}

// TestHiddenDatabase: an account does not see what it may not read. A database that
// the file names is asked for all the same, so that it is not left out unnoticed.
func TestHiddenDatabase(t *testing.T) {
	s := dbtest.Shared(t, dbtest.Config{})
	seen, hidden := s.NewSchema(t), s.NewSchema(t)
	execute(t, s.Session(t), "CREATE USER half@'127.0.0.1' IDENTIFIED BY '"+dbtest.Password+"'",
		"GRANT REPLICATION SLAVE, REPLICATION CLIENT, XA_RECOVER_ADMIN ON *.* TO half@'127.0.0.1'", "GRANT SELECT ON "+schemaPattern(seen)+".* TO half@'127.0.0.1'")
	t.Cleanup(func() { s.DB().Exec("DROP USER half@'127.0.0.1'") }) // the server may be gone with the test
	at := s.Endpoint()
	at.User = "half"
	conn, err := mysql.Dial(t.Context(), at)
	if err != nil {
		t.Fatal(err)
	}
	e := env(t, s)
	_ = e.Source.DB.Close()
	if e.Source, err = NewSide(conn); err != nil {
		t.Fatal(err)
	}
	defer e.Source.DB.Close()
	e.Objects[0].Source.Schema = seen
	e.Spec.Objects.Databases = []spec.Database{{Name: seen}}
	passes(t, e)
	e.Spec.Objects.Databases = append(e.Spec.Objects.Databases, spec.Database{Name: hidden})
	wants(t, e, "source-privileges: half@127.0.0.1 lacks SELECT on "+hidden)
}
