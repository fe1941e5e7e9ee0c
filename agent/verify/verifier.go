package verify

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"reflect"
	"slices"
	"sync"
	"sync/atomic"
	"time"

	"github.com/rs/zerolog"

	"github.com/tidegate-io/tidegate/internal/guard"
	"github.com/tidegate-io/tidegate/internal/mysql"
	"github.com/tidegate-io/tidegate/internal/run"
)

// Config bounds a comparison.
type Config struct {
	Method  string // "full" or "count"
	Threads int    // ranges compared at a time, over all tables
	// ChunkRows is how many rows the first range of a table has; later ones are
	// made larger or smaller by the time they take. 0 takes 20,000.
	ChunkRows int
	// MaxKeys is how many differing keys of a table are named; 0 takes 100.
	MaxKeys int
}

// Deps are what a Verifier works with.
type Deps struct {
	Source, Target *mysql.Conn
	// Drain returns when everything the source had committed at the call is
	// committed on the target. Without a live stream it returns at once.
	Drain func(context.Context) error
	// Renew drains and returns the table as it is defined then; ok is false when
	// it is not compared any more. Nil: definitions stay as they are.
	Renew func(context.Context, Table) (now Table, ok bool, err error)
	Log   zerolog.Logger
}

// Verifier compares tables.
type Verifier struct {
	cfg    Config
	deps   Deps
	src    *sql.DB
	dst    *sql.DB
	slots  chan struct{} // one for every range that is compared
	chunks atomic.Uint64
}

// New prepares a comparison; Run carries it out.
func New(cfg Config, deps Deps) *Verifier {
	if cfg.Threads < 1 {
		cfg.Threads = 1
	}
	if cfg.ChunkRows == 0 {
		cfg.ChunkRows = 20_000
	}
	if cfg.MaxKeys == 0 {
		cfg.MaxKeys = 100
	}
	return &Verifier{cfg: cfg, deps: deps, slots: make(chan struct{}, cfg.Threads)}
}

// slot waits for the right to compare a range; free gives it back.
func (v *Verifier) slot(ctx context.Context) error {
	select {
	case v.slots <- struct{}{}:
		return nil
	case <-ctx.Done():
		return context.Cause(ctx)
	}
}

func (v *Verifier) free() { <-v.slots }

// Chunks is how many chunks have been compared so far.
func (v *Verifier) Chunks() uint64 { return v.chunks.Load() }

// Run compares all tables. An error means that the comparison could not be
// finished; differences are in the report. Nothing compared is never equal: where
// there is no table, or none any more, that is an error.
func (v *Verifier) Run(ctx context.Context, tables []Table) (*run.VerifyReport, error) {
	report := &run.VerifyReport{Started: time.Now().UTC(), Tables: make([]run.VerifyTable, len(tables))}
	if len(tables) == 0 {
		return nil, errNothing()
	}
	var err error
	if v.src, err = v.deps.Source.Open(mysql.Text, 2*v.cfg.Threads+1, mysql.Set("innodb_lock_wait_timeout", "2")); err != nil {
		return nil, err
	}
	defer v.src.Close()
	if v.dst, err = v.deps.Target.Open(mysql.Text, 2*v.cfg.Threads+1); err != nil {
		return nil, err
	}
	defer v.dst.Close()

	g, gctx := guard.WithContext(ctx)
	g.SetLimit(v.cfg.Threads)
	for i, t := range tables {
		g.Go(func() error {
			out, err := v.current(gctx, t)
			if err != nil {
				return fmt.Errorf("verify %s: %w", t.Source.ID(), err)
			}
			report.Tables[i] = out
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		return nil, err
	}
	report.Tables = slices.DeleteFunc(report.Tables, func(t run.VerifyTable) bool { return t.Method == "" }) // dropped meanwhile
	if len(report.Tables) == 0 {
		return nil, errNothing()
	}
	report.Equal, report.Finished = true, time.Now().UTC()
	for _, t := range report.Tables {
		if len(t.Differing) > 0 || t.RowsSource != t.RowsTarget {
			report.Equal = false
		}
	}
	return report, nil
}

func errNothing() error {
	return &mysql.Error{Class: mysql.Config, Code: "nothing-to-verify", Err: errors.New("no table to compare"), Remedy: "check verify.tables and the pipeline's objects"}
}

// redefinitions is how often a table is compared from its beginning again
// because its definition changed under the comparison.
const redefinitions = 10

// current compares a table as it is defined. What was compared under one
// definition and failed or differed is compared again under the next; a table
// that was dropped has no method in the report.
func (v *Verifier) current(ctx context.Context, t Table) (run.VerifyTable, error) {
	for range redefinitions {
		out := run.VerifyTable{Source: t.Source.ID().String(), Target: t.Target.ID().String(), Method: v.method(t), Differing: []string{}}
		failed := v.table(ctx, t, &out)
		if failed == nil && len(out.Differing) == 0 || failed != nil && mysql.Number(failed) == 0 || v.deps.Renew == nil {
			return out, failed
		}
		now, ok, err := v.deps.Renew(ctx, t)
		switch {
		case err != nil:
			return out, errors.Join(failed, err)
		case !ok:
			return run.VerifyTable{}, nil
		case reflect.DeepEqual(now, t):
			return out, failed
		}
		t = now
	}
	return run.VerifyTable{}, &mysql.Error{Class: mysql.Data, Code: "verify-undecided", Err: fmt.Errorf("its definition changed %d times during the comparison", redefinitions),
		Remedy: "verify again when nobody alters the table"}
}

func (v *Verifier) method(t Table) string {
	switch {
	case v.cfg.Method == "count":
		return "count"
	case t.pagingKey() == nil:
		return "multiset"
	default:
		return "chunks"
	}
}

func (v *Verifier) table(ctx context.Context, t Table, out *run.VerifyTable) error {
	if name := t.missing(); name != "" {
		out.Differing = append(out.Differing, fmt.Sprintf("column %s is not on the target", name))
		return nil
	}
	switch out.Method {
	case "count":
		return v.count(ctx, t, out)
	case "multiset":
		return v.multiset(ctx, t, out)
	default:
		return v.paged(ctx, t, out)
	}
}

// both runs one query on each side at the same time.
func both(a, b func() error) error {
	var wg sync.WaitGroup
	var errA, errB error
	wg.Go(func() { errA = guard.Call(a) })
	wg.Go(func() { errB = guard.Call(b) })
	wg.Wait()
	if errA != nil {
		return errA
	}
	return errB
}

// digest is how ranges of a table with a paging key are compared.
func (v *Verifier) digest(t Table) digest {
	for _, c := range []*mysql.Conn{v.deps.Source, v.deps.Target} {
		if c.Server.Flavor != mysql.MySQL || !c.Server.AtLeast(8, 0, 0) { // they XOR 64 bits
			return summed(t.columns())
		}
	}
	return xored(t.columns())
}

// aggregate reads the digest of the rows that match.
func (v *Verifier) aggregate(ctx context.Context, db *sql.DB, s side, d digest, where string) (aggregate, error) {
	var a aggregate
	q := "SELECT " + d.list + " FROM " + s.table + " WHERE " + where
	switch err := db.QueryRowContext(ctx, q).Scan(&a.rows, &a.value); {
	case mysql.Number(err) == unequalLengths:
		return a, tooWide(s)
	case err != nil:
		return a, fmt.Errorf("aggregate %s: %w", s.table, err)
	case !d.whole(a):
		return a, tooWide(s)
	}
	return a, nil
}

func tooWide(s side) error {
	return &mysql.Error{Class: mysql.Config, Code: "row-too-wide", Err: fmt.Errorf("some rows of %s have no checksum", s.table),
		Remedy: "raise max_allowed_packet on that server above the widest row"}
}

func (v *Verifier) count(ctx context.Context, t Table, out *run.VerifyTable) error {
	rows := func(db *sql.DB, s side, n *uint64) func() error {
		return func() error { return db.QueryRowContext(ctx, "SELECT COUNT(*) FROM "+s.table).Scan(n) }
	}
	for attempt := 0; ; attempt++ {
		var before, after, target uint64
		if err := rows(v.src, t.source(), &before)(); err != nil {
			return err
		}
		if err := v.deps.Drain(ctx); err != nil {
			return err
		}
		if err := both(rows(v.dst, t.target(), &target), rows(v.src, t.source(), &after)); err != nil {
			return err
		}
		v.chunks.Add(1)
		out.Chunks, out.RowsSource, out.RowsTarget = 1, after, target
		if target == before {
			out.RowsSource = before
		}
		if target == before || target == after {
			return nil
		}
		if before == after && attempt >= confirm {
			out.Differing = append(out.Differing, fmt.Sprintf("%d rows on the source, %d on the target", after, target))
			return nil
		}
		if err := pause(ctx, attempt); err != nil {
			return err
		}
	}
}
