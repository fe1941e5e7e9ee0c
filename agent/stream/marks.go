package stream

import (
	"context"
	"database/sql"
	"fmt"
	"regexp"

	"github.com/tidegate-io/tidegate/internal/change"
	"github.com/tidegate-io/tidegate/internal/mysql"
)

// Executed returns the newest set of transactions whose rows can be read now.
// Without GTIDs it is the log's end: true for a table only under its lock.
func (s *Source) Executed(ctx context.Context) (*change.Set, error) {
	switch s.kind {
	case change.MySQL:
		return s.executed(ctx, s.db)
	case change.MariaDB:
		var set *change.Set
		err := s.inSnapshot(ctx, func(conn *sql.Conn) error {
			pos, err := s.snapshot(ctx, conn)
			if err == nil {
				set, err = pos.Set()
			}
			return err
		})
		return set, err
	default:
		return s.fileMark(ctx, s.db)
	}
}

// MarkLow returns what a SELECT that follows on conn surely sees. MariaDB: conn
// is inside a consistent snapshot. Without GTIDs: conn holds the lock of the
// table.
func (s *Source) MarkLow(ctx context.Context, conn mysql.Querier) (*change.Set, error) {
	switch s.kind {
	case change.MySQL:
		return s.executed(ctx, conn)
	case change.MariaDB:
		return s.SnapshotPosition(ctx, conn)
	default:
		return s.fileMark(ctx, conn)
	}
}

// MarkHigh returns all that a SELECT which has ended on conn may have seen,
// under the same conditions as MarkLow.
func (s *Source) MarkHigh(ctx context.Context, conn mysql.Querier) (*change.Set, error) {
	if s.kind != change.MySQL {
		return s.MarkLow(ctx, conn)
	}
	// A transaction leaves the owned set for the executed one. Read in this
	// order, one that is visible is in one of them.
	text, err := s.text(ctx, conn, "SELECT @@global.gtid_owned")
	if err != nil {
		return nil, fmt.Errorf("read gtid_owned: %w", err)
	}
	owned, err := parseOwned(text)
	if err != nil {
		return nil, err
	}
	set, err := s.executed(ctx, conn)
	if err != nil {
		return nil, err
	}
	set.Union(owned)
	return set, nil
}

var ownerThread = regexp.MustCompile(`#\d+`)

// parseOwned reads gtid_owned, "uuid:7#12:8#13,…": numbers with their threads.
func parseOwned(text string) (*change.Set, error) {
	set, err := change.ParseSet(change.MySQL, ownerThread.ReplaceAllString(compact(text), ""))
	if err != nil {
		return nil, fmt.Errorf("read gtid_owned: %w", err)
	}
	return set, nil
}

func (s *Source) executed(ctx context.Context, q mysql.Querier) (*change.Set, error) {
	text, err := s.text(ctx, q, "SELECT @@global.gtid_executed")
	if err != nil {
		return nil, fmt.Errorf("read gtid_executed: %w", err)
	}
	return change.ParseSet(change.MySQL, text)
}

func (s *Source) fileMark(ctx context.Context, q mysql.Querier) (*change.Set, error) {
	file, offset, err := s.logStatus(ctx, q)
	if err != nil {
		return nil, err
	}
	set := change.NewSet(change.File)
	set.Add(change.ID{Source: file, N: offset})
	return set, nil
}

// BeginSnapshot opens a consistent snapshot on conn and returns its position as
// a set. On MariaDB it is exact. On MySQL and without GTIDs it is what MarkLow
// says before the snapshot, so the caller must hold the tables' locks if the
// position is to be exact.
func (s *Source) BeginSnapshot(ctx context.Context, conn *sql.Conn) (*change.Set, error) {
	low := func() (*change.Set, error) { return s.SnapshotPosition(ctx, conn) }
	if s.kind != change.MariaDB {
		set, err := s.MarkLow(ctx, conn)
		if err != nil {
			return nil, err
		}
		low = func() (*change.Set, error) { return set, nil }
	}
	if err := beginSnapshot(ctx, conn); err != nil {
		return nil, err
	}
	return low()
}

// SnapshotPosition returns the position of the consistent snapshot that is open
// on conn, MariaDB only.
func (s *Source) SnapshotPosition(ctx context.Context, conn mysql.Querier) (*change.Set, error) {
	pos, err := s.snapshot(ctx, conn)
	if err != nil {
		return nil, err
	}
	return pos.Set()
}

// beginSnapshot needs REPEATABLE READ: at a lower level the server takes the
// snapshot's place in the log, but every SELECT sees more.
func beginSnapshot(ctx context.Context, conn *sql.Conn) error {
	for _, stmt := range []string{"SET TRANSACTION ISOLATION LEVEL REPEATABLE READ", "START TRANSACTION WITH CONSISTENT SNAPSHOT, READ ONLY"} {
		if _, err := conn.ExecContext(ctx, stmt); err != nil {
			return fmt.Errorf("open a consistent snapshot: %s: %w", stmt, err)
		}
	}
	return nil
}

func (s *Source) inSnapshot(ctx context.Context, f func(conn *sql.Conn) error) error {
	conn, err := s.db.Conn(ctx)
	if err != nil {
		return fmt.Errorf("open a consistent snapshot: %w", err)
	}
	defer conn.Close()
	if err := beginSnapshot(ctx, conn); err != nil {
		return err
	}
	if err := f(conn); err != nil {
		_, _ = conn.ExecContext(context.WithoutCancel(ctx), "ROLLBACK") // f's error is the one to tell
		return err
	}
	_, err = conn.ExecContext(ctx, "ROLLBACK")
	return err
}

// snapshot reads the place of a MariaDB snapshot in the log and names it by
// GTIDs.
func (s *Source) snapshot(ctx context.Context, q mysql.Querier) (change.Position, error) {
	pos := change.Position{Kind: change.MariaDB}
	rows, err := q.QueryContext(ctx, "SHOW STATUS LIKE 'binlog_snapshot_%'")
	if err != nil {
		return pos, fmt.Errorf("read the snapshot's place in the log: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var name, value string
		if err := rows.Scan(&name, &value); err != nil {
			return pos, fmt.Errorf("read the snapshot's place in the log: %w", err)
		}
		switch name {
		case "Binlog_snapshot_file":
			pos.File = value
		case "Binlog_snapshot_position":
			if _, err := fmt.Sscan(value, &pos.Offset); err != nil {
				return pos, fmt.Errorf("read the snapshot's place in the log: %q: %w", value, err)
			}
		}
	}
	if err := rows.Err(); err != nil {
		return pos, fmt.Errorf("read the snapshot's place in the log: %w", err)
	}
	if pos.File == "" {
		return pos, misconfigured("log_bin", "set log_bin in the source's configuration and restart it", "the source's snapshot has no place in a binary log")
	}
	pos.GTID, err = s.gtidAt(ctx, q, pos.File, pos.Offset)
	return pos, err
}

// gtidAt names a place in a MariaDB log by GTIDs. BINLOG_GTID_POS reads the file
// from its start, which takes a second per GiB; if the log has not moved on, the
// server's current position is the same.
func (s *Source) gtidAt(ctx context.Context, q mysql.Querier, file string, offset uint64) (string, error) {
	now, err := s.text(ctx, q, "SELECT @@global.gtid_binlog_pos")
	if err != nil {
		return "", fmt.Errorf("read gtid_binlog_pos: %w", err)
	}
	endFile, end, err := s.logStatus(ctx, q)
	if err != nil {
		return "", err
	}
	if endFile == file && end == offset {
		return compact(now), nil
	}
	var at sql.NullString
	if err := q.QueryRowContext(ctx, "SELECT BINLOG_GTID_POS(?, ?)", file, offset).Scan(&at); err != nil {
		return "", fmt.Errorf("name log position %s:%d by GTIDs: %w", file, offset, err)
	}
	if !at.Valid {
		return "", fmt.Errorf("name log position %s:%d by GTIDs: the source does not know it", file, offset)
	}
	return compact(at.String), nil
}
