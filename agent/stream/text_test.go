package stream

import (
	"strings"
	"testing"
)

func TestClassify(t *testing.T) {
	tests := []struct {
		sql  string
		want verb
		name string
	}{
		{sql: "BEGIN", want: verbBegin},
		{sql: " /* x */ commit", want: verbCommit},
		{sql: "ROLLBACK", want: verbRollback},
		{sql: "ROLLBACK /* implicit */", want: verbRollback},
		{sql: "ROLLBACK WORK TO SAVEPOINT `A b`", want: verbRollbackTo, name: "a b"},
		{sql: "ROLLBACK TO s1", want: verbRollbackTo, name: "s1"},
		{sql: "SAVEPOINT `S``1`", want: verbSavepoint, name: "s`1"},
		{sql: "XA START X'6131',X'',1", want: verbXAStart, name: "X'6131',X'',1"},
		{sql: "XA END X'6131',X'62',7", want: verbXAEnd, name: "X'6131',X'62',7"},
		{sql: "XA COMMIT 'a1'", want: verbXACommit, name: "X'6131',X'',1"},
		{sql: "XA ROLLBACK X'00ff',X'',1", want: verbXARollback, name: "X'00ff',X'',1"},
		{sql: "-- why\nINSERT INTO t VALUES (1)", want: verbDML},
		{sql: "/*!50001 UPDATE t SET a=1 */", want: verbDML},
		{sql: "/*M!100100 DELETE FROM t */", want: verbDML},
		{sql: "CREATE OR REPLACE TEMPORARY TABLE x (a INT)", want: verbTemporary},
		{sql: "DROP /* */ TEMPORARY TABLE x", want: verbTemporary},
		{sql: "CREATE TABLE temporary_things (a INT)", want: verbOther},
		{sql: "SET PASSWORD FOR a='b'", want: verbOther},
		{sql: "SET @x = f()", want: verbFunction},
		{sql: "SET STATEMENT max_statement_time=0, sql_mode=(SELECT 'FOR' FROM x FOR UPDATE) FOR ALTER TABLE t ADD b INT", want: verbOther},
		{sql: "set statement lock_wait_timeout = 5 for create temporary table x (a INT)", want: verbTemporary},
		{sql: "SET STATEMENT max_statement_time=1 FOR DELETE FROM t", want: verbDML},
		{sql: "SET STATEMENT max_statement_time=1", want: verbOther},
		{sql: "SELECT `db`.`f`()", want: verbFunction},
		{sql: "LOAD INDEX INTO CACHE t", want: verbOther},
		{sql: "TRUNCATE t", want: verbOther},
		{sql: "", want: verbOther},
	}
	for _, tt := range tests {
		if v, name := classify([]byte(tt.sql)); v != tt.want || tt.name != "" && name != tt.name {
			t.Errorf("%q: got %d %q, want %d %q", tt.sql, v, name, tt.want, tt.name)
		}
	}
}

func TestMentions(t *testing.T) {
	sel := func(schema, name string) bool {
		return schema == "shop" && !strings.HasPrefix(name, "un") || schema == "other" && name == "x"
	}
	for sql, want := range map[string]string{
		"INSERT INTO orders VALUES (1)":                                      "shop.orders",
		"INSERT orders SELECT 1":                                             "shop.orders",
		"insert into un1 values ('orders', \"orders\")":                      "",
		"UPDATE un1 SET orders = 1 WHERE items = 2":                          "",
		"UPDATE un1 AS a, LOW_PRIORITY orders b SET a.x = b.x":               "shop.orders",
		"DELETE FROM un1 USING un1 JOIN items ON un1.id = items.id":          "shop.items",
		"UPDATE un1 JOIN `Items` i USING (id) SET a = 1":                     "shop.Items",
		"INSERT INTO un1 SELECT * FROM (un2, orders)":                        "shop.orders",
		"REPLACE INTO other . x SET a = 1":                                   "other.x",
		"DELETE other.x.* FROM un1":                                          "other.x",
		"INSERT INTO un1 /* orders */ VALUES (1) -- orders":                  "",
		"INSERT INTO un1 (a) VALUES (REPLACE(b,'x','y'))":                    "",
		"INSERT INTO un1 VALUES (1) ON DUPLICATE KEY UPDATE a = VALUES(a)":   "",
		"UPDATE `un``1` SET a = 'it''s FROM orders', b = 'x\\' FROM orders'": "",
	} {
		if got, _ := mentions([]byte(sql), "shop", false, sel); got != want {
			t.Errorf("%s: got %q, want %q", sql, got, want)
		}
	}
	if got, _ := mentions([]byte("INSERT INTO SHOP.Orders VALUES (1)"), "", true, sel); got != "shop.orders" {
		t.Errorf("names are not folded: %q", got)
	}
}

func TestWithoutStart(t *testing.T) {
	for in, want := range map[string]string{
		"CREATE TABLE t (a INT) START TRANSACTION": "CREATE TABLE t (a INT)",
		"CREATE TABLE t (a INT)":                   "CREATE TABLE t (a INT)",
		"START TRANSACTION":                        "START TRANSACTION",
	} {
		if got := string(withoutStart([]byte(in))); got != want {
			t.Errorf("%s: got %q", in, got)
		}
	}
}

func TestExcerptHidesValues(t *testing.T) {
	got := excerpt([]byte("INSERT INTO t VALUES (4711, 'secret', X'abcd')"))
	for _, v := range []string{"4711", "secret", "abcd"} {
		if strings.Contains(got, v) {
			t.Errorf("%s shows %s", got, v)
		}
	}
}
