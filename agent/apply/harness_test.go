package apply_test

import (
	"bytes"
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/rs/zerolog"
	"go.uber.org/goleak"
	"golang.org/x/sync/errgroup"

	"github.com/tidegate-io/tidegate/agent/apply"
	"github.com/tidegate-io/tidegate/agent/gate"
	"github.com/tidegate-io/tidegate/agent/ledger"
	"github.com/tidegate-io/tidegate/agent/stream"
	"github.com/tidegate-io/tidegate/agent/structure"
	"github.com/tidegate-io/tidegate/integration/dbtest"
	"github.com/tidegate-io/tidegate/integration/faultnet"
	"github.com/tidegate-io/tidegate/internal/change"
	"github.com/tidegate-io/tidegate/internal/mysql"
	"github.com/tidegate-io/tidegate/internal/schema"
	"github.com/tidegate-io/tidegate/internal/spec"
)

func TestMain(m *testing.M) {
	// A library of the parser that package structure uses starts it when loaded.
	goleak.VerifyTestMain(dbtest.Tests(m), goleak.IgnoreTopFunction("github.com/golang/glog.(*fileSink).flushDaemon"))
}

// pair is a source and a target server with a schema of its own on the source.
type pair struct {
	t      testing.TB
	from   *dbtest.Server
	to     *dbtest.Server
	source *stream.Source
	conn   *mysql.Conn // source
	db     *sql.DB     // source, schema selected
	schema string
	start  change.Position
}

var (
	mysqlServer = dbtest.Config{Flavor: dbtest.MySQL}
	mysqlNative = dbtest.Config{Flavor: dbtest.MySQL, Args: []string{"--innodb-native-foreign-keys=ON"}}
	mariaServer = dbtest.Config{Flavor: dbtest.MariaDB}
	targetMySQL = dbtest.Config{Flavor: dbtest.MySQL, ServerID: 9001}
	targetMaria = dbtest.Config{Flavor: dbtest.MariaDB, ServerID: 9002}
)

// pairs runs f for the pairs of flavours a pipeline can have.
func pairs(t *testing.T, f func(t *testing.T, p *pair)) {
	for _, c := range []struct {
		name     string
		from, to dbtest.Config
	}{
		{"mysql-mysql", mysqlServer, targetMySQL},
		{"mysqlnative-mysql", mysqlNative, targetMySQL},
		{"mariadb-mariadb", mariaServer, targetMaria},
		{"mariadb-mysql", mariaServer, targetMySQL},
	} {
		t.Run(c.name, func(t *testing.T) { f(t, newPair(t, c.from, c.to)) })
	}
}

func newPair(t testing.TB, from, to dbtest.Config) *pair {
	t.Helper()
	p := &pair{t: t, from: dbtest.Shared(t, from), to: dbtest.Shared(t, to)}
	p.schema = p.from.NewSchema(t)
	p.connect(p.from.Endpoint())
	p.db = p.from.Open(p.from.User, p.from.Password, p.schema)
	t.Cleanup(func() { p.db.Close() })
	return p
}

// connect reaches the source's log at an address.
func (p *pair) connect(ep spec.Endpoint) {
	p.t.Helper()
	conn, err := mysql.Dial(p.t.Context(), ep)
	if err != nil {
		p.t.Fatal(err)
	}
	admin, err := conn.Open(mysql.Text, 8)
	if err != nil {
		p.t.Fatal(err)
	}
	p.conn, p.source = conn, stream.NewSource(conn, admin)
	p.t.Cleanup(func() { admin.Close() })
}

// byProxy puts a proxy between the source's log and who reads it.
func (p *pair) byProxy() *faultnet.Proxy {
	proxy := faultnet.Listen(p.t, p.from.Addr)
	ep := p.from.Endpoint()
	ep.Address, ep.TLS = proxy.Addr(), spec.TLS{Mode: spec.TLSDisabled}
	p.connect(ep)
	return proxy
}

func (p *pair) exec(stmts ...string) {
	p.t.Helper()
	for _, q := range stmts {
		if _, err := p.db.Exec(q); err != nil {
			p.t.Fatalf("%.200s: %v", q, err)
		}
	}
}

func (p *pair) here() change.Position {
	p.t.Helper()
	pos, err := p.source.Current(p.t.Context())
	if err != nil {
		p.t.Fatal(err)
	}
	return pos
}

// begin notes where the log stands: replays start there. The tables must exist
// and what they hold is copied to each target by newTarget.
func (p *pair) begin() { p.start = p.here() }

// target is one schema on the target server, reached through a proxy.
type target struct {
	*pair
	schema string
	proxy  *faultnet.Proxy
	conn   *mysql.Conn
	ctl    *sql.DB
	run    string
	epoch  uint64
	gate   *gate.Gate
	cat    *catalog
	ddl    apply.DDL
	cfg    apply.Config
	lanes  int
	queue  int
	part   int

	log    bytes.Buffer                                // the Applier's
	opened func()                                      // asked between the Applier's Open and Run
	during func(context.Context, *apply.Applier) error // runs beside the Applier
}

var lastRun atomic.Uint32

// newTarget makes the source's tables on the target. They begin empty.
func (p *pair) newTarget(lanes int) *target {
	p.t.Helper()
	t := &target{pair: p, schema: p.to.NewSchema(p.t), run: fmt.Sprintf("run%d", lastRun.Add(1)), epoch: 1, lanes: lanes, queue: 8 << 20,
		cfg: apply.Config{BatchRows: 300, RetryWindow: 20 * time.Second, StopGrace: 50 * time.Millisecond}}
	t.proxy = faultnet.Listen(p.t, p.to.Addr)
	t.connect()
	if err := ledger.Create(p.t.Context(), t.ctl); err != nil {
		p.t.Fatal(err)
	}
	t.gate = gate.New(p.source.Kind())
	t.cat = &catalog{target: t, plans: map[string]*apply.Plan{}, windows: map[string]*gate.Table{}, only: func(string) bool { return true }}
	t.create()
	l := &ledger.Ledger{DB: t.ctl, Run: t.run, Epoch: t.epoch}
	if _, err := l.Begin(p.t.Context(), ledger.Run{Pipeline: "p", Start: p.start, Lanes: lanes}); err != nil {
		p.t.Fatal(err)
	}
	return t
}

// connect reaches the target through the proxy.
func (t *target) connect() {
	t.t.Helper()
	ep := t.to.Endpoint()
	ep.Address, ep.TLS = t.proxy.Addr(), spec.TLS{Mode: spec.TLSDisabled}
	var err error
	if t.conn, err = mysql.Dial(t.t.Context(), ep); err != nil {
		t.t.Fatal(err)
	}
	if t.ctl, err = t.conn.Open(mysql.Text, 8, mysql.Several()); err != nil {
		t.t.Fatal(err)
	}
	ctl := t.ctl
	t.t.Cleanup(func() { ctl.Close() })
}

// collations that one flavour lacks.
var elsewhere = strings.NewReplacer("uca1400_ai_ci", "0900_ai_ci")

func (t *target) create() {
	t.t.Helper()
	for _, table := range t.tables() {
		var name, text string
		if err := t.db.QueryRow("SHOW CREATE TABLE "+mysql.Ident(table)).Scan(&name, &text); err != nil {
			t.t.Fatal(err)
		}
		if t.to.Flavor == dbtest.MySQL {
			text = elsewhere.Replace(text)
		}
		t.sql("USE `"+t.schema+"`", text)
	}
}

// sql runs statements on one connection of the target, in its schema.
func (t *target) sql(stmts ...string) {
	t.t.Helper()
	c, err := t.to.DB().Conn(t.t.Context())
	if err != nil {
		t.t.Fatal(err)
	}
	defer c.Close()
	for _, q := range append([]string{"SET foreign_key_checks=0", "USE `" + t.schema + "`"}, stmts...) {
		if _, err := c.ExecContext(t.t.Context(), q); err != nil {
			t.t.Fatalf("%.200s: %v", q, err)
		}
	}
}

func (p *pair) tables() []string {
	p.t.Helper()
	rows, err := p.db.Query("SELECT table_name FROM information_schema.tables WHERE table_schema = ? ORDER BY table_name", p.schema)
	if err != nil {
		p.t.Fatal(err)
	}
	defer rows.Close()
	var out []string
	for rows.Next() {
		var n string
		if err := rows.Scan(&n); err != nil {
			p.t.Fatal(err)
		}
		out = append(out, n)
	}
	return out
}

// catalog reads plans from both servers.
type catalog struct {
	mu      sync.Mutex // guards plans
	target  *target
	plans   map[string]*apply.Plan
	windows map[string]*gate.Table
	only    func(table string) bool // false: not selected
	parents []string                // decoded though not selected
	page    func(table string) int
}

func (c *catalog) Plan(s, table string) (*apply.Plan, error) {
	if s != c.target.pair.schema {
		return nil, nil
	}
	c.mu.Lock()
	defer c.mu.Unlock()
	if p, ok := c.plans[table]; ok {
		return p, nil
	}
	ctx := context.Background()
	src, err := structure.ReadTable(ctx, c.target.from.DB(), c.target.pair.conn.Server, schema.ID{Schema: s, Name: table})
	if err != nil || src == nil {
		return nil, err
	}
	p := &apply.Plan{ID: len(c.plans) + 1, Source: src.Definition, PageColumn: -1, Window: c.windows[table]}
	if c.page != nil {
		p.PageColumn = c.page(table)
	}
	if c.only(table) {
		tgt, err := structure.ReadTable(ctx, c.target.to.DB(), c.target.conn.Server, schema.ID{Schema: c.target.schema, Name: table})
		if err != nil || tgt == nil {
			return nil, err
		}
		p.Target = tgt.Definition
	} else if !slices.Contains(c.parents, table) {
		c.plans[table] = nil
		return nil, nil
	}
	c.plans[table] = p
	for _, other := range c.target.tables() {
		def, err := structure.ReadTable(ctx, c.target.from.DB(), c.target.pair.conn.Server, schema.ID{Schema: s, Name: other})
		if err != nil || def == nil {
			return nil, err
		}
		for _, fk := range def.Definition.ForeignKeys {
			if fk.ParentTable == table {
				p.Children = append(p.Children, apply.Child{Schema: s, Table: other, Key: fk})
			}
		}
	}
	return p, nil
}

// applier makes an Applier for the target's present epoch.
func (t *target) applier(q *change.Queue) *apply.Applier {
	return apply.New(t.cfg, apply.Deps{Target: t.conn, Ledger: t.ledger(),
		Queue: q, Gate: t.gate, Catalog: t.cat, DDL: t.ddl, Log: zerolog.New(&t.log)})
}

func (t *target) ledger() *ledger.Ledger {
	return &ledger.Ledger{DB: t.ctl, Run: t.run, Epoch: t.epoch}
}

var lastReader atomic.Uint32

// replay applies the log from where the ledger stands until the set is applied,
// starting over as a pipeline would after errors that ask for it.
func (t *target) replay(ctx context.Context, until *change.Set) error {
	for {
		err := t.replayOnce(ctx, until)
		if err == nil || ctx.Err() != nil {
			return err
		}
		if c := mysql.Classify(err); c != mysql.Transient && c != mysql.OutcomeUnknown {
			return err
		}
	}
}

var errDone = errors.New("done")

func (t *target) replayOnce(ctx context.Context, until *change.Set) error {
	q := change.NewQueue(t.queue)
	a := t.applier(q)
	if _, err := t.ledger().TakeOver(ctx); err != nil {
		return err
	}
	if _, err := a.Open(ctx); err != nil {
		return err
	}
	if t.opened != nil {
		t.opened()
	}
	r, err := stream.NewReader(stream.Config{ServerID: 800000 + lastReader.Add(1), Position: a.Resume(), PartBytes: t.part, SpillDir: t.t.TempDir(), Heartbeat: time.Second},
		stream.Deps{Source: t.source, Queue: q, Select: func(s, _ string) bool { return s == t.pair.schema }, Log: zerolog.Nop()})
	if err != nil {
		return err
	}
	g, gctx := errgroup.WithContext(ctx)
	g.Go(func() error { return r.Run(gctx) })
	g.Go(func() error { return a.Run(gctx) })
	g.Go(func() error {
		if t.during != nil {
			if err := t.during(gctx, a); err != nil {
				return err
			}
		}
		if err := a.WaitFor(gctx, until); err != nil {
			return err
		}
		return errDone
	})
	if err := g.Wait(); !errors.Is(err, errDone) {
		return err
	}
	return nil
}

// mustReplay replays all the source has now.
func (t *target) mustReplay() {
	t.t.Helper()
	ctx, cancel := context.WithTimeout(t.t.Context(), 2*time.Minute)
	defer cancel()
	if err := t.replay(ctx, t.now()); err != nil {
		t.t.Fatal(err)
	}
}

func (t *target) now() *change.Set {
	t.t.Helper()
	set, err := t.here().Set()
	if err != nil {
		t.t.Fatal(err)
	}
	return set
}

// compare holds every table of both sides to the same rows, byte for byte.
func (t *target) compare() {
	t.t.Helper()
	t.compareOnly(func(string) bool { return true })
}

func (t *target) compareOnly(chosen func(table string) bool) {
	t.t.Helper()
	for _, table := range t.tables() {
		if !chosen(table) {
			continue
		}
		want, got := dump(t.t, t.from, t.pair.schema, table), dump(t.t, t.to, t.schema, table)
		if len(want) != len(got) {
			t.t.Errorf("%s: the target has %d rows, the source %d", table, len(got), len(want))
		}
		only := func(a, b []string) (out []string) {
			count := map[string]int{}
			for _, r := range b {
				count[r]++
			}
			for _, r := range a {
				if count[r]--; count[r] < 0 && len(out) < 5 {
					out = append(out, r)
				}
			}
			return out
		}
		if a, b := only(want, got), only(got, want); len(a)+len(b) > 0 {
			t.t.Errorf("%s: only on the source %q, only on the target %q", table, a, b)
		}
	}
}

func dump(t testing.TB, s *dbtest.Server, schemaName, table string) []string {
	t.Helper()
	def, err := structure.ReadTable(context.Background(), s.DB(), must(mysql.Detect(context.Background(), s.DB())), schema.ID{Schema: schemaName, Name: table})
	if err != nil || def == nil {
		t.Fatalf("read %s.%s: %v", schemaName, table, err)
	}
	var exprs []string
	for _, c := range def.Definition.Columns {
		e := "HEX(" + mysql.Ident(c.Name) + ")"
		switch c.DataType {
		case "json":
			e = "HEX(CAST(" + mysql.Ident(c.Name) + " AS CHAR))"
		case "char", "varchar", "text":
			e = "HEX(CAST(" + mysql.Ident(c.Name) + " AS BINARY))"
		}
		exprs = append(exprs, "COALESCE("+e+",'~')")
	}
	rows, err := s.DB().Query("SELECT CONCAT_WS('|'," + strings.Join(exprs, ",") + ") FROM " + mysql.Table(schemaName, table))
	if err != nil {
		t.Fatal(err)
	}
	defer rows.Close()
	var out []string
	for rows.Next() {
		var r string
		if err := rows.Scan(&r); err != nil {
			t.Fatal(err)
		}
		out = append(out, r)
	}
	slices.Sort(out)
	return out
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}
