package apply_test

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"sync/atomic"
	"testing"
	"time"

	"github.com/tidegate-io/tidegate/agent/apply"
	"github.com/tidegate-io/tidegate/agent/gate"
	"github.com/tidegate-io/tidegate/integration/faultnet"
	"github.com/tidegate-io/tidegate/internal/change"
	"github.com/tidegate-io/tidegate/internal/mysql"
	"github.com/tidegate-io/tidegate/internal/schema"
)

// plainDDL runs statements as they are, in the target's schema.
type plainDDL struct {
	tg   *target
	fail atomic.Int32 // so many calls lose their connection after the statement
	runs atomic.Int32 // calls for statements of the schema

	before func() error // asked before a statement of the schema runs
}

func (d *plainDDL) Execute(ctx context.Context, seq uint64, stmt *change.Statement, commit func(*sql.Tx) error) error {
	if stmt.Schema == d.tg.pair.schema {
		d.runs.Add(1)
		if d.before != nil {
			if err := d.before(); err != nil {
				return err
			}
		}
		conn := must(d.tg.to.DB().Conn(ctx))
		defer conn.Close()
		must(conn.ExecContext(ctx, "USE `"+d.tg.schema+"`"))
		if _, err := conn.ExecContext(ctx, stmt.SQL); err != nil && !slices.Contains([]uint16{1050, 1060, 1061, 1091}, mysql.Number(err)) {
			return err
		}
	}
	d.tg.cat.mu.Lock()
	clear(d.tg.cat.plans)
	d.tg.cat.mu.Unlock()
	if d.fail.Add(-1) >= 0 {
		return errors.New("connection lost")
	}
	tx, err := d.tg.ctl.BeginTx(ctx, nil)
	if err != nil {
		return err
	}
	defer tx.Rollback()
	if err := commit(tx); err != nil {
		return err
	}
	return tx.Commit()
}

// DDL is a barrier that moves the ledger itself, also when its connection is
// lost behind the statement; rows behind it are written by the new definition.
func TestDDL(t *testing.T) {
	pairs(t, func(t *testing.T, p *pair) {
		p.exec("CREATE TABLE d (id INT NOT NULL PRIMARY KEY, v INT)")
		p.begin()
		tg := p.newTarget(3)
		ddl := &plainDDL{tg: tg}
		tg.ddl = ddl
		rng := rand.New(rand.NewPCG(1, 9))
		write := func(column string) {
			for range 40 {
				p.exec(fmt.Sprintf("REPLACE INTO d (id,%s) VALUES (%d,%d)", column, rng.IntN(20), rng.IntN(100)))
			}
		}
		// The catalog of this test reads definitions as they are now, so what one
		// barrier separates is replayed at once and no more.
		write("v")
		tg.mustReplay()
		for _, step := range [][2]string{{"ALTER TABLE d ADD COLUMN w INT FIRST", "w"}, {"ALTER TABLE d DROP COLUMN v", "w"}, {"ALTER TABLE d ADD COLUMN x CHAR(3), ADD UNIQUE KEY (x)", "x"}} {
			p.exec(step[0])
			write(step[1])
			ddl.fail.Store(2)
			tg.mustReplay()
			tg.compare()
		}
	})
}

// early ends a run that has not waited: it must not be tried again.
func early(what string) error {
	return &mysql.Error{Class: mysql.Fatal, Code: "early", Err: errors.New(what)}
}

// Rows that stand before a statement in the log are committed before it runs,
// whether they are gathered or in flight; those behind it come after.
func TestDDLBetweenRows(t *testing.T) {
	for _, lanes := range []int{1, 3} {
		p := newPair(t, mysqlServer, targetMySQL)
		p.exec("CREATE TABLE gone (id INT NOT NULL PRIMARY KEY)", "CREATE TABLE kept (id INT NOT NULL PRIMARY KEY)")
		p.begin()
		tg := p.newTarget(lanes)
		tg.cfg.BatchRows = 10
		ddl := &plainDDL{tg: tg}
		tg.ddl = ddl
		for i := range 25 {
			p.exec(fmt.Sprintf("INSERT INTO gone VALUES (%d)", i), fmt.Sprintf("INSERT INTO kept VALUES (%d)", i))
		}
		p.exec("TRUNCATE TABLE gone", "INSERT INTO gone VALUES (1)", "INSERT INTO kept VALUES (100)")
		ddl.before = func() error {
			if g, k := len(dump(t, tg.to, tg.schema, "gone")), len(dump(t, tg.to, tg.schema, "kept")); g != 25 || k != 25 {
				return early(fmt.Sprintf("%d and %d of 25 rows are there", g, k))
			}
			return nil
		}
		tg.mustReplay()
		tg.compare()
	}
}

// A statement that gives tables other names runs while no chunk is between its
// SELECT and its commit: what was read under one name would be written under
// another.
func TestRenameWaitsForChunks(t *testing.T) {
	p := newPair(t, mysqlServer, targetMySQL)
	p.exec("CREATE TABLE a (id INT NOT NULL PRIMARY KEY)")
	p.begin()
	tg := p.newTarget(2)
	ddl := &plainDDL{tg: tg}
	tg.ddl = ddl
	p.exec("RENAME TABLE a TO b", "INSERT INTO b VALUES (1)")
	ddl.before = func() error {
		if !tg.gate.Idle() {
			return early("a chunk is in flight")
		}
		return nil
	}
	tg.during = tg.chunkUntilHeld()
	tg.mustReplay()
	tg.compare()
	if ddl.runs.Load() != 1 {
		t.Errorf("the statement ran %d times", ddl.runs.Load())
	}
}

// chunkUntilHeld opens a chunk and returns what commits it once the Applier keeps
// new ones back.
func (t *target) chunkUntilHeld() func(context.Context, *apply.Applier) error {
	t.t.Helper()
	w, low := t.gate.Add(schema.ID{Schema: "elsewhere", Name: "copied"}), t.now()
	chunk := must(t.gate.Open(w, low))
	return func(ctx context.Context, a *apply.Applier) error {
		for !a.Applied(low) {
			next, err := t.gate.Open(w, low)
			if errors.Is(err, gate.ErrStale) {
				chunk.Done(low)
				return nil
			}
			next.Drop()
			select {
			case <-time.After(5 * time.Millisecond):
			case <-ctx.Done():
				return context.Cause(ctx)
			}
		}
		return early("no chunk was kept back")
	}
}

// Of CREATE TABLE … SELECT the statement is a batch that leaves the position;
// an owner lost between it and the rows does not run it again.
func TestCreateSelect(t *testing.T) {
	p := newPair(t, mariaServer, targetMaria)
	p.exec("CREATE TABLE s (id INT NOT NULL PRIMARY KEY, v INT)", "INSERT INTO s VALUES (1,1),(2,2),(3,3)")
	p.begin()
	tg := p.newTarget(2)
	tg.sql("INSERT INTO s VALUES (1,1),(2,2),(3,3)")
	ddl := &plainDDL{tg: tg}
	tg.ddl = ddl
	p.exec("CREATE TABLE c (PRIMARY KEY (id)) SELECT * FROM s", "INSERT INTO c VALUES (4,4)")
	ctx, lose := context.WithCancel(t.Context())
	defer lose()
	tg.proxy.OnConn(func(c *faultnet.Conn) {
		c.On(faultnet.ToServer, "INSERT INTO `"+tg.schema+"`.`c`", func() {
			c.Stall(faultnet.ToServer)
			lose()
		})
	})
	if err := tg.replayOnce(ctx, tg.now()); !errors.Is(err, context.Canceled) {
		t.Fatalf("the first owner ended with %v", err)
	}
	tg.proxy.OnConn(nil)
	tg.epoch++
	tg.mustReplay()
	tg.compare()
	if ddl.runs.Load() != 1 {
		t.Errorf("the statement ran %d times", ddl.runs.Load())
	}
}
