package structure

import (
	"context"
	"database/sql"
	"errors"
	"slices"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tidegate-io/tidegate/agent/ledger"
	"github.com/tidegate-io/tidegate/integration/dbtest"
	"github.com/tidegate-io/tidegate/internal/change"
	"github.com/tidegate-io/tidegate/internal/mysql"
	"github.com/tidegate-io/tidegate/internal/schema"
)

// registry is what a pipeline would know, kept up by the changes it is told.
type registry struct {
	defs     map[schema.ID]*schema.Table
	left     map[schema.ID][]string
	entering map[schema.ID]bool
	begun    map[schema.ID]bool
	parents  map[schema.ID]Parent
}

func (r *registry) Parents() map[schema.ID]Parent { return r.parents }

func (r *registry) Children(parent schema.ID) (out []schema.ID) {
	for id, def := range r.defs {
		if slices.ContainsFunc(def.ForeignKeys, func(fk schema.ForeignKey) bool { return parentOf(&fk) == parent }) {
			out = append(out, id)
		}
	}
	return out
}

func (r *registry) Entering() (out []schema.ID, err error) {
	for id := range r.entering {
		out = append(out, id)
	}
	return out, nil
}

func (r *registry) Begun(id schema.ID) bool { return r.begun[id] }

func (r *registry) Known(id schema.ID) (*schema.Table, []string) { return r.defs[id], r.left[id] }

func (r *registry) take(ch *Changes) {
	for id, left := range ch.LeftOut {
		r.left[id] = left
	}
	for _, m := range ch.Renamed {
		r.left[m[1]] = r.left[m[0]]
		delete(r.left, m[0])
		delete(r.defs, m[0])
	}
	for _, id := range ch.Dropped {
		delete(r.defs, id)
		delete(r.left, id)
		delete(r.entering, id)
		delete(r.parents, id)
	}
	for _, m := range ch.Renamed {
		if p, ok := r.parents[m[0]]; ok {
			delete(r.parents, m[0])
			r.parents[m[1]] = p
		}
	}
	for _, p := range ch.Parents {
		r.parents[p.ID] = Parent{Shadow: p.Shadow}
	}
	for _, id := range ch.Entered {
		r.entering[id] = true
	}
	for id, def := range ch.Definitions {
		r.defs[id] = def
	}
}

// replay is an executor between two servers.
type replay struct {
	*pair
	x       *Executor
	reg     *registry
	seq     uint64
	last    *Changes
	breakAt func() error // fails the control transaction
}

var errBroken = errors.New("broken off")

func newReplay(t *testing.T, flavors [2]dbtest.Flavor) *replay {
	t.Helper()
	r := &replay{pair: newPair(t, flavors), reg: &registry{defs: map[schema.ID]*schema.Table{}, left: map[schema.ID][]string{}, entering: map[schema.ID]bool{}, parents: map[schema.ID]Parent{}}}
	ctx := t.Context()
	if err := ledger.Create(ctx, r.dst); err != nil {
		t.Fatal(err)
	}
	l := &ledger.Ledger{DB: r.dst, Run: r.schema, Epoch: 1}
	if _, err := l.Begin(ctx, ledger.Run{Pipeline: "p", Phase: "apply", Lanes: 1, Start: change.Position{Kind: change.File, File: "binlog.000001", Offset: 4}}); err != nil {
		t.Fatal(err)
	}
	r.x = NewExecutor(Config{Kinds: []string{"*"}, Recopy: true}, Deps{Carrier: r.Carrier, Ledger: l, LockDB: r.dst, Turn: &Turn{}, Registry: r.reg, Source: r.src,
		Executed: func(context.Context) (*change.Set, error) { return change.NewSet(change.MySQL), nil },
		Changed:  func(_ context.Context, _ *sql.Tx, ch *Changes) error { r.last = ch; return nil },
		Refresh:  func(ch *Changes) { r.reg.take(ch) }})
	r.exec(t, "ALTER DATABASE COLLATE utf8mb4_unicode_ci")
	createAll(t, r.pair, r.read(t))
	return r
}

// event is a statement as the log of the source has it.
func (r *replay) event(q string) *change.Statement {
	return &change.Statement{SQL: q, Schema: r.schema, SQLMode: []string{"STRICT_TRANS_TABLES", "NO_AUTO_CREATE_USER", "NO_ENGINE_SUBSTITUTION"},
		CharsetClient: "utf8mb4", CollationConnection: "utf8mb4_unicode_ci", CollationServer: "utf8mb4_unicode_ci", Timestamp: time.Unix(1700000000, 123456000), ForeignKeyChecks: true}
}

func (r *replay) execute(t *testing.T, ev *change.Statement) error {
	t.Helper()
	r.last = &Changes{}
	return r.x.Execute(t.Context(), r.seq, ev, func(*sql.Tx) error {
		if r.breakAt != nil {
			return r.breakAt()
		}
		return nil
	})
}

// crash runs a statement on the source, and on the target once up to its end and
// then again.
func (r *replay) crash(t *testing.T, q string) {
	t.Helper()
	r.exec(t, q)
	r.seq++
	r.breakAt = func() error { return errBroken }
	if err := r.execute(t, r.event(q)); !errors.Is(err, errBroken) {
		t.Fatalf("%s: %v", q, err)
	}
	r.breakAt = nil
	if err := r.execute(t, r.event(q)); err != nil {
		t.Fatalf("again after a crash: %s: %v", q, err)
	}
}

// onTarget runs statements on the target in the schema's copy.
func (r *replay) onTarget(t *testing.T, stmts ...string) {
	t.Helper()
	inSchema(t, r.dst, r.schema+"_to", stmts)
}

// both runs statements on the source and replays them.
func (r *replay) both(t *testing.T, stmts ...string) {
	t.Helper()
	for _, q := range stmts {
		r.exec(t, q)
		r.seq++
		if err := r.execute(t, r.event(q)); err != nil {
			t.Fatalf("%s: %v", q, err)
		}
	}
}

// same compares every definition of both sides.
func (r *replay) same(t *testing.T) {
	t.Helper()
	m := r.read(t)
	if r.cross() {
		for _, src := range m.Tables {
			target, _ := r.Selection.target(src.ID())
			dst, err := ReadTable(t.Context(), r.dst, r.Target, target)
			if err != nil {
				t.Error(err)
				continue
			}
			compareShapes(t, src.Definition, dst.Definition)
		}
	} else {
		compareAll(t, r.pair, m)
	}
	var n int
	if err := r.dst.QueryRow("SELECT COUNT(*) FROM information_schema.TABLES WHERE TABLE_SCHEMA = " + mysql.String(r.schema+"_to")).Scan(&n); err != nil {
		t.Fatal(err)
	}
	if n != len(m.Tables)+len(m.Views) {
		t.Errorf("%d tables and views are on the target, %d on the source", n, len(m.Tables)+len(m.Views))
	}
	for _, src := range m.Tables {
		def := r.reg.defs[src.ID()]
		if def == nil {
			t.Errorf("%s: no definition was reported", src.ID())
		} else if diff := cmp.Diff(src.Definition.Columns, def.Columns); diff != "" {
			t.Errorf("%s: definition at the applied position (-source +reported):\n%s", src.ID(), diff)
		}
	}
}

func ddlCorpus(s string) []string {
	return []string{
		"CREATE TABLE a (id INT PRIMARY KEY, v VARCHAR(90) DEFAULT '" + s + ".a', KEY k (v))",
		"CREATE TABLE IF NOT EXISTS `" + s + "`.b (id INT AUTO_INCREMENT PRIMARY KEY, aid INT, CONSTRAINT fk_b FOREIGN KEY (aid) REFERENCES a (id)) ENGINE=InnoDB",
		"CREATE TABLE IF NOT EXISTS b (id INT)",
		"/* leading */ CREATE /* x */ TABLE c LIKE " + s + ".a -- " + s + ".a",
		"CREATE TABLE unselected_x (id INT PRIMARY KEY)",
		"ALTER TABLE unselected_x ADD y INT",
		"CREATE TABLE d (x INT) DEFAULT CHARSET=latin1",
		"ALTER TABLE a ADD COLUMN w INT NOT NULL DEFAULT 5 AFTER id, ADD COLUMN (`x,y` INT, `z)` TEXT), ALGORITHM=INPLACE, LOCK=NONE",
		"ALTER TABLE `" + s + "`.`a` ADD INDEX (w), ADD UNIQUE uw (w, id), CHANGE v v2 VARCHAR(91) NOT NULL COMMENT 'was " + s + ".a'",
		"ALTER TABLE a RENAME COLUMN w TO w2, RENAME INDEX uw TO uw2",
		"ALTER TABLE a MODIFY w2 BIGINT UNSIGNED NULL FIRST, DROP COLUMN `z)`",
		"CREATE INDEX ci ON a (v2(5)) COMMENT 'x' ALGORITHM=INPLACE LOCK=NONE",
		"DROP INDEX ci ON " + s + ".a",
		"ALTER TABLE a ADD t TIMESTAMP DEFAULT CURRENT_TIMESTAMP ON UPDATE CURRENT_TIMESTAMP, ADD g INT AS (id + 1) STORED",
		"ALTER TABLE b DROP FOREIGN KEY fk_b, ADD CONSTRAINT fk_b2 FOREIGN KEY (aid) REFERENCES `" + s + "`.`a` (id) ON DELETE CASCADE",
		"RENAME TABLE c TO c2, d TO `" + s + "`.d2",
		"RENAME TABLE c2 TO unselected_t, d2 TO c2, unselected_t TO d2",
		"ALTER TABLE d2 RENAME TO d3, ADD q INT",
		"CREATE TABLE parts (id INT NOT NULL) PARTITION BY RANGE (id) (PARTITION p0 VALUES LESS THAN (10), PARTITION p1 VALUES LESS THAN (20))",
		"CREATE TABLE one (id INT NOT NULL)",
		"ALTER TABLE parts EXCHANGE PARTITION p0 WITH TABLE one",
		"ALTER TABLE parts ADD PARTITION (PARTITION p2 VALUES LESS THAN (30))",
		"ALTER TABLE parts TRUNCATE PARTITION p0",
		"ALTER TABLE parts REMOVE PARTITIONING",
		"TRUNCATE TABLE one", "TRUNCATE parts",
		"CREATE VIEW va AS SELECT a.id, b.aid FROM a JOIN " + s + ".b ON b.aid = a.id WHERE a.v2 <> 'from a'",
		"CREATE OR REPLACE VIEW va AS SELECT id FROM a",
		"ALTER VIEW va AS SELECT id, w2 FROM a", "CREATE VIEW vb AS SELECT * FROM va", "DROP VIEW IF EXISTS vb, nothere",
		"ALTER DATABASE `" + s + "` CHARACTER SET latin1", "CREATE TABLE inherits (a VARCHAR(5))",
		"ALTER TABLE inherits CONVERT TO CHARACTER SET utf8mb4 COLLATE utf8mb4_unicode_ci",
		"ALTER TABLE inherits ENGINE=InnoDB", "OPTIMIZE TABLE inherits", "ANALYZE TABLE inherits, a",
		"ALTER TABLE inherits COMMENT='a, b; ALTER TABLE x' ROW_FORMAT=DYNAMIC",
		"DROP TABLE one, unselected_x /* generated by server */",
		"CREATE TEMPORARY TABLE a (tmp INT)", "DROP TEMPORARY TABLE IF EXISTS a",
		"CREATE TABLE `we``ird 'n' ü` (`a\"b` INT)", "ALTER TABLE `we``ird 'n' ü` ADD `é日` INT COMMENT 'ü'", "DROP TABLE `we``ird 'n' ü`",
		"CREATE TABLE shadow_gho (id INT PRIMARY KEY, v2 VARCHAR(99))", "RENAME TABLE a TO _a_del, shadow_gho TO a", "DROP TABLE IF EXISTS _a_del",
		"FLUSH TABLES", "-- only a comment",
	}
}
