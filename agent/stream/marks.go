package stream

import (
	"context"
	"database/sql"
	"fmt"
	"regexp"

	"github.com/tidegate-io/tidegate/internal/change"
	"github.com/tidegate-io/tidegate/internal/mysql"
)

// Executed returns a set of transactions whose rows can be read now: on MySQL
// all of them, on MariaDB perhaps not the last ones, see committed. Without
// GTIDs it is the log's end: true for a table only under its lock.
func (s *Source) Executed(ctx context.Context) (*change.Set, error) { return s.MarkLow(ctx, s.db) }

// Logged returns a set that contains every transaction committed before the
// call. On MariaDB it may hold some whose rows cannot be read yet.
func (s *Source) Logged(ctx context.Context) (*change.Set, error) { return s.MarkLocked(ctx, s.db) }

// MarkLow returns what a SELECT that begins later on conn surely sees. Without
// GTIDs: conn holds the lock of the table.
func (s *Source) MarkLow(ctx context.Context, conn mysql.Querier) (*change.Set, error) {
	switch s.kind {
	case change.MySQL:
		return s.executed(ctx, conn)
	case change.MariaDB:
		pos, err := s.committed(ctx, conn)
		if err != nil {
			return nil, err
		}
		return pos.Set()
	default:
		return s.fileMark(ctx, conn)
	}
}

// MarkLocked returns a set that contains all changes to the tables on which
// conn holds locks that their writers wait for, and none made later.
func (s *Source) MarkLocked(ctx context.Context, conn mysql.Querier) (*change.Set, error) {
	if s.kind == change.MariaDB {
		return s.logged(ctx, conn)
	}
	return s.MarkLow(ctx, conn)
}

// MarkHigh returns all that a SELECT which has ended on conn may have seen,
// under the same conditions as MarkLow.
func (s *Source) MarkHigh(ctx context.Context, conn mysql.Querier) (*change.Set, error) {
	if s.kind != change.MySQL {
		return s.MarkLocked(ctx, conn)
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

// logged is what MariaDB has written to its log: more than can be read, since
// the place moves before the rows are visible.
func (s *Source) logged(ctx context.Context, q mysql.Querier) (*change.Set, error) {
	text, err := s.text(ctx, q, "SELECT @@global.gtid_binlog_pos")
	if err != nil {
		return nil, fmt.Errorf("read gtid_binlog_pos: %w", err)
	}
	return change.ParseSet(change.MariaDB, compact(text))
}

// committed reads a place in a MariaDB log up to which all rows are visible, and
// names it by GTIDs. q must not be inside a snapshot.
//
// Inside one the same status variables should tell the snapshot's own place, but
// the server keeps them in one buffer for all sessions: two that ask at the same
// time get each other's answer, which may be newer than what they see. Whoever
// asks, an answer is never newer than what a snapshot opened later sees, so as a
// low mark it is good.
func (s *Source) committed(ctx context.Context, q mysql.Querier) (change.Position, error) {
	pos := change.Position{Kind: change.MariaDB}
	rows, err := q.QueryContext(ctx, "SHOW STATUS LIKE 'binlog_snapshot_%'")
	if err != nil {
		return pos, fmt.Errorf("read the last commit's place in the log: %w", err)
	}
	defer rows.Close()
	for rows.Next() {
		var name, value string
		if err := rows.Scan(&name, &value); err != nil {
			return pos, fmt.Errorf("read the last commit's place in the log: %w", err)
		}
		switch name {
		case "Binlog_snapshot_file":
			pos.File = value
		case "Binlog_snapshot_position":
			if _, err := fmt.Sscan(value, &pos.Offset); err != nil {
				return pos, fmt.Errorf("read the last commit's place in the log: %q: %w", value, err)
			}
		}
	}
	if err := rows.Err(); err != nil {
		return pos, fmt.Errorf("read the last commit's place in the log: %w", err)
	}
	if pos.File == "" {
		return pos, misconfigured("log_bin", "set log_bin in the source's configuration and restart it", "the source has no place in a binary log")
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
	if endFile == file && end < offset { // the file's name and the offset are of two answers, see committed
		return "", fmt.Errorf("name log position %s:%d by GTIDs: the log ends at %d", file, offset, end)
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
