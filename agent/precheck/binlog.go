package precheck

import (
	"context"
	"fmt"
	"strconv"
	"strings"
	"time"

	"github.com/tidegate-io/tidegate/internal/mysql"
	"github.com/tidegate-io/tidegate/internal/run"
)

// binlogEnabled: the source writes a log at all.
var binlogEnabled = Check{ID: "binlog-enabled", Needs: source, Run: func(_ context.Context, e *Env) ([]run.Finding, error) {
	if e.Source.Conn.Server.LogBin || !e.follows() {
		return nil, nil
	}
	return []run.Finding{{Level: run.LevelError, Object: "source", Found: "log_bin is OFF", Why: "changes made during and after the copy are read from the log",
		Remedy: "in my.cnf under [mysqld]: log_bin = binlog, and a restart of the server"}}, nil
}}

// setting makes a check of one global variable of the source that must have a
// value while its log is read.
func setting(id, name string, ok func(v string) bool, want, why string) Check {
	return Check{ID: id, Needs: source, Run: func(ctx context.Context, e *Env) ([]run.Finding, error) {
		if !e.streams() || !e.Source.Conn.Server.LogBin {
			return nil, nil
		}
		v, err := e.Source.global(ctx, name)
		if err != nil || v == "" && want != "" && id != "binlog-format" || ok(v) {
			return nil, err
		}
		return []run.Finding{{Level: run.LevelError, Object: "source", Found: fmt.Sprintf("%s is %s", name, v), Why: why,
			Remedy: e.Source.persist(name, want) + " Sessions opened before keep the old value: let the applications reconnect."}}, nil
	}}
}

var binlogFormat = setting("binlog-format", "binlog_format", func(v string) bool { return strings.EqualFold(v, "ROW") || v == "" }, "ROW",
	"only row images can be applied exactly")

var binlogRowImage = setting("binlog-row-image", "binlog_row_image", func(v string) bool {
	return v == "" || strings.EqualFold(v, "FULL") || strings.EqualFold(v, "FULL_NODUP")
}, "FULL",
	"an image with columns left out cannot be written as a whole row")

var binlogRowValueOptions = setting("binlog-row-value-options", "binlog_row_value_options", func(v string) bool { return v == "" }, "''",
	"PARTIAL_JSON writes pieces of documents to the log")

// binlogFilters: nothing selected is kept out of the log.
var binlogFilters = Check{ID: "binlog-filters", Needs: source, Run: func(ctx context.Context, e *Env) ([]run.Finding, error) {
	if !e.streams() || !e.Source.Conn.Server.LogBin {
		return nil, nil
	}
	var out []run.Finding
	rows, err := e.Source.DB.QueryContext(ctx, statusStatement(e.Source))
	if err != nil {
		return nil, fmt.Errorf("read the log's status: %w", err)
	}
	defer rows.Close()
	cols, err := rows.Columns()
	if err != nil {
		return nil, err
	}
	for rows.Next() {
		vals, dest := make([]*string, len(cols)), make([]any, len(cols))
		for i := range vals {
			dest[i] = &vals[i]
		}
		if err := rows.Scan(dest...); err != nil {
			return nil, err
		}
		for i, c := range cols {
			if (strings.EqualFold(c, "Binlog_Do_DB") || strings.EqualFold(c, "Binlog_Ignore_DB")) && vals[i] != nil && *vals[i] != "" {
				out = append(out, run.Finding{Level: run.LevelError, Object: "source", Found: fmt.Sprintf("%s = %s", strings.ToLower(c), *vals[i]),
					Why: "changes are kept out of the log, so they could not be followed", Remedy: "remove binlog_do_db and binlog_ignore_db from my.cnf and restart the server"})
			}
		}
	}
	return out, rows.Err()
}}

// statusStatement is what this version calls SHOW MASTER STATUS.
func statusStatement(s *Side) string {
	v := s.Conn.Server
	switch {
	case v.Flavor == mysql.MySQL && v.AtLeast(8, 2, 0):
		return "SHOW BINARY LOG STATUS"
	case v.Flavor == mysql.MariaDB && v.AtLeast(10, 5, 2):
		return "SHOW BINLOG STATUS"
	default:
		return "SHOW MASTER STATUS"
	}
}

// copyRate is the rate, in bytes per second, by which the check guesses how
// long a copy takes: cautious, since the log must last that long.
const copyRate = 10 << 20

// binlogRetention: the log lasts longer than the copy will take.
var binlogRetention = Check{ID: "binlog-retention", Needs: source, Skippable: true, Run: func(ctx context.Context, e *Env) ([]run.Finding, error) {
	if !e.follows() || !e.Source.Conn.Server.LogBin {
		return nil, nil
	}
	keep, name, err := retention(ctx, e.Source)
	if err != nil || keep == 0 {
		return nil, err
	}
	var bytes uint64
	for _, o := range e.Objects {
		bytes += o.Bytes
	}
	need := time.Duration(bytes/copyRate) * time.Second * 2
	if keep >= max(need, time.Hour) {
		return nil, nil
	}
	level := run.LevelWarning
	if keep < need {
		level = run.LevelError
	}
	seconds := strconv.Itoa(int(max(2*need, 24*time.Hour).Seconds()))
	return []run.Finding{{Level: level, Object: "source", Found: fmt.Sprintf("%s keeps the log for %s", name, keep),
		Why: fmt.Sprintf("the copy may take %s, and a log that is gone cannot be followed", need), Remedy: e.Source.persist(name, seconds)}}, nil
}}

// retention returns how long the server keeps its log; 0 is for ever.
func retention(ctx context.Context, s *Side) (time.Duration, string, error) {
	for _, n := range []struct {
		name string
		unit time.Duration
	}{{"binlog_expire_logs_seconds", time.Second}, {"expire_logs_days", 24 * time.Hour}} {
		v, err := s.global(ctx, n.name)
		if err != nil {
			return 0, "", err
		}
		if f, err := strconv.ParseFloat(v, 64); err == nil && f > 0 {
			return time.Duration(f * float64(n.unit)), n.name, nil
		}
	}
	return 0, "", nil
}
