package mysql_test

import (
	"context"
	"errors"
	"fmt"
	"net"
	"os"
	"syscall"
	"testing"

	driver "github.com/go-sql-driver/mysql"

	"github.com/tidegate-io/tidegate/integration/dbtest"
	"github.com/tidegate-io/tidegate/internal/mysql"
	"github.com/tidegate-io/tidegate/internal/spec"
)

func TestMain(m *testing.M) { os.Exit(dbtest.Tests(m).Run()) }

// Real and invented versions: the number alone never tells the flavour.
func TestParseVersion(t *testing.T) {
	for text, want := range map[string]string{
		"9.7.4":                              "mysql 9.7.4",
		"8.0.36-0ubuntu0.22.04.1":            "mysql 8.0.36",
		"5.7.44-log":                         "mysql 5.7.44",
		"26.7.1":                             "mysql 26.7.1",
		"8.4":                                "mysql 8.4.0",
		"10.11.19-MariaDB-0+deb12u1-log":     "mariadb 10.11.19",
		"5.5.5-10.6.12-MariaDB-1:10.6.12":    "mariadb 10.6.12",
		"11.8.6-MariaDB-ubu2404":             "mariadb 11.8.6",
		"12.3.1-mariadb":                     "mariadb 12.3.1",
		"8.0.35-27 Percona Server (GPL)":     "mysql 8.0.35",
		"5.5.5-10.11.6-MariaDB-embedded-log": "mariadb 10.11.6",
	} {
		f, major, minor, patch, err := mysql.ParseVersion(text)
		if got := fmt.Sprintf("%s %d.%d.%d", f, major, minor, patch); err != nil || got != want {
			t.Errorf("%s: got %s, %v, want %s", text, got, err, want)
		}
	}
	if _, _, _, _, err := mysql.ParseVersion("no number"); err == nil {
		t.Error("a text without a number is a version")
	}
}

// The class comes from the number: servers echo row data in their messages.
func TestClassify(t *testing.T) {
	server := func(n uint16) error {
		return fmt.Errorf("apply: %w", &driver.MySQLError{Number: n, Message: "Duplicate entry 'connection refused' for key"})
	}
	for want, errs := range map[mysql.Class][]error{
		mysql.Transient:      {server(1205), server(1213), server(1290), server(1040), server(1932), errors.New("broken pipe"), context.DeadlineExceeded},
		mysql.Data:           {server(1062), server(1264), server(1406), server(3140)},
		mysql.Config:         {server(1045), server(1142), server(1153), server(1197), server(9999)},
		mysql.OutcomeUnknown: {fmt.Errorf("lane 1: %w: %w", mysql.ErrOutcomeUnknown, server(1205))},
		mysql.Fatal:          {&mysql.Error{Class: mysql.Fatal, Err: server(1062)}, context.Canceled},
	} {
		for _, err := range errs {
			if got := mysql.Classify(err); got != want {
				t.Errorf("%v: class %s, want %s", err, got, want)
			}
		}
	}
}

// Warnings that the server did not keep are not passed over.
func TestWarnings(t *testing.T) {
	for _, flavor := range []dbtest.Flavor{dbtest.MySQL, dbtest.MariaDB} {
		conn, err := mysql.Dial(t.Context(), dbtest.Shared(t, dbtest.Config{Flavor: flavor}).Endpoint())
		if err != nil {
			t.Fatal(err)
		}
		db, err := conn.Open(mysql.Text, 1)
		if err != nil {
			t.Fatal(err)
		}
		defer db.Close()
		warn := func() ([]mysql.Warning, error) {
			if _, err := db.ExecContext(t.Context(), "SELECT CAST('a' AS SIGNED), CAST('b' AS SIGNED)"); err != nil {
				t.Fatal(err)
			}
			return mysql.Warnings(t.Context(), db)
		}
		if got, err := warn(); err != nil || len(got) != 2 || got[0].Number != 1292 {
			t.Errorf("%s: got %v, %v", flavor, got, err)
		}
		if _, err := db.ExecContext(t.Context(), "SET SESSION max_error_count = 1"); err != nil {
			t.Fatal(err)
		}
		if got, err := warn(); err == nil {
			t.Errorf("%s: got %v of two warnings", flavor, got)
		}
	}
}

// Values stay as they are or are refused: none is cut, numbered or made valid.
func TestValuesStay(t *testing.T) {
	for _, flavor := range []dbtest.Flavor{dbtest.MySQL, dbtest.MariaDB} {
		s := dbtest.Shared(t, dbtest.Config{Flavor: flavor})
		conn, err := mysql.Dial(t.Context(), s.Endpoint())
		if err != nil {
			t.Fatal(err)
		}
		db, err := conn.Open(mysql.Raw, 1)
		if err != nil {
			t.Fatal(err)
		}
		defer db.Close()
		table := mysql.Table(s.NewSchema(t), "t")
		insert := func(values string) error {
			_, err := db.ExecContext(t.Context(), "INSERT INTO "+table+" VALUES "+values)
			return err
		}
		if _, err := db.ExecContext(t.Context(), "CREATE TABLE "+table+" (id INT AUTO_INCREMENT PRIMARY KEY, v VARCHAR(2), n TINYINT, d DATE)"); err != nil {
			t.Fatal(err)
		}
		if err := insert("(0, 'ab', 127, '2024-02-31'), (7, '', -128, '0000-00-00')"); err != nil {
			t.Errorf("%s: %v", flavor, err)
		}
		for _, values := range []string{"(8, 'abc', 0, NULL)", "(8, 'a', 128, NULL)", "(8, 'a', 0, '2024-13-01')", "(7, 'a', 0, NULL)"} {
			if err := insert(values); err == nil {
				t.Errorf("%s: %s was taken", flavor, values)
			}
		}
		var got string
		want := "0,ab,127,2024-02-31;7,,-128,0000-00-00"
		if err := db.QueryRowContext(t.Context(), "SELECT GROUP_CONCAT(CONCAT_WS(',', id, v, n, d) ORDER BY id SEPARATOR ';') FROM "+table).Scan(&got); err != nil || got != want {
			t.Errorf("%s: got %s, %v, want %s", flavor, got, err, want)
		}
	}
}

// Every byte survives quoting, in text and in raw sessions of both flavours.
func TestQuoting(t *testing.T) {
	for _, flavor := range []dbtest.Flavor{dbtest.MySQL, dbtest.MariaDB} {
		s := dbtest.Shared(t, dbtest.Config{Flavor: flavor})
		conn, err := mysql.Dial(t.Context(), s.Endpoint())
		if err != nil {
			t.Fatal(err)
		}
		var all []byte
		for i := range 256 {
			all = append(all, byte(i), '\'', '\\')
		}
		db, err := conn.Open(mysql.Raw, 1)
		if err != nil {
			t.Fatal(err)
		}
		defer db.Close()
		var got []byte
		if err := db.QueryRowContext(t.Context(), "SELECT "+string(mysql.AppendString(nil, all))).Scan(&got); err != nil || string(got) != string(all) {
			t.Errorf("%s: bytes changed on the way: %v", flavor, err)
		}
		schema := s.NewSchema(t)
		odd := "a`b'c\"d é\\"
		if _, err := s.DB().ExecContext(t.Context(), "CREATE TABLE "+mysql.Table(schema, odd)+" ("+mysql.Ident(odd)+" INT)"); err != nil {
			t.Errorf("%s: %v", flavor, err)
		}
	}
}

// Nothing a server's global settings say reaches a session of ours.
func TestSessionsInheritNothing(t *testing.T) {
	hostile := map[dbtest.Flavor][]string{
		dbtest.MySQL:   {"max_execution_time=60000", "transaction_isolation='SERIALIZABLE'"},
		dbtest.MariaDB: {"max_statement_time=60", "tx_isolation='SERIALIZABLE'", "system_versioning_asof='2020-01-01 00:00:00'", "sql_if_exists=1", "old_mode=''"},
	}
	for flavor, extra := range hostile {
		s := dbtest.Start(t, dbtest.Config{Flavor: flavor})
		for _, set := range append(extra, "time_zone='+05:30'", "sql_mode='ANSI_QUOTES,NO_BACKSLASH_ESCAPES'", "sql_select_limit=1", "sql_safe_updates=1", "autocommit=0", "completion_type=1",
			"foreign_key_checks=1", "group_concat_max_len=10", "max_error_count=0", "auto_increment_increment=7", "net_write_timeout=1", "character_set_client=latin1") {
			if _, err := s.DB().ExecContext(t.Context(), "SET GLOBAL "+set); err != nil {
				t.Fatalf("%s: SET GLOBAL %s: %v", flavor, set, err)
			}
		}
		conn, err := mysql.Dial(t.Context(), s.Endpoint())
		if err != nil {
			t.Fatal(err)
		}
		for _, charset := range []mysql.Charset{mysql.Text, mysql.Raw} {
			db, err := conn.Open(charset, 1, mysql.Set("lock_wait_timeout", "7"))
			if err != nil {
				t.Fatal(err)
			}
			defer db.Close()
			isolation := "tx_isolation"
			if flavor == dbtest.MySQL {
				isolation = "transaction_isolation"
			}
			want := "+00:00|" + mysql.SQLMode + "|18446744073709551615|0|1|0|1048576|65535|1|READ-COMMITTED|" + string(charset) + "|" + string(charset) + "|7|NO_CHAIN"
			var got string
			err = db.QueryRowContext(t.Context(), `SELECT CONCAT_WS('|', @@time_zone, @@sql_mode, @@sql_select_limit, @@sql_safe_updates+0, @@autocommit+0, @@foreign_key_checks+0,
				@@group_concat_max_len, @@max_error_count, @@auto_increment_increment, @@`+isolation+`, @@character_set_client, @@character_set_results, @@lock_wait_timeout, @@completion_type)`).Scan(&got)
			if err != nil {
				t.Fatal(err)
			}
			if got != want {
				t.Errorf("%s %s:\n got %s\nwant %s", flavor, charset, got, want)
			}
			if flavor == dbtest.MySQL {
				continue
			}
			want = "DEFAULT|OFF|UTF8_IS_UTF8MB3"
			if err := db.QueryRowContext(t.Context(), "SELECT CONCAT_WS('|', @@system_versioning_asof, @@sql_if_exists, @@old_mode)").Scan(&got); err != nil || got != want {
				t.Errorf("%s: got %s, %v, want %s", flavor, got, err, want)
			}
		}
	}
}

// A wrong door is told apart: each has a code and says what to do.
func TestDialErrors(t *testing.T) {
	s := dbtest.Shared(t, dbtest.Config{})
	good := s.Endpoint()
	for name, tc := range map[string]struct {
		change func(*spec.Endpoint)
		code   string
		class  mysql.Class
	}{
		"wrong password": {func(e *spec.Endpoint) { e.Password = spec.Secret{Value: "wrong"} }, "login", mysql.Config},
		"unset secret":   {func(e *spec.Endpoint) { e.Password = spec.Secret{Env: "TIDEGATE_NO_SUCH_VARIABLE"} }, "secret", mysql.Config},
		"nobody listens": {func(e *spec.Endpoint) { e.Address = "127.0.0.1:1" }, "unreachable", mysql.Transient},
		"wrong flavour":  {func(e *spec.Endpoint) { e.Flavor = "mariadb" }, "flavor", mysql.Config},
		"untrusted":      {func(e *spec.Endpoint) { e.TLS.Mode = spec.TLSVerifyFull }, "tls", mysql.Config},
		"no CA file":     {func(e *spec.Endpoint) { e.TLS = spec.TLS{Mode: spec.TLSVerifyCA, CAFile: "/nonexistent.pem"} }, "tls", mysql.Config},
	} {
		t.Run(name, func(t *testing.T) {
			ep := good
			tc.change(&ep)
			_, err := mysql.Dial(t.Context(), ep)
			e, ok := errors.AsType[*mysql.Error](err)
			if !ok || e.Code != tc.code || e.Class != tc.class || e.Hint() == "" {
				t.Fatalf("got %v (%+v), want code %s, class %s and a hint", err, e, tc.code, tc.class)
			}
		})
	}
}

// Connections end by themselves when the other end is dead, also while
// something sent to it is not acknowledged.
func TestDialerNoticesDeadPeers(t *testing.T) {
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	c, err := mysql.Dialer().DialContext(t.Context(), "tcp", l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	raw, err := c.(*net.TCPConn).SyscallConn()
	if err != nil {
		t.Fatal(err)
	}
	for option, most := range map[int]int{18: 120_000, syscall.TCP_KEEPIDLE: 30, syscall.TCP_KEEPINTVL: 15, syscall.TCP_KEEPCNT: 9} { // 18: TCP_USER_TIMEOUT
		var n int
		if e := raw.Control(func(fd uintptr) { n, err = syscall.GetsockoptInt(int(fd), syscall.IPPROTO_TCP, option) }); e != nil || err != nil {
			t.Fatal(e, err)
		}
		if n <= 0 || n > most {
			t.Errorf("option %d is %d, wanted at most %d", option, n, most)
		}
	}
}
