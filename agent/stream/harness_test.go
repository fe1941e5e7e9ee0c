package stream

import (
	"context"
	"database/sql"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/rs/zerolog"
	"go.uber.org/goleak"
	"golang.org/x/sync/errgroup"

	"github.com/tidegate-io/tidegate/integration/dbtest"
	"github.com/tidegate-io/tidegate/internal/change"
	"github.com/tidegate-io/tidegate/internal/mysql"
	"github.com/tidegate-io/tidegate/internal/spec"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(dbtest.Tests(m)) }

// gtidSource and its likes are the servers most tests share.
var (
	gtidConfig  = dbtest.Config{Flavor: dbtest.MySQL}
	fileConfig  = dbtest.Config{Flavor: dbtest.MySQL, NoGTID: true}
	mariaConfig = dbtest.Config{Flavor: dbtest.MariaDB}
)

// kinds runs f against a source of every kind.
func kinds(t *testing.T, f func(t *testing.T, s *source)) {
	for _, c := range []struct {
		name string
		cfg  dbtest.Config
	}{{"gtid", gtidConfig}, {"file", fileConfig}, {"mariadb", mariaConfig}} {
		t.Run(c.name, func(t *testing.T) { f(t, newSource(t, dbtest.Shared(t, c.cfg))) })
	}
}

// source is a server with a schema of its own and what a test needs of it.
type source struct {
	*Source
	t      testing.TB
	server *dbtest.Server
	schema string
	db     *sql.DB // of conns, whose session state must not reach another test
	conns  map[string]*sql.Conn
}

func newSource(t testing.TB, srv *dbtest.Server) *source {
	return newSourceAt(t, srv, srv.Endpoint())
}

func newSourceAt(t testing.TB, srv *dbtest.Server, ep spec.Endpoint) *source {
	t.Helper()
	conn, err := mysql.Dial(t.Context(), ep)
	if err != nil {
		t.Fatal(err)
	}
	db, err := conn.Open(mysql.Text, 6)
	if err != nil {
		t.Fatal(err)
	}
	s := &source{Source: NewSource(conn, db), t: t, server: srv, schema: srv.NewSchema(t), conns: map[string]*sql.Conn{}}
	s.db = srv.Open(srv.User, srv.Password, s.schema)
	t.Cleanup(func() {
		for _, c := range s.conns {
			c.Close()
		}
		s.db.Close()
		db.Close()
	})
	return s
}

// exec runs statements in the test's schema. A statement may name its
// connection: "2: BEGIN".
func (s *source) exec(stmts ...string) {
	s.t.Helper()
	for _, stmt := range stmts {
		if err := s.try(stmt); err != nil {
			s.t.Fatalf("%s: %v", stmt, err)
		}
	}
}

func (s *source) try(stmt string) error {
	name, rest, ok := strings.Cut(stmt, ": ")
	if !ok || len(name) > 2 {
		name, rest = "1", stmt
	}
	ctx := context.Background()
	c := s.conns[name]
	if c == nil {
		var err error
		if c, err = s.db.Conn(ctx); err != nil {
			return err
		}
		s.conns[name] = c
	}
	_, err := c.ExecContext(ctx, rest)
	return err
}

func (s *source) here() change.Position {
	s.t.Helper()
	pos, err := s.Current(s.t.Context())
	if err != nil {
		s.t.Fatal(err)
	}
	return pos
}

var lastReader atomic.Uint32

// tap is a Reader with somebody who takes what it delivers.
type tap struct {
	s        *source
	cfg      Config
	selected func(schema, name string) bool
	on       func(*change.Txn)      // each part as it comes
	more     func(*change.Txn) bool // false: enough
	observe  func(*change.Statement)
	reader   func(*Reader) // before it runs
	txns     []*change.Txn // whole, parts joined
	parts    int
	open     *change.Txn
	at       change.Position // behind the last whole transaction
}

func (s *source) tap(from change.Position) *tap {
	return &tap{
		s: s, cfg: Config{ServerID: 900000 + lastReader.Add(1), Position: from, Heartbeat: time.Second, SpillDir: s.t.TempDir()}, at: from,
		selected: func(schema, name string) bool { return schema == s.schema && !strings.HasPrefix(name, "un") },
	}
}

var errEnough = errors.New("enough")

// run reads until the context ends, more says no, or the Reader fails.
func (p *tap) run(ctx context.Context) error {
	queue := change.NewQueue(32 << 20)
	r, err := NewReader(p.cfg, Deps{Source: p.s.Source, Queue: queue, Select: p.selected, Log: zerolog.New(zerolog.NewTestWriter(p.s.t)),
		Observe: func(_ context.Context, st *change.Statement) error {
			if p.observe != nil {
				p.observe(st)
			}
			return nil
		}})
	if err != nil {
		return err
	}
	if p.reader != nil {
		p.reader(r)
	}
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { return r.Run(ctx) })
	g.Go(func() error {
		for {
			t, err := queue.Get(ctx)
			if err != nil {
				return err
			}
			bytes := t.Bytes
			p.take(t)
			queue.Release(bytes)
			if p.more != nil && !p.more(t) {
				return errEnough
			}
		}
	})
	if err := g.Wait(); !errors.Is(err, errEnough) {
		return err
	}
	return nil
}

// take joins parts, and rolls back what was open when a part 0 comes.
func (p *tap) take(t *change.Txn) {
	p.parts++
	if p.on != nil {
		p.on(t)
	}
	if t.Part == 0 {
		p.open = nil
	} else if p.open == nil || p.open.Part+1 != t.Part || !slices.Equal(p.open.IDs, t.IDs) {
		panic(fmt.Sprintf("part %d of %v does not follow %+v", t.Part, t.IDs, p.open))
	}
	if p.open != nil {
		t.Changes = append(p.open.Changes, t.Changes...)
		t.DDL = p.open.DDL
	}
	p.open = t
	if t.More {
		return
	}
	p.open = nil
	p.txns = append(p.txns, t)
	set, err := p.at.Set()
	if err != nil {
		panic(err)
	}
	for _, id := range t.IDs {
		if set.Contains(id) {
			panic(fmt.Sprintf("%v comes twice (%s)", id, set))
		}
		set.Add(id)
	}
	p.at = change.Position{Kind: p.at.Kind, File: t.File, Offset: t.Offset, ReadFrom: t.ReadFrom}
	if p.at.Kind != change.File {
		p.at.GTID = set.String()
	}
}

// upTo reads until the position contains everything the source has now.
func (p *tap) upTo(end change.Position) []string {
	p.s.t.Helper()
	want, err := end.Set()
	if err != nil {
		p.s.t.Fatal(err)
	}
	reached := func() bool {
		have, err := p.at.Set()
		return err == nil && have.Includes(want)
	}
	ctx, cancel := context.WithTimeoutCause(p.s.t.Context(), 60*time.Second, errors.New("the end was not reached in a minute"))
	defer cancel()
	if !reached() {
		p.more = func(*change.Txn) bool { return !reached() }
		if err := p.run(ctx); err != nil {
			p.s.t.Fatalf("%v; at %s, wanted %s; so far %q", err, p.at, end, p.lines())
		}
	}
	return p.lines()
}

func (s *source) rest(from change.Position) []string {
	s.t.Helper()
	return s.tap(from).upTo(s.here())
}

// failure reads until the Reader fails and returns the error.
func (p *tap) failure() *mysql.Error {
	p.s.t.Helper()
	ctx, cancel := context.WithTimeout(p.s.t.Context(), 20*time.Second)
	defer cancel()
	err := p.run(ctx)
	e, ok := errors.AsType[*mysql.Error](err)
	if !ok {
		p.s.t.Fatalf("got %v and %q, want an error with a class", err, p.lines())
	}
	return e
}

// lines shows what was read, a line per transaction that holds anything of the
// test's schema.
func (p *tap) lines() []string {
	var out []string
	for _, t := range p.txns {
		if line := p.line(t); line != "" {
			out = append(out, line)
		}
	}
	return out
}

func (p *tap) line(t *change.Txn) string {
	var b []string
	if t.DDL != nil && t.DDL.Schema == p.s.schema {
		b = append(b, t.DDL.SQL)
	}
	for _, c := range t.Changes {
		switch c.Op {
		case change.Insert:
			b = append(b, "+"+c.Table.Name+" "+show(c.Table, c.After))
		case change.Delete:
			b = append(b, "-"+c.Table.Name+" "+show(c.Table, c.Before))
		case change.Update:
			b = append(b, "~"+c.Table.Name+" "+show(c.Table, c.Before)+">"+show(c.Table, c.After))
		}
	}
	return strings.Join(b, "; ")
}

// show prints rows of INT and text columns.
func show(def *change.TableMap, r change.Row) string {
	var b []string
	for i := range r.Len() {
		v := r.Value(i)
		switch {
		case v == nil:
			b = append(b, "NULL")
		case def.Types[i] == change.TypeLong:
			b = append(b, fmt.Sprint(int32(binary.LittleEndian.Uint32(v))))
		default:
			b = append(b, string(v))
		}
	}
	return strings.Join(b, ",")
}
