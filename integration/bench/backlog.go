package main

import (
	"context"
	"database/sql"
	"encoding/json"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/go-sql-driver/mysql"
	"golang.org/x/sync/errgroup"

	"github.com/tidegate-io/tidegate/integration/dbtest"
)

// workload is what a backlog consists of.
type workload struct {
	name         string
	transactions int // at scale 1
	keys         func(r *rand.Rand, rows int) func() int
	text         func(r *rand.Rand, rows int) func() string // of a transaction; nil: sysbench's, over keys
	base         func(*bench) base                          // what it changes; nil: even tables
}

var (
	uniform = workload{name: "uniform", transactions: 100_000, keys: func(r *rand.Rand, rows int) func() int {
		return func() int { return 1 + r.IntN(rows) }
	}}
	skewed = workload{name: "zipf", transactions: 100_000, keys: func(r *rand.Rand, rows int) func() int {
		z := rand.NewZipf(r, 1.1, 1, uint64(rows-1))
		return func() int { return 1 + int(z.Uint64()) }
	}}
	inserts = workload{name: "insert", transactions: 100_000, text: insertOne}
	keyless = workload{name: "keyless", transactions: 400, text: updateSome, base: (*bench).bare}
)

// backlog is what a source has written while nobody followed.
type backlog struct {
	Start        string `json:"start"` // positions as GTID sets
	End          string `json:"end"`
	Transactions int    `json:"transactions"`
	Bytes        int64  `json:"bytes"` // of log
	Checksums    string `json:"checksums"`

	base, image string // of the data before and after it
}

func (b *bench) scaled(n int) int { return max(int(float64(n)*b.scale), 1) }

// base is a filled source.
type base struct {
	kind string
	fill func(context.Context, *dbtest.Server) error
}

// even are tables of the same size.
func (b *bench) even() base {
	rows := make([]int, tableCount)
	for i := range rows {
		rows[i] = b.scaled(tableRows)
	}
	return base{"even", func(ctx context.Context, s *dbtest.Server) error { return createTables(ctx, s, rows) }}
}

// bareRows is how many rows the table without a key has at scale 1.
const bareRows = 20_000

// bare is a table without a key beside small ones.
func (b *bench) bare() base {
	return base{"bare", func(ctx context.Context, s *dbtest.Server) error {
		if err := createTables(ctx, s, slices.Repeat([]int{100}, tableCount)); err != nil {
			return err
		}
		if err := fillTable(ctx, s.DB(), tableCount, b.scaled(bareRows)); err != nil {
			return err
		}
		return execute(ctx, s.DB(), "CREATE TABLE "+schema+".bare AS SELECT * FROM "+tableName(tableCount), "DROP TABLE "+tableName(tableCount))
	}}
}

// base makes the image of a filled source, and returns its name.
func (b *bench) base(ctx context.Context, l *lab, of base) (string, error) {
	name := fmt.Sprintf("%s-%s-%g", l.flavor, of.kind, b.scale)
	if b.haveImage(name) {
		return name, nil
	}
	b.say(name, "filling the source")
	l.loaded = ""
	if err := b.cloneImage(ctx, l.src, l.empty()); err != nil {
		return "", err
	}
	if err := createDatabase(ctx, l.src); err != nil {
		return "", err
	}
	if err := of.fill(ctx, l.src); err != nil {
		return "", err
	}
	reset := "RESET BINARY LOGS AND GTIDS"
	if l.flavor != dbtest.MySQL {
		reset = "RESET MASTER"
	}
	if err := execute(ctx, l.src.DB(), reset, "INSERT INTO "+schema+".marker VALUES (0, 0)"); err != nil {
		return "", err
	}
	if err := l.src.Halt(); err != nil {
		return "", err
	}
	return name, b.keepImage(ctx, l.src, name)
}

// backlog makes the image of a source that has written a workload.
func (b *bench) backlog(ctx context.Context, l *lab, w workload) (*backlog, error) {
	of := b.even()
	if w.base != nil {
		of = w.base(b)
	}
	base, err := b.base(ctx, l, of)
	if err != nil {
		return nil, err
	}
	bl := &backlog{base: base, image: base + "-" + w.name}
	meta := filepath.Join(b.images, bl.image+".json")
	if text, err := os.ReadFile(meta); err == nil && b.haveImage(bl.image) {
		return bl, json.Unmarshal(text, bl)
	}
	b.say(bl.image, "writing the backlog")
	l.loaded = ""
	if err := b.useImage(ctx, l.src, base); err != nil {
		return nil, err
	}
	if err := b.write(ctx, l, w, bl); err != nil {
		return nil, err
	}
	if err := l.src.Halt(); err != nil {
		return nil, err
	}
	if err := b.keepImage(ctx, l.src, bl.image); err != nil {
		return nil, err
	}
	text, err := json.MarshalIndent(bl, "", "  ")
	if err != nil {
		return nil, err
	}
	return bl, os.WriteFile(meta, text, 0o644)
}

func (b *bench) write(ctx context.Context, l *lab, w workload, bl *backlog) (err error) {
	if bl.Start, err = here(ctx, l.src); err != nil {
		return err
	}
	bl.Transactions = b.scaled(w.transactions)
	if err := w.write(ctx, l.src, bl.Transactions, b.scaled(tableRows)); err != nil {
		return err
	}
	if err := execute(ctx, l.src.DB(), "INSERT INTO "+schema+".marker VALUES (1, 1)"); err != nil {
		return err
	}
	if bl.End, err = here(ctx, l.src); err != nil {
		return err
	}
	if bl.Bytes, err = logBytes(ctx, l.src); err != nil {
		return err
	}
	bl.Checksums, err = checksums(ctx, l.src)
	return err
}

// here is everything the server has written, as a GTID set.
func here(ctx context.Context, s *dbtest.Server) (string, error) {
	q := "SELECT @@GLOBAL.gtid_executed"
	if s.Flavor != dbtest.MySQL {
		q = "SELECT @@GLOBAL.gtid_binlog_pos"
	}
	v, err := value(ctx, s, q)
	return strings.ReplaceAll(v, "\n", ""), err
}

func logBytes(ctx context.Context, s *dbtest.Server) (int64, error) {
	rows, err := s.DB().QueryContext(ctx, "SHOW BINARY LOGS")
	if err != nil {
		return 0, err
	}
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil {
		return 0, err
	}
	sum := int64(0)
	for rows.Next() {
		var size int64
		into := []any{new(string), &size, new(sql.NullString)}
		if err := rows.Scan(into[:len(columns)]...); err != nil {
			return 0, err
		}
		sum += size
	}
	return sum, rows.Err()
}

// writers is how many connections write a backlog.
const writers = 16

// write commits exactly n transactions.
func (w workload) write(ctx context.Context, s *dbtest.Server, n, rows int) error {
	db, err := multi(s)
	if err != nil {
		return err
	}
	defer db.Close()
	g, ctx := errgroup.WithContext(ctx)
	for i := range writers {
		share := n / writers
		if i < n%writers {
			share++
		}
		g.Go(func() error { return w.writeShare(ctx, db, rand.New(rand.NewPCG(2, uint64(i))), share, rows) })
	}
	return g.Wait()
}

func (w workload) writeShare(ctx context.Context, db *sql.DB, r *rand.Rand, n, rows int) error {
	conn, err := db.Conn(ctx)
	if err != nil {
		return err
	}
	defer conn.Close()
	of := w.writeOnly
	if w.text != nil {
		of = w.text
	}
	text := of(r, rows)
	for n > 0 {
		ok, err := commit1(ctx, conn, text())
		if err != nil {
			return err
		}
		if ok {
			n--
		}
	}
	return nil
}

// multi is a pool whose connections take several statements at once.
func multi(s *dbtest.Server) (*sql.DB, error) {
	config, err := mysql.ParseDSN(s.DSN())
	if err != nil {
		return nil, err
	}
	config.MultiStatements = true
	connector, err := mysql.NewConnector(config)
	if err != nil {
		return nil, err
	}
	return sql.OpenDB(connector), nil
}

// inTheWay are the errors of writers that meet: deadlocks, lock waits, and a row
// that another has inserted meanwhile.
var inTheWay = []uint16{1213, 1205, 1062}

// commit1 runs a transaction's text; ok is false where it was rolled back
// because another writer was in its way.
func commit1(ctx context.Context, conn *sql.Conn, text string) (ok bool, err error) {
	_, err = conn.ExecContext(ctx, text)
	if err == nil {
		return true, nil
	}
	if me, is := errors.AsType[*mysql.MySQLError](err); !is || !slices.Contains(inTheWay, me.Number) {
		return false, err
	}
	return false, execute(ctx, conn, "ROLLBACK")
}

// writeOnly makes the transactions of sysbench's oltp_write_only: an update of
// an indexed column, one of another, and a row deleted and inserted again.
func (w workload) writeOnly(r *rand.Rand, rows int) func() string {
	key := w.keys(r, rows)
	var buf []byte
	return func() string {
		again := key()
		table := tableName(r.IntN(tableCount))
		buf = fmt.Appendf(buf[:0], "BEGIN;UPDATE %s SET k=k+1 WHERE id=%d;UPDATE %s SET c='", tableName(r.IntN(tableCount)), key(), tableName(r.IntN(tableCount)))
		buf = fmt.Appendf(appendGroups(buf, r, 10), "' WHERE id=%d;DELETE FROM %s WHERE id=%d;INSERT INTO %s (id,k,c,pad) VALUES (%d,%d,'", key(), table, again, table, again, 1+r.IntN(rows))
		buf = append(appendGroups(append(appendGroups(buf, r, 10), "','"...), r, 5), "');COMMIT"...)
		return string(buf)
	}
}

// insertOne makes transactions of one new row.
func insertOne(r *rand.Rand, rows int) func() string {
	var buf []byte
	return func() string {
		buf = fmt.Appendf(buf[:0], "INSERT INTO %s (k,c,pad) VALUES (%d,'", tableName(r.IntN(tableCount)), 1+r.IntN(rows))
		buf = append(appendGroups(append(appendGroups(buf, r, 10), "','"...), r, 5), "')"...)
		return string(buf)
	}
}

// updateSome makes transactions that change a hundredth of the rows of the table
// without a key.
func updateSome(r *rand.Rand, _ int) func() string {
	return func() string {
		return fmt.Sprintf("UPDATE %s.bare SET k=k+1 WHERE id %% 100 = %d", schema, r.IntN(100))
	}
}
