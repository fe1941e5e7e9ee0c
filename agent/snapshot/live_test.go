package snapshot

import (
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"sync"
	"testing"
	"time"

	gomysql "github.com/go-mysql-org/go-mysql/mysql"
	"github.com/go-mysql-org/go-mysql/replication"
	"golang.org/x/sync/errgroup"

	"github.com/tidegate-io/tidegate/agent/gate"
	"github.com/tidegate-io/tidegate/agent/ledger"
	"github.com/tidegate-io/tidegate/integration/dbtest"
	"github.com/tidegate-io/tidegate/internal/change"
	"github.com/tidegate-io/tidegate/internal/mysql"
	"github.com/tidegate-io/tidegate/internal/schema"
)

// liveKinds have a key of each kind the protocol treats in its own way, and a
// unique value that rows hand on to one another.
var liveKinds = map[string]string{
	"counted": "k INT NOT NULL PRIMARY KEY, u INT NULL UNIQUE, v VARCHAR(60)",
	"named":   "k VARCHAR(20) NOT NULL PRIMARY KEY, u INT NULL UNIQUE, v VARCHAR(60)",
	"hashed":  "k VARBINARY(20) NOT NULL PRIMARY KEY, u INT NULL UNIQUE, v VARCHAR(60)",
	"loose":   "k INT NOT NULL, u INT NULL, v VARCHAR(60)",
}

// kindOf is the kind of a table, which its name begins with: "named_7".
func kindOf(table string) string {
	kind, _, _ := strings.Cut(table, "_")
	return kind
}

// liveTables makes tables, fills them, and takes them into the run.
func (r *rig) liveTables(fill func(), names ...string) {
	r.names = names
	for _, name := range names {
		r.create("CREATE TABLE {}." + name + " (" + liveKinds[kindOf(name)] + ")")
	}
	fill()
	for _, name := range names {
		r.register(name)
	}
	r.begin()
}

// replayer applies the log naively: one transaction at a time, as the gate
// admits it, tolerantly in a table's window and strictly after it.
type replayer struct {
	*rig
	gate *gate.Gate

	mu      sync.Mutex // guards applied
	applied *change.Set
}

func (p *replayer) run(ctx context.Context) error {
	flavor := p.src.Flavor.Family()
	syncer := replication.NewBinlogSyncer(replication.BinlogSyncerConfig{
		ServerID: 90000 + rand.Uint32N(1e6), Flavor: flavor, Host: "127.0.0.1", Port: uint16(p.src.Port), User: p.src.User, Password: p.src.Password,
	})
	defer syncer.Close()
	set, err := gomysql.ParseGTIDSet(flavor, p.applied.String())
	if err != nil {
		return err
	}
	events, err := syncer.StartSyncGTID(set)
	if err != nil {
		return err
	}
	var id change.ID
	var rows []*replication.BinlogEvent
	for {
		ev, err := events.GetEvent(ctx)
		if err != nil {
			return err
		}
		switch e := ev.Event.(type) {
		case *replication.GTIDEvent:
			id, rows = change.ID{Source: uuid(e.SID), N: uint64(e.GNO)}, nil
		case *replication.MariadbGTIDEvent:
			id, rows = change.ID{Source: fmt.Sprint(e.GTID.DomainID), Server: e.GTID.ServerID, N: e.GTID.SequenceNumber}, nil
		case *replication.RowsEvent:
			if string(e.Table.Schema) == p.from {
				rows = append(rows, ev)
			}
		case *replication.XIDEvent:
			if err := p.take(ctx, id, rows); err != nil {
				return err
			}
		case *replication.QueryEvent:
			if !strings.EqualFold(string(e.Query), "BEGIN") {
				if err := p.take(ctx, id, nil); err != nil {
					return err
				}
			}
		}
	}
}

func uuid(b []byte) string {
	return fmt.Sprintf("%x-%x-%x-%x-%x", b[:4], b[4:6], b[6:8], b[8:10], b[10:])
}

func (p *replayer) take(ctx context.Context, id change.ID, rows []*replication.BinlogEvent) error {
	for {
		changed := p.gate.Changed()
		if p.gate.Admit([]change.ID{id}) {
			break
		}
		select {
		case <-ctx.Done():
			return ctx.Err()
		case <-changed:
		}
	}
	for {
		err := p.apply(ctx, id, rows)
		if n := mysql.Number(err); n == 1213 || n == 1205 { // with a chunk
			continue
		}
		return err
	}
}

func (p *replayer) apply(ctx context.Context, id change.ID, rows []*replication.BinlogEvent) error {
	tx, err := p.text.Begin()
	if err != nil {
		return err
	}
	defer tx.Rollback()
	for _, ev := range rows {
		e := ev.Event.(*replication.RowsEvent)
		step := 1
		kind := ev.Header.EventType.String()
		if strings.HasPrefix(kind, "Update") {
			step = 2
		}
		for i := 0; i < len(e.Rows); i += step {
			var before, after []any
			switch {
			case step == 2:
				before, after = e.Rows[i], e.Rows[i+1]
			case strings.HasPrefix(kind, "Write"):
				after = e.Rows[i]
			default:
				before = e.Rows[i]
			}
			if err := p.change(ctx, tx, id, string(e.Table.Table), [2][]any{before, after}); err != nil {
				return fmt.Errorf("%s %v of %s: %w", ev.Header.EventType, id, e.Table.Table, err)
			}
		}
	}
	if err := tx.Commit(); err != nil {
		return err
	}
	p.mu.Lock()
	defer p.mu.Unlock()
	p.applied.Add(id)
	return nil
}

func (p *replayer) change(ctx context.Context, tx mysql.Execer, id change.ID, table string, images [2][]any) error {
	t := p.gate.Table(schema.ID{Schema: p.from, Name: table})
	name := mysql.Table(p.to, table)
	for i, row := range images {
		if row == nil || t.Skip([]change.ID{id}, rawKey(table, row[0])) {
			continue
		}
		tolerant := t.Tolerant(p.applied)
		verb := "INSERT"
		if tolerant {
			verb = "REPLACE"
		}
		q, args := "DELETE FROM "+name+" WHERE k = ?", []any{row[0]}
		switch {
		case i == 0 && kindOf(table) == "loose":
			q, args = "DELETE FROM "+name+" WHERE k = ? AND u <=> ? AND v <=> ? LIMIT 1", row
		case i == 1:
			q, args = verb+" INTO "+name+" (k,u,v) VALUES (?,?,?)", row
		}
		res, err := tx.ExecContext(ctx, q, args...)
		if err != nil {
			return err
		}
		if n, _ := res.RowsAffected(); n != 1 && !tolerant {
			return fmt.Errorf("strict: %s %v changed %d rows", q, args, n)
		}
	}
	return nil
}

func rawKey(table string, v any) []byte {
	switch x := v.(type) {
	case int32:
		return []byte{byte(x), byte(x >> 8), byte(x >> 16), byte(x >> 24)}
	case string:
		if kindOf(table) == "hashed" {
			return []byte(x)
		}
	case []byte:
		return x
	}
	return nil
}

// workload changes the source until the context ends.
func (r *rig) workload(ctx context.Context, seed uint64) error {
	rng := rand.New(rand.NewPCG(seed, 3))
	db := r.src.Open(r.src.User, r.src.Password, r.from)
	defer db.Close()
	for ctx.Err() == nil {
		tx, err := db.Begin()
		if err != nil {
			return err
		}
		for range 1 + rng.IntN(4) {
			if _, err := tx.Exec(r.change(rng)); err != nil && mysql.Number(err) != 1062 && mysql.Number(err) != 1213 {
				tx.Rollback()
				return err
			} else if mysql.Number(err) == 1213 {
				break
			}
		}
		if err := tx.Commit(); err != nil {
			return err
		}
		time.Sleep(time.Duration(rng.IntN(3)) * time.Millisecond)
	}
	return nil
}

func (r *rig) change(rng *rand.Rand) string {
	table, k, u := r.names[rng.IntN(len(r.names))], rng.IntN(r.keys), rng.IntN(r.keys*4/3)
	key := liveKey(table, k)
	switch rng.IntN(6) {
	case 0, 1:
		return fmt.Sprintf("INSERT INTO %s VALUES (%s,%d,REPEAT('x',%d))", table, key, u, rng.IntN(60))
	case 2:
		return fmt.Sprintf("DELETE FROM %s WHERE k=%s LIMIT 1", table, key)
	case 3:
		return fmt.Sprintf("UPDATE %s SET u=%d WHERE k=%s LIMIT 1", table, u, key)
	case 4:
		return fmt.Sprintf("UPDATE %s SET v='y%d', u=NULL WHERE k=%s LIMIT 1", table, u, key)
	default:
		return fmt.Sprintf("UPDATE %s SET k=%s WHERE k=%s LIMIT 1", table, liveKey(table, k*7%r.keys), key)
	}
}

// liveKey is a table's nth key as a literal.
func liveKey(table string, n int) string {
	switch kindOf(table) {
	case "named":
		return fmt.Sprintf("'%c%d'", "aBcDeFgHiJkLmNoPqRsTuVwXyZ"[n%26], n) // bytes come in another order
	case "hashed":
		return fmt.Sprintf("X'%02X%04X'", n%256, n)
	}
	return fmt.Sprint(n)
}

// stock gives every table a row for each second key.
func (r *rig) stock() {
	for _, table := range r.names {
		var rows []string
		for k := 0; k < r.keys; k += 2 {
			rows = append(rows, fmt.Sprintf("(%s,%d,REPEAT('x',%d))", liveKey(table, k), k, k%60))
		}
		r.exec(r.src, "INSERT INTO {}."+table+" VALUES "+strings.Join(rows, ","))
	}
}

// fill makes changes at random.
func (r *rig) fill(n int) {
	rng := rand.New(rand.NewPCG(9, 9))
	db := r.src.Open(r.src.User, r.src.Password, r.from)
	defer db.Close()
	for range n {
		if _, err := db.Exec(r.change(rng)); err != nil && mysql.Number(err) != 1062 {
			r.Fatal(err)
		}
	}
}

// TestLiveCopyConverges copies while three writers change everything, with the
// copier ended and begun anew at random moments, sometimes while the old one
// still runs with its old epoch (R2, R4, C1, C2, C8).
func TestLiveCopyConverges(t *testing.T) {
	for _, f := range []dbtest.Flavor{dbtest.MySQL, dbtest.MariaDB} {
		for _, load := range []bool{false, true} {
			t.Run(fmt.Sprintf("%s load=%t", f, load), func(t *testing.T) {
				r := newRig(t, dbtest.Config{Flavor: f}, dbtest.Config{Flavor: f})
				r.cfg.ChunkBytes, r.cfg.LoadData, r.cfg.MaxRows = 1, load, 2500
				r.keys = 6000 // the copy takes some seconds, and reads behind itself all the while
				r.liveTables(r.stock, "counted", "named", "hashed", "loose")
				r.live()
			})
		}
	}
}

func (r *rig) live() {
	start, err := r.marks.Current(context.Background())
	if err != nil {
		r.Fatal(err)
	}
	applied, _ := start.Set()
	writers, stop := context.WithCancel(context.Background())
	defer stop()
	var g errgroup.Group
	for i := range 3 {
		g.Go(func() error { return r.workload(writers, uint64(i)) })
	}
	var zombies sync.WaitGroup
	rng := rand.New(rand.NewPCG(5, 5))
	for life := 0; ; life++ {
		c := r.copier()
		p := &replayer{rig: r, gate: r.gate, applied: applied}
		ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
		replayed := make(chan error, 1)
		go func() { replayed <- p.run(ctx) }()
		if life < 4 {
			r.die(c, life%2 == 1, time.Duration(50+rng.IntN(400))*time.Millisecond, &zombies)
			select {
			case err := <-replayed:
				r.Fatalf("life %d: replay: %v", life, err)
			default:
			}
			cancel()
			<-replayed // with what a driver says of a connection that is taken from it
			r.succeed()
			continue
		}
		if err := c.Run(ctx); err != nil {
			r.Fatal(err)
		}
		time.Sleep(300 * time.Millisecond) // the strict part
		stop()
		if err := g.Wait(); err != nil {
			r.Fatal(err)
		}
		r.caughtUp(p, replayed)
		cancel()
		<-replayed
		break
	}
	zombies.Wait()
	r.equal(r.names...)
}

// die runs a copier for a while. A zombie is not ended: it must be fenced.
func (r *rig) die(c *Copier, zombie bool, after time.Duration, zombies *sync.WaitGroup) {
	ctx, cancel := context.WithCancel(context.Background())
	done := make(chan error, 1)
	go func() { done <- c.Run(ctx) }()
	time.Sleep(after)
	if !zombie {
		cancel()
		if err := <-done; err != nil && !errors.Is(err, context.Canceled) {
			r.Errorf("copy: %v", err)
		}
		return
	}
	zombies.Go(func() {
		defer cancel()
		if err := <-done; err != nil && !errors.Is(err, ledger.ErrFenced) {
			r.Errorf("a fenced copy ends with %v", err)
		}
	})
}

// succeed hands the run to a new owner.
func (r *rig) succeed() {
	r.ledger = &ledger.Ledger{DB: r.text, Run: r.ledger.Run, Epoch: r.ledger.Epoch + 1}
	if _, err := r.ledger.TakeOver(context.Background()); err != nil {
		r.Fatal(err)
	}
	r.gate = gate.New(r.marks.Kind())
}

func (r *rig) caughtUp(p *replayer, replayed <-chan error) {
	end, err := r.marks.Executed(context.Background())
	if err != nil {
		r.Fatal(err)
	}
	deadline := time.After(time.Minute)
	for {
		p.mu.Lock()
		done := p.applied.Includes(end)
		p.mu.Unlock()
		if done {
			return
		}
		select {
		case err := <-replayed:
			r.Fatalf("replay: %v", err)
		case <-deadline:
			r.Fatalf("the log is not caught up with: %v of %v", p.applied, end)
		case <-time.After(20 * time.Millisecond):
		}
	}
}
