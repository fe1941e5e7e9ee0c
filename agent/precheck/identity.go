package precheck

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/tidegate-io/tidegate/internal/mysql"
	"github.com/tidegate-io/tidegate/internal/run"
)

// gtidMode: transactions can be told apart, or it is known that they cannot.
var gtidMode = Check{ID: "gtid-mode", Needs: source, Run: func(ctx context.Context, e *Env) ([]run.Finding, error) {
	s := e.Source
	if !e.streams() || s.Conn.Server.Flavor == mysql.MariaDB || !s.Conn.Server.LogBin {
		return nil, nil
	}
	mode, err := s.global(ctx, "gtid_mode")
	switch {
	case err != nil, strings.EqualFold(mode, "ON"):
		return nil, err
	case strings.EqualFold(mode, "OFF"):
		return []run.Finding{{Level: run.LevelWarning, Object: "source", Found: "gtid_mode is OFF",
			Why:    "the run follows log file and offset: it cannot go on at another source server after a failover, and every chunk locks its table for an instant",
			Remedy: "SET PERSIST enforce_gtid_consistency = ON; SET PERSIST gtid_mode = OFF_PERMISSIVE; SET PERSIST gtid_mode = ON_PERMISSIVE; and once Ongoing_anonymous_transaction_count is 0: SET PERSIST gtid_mode = ON;"}}, nil
	default:
		return []run.Finding{{Level: run.LevelError, Object: "source", Found: "gtid_mode is " + mode,
			Why: "some transactions have ids and some have none, so no position names them all", Remedy: "finish the change of mode: SET PERSIST gtid_mode = ON; (or OFF)"}}, nil
	}
}}

// serverID: the source can serve replicas, and nobody uses our id.
var serverID = Check{ID: "server-id", Needs: source, Run: func(ctx context.Context, e *Env) ([]run.Finding, error) {
	if !e.streams() {
		return nil, nil
	}
	s := e.Source
	if s.Conn.Server.ServerID == 0 {
		return []run.Finding{{Level: run.LevelError, Object: "source", Found: "server_id is 0", Why: "a server without an id sends its log to nobody", Remedy: s.persist("server_id", "1")}}, nil
	}
	if s.Conn.Server.ServerID == e.ServerID {
		return []run.Finding{{Level: run.LevelError, Object: "source", Found: fmt.Sprintf("server_id %d is the one our reader would use", e.ServerID),
			Why: "two of the same id throw each other out", Remedy: "start the run again: it gets another id"}}, nil
	}
	rows, err := s.DB.QueryContext(ctx, replicasStatement(s))
	if err != nil {
		if mysql.Number(err) == 1227 { // source-privileges says what is missing
			return nil, nil
		}
		return nil, fmt.Errorf("read the registered replicas: %w", err)
	}
	defer rows.Close()
	cols, err := rows.Columns()
	if err != nil {
		return nil, err
	}
	for rows.Next() {
		var id uint32
		dest := []any{&id}
		for range cols[1:] {
			dest = append(dest, new(sql.RawBytes))
		}
		if err := rows.Scan(dest...); err != nil {
			return nil, err
		}
		if id == e.ServerID && e.ServerID != 0 && !e.Own {
			return []run.Finding{{Level: run.LevelError, Object: "source", Found: fmt.Sprintf("a replica with server_id %d is connected", id),
				Why: "two of the same id throw each other out", Remedy: "end that reader, or start the run again: it gets another id"}}, nil
		}
	}
	return nil, rows.Err()
}}

func replicasStatement(s *Side) string {
	v := s.Conn.Server
	if v.Flavor == mysql.MySQL && v.AtLeast(8, 0, 22) {
		return "SHOW REPLICAS"
	}
	return "SHOW SLAVE HOSTS"
}

// replicaSource: a source that is itself a replica writes what it applies to
// its own log.
var replicaSource = Check{ID: "replica-source", Needs: source, Run: func(ctx context.Context, e *Env) ([]run.Finding, error) {
	s := e.Source
	if !e.streams() || !s.Conn.Server.LogBin {
		return nil, nil
	}
	statement, name := "SHOW SLAVE STATUS", "log_slave_updates"
	if v := s.Conn.Server; v.Flavor == mysql.MySQL && v.AtLeast(8, 0, 22) {
		statement, name = "SHOW REPLICA STATUS", "log_replica_updates"
	}
	rows, err := s.DB.QueryContext(ctx, statement)
	if err != nil {
		if mysql.Number(err) == 1227 {
			return nil, nil
		}
		return nil, fmt.Errorf("read the replica's status: %w", err)
	}
	replica := rows.Next()
	rows.Close()
	if err := rows.Err(); err != nil {
		return nil, fmt.Errorf("read the replica's status: %w", err)
	}
	if !replica {
		return nil, nil
	}
	v, err := s.global(ctx, name)
	if err != nil || strings.EqualFold(v, "ON") || v == "1" {
		return nil, err
	}
	return []run.Finding{{Level: run.LevelError, Object: "source", Found: fmt.Sprintf("the source is a replica with %s = %s", name, v),
		Why: "what it replicates is not in its own log", Remedy: fmt.Sprintf("in my.cnf under [mysqld]: %s = ON, and a restart of the server", name)}}, nil
}}

// xaPrepared: no transaction stays prepared, since its rows are in no snapshot
// and in no later row event. Those that an application is just committing are
// left time for it: the start waits for a moment without any.
var xaPrepared = Check{ID: "xa-prepared", Needs: source, Run: func(ctx context.Context, e *Env) ([]run.Finding, error) {
	if !e.streams() || e.Own {
		return nil, nil
	}
	stay, err := e.Source.preparedXA(ctx)
	for end := time.Now().Add(preparedFor); err == nil && len(stay) > 0 && time.Now().Before(end); {
		select {
		case <-time.After(100 * time.Millisecond):
		case <-ctx.Done():
			return nil, context.Cause(ctx)
		}
		var now []string
		now, err = e.Source.preparedXA(ctx)
		stay = slices.DeleteFunc(stay, func(x string) bool { return !slices.Contains(now, x) })
	}
	if n := mysql.Number(err); n == 1227 || n == 1401 {
		return []run.Finding{{Level: run.LevelWarning, Object: "source", Found: "prepared XA transactions cannot be listed",
			Why: "one that is prepared when the run starts would be lost", Remedy: "make sure that no application uses XA, or GRANT XA_RECOVER_ADMIN ON *.* to the account"}}, nil
	}
	if err != nil {
		return nil, fmt.Errorf("list prepared XA transactions: %w", err)
	}
	var out []run.Finding
	for _, x := range stay {
		out = append(out, run.Finding{Level: run.LevelError, Object: "source", Found: fmt.Sprintf("XA transaction %q is prepared", x),
			Why: "its rows are visible to nobody and were logged before the run's start", Remedy: "XA COMMIT or XA ROLLBACK it, then check again"})
	}
	return out, nil
}}

// preparedFor is how long a transaction may be prepared before it counts as left
// behind.
const preparedFor = 3 * time.Second

func (s *Side) preparedXA(ctx context.Context) ([]string, error) {
	rows, err := s.DB.QueryContext(ctx, "XA RECOVER")
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []string
	for rows.Next() {
		var format, gtrid, bqual int64
		var data string
		if err := rows.Scan(&format, &gtrid, &bqual, &data); err != nil {
			return nil, err
		}
		out = append(out, data)
	}
	return out, rows.Err()
}
