package snapshot

import (
	"context"
	"crypto/sha256"
	"database/sql"
	"fmt"
	"strings"
	"sync"
	"testing"
	"time"

	"github.com/rs/zerolog"
	"go.uber.org/goleak"

	"github.com/tidegate-io/tidegate/agent/gate"
	"github.com/tidegate-io/tidegate/agent/ledger"
	"github.com/tidegate-io/tidegate/agent/stream"
	"github.com/tidegate-io/tidegate/agent/structure"
	"github.com/tidegate-io/tidegate/integration/dbtest"
	"github.com/tidegate-io/tidegate/internal/mysql"
	"github.com/tidegate-io/tidegate/internal/schema"
)

func TestMain(m *testing.M) {
	goleak.VerifyTestMain(dbtest.Tests(m), goleak.IgnoreTopFunction("github.com/golang/glog.(*fileSink).flushDaemon"))
}

// rig is a source, a target and one run between them.
type rig struct {
	testing.TB
	src, dst   *dbtest.Server
	from, to   string // schemas
	source     *mysql.Conn
	target     *mysql.Conn
	text       *sql.DB // text sessions on the target
	marksDB    *sql.DB
	ledger     *ledger.Ledger
	gate       *gate.Gate
	marks      *stream.Source
	cfg        Config
	tables     []Table
	registered []ledger.TableRow
	mu         sync.Mutex
	source_    map[int]*schema.Table
	target_    map[int]*schema.Table
	names      []string // of the tables that a workload changes
	keys       int      // how many keys each of them has at most
}

func newRig(t testing.TB, src, dst dbtest.Config) *rig {
	t.Helper()
	r := &rig{TB: t, src: dbtest.Shared(t, src), dst: dbtest.Shared(t, dst), source_: map[int]*schema.Table{}, target_: map[int]*schema.Table{}}
	return r.connect()
}

func (r *rig) connect() *rig {
	r.Helper()
	ctx := context.Background()
	r.from, r.to = r.src.NewSchema(r.TB), r.dst.NewSchema(r.TB)
	var err error
	if r.source, err = mysql.Dial(ctx, r.src.Endpoint()); err != nil {
		r.Fatal(err)
	}
	if r.target, err = mysql.Dial(ctx, r.dst.Endpoint()); err != nil {
		r.Fatal(err)
	}
	r.text = r.pool(r.target, mysql.Text)
	r.marksDB = r.pool(r.source, mysql.Text)
	if err := ledger.Create(ctx, r.text); err != nil {
		r.Fatal(err)
	}
	r.marks = stream.NewSource(r.source, r.marksDB)
	r.cfg = Config{Threads: 4, ChunkBytes: 4 << 10, RetryWindow: 20 * time.Second}
	r.ledger = &ledger.Ledger{DB: r.text, Run: r.to, Epoch: 1}
	start, err := r.marks.Current(ctx)
	if err != nil && r.source.Server.LogBin {
		r.Fatal(err)
	}
	if _, err := r.ledger.Begin(ctx, ledger.Run{Pipeline: "p", Phase: "copy", Lanes: 1, Start: start}); err != nil {
		r.Fatal(err)
	}
	r.gate = gate.New(r.marks.Kind())
	return r
}

func (r *rig) pool(c *mysql.Conn, charset mysql.Charset) *sql.DB {
	r.Helper()
	db, err := c.Open(charset, 8, mysql.Several())
	if err != nil {
		r.Fatal(err)
	}
	r.Cleanup(func() { db.Close() })
	return db
}

// exec runs statements on a server; {} stands for the source's schema.
func (r *rig) exec(s *dbtest.Server, stmts ...string) {
	r.Helper()
	r.in(s, r.from, stmts)
}

// execTo runs statements on the target; {} stands for its schema.
func (r *rig) execTo(stmts ...string) {
	r.Helper()
	r.in(r.dst, r.to, stmts)
}

func (r *rig) in(s *dbtest.Server, name string, stmts []string) {
	r.Helper()
	for _, q := range stmts {
		if _, err := s.DB().ExecContext(context.Background(), strings.ReplaceAll(q, "{}", name)); err != nil {
			r.Fatalf("%.300s: %v", q, err)
		}
	}
}

// create makes a table on both sides: {} stands for the schema.
func (r *rig) create(ddl string) {
	r.exec(r.src, ddl)
	r.execTo(ddl)
}

// register takes a table that both sides have into the run.
func (r *rig) register(name string) int {
	r.Helper()
	ctx := context.Background()
	s, err := structure.ReadTable(ctx, r.marksDB, r.source.Server, schema.ID{Schema: r.from, Name: name})
	if err != nil {
		r.Fatal(err)
	}
	d, err := structure.ReadTable(ctx, r.text, r.target.Server, schema.ID{Schema: r.to, Name: name})
	if err != nil {
		r.Fatal(err)
	}
	id := len(r.tables) + 1
	r.source_[id], r.target_[id] = s.Definition, d.Definition
	r.tables = append(r.tables, Table{ID: id, Rows: int64(s.Rows), Bytes: int64(s.Bytes)})
	r.registered = append(r.registered, ledger.TableRow{ID: id, Source: s.ID(), Target: d.ID(), State: ledger.Pending, Definition: s.Definition})
	return id
}

func (r *rig) Text(int) string { return "" }

func (r *rig) BrokenOff(context.Context, int) (bool, error) { return false, nil }

func (r *rig) Applied(id int) (*schema.Table, *schema.Table, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	return r.source_[id], r.target_[id], nil
}

func (r *rig) Read(ctx context.Context, q mysql.Querier, id schema.ID) (*schema.Table, error) {
	t, err := structure.ReadTable(ctx, q, r.source.Server, id)
	if err != nil {
		return nil, err
	}
	return t.Definition, nil
}

func (r *rig) exclusive(ctx context.Context, f func(context.Context, *sql.Conn) error) error {
	k, err := r.ledger.Lock(ctx, r.text)
	if err != nil {
		return err
	}
	defer k.Close(context.WithoutCancel(ctx))
	return f(ctx, k.Conn)
}

// copier makes a copy that has loaded what is on the target.
func (r *rig) copier() *Copier {
	r.Helper()
	log := zerolog.New(zerolog.NewTestWriter(r.TB)).Level(zerolog.WarnLevel)
	c, err := New(r.cfg, Deps{Source: r.source, Target: r.target, Ledger: r.ledger, Gate: r.gate, Marks: r.marks, Definitions: r, Exclusive: r.exclusive, Log: log})
	if err != nil {
		r.Fatal(err)
	}
	r.Cleanup(c.Close)
	if err := c.Load(context.Background(), r.tables); err != nil {
		r.Fatal(err)
	}
	return c
}

func (r *rig) begin() {
	r.Helper()
	if err := r.ledger.Register(context.Background(), r.registered); err != nil {
		r.Fatal(err)
	}
}

// run copies everything, without an applier.
func (r *rig) run() *Copier {
	r.Helper()
	r.begin()
	c := r.copier()
	ctx, cancel := context.WithTimeout(context.Background(), 3*time.Minute)
	defer cancel()
	if err := c.Run(ctx); err != nil {
		r.Fatal(err)
	}
	return c
}

// digest is all rows of a table, in an order that does not depend on any key.
func (r *rig) digest(conn *mysql.Conn, schemaName, table string) (string, int) {
	r.Helper()
	db, err := conn.Open(mysql.Raw, 1)
	if err != nil {
		r.Fatal(err)
	}
	defer db.Close()
	var list []string
	def := r.source_[r.id(table)]
	for i := range def.Columns {
		if def.Columns[i].Written() {
			list = append(list, "HEX("+schema.SelectExpr(&def.Columns[i], conn.Server.Flavor)+")")
		}
	}
	rows, err := db.Query("SELECT CONCAT_WS(',',COALESCE(" + strings.Join(list, ",'NULL'),COALESCE(") + ",'NULL')) AS v FROM " + mysql.Table(schemaName, table) + " ORDER BY v")
	if err != nil {
		r.Fatal(err)
	}
	defer rows.Close()
	h, n := sha256.New(), 0
	for rows.Next() {
		var v []byte
		if err := rows.Scan(&v); err != nil {
			r.Fatal(err)
		}
		h.Write(append(v, '\n'))
		n++
	}
	if err := rows.Err(); err != nil {
		r.Fatal(err)
	}
	return fmt.Sprintf("%x", h.Sum(nil)[:8]), n
}

func (r *rig) id(table string) int {
	for id, d := range r.source_ {
		if d.Name == table {
			return id
		}
	}
	r.Fatalf("no table %s", table)
	return 0
}

func (r *rig) equal(tables ...string) {
	r.Helper()
	for _, name := range tables {
		a, n := r.digest(r.source, r.from, name)
		b, m := r.digest(r.target, r.to, name)
		if a != b {
			r.Errorf("%s: source has %d rows (%s), target %d (%s)", name, n, a, m, b)
		}
	}
}

// covered checks that the table's chunks follow each other without gap and are
// all done, and that the rows they count are all rows.
func (r *rig) covered(name string, rows int) {
	r.Helper()
	st, err := r.ledger.CopyStates(context.Background(), r.marks.Kind())
	if err != nil {
		r.Fatal(err)
	}
	s := st[r.id(name)]
	if s == nil || !s.LastHanded() || len(s.Handed) > 0 || s.Rows != int64(rows) {
		r.Errorf("%s: chunks say %+v, want %d rows, all done", name, s, rows)
	}
}
