package dbtest

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"errors"
	"fmt"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
)

// Start gives the test a server of its own, stopped when the test ends. With
// -short the test is skipped; without, a server that does not start fails it.
func Start(t testing.TB, cfg Config) *Server {
	t.Helper()
	if testing.Short() {
		t.Skipf("needs a %s server; not with -short", cfg.withDefaults().Flavor)
	}
	s, err := Launch(t.Context(), cfg)
	if err != nil {
		fatal(t, err)
	}
	t.Cleanup(func() {
		if t.Failed() && s.PID() == 0 {
			t.Logf("%s on port %d is not running; the end of its log:\n%s", s.Flavor, s.Port, s.Log())
		}
		if err := s.Stop(); err != nil {
			t.Errorf("stop %s on port %d: %v", s.Flavor, s.Port, err)
		}
	})
	return s
}

func fatal(t testing.TB, err error) {
	t.Helper()
	if hint, ok := errors.AsType[interface {
		error
		Hint() string
	}](err); ok {
		t.Fatalf("%v: %s", err, hint.Hint())
	}
	t.Fatal(err)
}

// shared are the servers that tests of this process use together, by config.
var shared struct {
	mu      sync.Mutex // guards servers
	servers map[string]*sharedServer
}

type sharedServer struct {
	once   sync.Once
	server *Server
	err    error
}

// Shared gives all tests of this process that ask with the same config one
// server. It runs until the process ends, or until Tests has run the tests.
// Tests keep apart by NewSchema; one that kills or restarts its server, or sets
// globals, wants Start.
func Shared(t testing.TB, cfg Config) *Server {
	t.Helper()
	if testing.Short() {
		t.Skipf("needs a %s server; not with -short", cfg.withDefaults().Flavor)
	}
	key := fmt.Sprintf("%+v", cfg)
	shared.mu.Lock()
	if shared.servers == nil {
		shared.servers = make(map[string]*sharedServer)
	}
	entry := shared.servers[key]
	if entry == nil {
		entry = &sharedServer{}
		shared.servers[key] = entry
	}
	shared.mu.Unlock()

	entry.once.Do(func() { entry.server, entry.err = Launch(context.Background(), cfg) })
	if entry.err != nil {
		fatal(t, entry.err)
	}
	return entry.server
}

// Session is a connection of the admin account that ends with the test: what its
// session is set to, such as sql_log_bin, must not come back out of the pool.
func (s *Server) Session(t testing.TB) *sql.Conn {
	t.Helper()
	conn, err := s.db.Conn(context.Background())
	if err != nil {
		t.Fatalf("connect to %s: %v", s.Addr, err)
	}
	t.Cleanup(func() {
		_ = conn.Raw(func(any) error { return driver.ErrBadConn }) // ends it
		conn.Close()
	})
	return conn
}

var lastSchema atomic.Uint32

// NewSchema makes a database for the test and drops it afterwards. The name is
// unique in this process, so a source's schema never meets a target's.
func (s *Server) NewSchema(t testing.TB) string {
	t.Helper()
	name := fmt.Sprintf("t%d_%s", lastSchema.Add(1), schemaPart(t.Name()))
	if _, err := s.db.ExecContext(t.Context(), "CREATE DATABASE `"+name+"`"); err != nil {
		t.Fatalf("create schema %s on %s: %v", name, s.Addr, err)
	}
	t.Cleanup(func() {
		if s.PID() == 0 {
			return
		}
		if _, err := s.db.ExecContext(context.Background(), "DROP DATABASE IF EXISTS `"+name+"`"); err != nil {
			t.Errorf("drop schema %s on %s: %v", name, s.Addr, err)
		}
	})
	return name
}

// schemaPart makes a readable, short and harmless name of a test's.
func schemaPart(test string) string {
	part := strings.Map(func(r rune) rune {
		switch {
		case r >= 'a' && r <= 'z', r >= '0' && r <= '9':
			return r
		case r >= 'A' && r <= 'Z':
			return r + 'a' - 'A'
		default:
			return '_'
		}
	}, strings.TrimPrefix(test, "Test"))
	return part[:min(len(part), 40)]
}

// runner is what *testing.M is to goleak and to TestMain.
type runner interface{ Run() int }

// Tests wraps a *testing.M so that shared servers are gone when its Run
// returns: goleak.VerifyTestMain(dbtest.Tests(m)) sees none of them.
func Tests(m runner) interface{ Run() int } { return tests{m} }

type tests struct{ m runner }

func (t tests) Run() int {
	code := t.m.Run()
	shared.mu.Lock()
	defer shared.mu.Unlock()
	for _, entry := range shared.servers {
		if entry.server != nil {
			entry.server.Stop() // best effort: the watcher removes what is left
		}
	}
	shared.servers = nil
	return code
}
