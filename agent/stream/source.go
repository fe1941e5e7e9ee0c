package stream

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"strings"
	"time"

	"github.com/tidegate-io/tidegate/internal/change"
	"github.com/tidegate-io/tidegate/internal/mysql"
)

// Source answers questions about a source's log by SQL. It is safe for
// concurrent use.
type Source struct {
	conn *mysql.Conn
	db   *sql.DB
	kind change.Kind
}

// NewSource asks through db, a pool of conn's endpoint with text sessions. The
// pool stays the caller's.
func NewSource(conn *mysql.Conn, db *sql.DB) *Source {
	s := &Source{conn: conn, db: db, kind: change.File}
	switch {
	case conn.Server.Flavor == mysql.MariaDB:
		s.kind = change.MariaDB
	case conn.Server.GTID:
		s.kind = change.MySQL
	}
	return s
}

// Kind says how the source names its transactions.
func (s *Source) Kind() change.Kind { return s.kind }

// Server says what the source is.
func (s *Source) Server() *mysql.Server { return s.conn.Server }

// Current returns the position to start from: whatever is in it can be read by
// any later SELECT, whatever is not will be streamed. It contains all that was
// committed before the call.
//
// On MySQL that is the executed set, on MariaDB the place of the last commit
// whose rows are visible: gtid_binlog_pos moves before. Without GTIDs it is the
// log's end, which is right only as long as the rows are copied under the locks
// that MarkLow asks for.
func (s *Source) Current(ctx context.Context) (change.Position, error) {
	pos, err := s.LogEnd(ctx)
	if err != nil {
		return pos, err
	}
	switch s.kind {
	case change.MariaDB:
		pos, err = s.visible(ctx)
	case change.MySQL:
		pos.GTID, err = s.text(ctx, s.db, "SELECT @@global.gtid_executed")
		pos.GTID = compact(pos.GTID)
	}
	if err != nil {
		return change.Position{}, fmt.Errorf("read the source's position: %w", err)
	}
	return pos, nil
}

// visibleLimit bounds how long the rows of what is in the log may take to be
// visible: commits that wait for a replica's answer take that long.
const visibleLimit = 30 * time.Second

// visible waits until the rows of all that is in a MariaDB log can be read.
func (s *Source) visible(ctx context.Context) (change.Position, error) {
	all, err := s.logged(ctx, s.db)
	if err != nil {
		return change.Position{}, err
	}
	for begun := time.Now(); ; {
		pos, err := s.committed(ctx, s.db)
		if err != nil {
			return pos, err
		}
		set, err := pos.Set()
		if err != nil || set.Includes(all) {
			return pos, err
		}
		if time.Since(begun) > visibleLimit {
			return pos, &mysql.Error{Class: mysql.Transient, Code: "commits_wait", Err: fmt.Errorf("the log has %s, and for %s its rows cannot be read", all.Minus(set), visibleLimit),
				Remedy: "commits on the source wait for something, perhaps for the answer of a semi-synchronous replica"}
		}
		select {
		case <-ctx.Done():
			return pos, context.Cause(ctx)
		case <-time.After(5 * time.Millisecond):
		}
	}
}

// LogEnd returns the end of the log as file and offset. What ends before it may
// not be readable yet.
func (s *Source) LogEnd(ctx context.Context) (change.Position, error) {
	file, offset, err := s.logStatus(ctx, s.db)
	return change.Position{Kind: s.kind, File: file, Offset: offset}, err
}

// statusStatement is the statement that shows the log's end in this version.
func (s *Source) statusStatement() string {
	switch srv := s.conn.Server; {
	case srv.Flavor == mysql.MySQL && srv.AtLeast(8, 2, 0):
		return "SHOW BINARY LOG STATUS"
	case srv.Flavor == mysql.MariaDB && srv.AtLeast(10, 5, 2):
		return "SHOW BINLOG STATUS"
	default:
		return "SHOW MASTER STATUS"
	}
}

func (s *Source) logStatus(ctx context.Context, q mysql.Querier) (file string, offset uint64, err error) {
	rows, err := q.QueryContext(ctx, s.statusStatement())
	if err != nil {
		return "", 0, s.lacking(fmt.Errorf("%s: %w", s.statusStatement(), err))
	}
	defer rows.Close()
	if !rows.Next() {
		if err := rows.Err(); err != nil {
			return "", 0, err
		}
		return "", 0, misconfigured("log_bin", "set log_bin (and on MySQL gtid_mode=ON) in the source's configuration and restart it", "the source writes no binary log")
	}
	if err := scanFirst(rows, &file, &offset); err != nil {
		return "", 0, fmt.Errorf("%s: %w", s.statusStatement(), err)
	}
	return file, offset, rows.Close()
}

// scanFirst reads a row's first columns and ignores the rest, whose number
// depends on the version.
func scanFirst(rows *sql.Rows, dst ...any) error {
	cols, err := rows.Columns()
	if err != nil {
		return err
	}
	for range len(cols) - len(dst) {
		dst = append(dst, new(sql.RawBytes))
	}
	return rows.Scan(dst...)
}

// lacking adds the grants to an error that says one is missing.
func (s *Source) lacking(err error) error {
	switch mysql.Number(err) {
	case 1227, 1142, 1044, 1045:
		grants := "REPLICATION SLAVE, REPLICATION CLIENT"
		if s.conn.Server.Flavor == mysql.MariaDB {
			grants = "REPLICATION SLAVE, BINLOG MONITOR"
		}
		return &mysql.Error{Class: mysql.Config, Code: "privilege", Err: err, Remedy: fmt.Sprintf("on the source: GRANT %s ON *.* TO the endpoint's account", grants)}
	}
	return err
}

func (s *Source) text(ctx context.Context, q mysql.Querier, query string) (string, error) {
	var v sql.NullString
	err := q.QueryRowContext(ctx, query).Scan(&v)
	return v.String, err
}

// compact takes the line breaks out of a set that a server printed.
func compact(set string) string { return strings.Join(strings.Fields(set), "") }

// GapBytes is how much of the log lies behind a position. ok is false if that
// cannot be known: the position is of another server, or its file is gone.
func (s *Source) GapBytes(ctx context.Context, from change.Position) (gap uint64, ok bool, err error) {
	rows, err := s.db.QueryContext(ctx, "SHOW BINARY LOGS")
	if err != nil {
		return 0, false, s.lacking(fmt.Errorf("list the source's logs: %w", err))
	}
	defer rows.Close()
	for rows.Next() {
		var name string
		var size uint64
		if err := scanFirst(rows, &name, &size); err != nil {
			return 0, false, fmt.Errorf("list the source's logs: %w", err)
		}
		switch {
		case name == from.File:
			ok = true
			gap = size - min(size, from.Offset)
		case ok:
			gap += size
		}
	}
	return gap, ok, rows.Err()
}

// PreparedXA lists the XA transactions in the PREPARED state. Their rows were
// logged already, and no snapshot shows them.
func (s *Source) PreparedXA(ctx context.Context) ([]string, error) {
	rows, err := s.db.QueryContext(ctx, "XA RECOVER")
	if err != nil {
		err = fmt.Errorf("XA RECOVER: %w", err)
		if n := mysql.Number(err); n == 1227 || n == 1401 {
			return nil, &mysql.Error{Class: mysql.Config, Code: "privilege", Err: err, Remedy: "on the source: GRANT XA_RECOVER_ADMIN ON *.* TO the endpoint's account"}
		}
		return nil, err
	}
	defer rows.Close()
	var out []string
	for rows.Next() {
		var format, gtrid, bqual int
		var data []byte
		if err := rows.Scan(&format, &gtrid, &bqual, &data); err != nil {
			return nil, fmt.Errorf("XA RECOVER: %w", err)
		}
		gtrid = min(gtrid, len(data))
		out = append(out, xidKey(fmt.Sprint(format), data[:gtrid], data[gtrid:]))
	}
	return out, rows.Err()
}

// collation is a collation's name and its character set's.
type collation struct{ name, charset string }

// collations reads the source's collations by number.
func (s *Source) collations(ctx context.Context) (map[uint64]collation, error) {
	// MariaDB's newer collations have one number per character set.
	const applicable = `SELECT id, full_collation_name, character_set_name FROM information_schema.collation_character_set_applicability WHERE id IS NOT NULL`
	const plain = `SELECT id, collation_name, character_set_name FROM information_schema.collations WHERE id IS NOT NULL`
	query := plain
	if srv := s.conn.Server; srv.Flavor == mysql.MariaDB && srv.AtLeast(10, 10, 1) {
		query = applicable
	}
	rows, err := s.db.QueryContext(ctx, query)
	if err != nil {
		return nil, fmt.Errorf("read the source's collations: %w", err)
	}
	defer rows.Close()
	out := map[uint64]collation{}
	for rows.Next() {
		var id uint64
		var c collation
		if err := rows.Scan(&id, &c.name, &c.charset); err != nil {
			return nil, fmt.Errorf("read the source's collations: %w", err)
		}
		out[id] = c
	}
	return out, rows.Err()
}

// transactional tells whether a table's engine can roll back. A table that is
// gone was not changed by a transaction that still matters: yes.
func (s *Source) transactional(ctx context.Context, schema, name string) (bool, error) {
	var yes sql.NullString
	err := s.db.QueryRowContext(ctx, `SELECT e.transactions FROM information_schema.tables t JOIN information_schema.engines e ON e.engine = t.engine
		WHERE t.table_schema = ? AND t.table_name = ?`, schema, name).Scan(&yes)
	if errors.Is(err, sql.ErrNoRows) {
		return true, nil
	}
	if err != nil {
		err = fmt.Errorf("find out whether %s.%s is transactional: %w", schema, name, err)
		return false, &mysql.Error{Class: mysql.Classify(err), Code: "source", Err: err, Remedy: "see the source's error above"}
	}
	return yes.String == "YES", nil
}
