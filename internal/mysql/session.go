package mysql

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"fmt"
	"maps"
	"strings"
	"time"

	"github.com/go-sql-driver/mysql"

	"github.com/tidegate-io/tidegate/internal/spec"
)

// Charset says in which form text passes over a session.
type Charset string

// The two forms.
const (
	// Text is for definitions, settings and control tables: utf8mb4 both ways.
	Text Charset = "utf8mb4"
	// Raw is for rows: bytes pass unconverted. A string literal is a binary
	// string, so it enters a column of any character set as the bytes it is;
	// results are the bytes stored.
	Raw Charset = "binary"
)

// SQLMode is the mode of every session: strict, so that nothing is cut or
// changed silently, while zero and invalid dates that a source holds pass; key
// value 0 is a value; string literals follow AppendString.
const SQLMode = "NO_AUTO_VALUE_ON_ZERO,STRICT_ALL_TABLES,ALLOW_INVALID_DATES,NO_ENGINE_SUBSTITUTION"

// Conn is how to reach one endpoint, with what was learnt about its server.
type Conn struct {
	Endpoint spec.Endpoint
	Server   *Server

	config *mysql.Config     // without session settings
	pinned map[string]string // session variables that this server has
}

// Dial logs in once, reads what the server is, and finds out which of the
// session variables we pin this server has. Errors carry a Hint.
func Dial(ctx context.Context, ep spec.Endpoint) (*Conn, error) {
	cfg, err := driverConfig(ep)
	if err != nil {
		return nil, err
	}
	connector, err := mysql.NewConnector(cfg)
	if err != nil {
		return nil, fmt.Errorf("endpoint %q: %w", ep.Name, err)
	}
	db := sql.OpenDB(connector)
	defer db.Close()
	ctx, cancel := context.WithTimeout(ctx, 15*time.Second)
	defer cancel()
	conn, err := db.Conn(ctx)
	if err != nil {
		return nil, connectError(ep, err)
	}
	defer conn.Close()
	server, err := Detect(ctx, conn)
	if err != nil {
		return nil, connectError(ep, err)
	}
	if ep.Flavor != "" && ep.Flavor != string(server.Flavor) {
		return nil, &Error{Class: Config, Code: "flavor", Err: fmt.Errorf("endpoint %q (%s) is %s, the pipeline insists on %s", ep.Name, ep.Address, server, ep.Flavor),
			Remedy: "correct the endpoint's address, or its flavor attribute"}
	}
	c := &Conn{Endpoint: ep, Server: server, config: cfg}
	c.pinned, err = pinned(ctx, conn, server.Flavor)
	return c, err
}

// LockWait is how many seconds every session waits for a row's lock.
const LockWait = "30"

// always are session settings every supported server has. Nothing is
// inherited: a global default may be anything.
var always = map[string]string{
	"time_zone":                "'+00:00'",
	"sql_mode":                 "'" + SQLMode + "'",
	"autocommit":               "1",
	"completion_type":          "'NO_CHAIN'", // else a COMMIT begins the next transaction, or ends the session
	"foreign_key_checks":       "0",
	"unique_checks":            "1",
	"sql_safe_updates":         "0",
	"sql_select_limit":         "18446744073709551615",
	"sql_big_selects":          "1",
	"max_join_size":            "18446744073709551615",
	"sql_auto_is_null":         "0",
	"sql_quote_show_create":    "1",
	"sql_notes":                "1",
	"group_concat_max_len":     "1048576",
	"wait_timeout":             "86400",
	"interactive_timeout":      "86400",
	"net_read_timeout":         "600",
	"net_write_timeout":        "600",
	"innodb_lock_wait_timeout": LockWait,
	"lock_wait_timeout":        "120",
	"character_set_results":    "",
}

// perFlavor are settings of one flavour that may be missing in a version, or
// need a privilege there: each is tried once per endpoint. A row that the source
// holds against a CHECK, since it was written with check_constraint_checks off, is
// carried as it is.
var perFlavor = map[Flavor]map[string]string{
	MySQL: {
		"transaction_isolation": "'READ-COMMITTED'", "transaction_read_only": "0", "max_execution_time": "0",
		"information_schema_stats_expiry": "0", "show_gipk_in_create_table_and_information_schema": "ON",
		"sql_generate_invisible_primary_key": "OFF", "sql_require_primary_key": "OFF", "explicit_defaults_for_timestamp": "ON",
		"innodb_strict_mode": "ON", "cte_max_recursion_depth": "1000000", "auto_increment_increment": "1", "auto_increment_offset": "1", "max_error_count": "65535",
	},
	MariaDB: {
		"tx_isolation": "'READ-COMMITTED'", "tx_read_only": "0", "max_statement_time": "0", "check_constraint_checks": "0",
		"innodb_strict_mode": "1", "alter_algorithm": "DEFAULT", "idle_transaction_timeout": "0", "idle_readonly_transaction_timeout": "0",
		"idle_write_transaction_timeout": "0", "system_versioning_asof": "DEFAULT", "sql_if_exists": "0", "old_mode": "'UTF8_IS_UTF8MB3'", "explicit_defaults_for_timestamp": "ON", "auto_increment_increment": "1", "auto_increment_offset": "1", "max_error_count": "65535",
	},
}

func pinned(ctx context.Context, conn *sql.Conn, f Flavor) (map[string]string, error) {
	p := maps.Clone(always)
	delete(p, "character_set_results") // set with the session's charset
	var all []string
	for name, value := range perFlavor[f] {
		all = append(all, "SESSION "+name+" = "+value)
	}
	if _, err := conn.ExecContext(ctx, "SET "+strings.Join(all, ", ")); err == nil { // of a server far away it is worth a try
		maps.Copy(p, perFlavor[f])
		return p, nil
	}
	for name, value := range perFlavor[f] {
		if _, err := conn.ExecContext(ctx, "SET SESSION "+name+" = "+value); err == nil {
			p[name] = value
		} else if Number(err) == 0 {
			return nil, fmt.Errorf("set %s: %w", name, err)
		}
	}
	return p, nil
}

// Option changes the sessions of a pool.
type Option func(*pool)

type pool struct {
	params map[string]string
	multi  bool
	greet  []func(ctx context.Context, conn driver.Conn) error
}

// Set pins one more session variable, or another value of a pinned one; the
// value is SQL text.
func Set(name, value string) Option { return func(p *pool) { p.params[name] = value } }

// Several lets one call on a session carry several statements, separated by
// semicolons. It is for text that is made here, of literals.
func Several() Option { return func(p *pool) { p.multi = true } }

// Counts runs statements that stand in one text on a session opened with Several,
// and returns how many rows each changed. The server stops at the first that
// fails.
func Counts(ctx context.Context, conn *sql.Conn, text string) (counts []int64, err error) {
	err = conn.Raw(func(conn any) error {
		res, err := conn.(driver.ExecerContext).ExecContext(ctx, text, nil)
		if err == nil {
			counts = res.(mysql.Result).AllRowsAffected()
		}
		return err
	})
	return counts, err
}

// Greet runs f on every new session before it is used. A session on which it
// fails is closed, and the error is the connection's.
func Greet(f func(ctx context.Context, conn driver.Conn) error) Option {
	return func(p *pool) { p.greet = append(p.greet, f) }
}

// greeted is a connector whose sessions are greeted.
type greeted struct {
	driver.Connector
	greet []func(ctx context.Context, conn driver.Conn) error
}

// Connect implements driver.Connector.
func (g greeted) Connect(ctx context.Context) (driver.Conn, error) {
	conn, err := g.Connector.Connect(ctx)
	if err != nil {
		return nil, err
	}
	for _, f := range g.greet {
		if err := f(ctx, conn); err != nil {
			conn.Close()
			return nil, err
		}
	}
	return conn, nil
}

// Within is the same endpoint for questions that are answered within a time: a
// session that says nothing for longer is given up as lost. Without it, only a
// peer that is dead to TCP is noticed, not one behind a proxy that hangs.
func (c *Conn) Within(limit time.Duration) *Conn {
	short := *c
	short.config = c.config.Clone()
	short.config.ReadTimeout = limit
	return &short
}

// Open returns a pool whose every session has the pinned settings. size bounds
// its connections.
func (c *Conn) Open(charset Charset, size int, opts ...Option) (*sql.DB, error) {
	cfg := c.config.Clone()
	p := pool{params: maps.Clone(c.pinned)}
	p.params["character_set_client"] = string(charset)
	p.params["character_set_connection"] = string(charset)
	p.params["character_set_results"] = string(charset)
	for _, o := range opts {
		o(&p)
	}
	cfg.Params, cfg.MultiStatements = p.params, p.multi
	connector, err := mysql.NewConnector(cfg)
	if err != nil {
		return nil, fmt.Errorf("endpoint %q: %w", c.Endpoint.Name, err)
	}
	db := sql.OpenDB(greeted{connector, p.greet})
	db.SetMaxOpenConns(size)
	db.SetMaxIdleConns(size)
	return db, nil
}
