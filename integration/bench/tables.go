package main

import (
	"bufio"
	"context"
	"database/sql"
	"fmt"
	"io"
	"math/rand/v2"
	"slices"
	"strconv"
	"strings"

	"github.com/go-sql-driver/mysql"
	"golang.org/x/sync/errgroup"

	"github.com/tidegate-io/tidegate/integration/dbtest"
)

// The data are sysbench's: these many tables of these many rows at scale 1.
const (
	tableCount = 8
	tableRows  = 250_000
)

// schema is the database everything is in.
const schema = "sbtest"

func tableName(n int) string { return fmt.Sprintf("%s.sbtest%d", schema, n+1) }

func createTable(n int, more string) string {
	return "CREATE TABLE " + tableName(n) + " (id INT NOT NULL AUTO_INCREMENT, k INT NOT NULL DEFAULT 0, c CHAR(120) NOT NULL DEFAULT '', pad CHAR(60) NOT NULL DEFAULT '', PRIMARY KEY (id)" + more + ")"
}

func addKey(n int) string { return fmt.Sprintf("ALTER TABLE %s ADD KEY k_%d (k)", tableName(n), n+1) }

// createDatabase makes the database with an empty table that marks the end of
// what is written.
func createDatabase(ctx context.Context, s *dbtest.Server) error {
	return execute(ctx, s.DB(), "CREATE DATABASE "+schema+" CHARACTER SET utf8mb4", "CREATE TABLE "+schema+".marker (id INT NOT NULL PRIMARY KEY, n BIGINT NOT NULL)")
}

// createTables makes and fills tables of the given numbers of rows; their
// contents depend on nothing else.
func createTables(ctx context.Context, s *dbtest.Server, rows []int) error {
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(2)
	for n, count := range rows {
		g.Go(func() error {
			if err := fillTable(ctx, s.DB(), n, count); err != nil {
				return fmt.Errorf("fill %s: %w", tableName(n), err)
			}
			return nil
		})
	}
	return g.Wait()
}

func fillTable(ctx context.Context, db *sql.DB, n, count int) error {
	conn, err := db.Conn(ctx)
	if err != nil {
		return err
	}
	defer conn.Close()
	source := fmt.Sprintf("table%d", n)
	mysql.RegisterReaderHandler(source, func() io.Reader { return rowText(n, count) })
	defer mysql.DeregisterReaderHandler(source)
	return execute(ctx, conn, createTable(n, ""),
		"LOAD DATA LOCAL INFILE 'Reader::"+source+"' INTO TABLE "+tableName(n)+" (id,k,c,pad)",
		addKey(n), "ANALYZE TABLE "+tableName(n))
}

// rowText writes rows as tab-separated text.
func rowText(n, count int) io.Reader {
	r, w := io.Pipe()
	go func() { // ends with the last row, or when the reader is closed
		out := bufio.NewWriterSize(w, 1<<20)
		rng := rand.New(rand.NewPCG(1, uint64(n)))
		var line []byte
		for id := 1; id <= count; id++ {
			line = strconv.AppendInt(line[:0], int64(id), 10)
			line = append(strconv.AppendInt(append(line, '\t'), int64(1+rng.IntN(count)), 10), '\t')
			line = append(appendGroups(line, rng, 10), '\t')
			line = append(appendGroups(line, rng, 5), '\n')
			if _, err := out.Write(line); err != nil {
				break
			}
		}
		w.CloseWithError(out.Flush())
	}()
	return r
}

// appendGroups writes groups of eleven digits, as sysbench's c and pad hold.
func appendGroups(to []byte, rng *rand.Rand, groups int) []byte {
	for g := range groups {
		if g > 0 {
			to = append(to, '-')
		}
		v := rng.Uint64N(1e11)
		var digits [11]byte
		for i := len(digits) - 1; i >= 0; i-- {
			digits[i] = '0' + byte(v%10)
			v /= 10
		}
		to = append(to, digits[:]...)
	}
	return to
}

// execer is a pool, a connection or a transaction.
type execer interface {
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
}

func execute(ctx context.Context, db execer, statements ...string) error {
	for _, q := range statements {
		if _, err := db.ExecContext(ctx, q); err != nil {
			return fmt.Errorf("%.200s: %w", q, err)
		}
	}
	return nil
}

func value(ctx context.Context, s *dbtest.Server, query string, args ...any) (string, error) {
	var v sql.NullString
	if err := s.DB().QueryRowContext(ctx, query, args...).Scan(&v); err != nil {
		return "", fmt.Errorf("%.200s on %s: %w", query, s.Addr, err)
	}
	return v.String, nil
}

// checksums has the server sum up every table of the database.
func checksums(ctx context.Context, s *dbtest.Server) (string, error) {
	names, err := column(ctx, s, 0, "SELECT CONCAT('`', TABLE_SCHEMA, '`.`', TABLE_NAME, '`') FROM information_schema.TABLES WHERE TABLE_SCHEMA = '"+schema+"' ORDER BY TABLE_NAME")
	if err != nil {
		return "", err
	}
	var out strings.Builder
	for some := range slices.Chunk(names, 200) {
		sums, err := column(ctx, s, 1, "CHECKSUM TABLE "+strings.Join(some, ","))
		if err != nil {
			return "", err
		}
		for i, sum := range sums {
			fmt.Fprintf(&out, "%s %s\n", strings.ReplaceAll(some[i], "`", ""), sum)
		}
	}
	return out.String(), nil
}

// column reads one column of two at most; NULL is empty.
func column(ctx context.Context, s *dbtest.Server, n int, query string) (out []string, err error) {
	rows, err := s.DB().QueryContext(ctx, query)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil {
		return nil, err
	}
	var values [2]sql.NullString
	into := []any{&values[0], &values[1]}[:len(columns)]
	for rows.Next() {
		if err := rows.Scan(into...); err != nil {
			return nil, err
		}
		out = append(out, values[n].String)
	}
	return out, rows.Err()
}

// warm reads every page of the tables and their indexes once.
func warm(ctx context.Context, s *dbtest.Server) error {
	for n := range tableCount {
		for _, q := range []string{"SELECT COUNT(c) FROM %s FORCE INDEX (PRIMARY)", "SELECT COUNT(*) FROM %s FORCE INDEX (k_%d)"} {
			q = strings.Replace(strings.Replace(q, "%s", tableName(n), 1), "%d", strconv.Itoa(n+1), 1)
			if _, err := value(ctx, s, q); err != nil {
				return err
			}
		}
	}
	return nil
}
