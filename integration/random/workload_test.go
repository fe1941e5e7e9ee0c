package random

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-sql-driver/mysql"

	"github.com/tidegate-io/tidegate/integration/dbtest"
)

// workload writes to the source from several connections. Statements that the
// server refuses are part of it: which ones, depends on what the others did.
type workload struct {
	world
	server  *dbtest.Server
	schemas []string
	aside   bool // some tables are not moved: those of another database, and by name
	alter   int  // so many transactions to a schema change, 0 for none
	big     int  // rows of the largest transaction
	log     *os.File

	mu     sync.Mutex // guards what follows
	tables []*table
	begun  time.Time
	codes  map[uint16]int // refusals by number

	// altering is read by every ALTER TABLE, and written by a crash of the source: a
	// MariaDB that crashes in one may have emptied the partition of a TRUNCATE
	// PARTITION, or have lost the table's foreign keys, and no log tells.
	altering sync.RWMutex

	done, refused atomic.Int64
	cancel        context.CancelFunc
	wg            sync.WaitGroup
}

func newWorkload(t *testing.T, w world, server *dbtest.Server, log string) *workload {
	t.Helper()
	f, err := os.Create(log)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	return &workload{world: w, server: server, log: f, begun: time.Now(), codes: map[uint16]int{}}
}

// note writes a statement down, with its answer.
func (w *workload) note(who int, text string, err error) {
	w.mu.Lock()
	defer w.mu.Unlock()
	said := "ok"
	if err != nil {
		said = err.Error()
		if me, ok := errors.AsType[*mysql.MySQLError](err); ok {
			w.codes[me.Number]++
		}
	}
	if len(text) > 4000 {
		text = text[:4000] + "…"
	}
	fmt.Fprintf(w.log, "%8.3f %d %s;\n         -- %s\n", time.Since(w.begun).Seconds(), who, text, said)
}

// some gives a table as it is now.
func (w *workload) some(r *rand.Rand) *table {
	w.mu.Lock()
	defer w.mu.Unlock()
	return w.tables[r.IntN(len(w.tables))]
}

// some gives a table to write to. A child that is written without checks in the
// moment in which another session deletes its parent stays on the source; where the
// log does not have cascades, nobody can tell from it that it does.
func (c *writer) some(r *rand.Rand) *table {
	for n := 0; ; n++ {
		t := c.workload.some(r)
		if n == 20 || c.logged || !c.unchecked || len(t.foreign) == 0 {
			return t
		}
	}
}

// put replaces a table by another version of it; nil takes it away.
func (w *workload) put(before, after *table) {
	w.mu.Lock()
	defer w.mu.Unlock()
	var all []*table
	for _, t := range w.tables {
		if t != before {
			all = append(all, t)
		} else if after != nil {
			all = append(all, after)
		}
	}
	if before == nil {
		all = append(all, after)
	}
	w.tables = all
}

// fill makes the databases and gives the tables their first rows.
func (w *workload) fill(t *testing.T, r *rand.Rand, rows int) {
	t.Helper()
	c := &writer{workload: w, r: r, id: 9}
	if err := c.connect(t.Context()); err != nil {
		t.Fatal(err)
	}
	defer c.close()
	var made []*table
	for _, s := range append([]string{outside}, w.schemas...) {
		c.must(t, "CREATE DATABASE "+ident(s)+" CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci")
		if s == outside {
			continue
		}
		for _, one := range w.schema(r, s, 3+r.IntN(6)) {
			if err := c.run(one.create()); err != nil {
				t.Logf("left out: %v", err)
				continue // a combination the server does not know
			}
			made = append(made, one)
		}
	}
	if len(made) < 2 {
		t.Fatalf("the server took %d tables only", len(made))
	}
	w.tables = made
	for _, one := range made {
		for n := rows/4 + r.IntN(rows); n > 0; n -= 200 {
			columns := one.written()
			c.run("INSERT IGNORE INTO " + one.String() + " (" + one.names(columns) + ") VALUES " + one.rows(r, columns, min(n, 200))) //nolint:errcheck // noted
		}
	}
}

// start lets n connections write, each by choices of its own.
func (w *workload) start(n int, seed uint64) {
	ctx, cancel := context.WithCancel(context.Background())
	w.cancel = cancel
	for i := range n {
		w.wg.Go(func() {
			c := &writer{workload: w, r: rand.New(rand.NewPCG(seed, uint64(i))), id: i}
			for ctx.Err() == nil {
				if err := c.connect(ctx); err == nil {
					c.loop(ctx)
				} else {
					time.Sleep(50 * time.Millisecond) // the server starts again
				}
				c.close()
			}
		})
	}
}

func (w *workload) stop() {
	if w.cancel != nil {
		w.cancel()
	}
	w.wg.Wait()
}

// writer is one connection of the workload.
type writer struct {
	*workload
	r    *rand.Rand
	id   int
	n    int
	conn *sql.Conn
	db   *sql.DB
	lost bool

	session   int64
	unchecked bool // foreign_key_checks are off

	clauses *clauses // of one ALTER TABLE, while they are gathered
}

func (c *writer) connect(ctx context.Context) (err error) {
	c.db, c.conn = c.server.Open(dbtest.User, dbtest.Password, ""), nil
	if c.conn, err = c.db.Conn(ctx); err == nil {
		patience := "innodb_lock_wait_timeout = 1, lock_wait_timeout = 3"
		if c.id == 0 && !c.mysql() { // a MariaDB whose RENAME waits too long cannot always take it back, and loses a table (1932)
			patience = "innodb_lock_wait_timeout = 20, lock_wait_timeout = 30"
		}
		if _, err = c.conn.ExecContext(ctx, "SET SESSION "+patience); err == nil {
			err = c.conn.QueryRowContext(ctx, "SELECT CONNECTION_ID()").Scan(&c.session)
		}
	}
	return err
}

func (c *writer) close() {
	if c.conn != nil {
		c.conn.Close()
	}
	c.db.Close()
}

// run gives one statement to the server and notes the answer.
func (c *writer) run(text string) error {
	if strings.Contains(text, "ALTER TABLE ") {
		c.altering.RLock()
		defer c.altering.RUnlock()
	}
	_, err := c.conn.ExecContext(context.Background(), text) // a statement that has begun is waited for
	c.note(c.id, text, err)
	if err != nil {
		c.refused.Add(1)
		if _, answered := errors.AsType[*mysql.MySQLError](err); !answered {
			c.lost = true
		}
		return fmt.Errorf("%.3000s: %w", text, err)
	}
	return nil
}

func (c *writer) must(t *testing.T, text string) {
	t.Helper()
	if err := c.run(text); err != nil {
		t.Fatal(err)
	}
}

func (c *writer) loop(ctx context.Context) {
	c.lost, c.unchecked = false, false
	c.run("USE " + ident(c.schemas[0])) //nolint:errcheck // some statements ask for a database that they do not need
	for ctx.Err() == nil && !c.lost {
		c.n++
		if c.alter > 0 && c.id == 0 && c.n%c.alter == 0 {
			c.change()
		} else if c.transaction() {
			c.done.Add(1)
		}
		time.Sleep(time.Duration(c.r.IntN(12)) * time.Millisecond) // a pace that leaves the migration some of the machine
	}
	c.run("ROLLBACK") //nolint:errcheck // nothing may be open
}
