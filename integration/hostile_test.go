package integration

import (
	"context"
	"database/sql"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/tidegate-io/tidegate/integration/dbtest"
	"github.com/tidegate-io/tidegate/integration/site"
	"github.com/tidegate-io/tidegate/internal/run"
)

// hostile are global settings that sessions inherit unless they set their own.
var hostile = map[string][]string{
	"both": {
		"sql_select_limit=10", "sql_safe_updates=1", "autocommit=0", "sql_mode='NO_BACKSLASH_ESCAPES,ANSI_QUOTES,PIPES_AS_CONCAT,HIGH_NOT_PRECEDENCE'", "group_concat_max_len=8",
		"wait_timeout=4", "interactive_timeout=4", "foreign_key_checks=1", "unique_checks=0", "time_zone='+09:00'", "net_read_timeout=2", "net_write_timeout=2", "innodb_lock_wait_timeout=1", "lock_wait_timeout=2",
		"max_error_count=0", "sql_big_selects=0", "max_join_size=10", "auto_increment_increment=3", "auto_increment_offset=2", "sql_notes=0", "div_precision_increment=0", "default_week_format=3", "lc_time_names='de_DE'",
		"character_set_client=latin1", "character_set_results=latin1", "collation_connection=utf8mb4_bin", "explicit_defaults_for_timestamp=OFF", "completion_type=1", "sql_quote_show_create=0", "sql_auto_is_null=1",
		"init_connect='SET sql_mode=\\'\\', character_set_results=latin1, @x=1'",
	},
	"mysql": {
		"max_execution_time=100", "transaction_isolation='SERIALIZABLE'", "information_schema_stats_expiry=86400", "show_gipk_in_create_table_and_information_schema=OFF",
		"sql_generate_invisible_primary_key=ON", "sql_require_primary_key=ON", "default_collation_for_utf8mb4='utf8mb4_general_ci'", "binlog_rows_query_log_events=ON", "binlog_transaction_compression=ON",
	},
	"mariadb": {"max_statement_time=0.5", "tx_isolation='SERIALIZABLE'", "check_constraint_checks=0", "idle_transaction_timeout=1", "alter_algorithm='COPY'"},
}

// hostileTarget are the settings of the target alone.
var hostileTarget = map[string][]string{
	"both":    {"max_allowed_packet=1048576", "low_priority_updates=1"},
	"mysql":   {"transaction_read_only=1"},
	"mariadb": {"tx_read_only=1"},
}

// TestHostileDefaults moves a database between servers whose defaults would
// change what sessions read and write, under an agent in a zone with summer time
// and an account that init_connect applies to, slowly enough for every idle
// limit to pass.
func TestHostileDefaults(t *testing.T) {
	for _, c := range []struct {
		flavor dbtest.Flavor
		zone   string
	}{{dbtest.MySQL, "Asia/Kolkata"}, {dbtest.MariaDB, "America/St_Johns"}} {
		t.Run(string(c.flavor), func(t *testing.T) {
			s := site.New(t)
			s.Env = []string{"TZ=" + c.zone}
			p := site.Pair{Src: dbtest.Start(t, dbtest.Config{Flavor: c.flavor}), Dst: dbtest.Start(t, dbtest.Config{Flavor: c.flavor})}
			h := newHost(t, p)
			h.account("plain")
			h.makeTables()
			h.set(p.Src, hostile)
			h.set(p.Dst, hostile, hostileTarget)
			s.Dev()
			s.Apply(s.Write("p.hcl", p.FileAs("plain", `objects {
    database "hostile" {}
  }
  copy {
    threads  = 2
    chunk    = "64KiB"
    max_rows = 900
  }
  verify {
    method = "full"
  }`)))
			s.Reach(60*time.Second, "p", "the copy under way", func(st site.Status) bool { rows, _ := st.Copied(); return rows > 100 })
			h.write(1)
			s.InState(120*time.Second, "p", run.CaughtUp)
			h.write(2)
			time.Sleep(5 * time.Second) // longer than an idle session lives
			h.write(3)
			s.CaughtUpTo(t, p)
			if a := s.Call("verify", "p", "--wait"); a.Code != 0 {
				t.Errorf("verify: %s", a)
			}
			s.Must("complete", "p")
			s.Must("wait", "p", "--for", "completed", "--timeout", "60s")
			h.restore()
			site.Equal(t, p, "hostile", "hostile")
		})
	}
}

// host has sessions from before the settings changed.
type host struct {
	t        *testing.T
	pair     site.Pair
	restores map[*dbtest.Server][]string
	admin    map[*dbtest.Server]*sql.Conn
}

func newHost(t *testing.T, p site.Pair) *host {
	t.Helper()
	h := &host{t: t, pair: p, restores: map[*dbtest.Server][]string{}, admin: map[*dbtest.Server]*sql.Conn{}}
	for _, s := range []*dbtest.Server{p.Src, p.Dst} {
		s.DB().SetMaxIdleConns(0) // what is asked later gets a new session
		conn, err := s.DB().Conn(context.Background())
		if err != nil {
			t.Fatal(err)
		}
		t.Cleanup(func() { conn.Close() })
		h.admin[s] = conn
		h.run(s, "SET SESSION wait_timeout = 86400")
	}
	return h
}

func (h *host) run(s *dbtest.Server, statements ...string) {
	h.t.Helper()
	for _, q := range statements {
		if _, err := h.admin[s].ExecContext(context.Background(), q); err != nil {
			h.t.Fatalf("%.200s on %s: %v", q, s.Flavor, err)
		}
	}
}

// account makes one with all privileges but the one to pass init_connect.
func (h *host) account(name string) {
	h.t.Helper()
	for _, s := range []*dbtest.Server{h.pair.Src, h.pair.Dst} {
		h.run(s, fmt.Sprintf("CREATE USER %s@'127.0.0.1' IDENTIFIED BY '%s'", name, dbtest.Password), "GRANT ALL ON *.* TO "+name+"@'127.0.0.1'")
		if s.Flavor == dbtest.MySQL {
			h.run(s, "REVOKE SUPER, CONNECTION_ADMIN ON *.* FROM "+name+"@'127.0.0.1'")
		} else {
			h.run(s, "REVOKE SUPER, CONNECTION ADMIN ON *.* FROM "+name+"@'127.0.0.1'")
		}
	}
}

func (h *host) makeTables() {
	h.t.Helper()
	values := func(n int, row string) string {
		var b []string
		for i := range n {
			b = append(b, strings.ReplaceAll(row, "@", fmt.Sprint(i)))
		}
		return strings.Join(b, ",")
	}
	h.run(h.pair.Src, "SET time_zone='+05:45'", "CREATE DATABASE hostile", "USE hostile",
		"CREATE TABLE wide (id INT NOT NULL AUTO_INCREMENT PRIMARY KEY, ts TIMESTAMP(6) NULL, dt DATETIME(3) NULL, f FLOAT, d DOUBLE, s VARCHAR(60), b BLOB, n DECIMAL(20,6), doc JSON, e ENUM('a','b\\\\','é'))",
		"CREATE TABLE keyless (a INT, s VARCHAR(60))", "CREATE TABLE up (id INT PRIMARY KEY)", "CREATE TABLE down (id INT PRIMARY KEY, up INT, CONSTRAINT fk FOREIGN KEY (up) REFERENCES up (id))",
		"CREATE TABLE large (id INT PRIMARY KEY, b LONGBLOB)",
		"SET sql_mode='NO_AUTO_VALUE_ON_ZERO'",
		"INSERT INTO wide VALUES "+values(2500, `(@,'2024-03-31 0@:30:00.000001'+INTERVAL @ MINUTE,'2024-10-27 02:30:00.5',@/3e0,1/(@+1e0),'it''s \\ "q" é @',X'005C27220A1A',@/7,'{"k": "\\"@"}',1+@%3)`),
		"INSERT INTO keyless VALUES "+values(300, `(@ % 7,'\\')`), "INSERT INTO up VALUES "+values(50, "(@)"), "INSERT INTO down VALUES "+values(50, "(@,@)"),
		"SET foreign_key_checks=0", "INSERT INTO down VALUES (1000, 12345)", "SET foreign_key_checks=1", // a row that checks would not let in
		"INSERT INTO large VALUES "+values(12, "(@, REPEAT(X'5C00', 200000))"))
}

// write changes everything under the source's own mild session.
func (h *host) write(round int) {
	h.t.Helper()
	h.run(h.pair.Src, fmt.Sprintf("INSERT INTO wide (id, ts, dt, f, d, s, b, n, doc, e) SELECT id + %d, ts - INTERVAL 1 DAY, dt, f * 1.1, d, CONCAT(s, '\\\\'), b, n, doc, e FROM wide WHERE id < 100", 10000*round),
		"UPDATE wide SET s = CONCAT(s, '\\''), ts = NOW(6) WHERE id % 9 = 0", "DELETE FROM keyless WHERE a = 3 LIMIT 5", "UPDATE keyless SET s = 'x\\\\y' WHERE a = 4 LIMIT 7", "INSERT INTO keyless VALUES (1, '\\\\')",
		"DELETE FROM wide WHERE id % 11 = 10", fmt.Sprintf("UPDATE wide SET id = -%d WHERE id = 0", round), "UPDATE large SET b = CONCAT(b, X'5C')",
		fmt.Sprintf("ALTER TABLE wide ADD COLUMN r%d TIMESTAMP NULL DEFAULT '2001-02-03 04:05:06', ADD COLUMN q%[1]d VARCHAR(20) NOT NULL DEFAULT 'a\\\\b'", round),
		fmt.Sprintf("CREATE TABLE later%d (a INT, b TIMESTAMP, c VARCHAR(9) DEFAULT 'x')", round), fmt.Sprintf("INSERT INTO later%d (a) VALUES (1),(1),(2)", round))
}

func (h *host) set(s *dbtest.Server, settings ...map[string][]string) {
	h.t.Helper()
	for _, m := range settings {
		for _, set := range append(append([]string{}, m["both"]...), m[s.Flavor.Family()]...) {
			name, _, _ := strings.Cut(set, "=")
			var before sql.NullString
			if err := h.admin[s].QueryRowContext(context.Background(), "SELECT @@global."+name).Scan(&before); err != nil {
				h.t.Fatalf("%s on %s: %v", name, s.Flavor, err)
			}
			value := "'" + before.String + "'"
			if strings.Trim(before.String, "0123456789.") == "" && before.String != "" {
				value = before.String
			}
			h.restores[s] = append(h.restores[s], "SET GLOBAL "+name+" = "+value)
			h.run(s, "SET GLOBAL "+set)
		}
	}
}

func (h *host) restore() {
	h.t.Helper()
	for s, statements := range h.restores {
		h.run(s, statements...)
	}
}
