package apply_test

import (
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"runtime/pprof"
	"strconv"
	"strings"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/rs/zerolog"

	"github.com/tidegate-io/tidegate/agent/apply"
	"github.com/tidegate-io/tidegate/agent/gate"
	"github.com/tidegate-io/tidegate/agent/ledger"
	"github.com/tidegate-io/tidegate/agent/structure"
	"github.com/tidegate-io/tidegate/integration/dbtest"
	"github.com/tidegate-io/tidegate/internal/change"
	"github.com/tidegate-io/tidegate/internal/mysql"
	"github.com/tidegate-io/tidegate/internal/schema"
)

const (
	benchTables = 4
	benchRows   = 100_000 // per table
	benchTxns   = 60_000
)

// fixedCatalog has the same definition on both sides.
type fixedCatalog map[string]*apply.Plan

func (c fixedCatalog) Plan(_, table string) (*apply.Plan, error) { return c[table], nil }

// BenchmarkApply measures how fast a prepared backlog of transactions like
// sysbench's (four changes each, uniform keys) is applied to a durable MySQL.
// TIDEGATE_PROFILE names a file for a CPU profile.
func BenchmarkApply(b *testing.B) {
	for _, lanes := range []int{1, 4} {
		b.Run(fmt.Sprintf("lanes-%d", lanes), func(b *testing.B) {
			s := dbtest.Shared(b, dbtest.Config{Flavor: dbtest.MySQL, ServerID: 9100, Durable: true, Args: []string{"--innodb-buffer-pool-size=2G", "--innodb-redo-log-capacity=2G"}})
			for b.Loop() {
				b.StopTimer()
				e := newBench(b, s, lanes)
				b.StartTimer()
				e.run(b)
			}
		})
	}
}

// cpuOf is how many seconds of CPU a server has used: on a busy machine it says
// more than the time on the wall.
func cpuOf(b *testing.B, s *dbtest.Server) float64 {
	b.Helper()
	text, err := os.ReadFile(fmt.Sprintf("/proc/%d/stat", s.PID()))
	if err != nil {
		b.Fatal(err)
	}
	f := strings.Fields(string(text[strings.LastIndexByte(string(text), ')')+2:]))
	user, _ := strconv.ParseFloat(f[11], 64)
	system, _ := strconv.ParseFloat(f[12], 64)
	return (user + system) / 100
}

type bench struct {
	server  *dbtest.Server
	applier *apply.Applier
	queue   *change.Queue
	txns    []*change.Txn
	until   *change.Set
}

const benchUUID = "3e11fa47-71ca-11e1-9e33-c80aa9429562"

func newBench(b *testing.B, s *dbtest.Server, lanes int) *bench {
	b.Helper()
	ctx := b.Context()
	conn, err := mysql.Dial(ctx, s.Endpoint())
	if err != nil {
		b.Fatal(err)
	}
	ctl, err := conn.Open(mysql.Text, 4, mysql.Several())
	if err != nil {
		b.Fatal(err)
	}
	b.Cleanup(func() { ctl.Close() })
	if err := ledger.Create(ctx, ctl); err != nil {
		b.Fatal(err)
	}
	name := s.NewSchema(b)
	plans := fixedCatalog{}
	for i := range benchTables {
		table := fmt.Sprintf("sbtest%d", i)
		fill(b, s, name, table)
		def, err := structure.ReadTable(ctx, s.DB(), conn.Server, schema.ID{Schema: name, Name: table})
		if err != nil {
			b.Fatal(err)
		}
		plans[table] = &apply.Plan{ID: i, Source: def.Definition, Target: def.Definition, PageColumn: -1}
	}
	e := &bench{server: s, queue: change.NewQueue(1 << 40), until: change.NewSet(change.MySQL)}
	e.backlog()
	led := &ledger.Ledger{DB: ctl, Run: name, Epoch: 1}
	if _, err := led.Begin(ctx, ledger.Run{Pipeline: "p", Start: change.Position{Kind: change.MySQL}, Lanes: lanes}); err != nil {
		b.Fatal(err)
	}
	e.applier = apply.New(apply.Config{RetryWindow: time.Minute}, apply.Deps{Target: conn, Ledger: led, Queue: e.queue, Gate: gate.New(change.MySQL), Catalog: plans, Log: zerolog.Nop()})
	if _, err := e.applier.Open(ctx); err != nil {
		b.Fatal(err)
	}
	return e
}

func fill(b *testing.B, s *dbtest.Server, schemaName, table string) {
	b.Helper()
	db := s.Open(s.User, s.Password, schemaName)
	defer db.Close()
	do := func(q string) {
		if _, err := db.Exec(q); err != nil {
			b.Fatal(err)
		}
	}
	do("CREATE TABLE " + table + " (id INT NOT NULL PRIMARY KEY, k INT NOT NULL, c CHAR(120) NOT NULL, pad CHAR(60) NOT NULL, KEY k (k)) CHARSET utf8mb4")
	for at := 0; at < benchRows; at += 5000 {
		var v []string
		for id := at; id < at+5000; id++ {
			v = append(v, fmt.Sprintf("(%d,%d,'%s','%s')", id, id, strings.Repeat("c", 110), strings.Repeat("p", 55)))
		}
		do("INSERT INTO " + table + " VALUES " + strings.Join(v, ","))
	}
}

// backlog makes transactions of two updates, a delete and an insert of the same
// key, as sysbench's do.
func (e *bench) backlog() {
	maps := make([]*change.TableMap, benchTables)
	for i := range maps {
		// CHAR(120) of utf8mb4 is 480 bytes, which the type byte helps to say.
		maps[i] = &change.TableMap{Schema: "src", Name: fmt.Sprintf("sbtest%d", i),
			Types: []byte{change.TypeLong, change.TypeLong, change.TypeString, change.TypeString}, Meta: []uint16{0, 0, charMeta(480), charMeta(240)}}
	}
	rng := rand.New(rand.NewPCG(1, 2))
	state := make([]map[int]change.Row, benchTables)
	for i := range state {
		state[i] = map[int]change.Row{}
	}
	row := func(tb, id, k int) change.Row { return sbrow(maps[tb], id, k) }
	at := func(tb, id int) change.Row {
		if r, ok := state[tb][id]; ok {
			return r
		}
		return row(tb, id, id)
	}
	for n := 1; n <= benchTxns; n++ {
		t := &change.Txn{IDs: []change.ID{{Source: benchUUID, N: uint64(n)}}, File: "binlog.000001", Offset: uint64(n), Time: time.Now()}
		put := func(op change.Op, tb, id int, after change.Row) {
			c := change.Change{Op: op, Table: maps[tb]}
			if op != change.Insert {
				c.Before = at(tb, id)
			}
			if op != change.Delete {
				c.After = after
				state[tb][id] = after
			}
			t.Changes = append(t.Changes, c)
			t.Bytes += 500
		}
		for range 2 {
			tb, id := rng.IntN(benchTables), rng.IntN(benchRows)
			put(change.Update, tb, id, row(tb, id, rng.IntN(1e6)+1e6))
		}
		tb, id := rng.IntN(benchTables), rng.IntN(benchRows)
		put(change.Delete, tb, id, change.Row{})
		put(change.Insert, tb, id, row(tb, id, rng.IntN(1e6)+2e6))
		e.txns = append(e.txns, t)
		e.until.Add(t.IDs[0])
	}
}

// charMeta is the metadata of a CHAR of that many bytes.
func charMeta(n int) uint16 { return (0xfe^uint16(n>>4)&0x30)<<8 | uint16(n&0xff) }

func sbrow(tm *change.TableMap, id, k int) change.Row {
	data := []byte{0}
	data = binary.LittleEndian.AppendUint32(data, uint32(id))
	data = binary.LittleEndian.AppendUint32(data, uint32(k))
	for _, s := range []string{strings.Repeat("c", 110), strings.Repeat("p", 55)} {
		if len(data) == 9 {
			data = binary.LittleEndian.AppendUint16(data, uint16(len(s)))
		} else {
			data = append(data, byte(len(s)))
		}
		data = append(data, s...)
	}
	r, _, err := tm.Cut(data, make([]change.Span, 4))
	if err != nil {
		panic(err)
	}
	return r
}

func (e *bench) run(b *testing.B) {
	b.Helper()
	if name := os.Getenv("TIDEGATE_PROFILE"); name != "" {
		f, err := os.Create(name)
		if err != nil {
			b.Fatal(err)
		}
		defer f.Close()
		if err := pprof.StartCPUProfile(f); err != nil {
			b.Fatal(err)
		}
		defer pprof.StopCPUProfile()
	}
	begun, cpu := time.Now(), cpuOf(b, e.server)
	g, ctx := errgroup.WithContext(b.Context())
	g.Go(func() error { return e.applier.Run(ctx) })
	g.Go(func() error {
		for _, t := range e.txns {
			if err := e.queue.Put(ctx, t); err != nil {
				return err
			}
		}
		if err := e.applier.WaitFor(ctx, e.until); err != nil {
			return err
		}
		return errDone
	})
	if err := g.Wait(); !errors.Is(err, errDone) {
		b.Fatal(err)
	}
	took := time.Since(begun).Seconds()
	st := e.applier.Stats()
	b.ReportMetric(float64(st.Transactions)/took, "txn/s")
	b.ReportMetric(float64(st.Rows)/took, "rows/s")
	b.ReportMetric(float64(st.Batches), "batches")
	b.ReportMetric((cpuOf(b, e.server)-cpu)*1e6/float64(st.Transactions), "server-us/txn")
}
