package apply_test

import (
	"context"
	"database/sql"
	"encoding/binary"
	"errors"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/tidegate-io/tidegate/agent/gate"
	"github.com/tidegate-io/tidegate/integration/faultnet"
	"github.com/tidegate-io/tidegate/internal/mysql"
	"github.com/tidegate-io/tidegate/internal/schema"
)

// copied are tables whose rows are copied in chunks; keys of the int ones are
// compared, so that changes above the highest key handed out are dropped.
var copied = map[string]struct {
	key    string
	ints   bool
	limits []string // upper bounds of the chunks
}{
	"ints":    {"id", true, []string{"15", "30", "45", ""}},
	"seats":   {"id", true, []string{"10", "20", ""}},
	"derived": {"id", true, []string{"30", ""}},
	"words":   {"k", false, []string{"'e'", "'x'", ""}},
	"pairs":   {"a", false, []string{"3", ""}},
}

// While a table is copied behind the gate its changes are applied tolerantly,
// with owners abandoned and connections cut; when its window is over the target
// equals the source, and changes are strict (ENGINE §3, REVIEW R5, R19).
func TestWindow(t *testing.T) {
	for seed := range uint64(4) {
		t.Run(fmt.Sprint(seed), func(t *testing.T) {
			p := newPair(t, mysqlServer, targetMySQL)
			p.world()
			p.churn(rand.New(rand.NewPCG(seed, 21)), 300) // what the copy finds
			p.begin()
			tg := p.newTarget(3)
			tg.cfg.BatchRows = 200
			d := roll(seed)
			tg.proxy.OnConn(func(c *faultnet.Conn) {
				if d.n(3) > 0 {
					c.CutAfter(faultnet.Direction(d.n(2)), int64(3000+d.n(30000)))
				}
			})
			for _, name := range p.tables() {
				w := tg.gate.Add(schema.ID{Schema: p.schema, Name: name})
				tg.cat.windows[name] = w
				if _, ok := copied[name]; !ok {
					tg.cat.windows[name] = nil
					tg.gate.Remove(schema.ID{Schema: p.schema, Name: name})
				}
			}
			tg.cat.only = func(name string) bool { _, ok := copied[name]; return ok }
			tg.cat.page = func(name string) int {
				if copied[name].ints {
					return 0
				}
				return -1
			}
			tg.gate.Copying(true)

			ctx, cancel := context.WithTimeout(t.Context(), 2*time.Minute)
			defer cancel()
			g, gctx := errgroup.WithContext(ctx)
			finished := make(chan struct{})
			g.Go(func() error { return tg.publish(gctx, finished) })
			g.Go(func() error { // changes go on throughout
				rng := rand.New(rand.NewPCG(seed, 22))
				for {
					select {
					case <-finished:
						return nil
					default:
						p.churn(rng, 5)
					}
				}
			})
			g.Go(func() error { defer close(finished); return tg.copyAll(gctx, d) })
			g.Go(func() error { // owner after owner
				for gctx.Err() == nil {
					tg.epoch++
					until := tg.now()
					short, stop := context.WithTimeout(gctx, time.Duration(50+d.n(400))*time.Millisecond)
					err := tg.replayOnce(short, until)
					stop()
					if err != nil && short.Err() == nil && mysql.Classify(err) != mysql.Transient && mysql.Classify(err) != mysql.OutcomeUnknown {
						return err
					}
					select {
					case <-finished:
						return nil
					default:
					}
				}
				return nil
			})
			if err := g.Wait(); err != nil {
				t.Fatal(err)
			}
			p.churn(rand.New(rand.NewPCG(seed, 23)), 100)
			tg.proxy.OnConn(nil)
			tg.proxy.Heal()
			tg.epoch++
			tg.mustReplay()
			tg.compareOnly(func(name string) bool { _, ok := copied[name]; return ok })
			for name := range copied {
				if w := tg.cat.windows[name]; w.Tolerant(tg.now()) {
					t.Errorf("%s is tolerant still", name)
				}
			}
		})
	}
}

// publish tells the gate what is executed on the source, as the copy does.
func (t *target) publish(ctx context.Context, finished <-chan struct{}) error {
	for {
		set, err := t.source.Executed(ctx)
		if err != nil {
			return err
		}
		t.gate.Executed(set)
		select {
		case <-finished:
			return nil
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-time.After(30 * time.Millisecond):
		}
	}
}

// copyAll copies all tables in chunks, with pauses in the worst places.
func (t *target) copyAll(ctx context.Context, d *dice) error {
	conn, err := t.from.DB().Conn(ctx)
	if err != nil {
		return err
	}
	defer conn.Close()
	for name, c := range copied {
		w := t.cat.windows[name]
		from := ""
		for _, to := range c.limits {
			switch {
			case to == "":
				w.HandOutLast()
			case c.ints:
				var bound int32
				fmt.Sscan(to, &bound)
				w.HandOut(func(raw []byte) bool { return int32(binary.LittleEndian.Uint32(raw)) > bound })
			default:
				w.HandOut(nil)
			}
			if err := t.copyChunk(ctx, conn, w, name, from, to, d); err != nil {
				return fmt.Errorf("chunk of %s up to %s: %w", name, to, err)
			}
			from = to
		}
		w.Finish()
	}
	t.gate.Copying(false)
	return nil
}

func (t *target) copyChunk(ctx context.Context, conn *sql.Conn, w *gate.Table, name, from, to string, d *dice) error {
	c := copied[name]
	where := []string{"1"}
	if from != "" {
		where = append(where, c.key+" > "+from)
	}
	if to != "" {
		where = append(where, c.key+" <= "+to)
	}
	var chunk *gate.Chunk
	for {
		low, err := t.source.MarkLow(ctx, conn)
		if err != nil {
			return err
		}
		if chunk, err = t.gate.Open(w, low); err == nil {
			break
		} else if !errors.Is(err, gate.ErrStale) {
			return err
		}
		time.Sleep(5 * time.Millisecond)
	}
	columns := map[string]string{"ints": "id,v,doc,note", "seats": "id,seat,label", "derived": "id,a", "words": "k,v,n", "pairs": "a,b,c,d"}[name]
	rows, err := conn.QueryContext(ctx, "SELECT "+columns+" FROM "+mysql.Table(t.pair.schema, name)+" WHERE "+strings.Join(where, " AND "))
	if err != nil {
		return err
	}
	read, err := scanAll(rows, len(strings.Split(columns, ",")))
	if err != nil {
		return err
	}
	high, err := t.source.MarkHigh(ctx, conn)
	if err != nil {
		return err
	}
	time.Sleep(time.Duration(d.n(120)) * time.Millisecond) // events pile up at the gate
	if err := t.writeChunk(ctx, name, columns, read); err != nil {
		return err
	}
	time.Sleep(time.Duration(d.n(30)) * time.Millisecond)
	chunk.Done(high)
	return nil
}

// writeChunk writes past the proxy: cuts are for the lanes.
func (t *target) writeChunk(ctx context.Context, name, columns string, rows [][]any) error {
	db := t.to.Open(t.to.User, t.to.Password, t.schema)
	defer db.Close()
	conn, err := db.Conn(ctx)
	if err != nil {
		return err
	}
	defer conn.Close()
	for _, q := range []string{"SET foreign_key_checks=0, sql_mode='NO_AUTO_VALUE_ON_ZERO'", "SET transaction_isolation='READ-COMMITTED'"} {
		if _, err := conn.ExecContext(ctx, q); err != nil {
			return err
		}
	}
	marks := "(" + strings.TrimSuffix(strings.Repeat("?,", strings.Count(columns, ",")+1), ",") + ")"
	for { // deadlocks with lanes are retried
		err := func() error {
			tx, err := conn.BeginTx(ctx, nil)
			if err != nil {
				return err
			}
			defer tx.Rollback()
			for _, r := range rows {
				if _, err := tx.ExecContext(ctx, "REPLACE INTO "+name+" ("+columns+") VALUES "+marks, r...); err != nil {
					return err
				}
			}
			return tx.Commit()
		}()
		if n := mysql.Number(err); n != 1213 && n != 1205 {
			return err
		}
	}
}

func scanAll(rows *sql.Rows, n int) ([][]any, error) {
	defer rows.Close()
	var out [][]any
	for rows.Next() {
		r := make([]any, n)
		into := make([]any, n)
		for i := range r {
			into[i] = &r[i]
		}
		if err := rows.Scan(into...); err != nil {
			return nil, err
		}
		for i := range r {
			if b, ok := r[i].([]byte); ok {
				r[i] = string(b)
			}
		}
		out = append(out, r)
	}
	return out, rows.Err()
}
