package snapshot

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"slices"
	"sync"
	"time"

	"github.com/tidegate-io/tidegate/agent/gate"
	"github.com/tidegate-io/tidegate/agent/ledger"
	"github.com/tidegate-io/tidegate/internal/change"
	"github.com/tidegate-io/tidegate/internal/guard"
	"github.com/tidegate-io/tidegate/internal/mysql"
	"github.com/tidegate-io/tidegate/internal/schema"
)

// errGone says that a table is not part of the run any more.
var errGone = errors.New("the table is gone or no longer selected")

// Copier copies the tables of a run.
//
// Lock order: Copier.mu before tableCopy.mu; neither is held during I/O.
type Copier struct {
	Config
	Deps

	mode  mode
	kind  change.Kind
	limit *throttle
	retry *retrier

	source, locks, plans, target *sql.DB

	mu      sync.Mutex // guards what follows
	tables  map[int]*tableCopy
	order   []*tableCopy // of tables, as added
	groups  []*group     // to be read in one snapshot, not begun
	ready   []*job       // handed out, waiting for a reader
	copied  []int        // finished, but not noted yet
	changed chan struct{}

	copiedFrom time.Time // when the first of copied was finished
}

// tableCopy is a table's place in the copy.
type tableCopy struct {
	Table
	gate   *gate.Table
	ranger *ranger // nil: read in one snapshot

	// Guarded by Copier.mu.
	busy      int             // chunks being carried, and the planner looking for a range
	waiting   int             // chunks in ready
	notBefore time.Time       // the planner leaves the table alone until then
	life      context.Context // ends when the table is removed from the run
	end       context.CancelFunc
	halted    bool // removed from the run
	closed    bool // the last range is handed out
	queued    bool // in a group
	finished  bool
	handed    int64 // estimated bytes of what is handed out
	done      ledger.Done

	mu     sync.Mutex // guards the definition last found equal
	text   string
	agreed *schema.Table

	// Since when the definitions differ, and when that was last said.
	differs, told time.Time
}

// New prepares a copy and starts nothing. Close frees its connections.
func New(cfg Config, d Deps) (*Copier, error) {
	c := &Copier{Config: cfg.withDefaults(), Deps: d, tables: map[int]*tableCopy{}, changed: make(chan struct{})}
	c.mode = d.mode(cfg)
	c.kind = change.File
	if c.mode == byGTID {
		c.kind = change.MySQL
	}
	c.limit = &throttle{bytes: cfg.MaxRate, rows: cfg.MaxRows, changed: make(chan struct{})}
	c.retry = &retrier{window: c.RetryWindow, log: d.Log}
	if c.Metrics == nil {
		c.Metrics = NewMetrics(nil)
	}
	isolation := mysql.Set("transaction_isolation", "'REPEATABLE-READ'") // a consistent snapshot is one only there
	if d.Source.Server.Flavor == mysql.MariaDB {
		isolation = mysql.Set("tx_isolation", "'REPEATABLE-READ'")
		if c.mode == byGTID {
			c.kind = change.MariaDB
		}
	}
	var err error
	open := func(conn *mysql.Conn, size int, opts ...mysql.Option) *sql.DB {
		if err != nil {
			return nil
		}
		var db *sql.DB
		db, err = conn.Within(answerLimit).Open(mysql.Raw, size, opts...)
		return db
	}
	c.source = open(d.Source, c.Threads, isolation, mysql.Several())
	c.locks = open(d.Source, c.Threads, append(c.lockOptions(), isolation, mysql.Several())...)
	c.plans = open(d.Source, 1, mysql.Several())
	c.target = open(d.Target, c.Threads, ledger.Marked(d.Ledger.Run), mysql.Several())
	if err != nil {
		c.Close()
		return nil, err
	}
	return c, nil
}

// answerLimit is how long a server may say nothing to one of the copy's
// statements, each of which reads or writes one chunk.
const answerLimit = 15 * time.Minute

// Close frees the connections.
func (c *Copier) Close() {
	for _, db := range []*sql.DB{c.source, c.locks, c.plans, c.target} {
		if db != nil {
			_ = db.Close()
		}
	}
}

// SetRate changes the limits of a running copy; 0 is none.
func (c *Copier) SetRate(bytes, rows int64) { c.limit.set(bytes, rows) }

// Load reads what is left to do, and restores the gate to where an earlier
// process left it. It must have returned before the applier takes anything.
// Copies in one snapshot that were interrupted are thrown away.
func (c *Copier) Load(ctx context.Context, tables []Table) error {
	rows, err := c.Ledger.Tables(ctx)
	if err != nil {
		return err
	}
	states, err := c.Ledger.CopyStates(ctx, c.kind)
	if err != nil {
		return err
	}
	byID := make(map[int]*ledger.TableRow, len(rows))
	for i := range rows {
		byID[rows[i].ID] = &rows[i]
	}
	var again []*tableCopy
	for _, t := range tables {
		row := byID[t.ID]
		if row == nil {
			return fmt.Errorf("table %d is not registered on the target", t.ID)
		}
		if row.State == ledger.Live {
			continue
		}
		tc, dirty, err := c.restore(t, row, states[t.ID])
		if err != nil {
			return err
		}
		if dirty {
			again = append(again, tc)
		}
	}
	if err := c.throwAway(ctx, again); err != nil {
		return err
	}
	c.regroup()
	c.Gate.Copying(c.mode != noMarks && c.Pending())
	return nil
}

// restore puts a table where its rows on the target say it is. dirty says that
// its copy must begin anew.
func (c *Copier) restore(t Table, row *ledger.TableRow, st *ledger.CopyState) (tc *tableCopy, dirty bool, err error) {
	if st == nil {
		st = &ledger.CopyState{High: change.NewSet(c.kind)}
	}
	source, _, err := c.applied(t.ID)
	if err != nil {
		return nil, false, err
	}
	tc = c.enter(t, source)
	tc.done = ledger.Done{Rows: st.Rows, Bytes: st.Bytes}
	tc.gate.Window(st.High)
	switch {
	case row.State == ledger.Copied && row.ExactPos != "":
		at, err := change.ParseSet(c.kind, row.ExactPos)
		if err != nil {
			return tc, false, fmt.Errorf("exact position of %s: %w", row.Source, err)
		}
		tc.gate.Exact(at)
		c.finish(tc)
	case row.State == ledger.Copied:
		c.finish(tc)
	case row.State == ledger.Emptying, row.State == ledger.Exact, tc.ranger == nil && st.Chunks > 0:
		return tc, true, nil
	case st.Chunks > 0:
		c.resume(tc, st)
	}
	return tc, false, nil
}

// resume goes on behind the last range that was handed out.
func (c *Copier) resume(tc *tableCopy, st *ledger.CopyState) {
	r := tc.ranger
	r.seq, r.last, r.closed = st.Last.Seq+1, st.Last.Upper, st.LastHanded()
	tc.handed, tc.closed = st.Bytes, r.closed
	if r.closed {
		tc.gate.HandOutLast()
	} else {
		tc.gate.HandOut(r.pg.above(r.last))
	}
	for _, ck := range st.Handed {
		c.ready = append(c.ready, &job{table: tc, chunk: ck})
		tc.waiting++
	}
	if r.closed && len(st.Handed) == 0 {
		c.finish(tc)
		c.noteLater(tc)
	}
}

// enter registers a table here and in the gate.
func (c *Copier) enter(t Table, source *schema.Table) *tableCopy {
	tc := &tableCopy{Table: t, gate: c.Gate.Add(source.ID())}
	tc.begin(c.mode, source)
	c.mu.Lock()
	defer c.mu.Unlock()
	c.tables[t.ID] = tc
	c.order = append(c.order, tc)
	return tc
}

// begin puts the table at the start of its copy.
func (t *tableCopy) begin(m mode, source *schema.Table) {
	t.life, t.end = context.WithCancel(context.Background())
	t.ranger, t.closed, t.finished, t.halted, t.queued = nil, false, false, false, false
	t.handed, t.done = 0, ledger.Done{}
	if pg := choosePaging(source); pg != nil && t.Group == 0 && m != noMarks {
		t.ranger = &ranger{id: t.ID, pg: pg, where: t.Where, name: source.ID(), pace: newPace(t.Table), likely: t.Rows}
	}
}

// Pending reports whether rows are left to be copied: Run has to be called.
func (c *Copier) Pending() bool {
	c.mu.Lock()
	defer c.mu.Unlock()
	return c.pending()
}

func (c *Copier) pending() bool { return len(c.copied) > 0 || c.unfinished() }

func (c *Copier) unfinished() bool {
	return len(c.ready) > 0 || slices.ContainsFunc(c.order, func(t *tableCopy) bool { return !t.finished })
}

// Run copies what is left and returns when every chunk of every table is on the
// target. After an error the Copier is not used again: a new one loads what is
// on the target.
func (c *Copier) Run(ctx context.Context) error {
	c.retry.success()
	g, ctx := guard.WithContext(ctx)
	ctx, finished := context.WithCancel(ctx)
	if c.mode != noMarks {
		g.Go(func() error { return c.poll(ctx) })
	}
	g.Go(func() error {
		defer finished()
		return c.plan(ctx)
	})
	for range c.Threads {
		g.Go(func() error { return c.work(ctx) })
	}
	err := g.Wait()
	if err == nil && c.Pending() {
		err = context.Cause(ctx)
	}
	if err == nil {
		c.Gate.Copying(false)
	}
	return err
}

// poll publishes what the source has executed, so that the applier may take it
// while chunks are left (I-2b).
func (c *Copier) poll(ctx context.Context) error {
	for ctx.Err() == nil {
		set, err := c.Marks.Executed(ctx)
		switch {
		case err == nil:
			c.Gate.Executed(set)
		case ctx.Err() != nil:
			return nil
		case mysql.Classify(err) != mysql.Transient:
			return fmt.Errorf("read what the source has executed: %w", err)
		}
		if sleep(ctx, 50*time.Millisecond) != nil {
			return nil
		}
	}
	return nil
}

func (c *Copier) finish(t *tableCopy) {
	t.finished = true
	t.gate.Finish()
}

func (c *Copier) notify() {
	close(c.changed)
	c.changed = make(chan struct{})
}
