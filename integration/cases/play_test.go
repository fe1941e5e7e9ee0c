package cases

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"time"

	"github.com/tidegate-io/tidegate/integration/dbtest"
	"github.com/tidegate-io/tidegate/internal/mysql"
)

const lockWait = 1205 // ER_LOCK_WAIT_TIMEOUT, also of a lock not waited for

// item is a case on its way across: by one path, in databases of its own.
type item struct {
	*testCase
	path string
	base string // the name of its first database
}

// fill puts the names of databases and files into a text.
func (it *item) fill(text, tmp string) string {
	return strings.NewReplacer("{db}", it.base, "{db2}", it.base+"_2", "{db3}", it.base+"_3", "{other}", "x"+it.base, "{tmp}", tmp+"/"+it.base).Replace(text)
}

// schemas lists the databases that the pipeline selects.
func (it *item) schemas() []string {
	var out []string
	for _, p := range it.databases() {
		out = append(out, it.fill(p, ""))
	}
	return out
}

// create makes the item's databases, and the one the pipeline does not select.
func (it *item) create(ctx context.Context, s *dbtest.Server) error {
	for _, name := range append(it.schemas(), "x"+it.base) {
		if name[0] == 'x' && !strings.Contains(fmt.Sprint(it.setup, it.workload), "{other}") {
			continue
		}
		if _, err := s.DB().ExecContext(ctx, "CREATE DATABASE `"+name+"`"); err != nil {
			return fmt.Errorf("create database %s: %w", name, err)
		}
	}
	return nil
}

// play runs statements, each in its session. Sessions end with the section.
func (it *item) play(ctx context.Context, s *dbtest.Server, steps []step) error {
	if it.lenient {
		return it.playSuite(ctx, s, steps)
	}
	pool := s.Open(s.User, s.Password, it.base)
	defer pool.Close()
	var tmp string
	if err := pool.QueryRowContext(ctx, "SELECT @@tmpdir").Scan(&tmp); err != nil {
		return err
	}
	sessions := map[string]*sql.Conn{}
	for _, st := range steps {
		if st.only != "" && st.only != s.Flavor.Family() {
			continue
		}
		conn := sessions[st.connection]
		if conn == nil {
			var err error
			if conn, err = pool.Conn(ctx); err != nil {
				return err
			}
			defer conn.Close()
			sessions[st.connection] = conn
		}
		if err := st.judge(execute(ctx, conn, it.fill(st.sql, tmp))); err != nil {
			return fmt.Errorf("line %d: %.200s: %w", st.line, st.sql, err)
		}
	}
	return nil
}

// execute runs a statement, and again one that waits for no lock (NOWAIT) and
// met tidegate's own, as of a table that is being copied: it has done nothing.
func execute(ctx context.Context, conn *sql.Conn, q string) error {
	_, err := conn.ExecContext(ctx, q)
	for n := 0; n < 200 && strings.Contains(q, "NOWAIT") && mysql.Number(err) == lockWait; n++ {
		time.Sleep(50 * time.Millisecond)
		_, err = conn.ExecContext(ctx, q)
	}
	return err
}

// judge compares a statement's end with the one it should have.
func (s step) judge(err error) error {
	switch {
	case s.fails == 0:
		return err
	case err == nil:
		return fmt.Errorf("it did not fail with %d", s.fails)
	case mysql.Number(err) == s.fails:
		return nil
	}
	return err
}

// ask reads a query's rows, columns joined by "|".
func (it *item) ask(ctx context.Context, s *dbtest.Server, q query) ([]string, error) {
	pool := s.Open(s.User, s.Password, it.base)
	defer pool.Close()
	rows, err := pool.QueryContext(ctx, it.fill(q.sql, ""))
	if err != nil {
		return nil, fmt.Errorf("line %d on %s: %w", q.line, s.Flavor, err)
	}
	defer rows.Close()
	columns, err := rows.Columns()
	if err != nil {
		return nil, err
	}
	values, dest := make([]sql.NullString, len(columns)), make([]any, len(columns))
	for i := range values {
		dest[i] = &values[i]
	}
	out := []string{}
	for rows.Next() {
		if err := rows.Scan(dest...); err != nil {
			return nil, err
		}
		parts := make([]string, len(values))
		for i, v := range values {
			if parts[i] = v.String; !v.Valid {
				parts[i] = "NULL"
			}
		}
		out = append(out, strings.Join(parts, "|"))
	}
	return out, rows.Err()
}
