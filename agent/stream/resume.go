package stream

import (
	"context"
	"fmt"
	"strings"
	"time"

	"github.com/tidegate-io/tidegate/internal/change"
	"github.com/tidegate-io/tidegate/internal/mysql"
)

// Identity names the server behind the endpoint: its UUID, or where MariaDB has
// none, its id, host and port.
func (s *Source) Identity(ctx context.Context) (string, error) {
	id, err := s.text(ctx, s.db, s.identityQuery())
	if err != nil {
		return "", fmt.Errorf("read the source's identity: %w", err)
	}
	return id, nil
}

func (s *Source) identityQuery() string {
	if s.conn.Server.Flavor == mysql.MariaDB {
		return "SELECT CONCAT_WS('/', @@global.server_id, @@global.hostname, @@global.port)"
	}
	return "SELECT @@global.server_uuid"
}

// CheckResume finds out whether reading may go on from a position, and whether
// the source still has everything in needed: all that was taken from it and
// every open window's mark. A source that lost transactions, or another one that
// never had them, is fatal.
//
// An event can reach us shortly before its transaction counts as executed, so a
// set that is not contained is looked at again for some seconds.
func (s *Source) CheckResume(ctx context.Context, from change.Position, needed *change.Set) error {
	if from.Kind != s.kind {
		return fatal("position_kind", restartRemedy, "the run's position is of kind %q, and the source now names its transactions by kind %q", from.Kind, s.kind)
	}
	if err := s.checkPurged(ctx, from); err != nil {
		return err
	}
	deadline := time.Now().Add(5 * time.Second)
	for {
		missing, err := s.missing(ctx, needed)
		if err != nil {
			return err
		}
		if missing.Empty() {
			return nil
		}
		if time.Now().After(deadline) {
			return fatal("lost_transactions", restartRemedy, "the source does not have transactions that were read from it (a failover or a crash lost them): %s", missing)
		}
		select {
		case <-ctx.Done():
			return context.Cause(ctx)
		case <-time.After(200 * time.Millisecond):
		}
	}
}

// missing is the part of needed that the source does not have.
func (s *Source) missing(ctx context.Context, needed *change.Set) (*change.Set, error) {
	var have *change.Set
	var err error
	switch s.kind {
	case change.MySQL:
		have, err = s.executed(ctx, s.db)
	case change.MariaDB:
		var text string
		// Of a domain that several servers wrote, gtid_binlog_pos shows the last
		// transaction, which need not have the highest number.
		if text, err = s.text(ctx, s.db, "SELECT @@global.gtid_binlog_state"); err == nil {
			return unwritten(needed, text)
		}
	default:
		have, err = s.fileMark(ctx, s.db)
	}
	if err != nil {
		return nil, fmt.Errorf("read what the source has executed: %w", err)
	}
	return needed.Minus(have), nil
}

// unwritten is the part of a MariaDB's needed that its binlog state, the last
// number of every server in each domain, does not hold. Numbers alone would not
// tell: a server that took over without the last transactions of the one before
// gives their numbers to its own.
func unwritten(needed *change.Set, state string) (*change.Set, error) {
	have, err := change.ParseSet(change.MariaDB, state)
	if err != nil {
		return nil, fmt.Errorf("read what the source has executed: %w", err)
	}
	out := needed.Minus(have)
	for part := range strings.SplitSeq(state, ",") {
		last, err := change.ParseSet(change.MariaDB, part)
		if err != nil {
			return nil, fmt.Errorf("read what the source has executed: %w", err)
		}
		for want := range strings.SplitSeq(needed.String(), ",") {
			one, err := change.ParseSet(change.MariaDB, want)
			if err != nil {
				return nil, err
			}
			if writer(part) == writer(want) && !last.Includes(one) {
				out.Union(one)
			}
		}
	}
	return out, nil
}

// writer is the domain and server of a MariaDB's transaction.
func writer(gtid string) string {
	gtid = strings.TrimSpace(gtid)
	return gtid[:max(0, strings.LastIndexByte(gtid, '-'))]
}

// checkPurged asks whether the log from a position on is still there. On MariaDB
// no query can tell; the server says so when it is asked to send it.
func (s *Source) checkPurged(ctx context.Context, from change.Position) error {
	switch s.kind {
	case change.MySQL:
		text, err := s.text(ctx, s.db, "SELECT @@global.gtid_purged")
		if err != nil {
			return fmt.Errorf("read gtid_purged: %w", err)
		}
		purged, err := change.ParseSet(change.MySQL, text)
		if err != nil {
			return err
		}
		have, err := from.Set()
		if err != nil {
			return err
		}
		if lost := purged.Minus(have); !lost.Empty() {
			return fatal("position_purged", restartRemedy, "the source has purged transactions that were not read yet: %s", lost)
		}
	case change.File:
		start, err := change.ParseSet(change.File, dumpPlace(from))
		if err != nil {
			return err
		}
		file := start.End().Source
		_, ok, err := s.GapBytes(ctx, change.Position{File: file})
		if err != nil {
			return err
		}
		if !ok {
			return fatal("position_purged", restartRemedy, "the source no longer has log file %q, which was not read to its end", file)
		}
	}
	return nil
}

// dumpPlace is where reading begins for a position of kind File.
func dumpPlace(p change.Position) string {
	if p.ReadFrom != "" {
		return p.ReadFrom
	}
	return fmt.Sprintf("%s:%d", p.File, p.Offset)
}
