package mysql

import (
	"context"
	"database/sql"
	"fmt"
	"strconv"
	"strings"
)

// Flavor is the family a server belongs to.
type Flavor string

// The flavours.
const (
	MySQL   Flavor = "mysql"
	MariaDB Flavor = "mariadb"
)

// Server says what answered at an endpoint.
type Server struct {
	Flavor       Flavor
	Version      string // VERSION() as it is
	Major, Minor int
	Patch        int
	UUID         string // server_uuid; of MariaDB server_uid where there is one, else ""
	ServerID     uint32
	Hostname     string
	GTID         bool   // transactions have ids that can be resumed from
	LogBin       bool   // a binary log is written
	LogBinName   string // log_bin_basename
	LowerCase    int    // lower_case_table_names
	MaxPacket    int64  // max_allowed_packet
	LocalInfile  bool
	Galera       bool // a node of a cluster, which may end a transaction for another node's
}

// Querier is what reading a server needs: *sql.DB, *sql.Conn or *sql.Tx.
type Querier interface {
	QueryContext(ctx context.Context, query string, args ...any) (*sql.Rows, error)
	QueryRowContext(ctx context.Context, query string, args ...any) *sql.Row
}

// AtLeast reports whether the server's version is not older.
func (s *Server) AtLeast(major, minor, patch int) bool {
	if s.Major != major {
		return s.Major > major
	}
	if s.Minor != minor {
		return s.Minor > minor
	}
	return s.Patch >= patch
}

// String shows the server to people.
func (s *Server) String() string {
	if s.Flavor == MariaDB {
		return fmt.Sprintf("MariaDB %d.%d.%d", s.Major, s.Minor, s.Patch)
	}
	return fmt.Sprintf("MySQL %d.%d.%d", s.Major, s.Minor, s.Patch)
}

// ParseVersion takes VERSION() apart. MariaDB says its name there; the prefix
// "5.5.5-" that old clients needed is not part of the version, and a number
// alone never tells the flavour.
func ParseVersion(version string) (flavor Flavor, major, minor, patch int, err error) {
	flavor = MySQL
	if strings.Contains(strings.ToLower(version), "mariadb") {
		flavor = MariaDB
		version = strings.TrimPrefix(version, "5.5.5-")
	}
	num := version
	if i := strings.IndexFunc(num, func(r rune) bool { return r != '.' && (r < '0' || r > '9') }); i >= 0 {
		num = num[:i]
	}
	parts := strings.Split(strings.Trim(num, "."), ".")
	for i, dst := range []*int{&major, &minor, &patch} {
		if i >= len(parts) {
			break
		}
		if *dst, err = strconv.Atoi(parts[i]); err != nil {
			return "", 0, 0, 0, fmt.Errorf("version %q cannot be read", version)
		}
	}
	return flavor, major, minor, patch, nil
}

// Detect reads what the server is.
func Detect(ctx context.Context, q Querier) (*Server, error) {
	s := &Server{}
	var localInfile, logBin string
	err := q.QueryRowContext(ctx, `SELECT VERSION(), @@global.server_id, @@global.hostname, @@global.log_bin,
		COALESCE(@@global.log_bin_basename, ''), @@global.lower_case_table_names, @@global.max_allowed_packet, @@global.local_infile`).
		Scan(&s.Version, &s.ServerID, &s.Hostname, &logBin, &s.LogBinName, &s.LowerCase, &s.MaxPacket, &localInfile)
	if err != nil {
		return nil, fmt.Errorf("read what the server is: %w", err)
	}
	s.LogBin, s.LocalInfile = isOn(logBin), isOn(localInfile)
	if s.Flavor, s.Major, s.Minor, s.Patch, err = ParseVersion(s.Version); err != nil {
		return nil, err
	}
	wsrep, err := variable(ctx, q, "wsrep_on")
	if err != nil {
		return nil, fmt.Errorf("read whether the server is in a cluster: %w", err)
	}
	s.Galera = isOn(wsrep)
	if s.Flavor == MariaDB {
		s.GTID = s.LogBin // MariaDB writes GTIDs whenever it writes a log
		s.UUID, err = variable(ctx, q, "server_uid")
		return s, err
	}
	var mode string
	if err := q.QueryRowContext(ctx, "SELECT @@global.server_uuid, @@global.gtid_mode").Scan(&s.UUID, &mode); err != nil {
		return nil, fmt.Errorf("read the server's identity: %w", err)
	}
	s.GTID = strings.EqualFold(mode, "ON")
	return s, nil
}

func isOn(v string) bool { return v == "1" || strings.EqualFold(v, "ON") }

const unknownVariable = 1193

// variable reads a global variable that may not exist; then it is "". SHOW would
// be a join to the server, which its defaults may forbid.
func variable(ctx context.Context, q Querier, name string) (string, error) {
	var v sql.NullString
	err := q.QueryRowContext(ctx, "SELECT @@global."+name).Scan(&v)
	if Number(err) == unknownVariable {
		return "", nil
	}
	return v.String, err
}

// Execer is what a statement needs: *sql.DB, *sql.Conn or *sql.Tx.
type Execer interface {
	ExecContext(ctx context.Context, query string, args ...any) (sql.Result, error)
}
