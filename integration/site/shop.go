package site

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"math/rand/v2"
	"slices"
	"strings"
	"sync"
	"sync/atomic"
	"testing"
	"time"

	"github.com/go-sql-driver/mysql"

	"github.com/tidegate-io/tidegate/integration/dbtest"
)

// Shop is a database in which a lost, doubled or reordered change shows:
// counters that only ever rise, with and without a key, money whose sum never
// changes, unique values that rows swap, keys that only the collation takes for
// equal, cascades, documents.
type Shop struct {
	t      *testing.T
	server *dbtest.Server
	DB     *sql.DB // of an account that a read-only server stops
	schema string
	rows   int         // of the largest table
	plain  bool        // documents as TEXT: the flavours print JSON differently
	Calm   atomic.Bool // no schema changes from now on, and a pace that leaves a slow machine room
	big    bool        // now and then a transaction of many rows
	Pause  time.Duration
	Tough  bool // goes on when its server is away

	cancel context.CancelFunc
	wg     sync.WaitGroup
	Done   atomic.Int64
	Fenced atomic.Bool // refused writes are the cutover's doing
	failed atomic.Pointer[error]
}

// NewShop makes the database on the source of p; it is dropped on both sides
// when the test ends.
func NewShop(t *testing.T, p Pair, schema string, rows int) *Shop {
	t.Helper()
	s := &Shop{t: t, server: p.Src, schema: schema, rows: rows, plain: p.Src.Flavor.Family() != p.Dst.Flavor.Family(), big: true}
	Execute(t, p.Src, "CREATE USER IF NOT EXISTS writer@'127.0.0.1' IDENTIFIED BY 'writer'", "GRANT SELECT, INSERT, UPDATE, DELETE, CREATE, ALTER, DROP, INDEX, REFERENCES ON "+schema+".* TO writer@'127.0.0.1'")
	s.DB = p.Src.Open("writer", "writer", "")
	t.Cleanup(func() { s.Stop(); s.DB.Close() })
	DropLater(t, p.Src, schema)
	DropLater(t, p.Dst, schema)
	document := "JSON"
	if s.plain {
		document = "TEXT"
	}
	collation := "utf8mb4_unicode_ci" // both flavours have it
	Execute(t, p.Src,
		"CREATE DATABASE "+schema+" CHARACTER SET utf8mb4 COLLATE "+collation,
		s.q("CREATE TABLE @accounts (id BIGINT UNSIGNED NOT NULL AUTO_INCREMENT PRIMARY KEY, owner VARCHAR(64) NOT NULL, balance DECIMAL(20,4) NOT NULL, n BIGINT NOT NULL DEFAULT 0,"+
			" seen TIMESTAMP(6) NULL, prefs "+document+" NULL, tag BINARY(16) NOT NULL, flags SET('a','b','c') NOT NULL DEFAULT '', score DOUBLE NULL, KEY k_owner (owner))"),
		s.q("CREATE TABLE @seats (id INT NOT NULL PRIMARY KEY, seat INT NULL, label VARCHAR(40) NOT NULL, UNIQUE KEY u_seat (seat), UNIQUE KEY u_label (label))"),
		s.q("CREATE TABLE @words (k VARCHAR(80) NOT NULL PRIMARY KEY, v BLOB NULL, n INT NOT NULL)"),
		s.q("CREATE TABLE @pairs (a INT NOT NULL, b CHAR(36) CHARACTER SET latin1 NOT NULL, c TINYINT NOT NULL, d VARCHAR(200) NOT NULL, PRIMARY KEY (b, a, c))"),
		s.q("CREATE TABLE @counters (writer INT NOT NULL, n BIGINT NOT NULL, note VARCHAR(40))"),
		s.q("CREATE TABLE @journal (writer INT NOT NULL, n BIGINT NOT NULL, payload VARCHAR(100) NOT NULL)"),
		s.q("CREATE TABLE @parent (id INT NOT NULL PRIMARY KEY, v INT NOT NULL)"),
		s.q("CREATE TABLE @child (id INT NOT NULL AUTO_INCREMENT PRIMARY KEY, pid INT NULL, v INT NOT NULL, CONSTRAINT fk_child FOREIGN KEY (pid) REFERENCES @parent (id) ON DELETE CASCADE ON UPDATE CASCADE)"),
		s.q("CREATE TABLE @grandchild (id INT NOT NULL AUTO_INCREMENT PRIMARY KEY, cid INT NULL, CONSTRAINT fk_grand FOREIGN KEY (cid) REFERENCES @child (id) ON DELETE SET NULL)"),
		s.q("CREATE TABLE @derived (id INT NOT NULL PRIMARY KEY, a INT NOT NULL, b INT GENERATED ALWAYS AS (a * 2) STORED, c INT GENERATED ALWAYS AS (a + 1) VIRTUAL, KEY k_c (c))"),
		s.q("CREATE TABLE @evolving (id INT NOT NULL AUTO_INCREMENT PRIMARY KEY, v INT NOT NULL)"),
		s.q("CREATE VIEW @rich AS SELECT id, owner FROM @accounts WHERE balance > 1000"),
	)
	s.fill("accounts (owner,balance,seen,prefs,tag,flags,score)", rows, func(i int) string {
		return fmt.Sprintf("('owner %d é',1000,'2026-01-01 00:00:00.%06d','{\"n\": %d}',UNHEX(LEFT(SHA2(%d,256),32)),'a,c',%d/7)", i, i%1000000, i, i, i)
	})
	s.fill("seats (id,seat,label)", 1000, func(i int) string { return fmt.Sprintf("(%d,%d,'L%d')", i, i, i) })
	s.fill("pairs (a,b,c,d)", rows/2, func(i int) string { return fmt.Sprintf("(%d,UUID(),%d,REPEAT('x',%d))", i%1000, i%100, i%190) })
	s.fill("counters (writer,n,note)", 8, func(i int) string { return fmt.Sprintf("(%d,0,'w%d')", i, i) })
	s.fill("journal (writer,n,payload)", 2000, func(i int) string { return fmt.Sprintf("(%d,%d,'same')", i%4, i/8) })
	s.fill("parent (id,v)", 1000, func(i int) string { return fmt.Sprintf("(%d,%d)", i, i) })
	s.fill("child (pid,v)", 3000, func(i int) string { return fmt.Sprintf("(%d,%d)", i%1000, i) })
	s.fill("grandchild (cid)", 1500, func(i int) string { return fmt.Sprintf("(%d)", i+1) })
	s.fill("derived (id,a)", 2000, func(i int) string { return fmt.Sprintf("(%d,%d)", i, i) })
	s.fill("evolving (v)", 2000, func(i int) string { return fmt.Sprintf("(%d)", i) })
	return s
}

// q puts the database's name in: @t is the table t of it.
func (s *Shop) q(text string) string { return strings.ReplaceAll(text, "@", s.schema+".") }

func (s *Shop) fill(into string, n int, row func(i int) string) {
	s.t.Helper()
	for at := 0; at < n; at += 1000 {
		var values []string
		for i := at; i < min(at+1000, n); i++ {
			values = append(values, row(i))
		}
		Execute(s.t, s.server, "INSERT INTO "+s.schema+"."+into+" VALUES "+strings.Join(values, ","))
	}
}

// Start lets several connections write until stop.
func (s *Shop) Start(writers int, seed uint64) {
	ctx, cancel := context.WithCancel(context.Background())
	s.cancel = cancel
	for w := range writers {
		s.wg.Go(func() { s.write(ctx, w, rand.New(rand.NewPCG(seed, uint64(w)))) })
	}
}

// Stop ends the writers; an error of theirs that nothing explains fails the
// test.
func (s *Shop) Stop() {
	if s.cancel != nil {
		s.cancel()
	}
	s.wg.Wait()
	if p := s.failed.Load(); p != nil {
		s.t.Errorf("the workload itself: %v", *p)
	}
}

// ownConflicts are the writers' collisions with each other and with schema
// changes: their transaction is rolled back and forgotten.
var ownConflicts = []uint16{1020, 1054, 1060, 1061, 1062, 1091, 1136, 1146, 1205, 1213, 1366, 1412, 1451, 1452, 1761}

// outages are a server's answers while it goes down, is full, read-only, or has
// no connection left. A transaction they end may have been committed: nobody
// counts on it.
var outages = []uint16{1021, 1040, 1053, 1077, 1114, 1180, 1206, 1290, 1317, 1836, 1927, 3100, 3169}

func (s *Shop) write(ctx context.Context, w int, r *rand.Rand) {
	for n := int64(1); ctx.Err() == nil; n++ {
		err := s.transaction(r, w, n)
		if err == nil {
			s.Done.Add(1)
			time.Sleep(s.Pause)
			if s.Calm.Load() {
				time.Sleep(4 * time.Millisecond)
			}
			continue
		}
		if me, ok := errors.AsType[*mysql.MySQLError](err); ok && slices.Contains(ownConflicts, me.Number) {
			continue
		}
		if ctx.Err() != nil || s.Fenced.Load() {
			return
		}
		if me, ok := errors.AsType[*mysql.MySQLError](err); s.Tough && (!ok || slices.Contains(outages, me.Number)) {
			time.Sleep(20 * time.Millisecond)
			continue
		}
		s.failed.Store(&err)
		return
	}
}

var spellings = []string{"a", "A", "é", "e", "É", "ss", "ß", "x ", "x", "日本", "Ω", "ω", "ı", "I", "i"}

func (s *Shop) transaction(r *rand.Rand, w int, n int64) error {
	if !s.Calm.Load() && w == 0 && n%150 == 0 {
		return s.alter(r)
	}
	tx, err := s.DB.Begin()
	if err != nil {
		return err
	}
	defer tx.Rollback() //nolint:errcheck // after Commit it does nothing
	x := func(text string, a ...any) {
		if err == nil {
			_, err = tx.Exec(s.q(text), a...)
		}
	}
	for range 1 + r.IntN(3) {
		s.step(r, w, x)
	}
	x("UPDATE @counters SET n=n+1 WHERE writer=?", w) // every change of a keyless row counts
	x("UPDATE @accounts SET n=n+1 WHERE id=?", 1+w)
	if s.big && w == 1 && n%400 == 0 {
		x("UPDATE @accounts SET owner=CONCAT('big ', id) WHERE id<=?", s.rows/3)
	}
	if err != nil {
		return err
	}
	return tx.Commit()
}

func (s *Shop) step(r *rand.Rand, w int, x func(string, ...any)) {
	id := func() int { return 1 + r.IntN(s.rows) }
	switch r.IntN(9) {
	case 0, 1: // money moves
		amount := float64(r.IntN(100000)) / 100
		x("UPDATE @accounts SET balance=balance-?, seen=NOW(6), prefs=JSON_OBJECT('w',?,'f',?) WHERE id=?", amount, w, r.Float64(), id())
		x("UPDATE @accounts SET balance=balance+? WHERE id=?", amount, id())
	case 2: // two seats swap their unique values
		a, b := r.IntN(1000), r.IntN(1000)
		x("UPDATE @seats SET seat=NULL WHERE id IN (?,?)", a, b)
		x("UPDATE @seats SET seat=? WHERE id=?", b, a)
		x("UPDATE @seats SET seat=? WHERE id=?", a, b)
	case 3: // a row leaves, another takes its label
		a := r.IntN(1000)
		x("DELETE FROM @seats WHERE id=?", a)
		x("INSERT INTO @seats VALUES (?,NULL,?)", a+10000*(1+r.IntN(3)), fmt.Sprintf("L%d", a))
	case 4: // keys that differ in bytes and are equal to the collation
		k := spellings[r.IntN(len(spellings))] + spellings[r.IntN(len(spellings))]
		if r.IntN(3) == 0 {
			x("DELETE FROM @words WHERE k=?", k)
		} else {
			x("REPLACE INTO @words VALUES (?,?,?)", k, []byte{0, byte(r.IntN(256)), '\'', '\\', 255}, r.IntN(1000))
		}
	case 5:
		x("UPDATE @pairs SET d=REPEAT(?, ?), c=? WHERE a=? AND c<? LIMIT 3", string(rune('a'+r.IntN(26))), r.IntN(190), r.IntN(127), r.IntN(1000), r.IntN(100))
		x("UPDATE @derived SET a=a+? WHERE id=?", r.IntN(5), r.IntN(2000))
		x("REPLACE INTO @derived (id,a) VALUES (?,?)", r.IntN(4000), r.IntN(100))
	case 6: // identical rows come and go
		x("INSERT INTO @journal VALUES (?,?,'same')", w, r.IntN(50))
		x("DELETE FROM @journal WHERE writer=? AND n=? LIMIT 1", w, r.IntN(50))
	case 7:
		s.cascade(r, w, x)
	case 8:
		x("INSERT INTO @evolving (v) VALUES (?)", r.IntN(1000))
		x("UPDATE @evolving SET v=v+1 WHERE id=?", r.IntN(2000))
	}
}

func (s *Shop) cascade(r *rand.Rand, w int, x func(string, ...any)) {
	switch a := r.IntN(2000); r.IntN(4) {
	case 0:
		x("DELETE FROM @parent WHERE id=?", a)
	case 1:
		x("UPDATE @parent SET id=? WHERE id=?", 2000+r.IntN(100000), a)
	case 2:
		x("INSERT INTO @parent VALUES (?,?)", a, w)
		x("INSERT INTO @child (pid,v) VALUES (?,?),(?,?)", a, w, a, w)
	default:
		x("DELETE FROM @child WHERE id=?", a)
	}
}

func (s *Shop) alter(r *rand.Rand) error {
	run := func(text string) error { _, err := s.DB.Exec(s.q(text)); return err }
	switch c := r.IntN(3); r.IntN(4) {
	case 0:
		return run(fmt.Sprintf("ALTER TABLE @evolving ADD COLUMN c%d VARCHAR(20) NOT NULL DEFAULT 'x%d' AFTER id", c, c))
	case 1:
		return run(fmt.Sprintf("ALTER TABLE @evolving DROP COLUMN c%d", c))
	case 2:
		return run(fmt.Sprintf("ALTER TABLE @evolving MODIFY v BIGINT NOT NULL, ADD KEY k%d (v)", r.IntN(1000)))
	default:
		table := fmt.Sprintf("@extra%d", c)
		return errors.Join(run("DROP TABLE IF EXISTS "+table), run("CREATE TABLE "+table+" (id INT PRIMARY KEY, v VARCHAR(30))"), run("INSERT INTO "+table+" VALUES (1,'one'),(2,'two')"))
	}
}
