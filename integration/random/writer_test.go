package random

import (
	"fmt"
	"strings"
	"time"
)

// transaction writes a few statements and commits them, or takes them back.
func (c *writer) transaction() bool {
	r := c.r
	if chance(r, 4) {
		c.settings()
	}
	if chance(r, 8) {
		return c.xaTransaction()
	}
	if c.big > 0 && c.id == 1 && chance(r, 2) {
		return c.bulk()
	}
	if chance(r, 25) {
		return c.statement() == nil
	}
	c.run("BEGIN") //nolint:errcheck // what follows fails too
	for range 1 + r.IntN(5) {
		switch r.IntN(12) {
		case 0:
			c.run("SAVEPOINT a")             //nolint:errcheck // noted
			c.statement()                    //nolint:errcheck // noted
			c.run("ROLLBACK TO SAVEPOINT a") //nolint:errcheck // noted
		case 1:
			c.run("SAVEPOINT b") //nolint:errcheck // noted
			c.statement()        //nolint:errcheck // noted
		default:
			c.statement() //nolint:errcheck // one that fails leaves the transaction open, but for deadlocks
		}
	}
	if chance(r, 10) {
		c.run("ROLLBACK") //nolint:errcheck // noted
		return false
	}
	return c.run("COMMIT") == nil
}

// settings changes what a session may depend on.
func (c *writer) settings() {
	all := []string{
		"SET SESSION sql_mode = ''", "SET SESSION sql_mode = DEFAULT", "SET SESSION sql_mode = 'NO_BACKSLASH_ESCAPES,NO_AUTO_VALUE_ON_ZERO'",
		"SET SESSION sql_mode = 'ALLOW_INVALID_DATES,PIPES_AS_CONCAT'", "SET SESSION time_zone = '+05:30'", "SET SESSION time_zone = '-11:00'", "SET SESSION time_zone = DEFAULT",
		"SET SESSION foreign_key_checks = 0", "SET SESSION foreign_key_checks = 1", "SET SESSION foreign_key_checks = 1",
		"SET SESSION auto_increment_increment = 7", "SET SESSION auto_increment_increment = 1", "SET SESSION transaction_isolation = 'SERIALIZABLE'", "SET SESSION transaction_isolation = 'READ-COMMITTED'",
		"SET TIMESTAMP = 1000000000", "SET TIMESTAMP = DEFAULT", "SET SESSION binlog_rows_query_log_events = ON",
	}
	if c.mysql() { // without both checks a MariaDB logs rows of an INSERT IGNORE that it has thrown away: its own replicas differ too
		all = append(all, "SET SESSION unique_checks = 0", "SET SESSION unique_checks = 1", "SET SESSION binlog_transaction_compression = ON", "SET SESSION binlog_transaction_compression = OFF")
	} else {
		all = append(all, "SET SESSION binlog_annotate_row_events = OFF", "SET SESSION tx_isolation = 'READ-COMMITTED'")
	}
	one := pick(c.r, all...)
	if c.run(one) == nil && strings.Contains(one, "foreign_key_checks") {
		c.unchecked = strings.HasSuffix(one, "0")
	}
}

// statement changes rows of one table or more.
func (c *writer) statement() error {
	r, t := c.r, c.some(c.r)
	columns := t.written()
	into := t.String() + " (" + t.names(columns) + ") VALUES "
	limit := fmt.Sprintf(" LIMIT %d", 1+r.IntN(8))
	switch r.IntN(16) {
	case 0, 1:
		return c.run("INSERT INTO " + into + t.rows(r, columns, 1+r.IntN(4)))
	case 2:
		return c.run("INSERT IGNORE INTO " + into + t.rows(r, columns, 1+r.IntN(30)))
	case 3:
		return c.run("INSERT INTO " + into + t.rows(r, columns, 1+r.IntN(6)) + " ON DUPLICATE KEY UPDATE " + t.assignments(r, ""))
	case 4, 5:
		return c.run("REPLACE INTO " + into + t.rows(r, columns, 1+r.IntN(6)))
	case 6, 7, 8:
		return c.run("UPDATE " + t.String() + " SET " + t.assignments(r, "") + " WHERE " + t.where(r, "") + limit)
	case 9:
		return c.run("UPDATE IGNORE " + t.String() + " SET " + t.assignments(r, "") + " WHERE " + t.where(r, "") + limit)
	case 10, 11:
		return c.run("DELETE FROM " + t.String() + " WHERE " + t.where(r, "") + limit)
	case 12:
		return c.shift(t)
	case 13:
		return c.several(t)
	case 14:
		return c.swap(t)
	default:
		return c.run("INSERT IGNORE INTO " + t.String() + " (" + t.names(columns) + ") SELECT " + t.names(columns) + " FROM " + t.String() + " WHERE " + t.where(r, "") + limit)
	}
}

// shift moves the keys of many rows by one: each takes the place of its
// neighbour.
func (c *writer) shift(t *table) error {
	if len(t.primary) != 1 || !t.column(t.primary[0].column).number {
		return c.run("UPDATE " + t.String() + " SET " + t.assignments(c.r, "") + " WHERE " + t.where(c.r, ""))
	}
	key := ident(t.primary[0].column)
	return c.run(fmt.Sprintf("UPDATE %s SET %s = %s + 1 WHERE %s BETWEEN %d AND 120 ORDER BY %s DESC", t, key, key, key, 20+c.r.IntN(100), key))
}

// several changes rows of two tables by one statement.
func (c *writer) several(t *table) error {
	r, other := c.r, c.some(c.r)
	long := time.AfterFunc(8*time.Second, func() { // large tables times large tables
		c.server.DB().Exec(fmt.Sprintf("KILL QUERY %d", c.session)) //nolint:errcheck // it may be over
	})
	defer long.Stop()
	if other == t {
		return c.run("DELETE a FROM " + t.String() + " a JOIN " + t.String() + " b ON a." + ident(t.columns[0].name) + " = b." + ident(t.columns[0].name) + " WHERE " + t.where(r, "a.") + " AND RAND() < 0.1")
	}
	from := t.String() + " a JOIN " + other.String() + " b ON " + t.where(r, "a.") + " AND " + other.where(r, "b.") + " AND RAND() < 0.05"
	if chance(r, 50) {
		return c.run("DELETE a, b FROM " + from)
	}
	return c.run("UPDATE " + from + " SET " + t.assignments(r, "a.") + ", " + other.assignments(r, "b."))
}

// swap lets two rows exchange a unique value by way of NULL, or by way of
// leaving and coming back.
func (c *writer) swap(t *table) error {
	r := c.r
	if len(t.uniques) == 0 || len(t.uniques[0].parts) == 0 {
		return c.run("DELETE FROM " + t.String() + " WHERE " + t.where(r, "") + " ORDER BY " + ident(t.columns[0].name) + " LIMIT 2")
	}
	u := t.column(t.uniques[0].parts[0].column)
	if u == nil || u.some == nil || u.generated != "" {
		return nil
	}
	name, x, y := ident(u.name), u.some(r, t.spot(r)), u.some(r, t.spot(r))
	set := func(to, of string) error {
		return c.run(fmt.Sprintf("UPDATE %s SET %s = %s WHERE %s = %s LIMIT 1", t, name, to, name, of))
	}
	if u.null {
		third := u.some(r, t.spot(r))
		return firstError(set("NULL", x), set(x, y), set(y, third))
	}
	columns := t.written()
	return firstError(c.run(fmt.Sprintf("DELETE FROM %s WHERE %s = %s", t, name, x)), set(x, y),
		c.run("INSERT IGNORE INTO "+t.String()+" ("+t.names(columns)+") VALUES "+t.rows(r, columns, 3)))
}

func firstError(all ...error) error {
	for _, err := range all {
		if err != nil {
			return err
		}
	}
	return nil
}

// xaTransaction prepares, and commits or takes back, sometimes after others
// went on for a while.
func (c *writer) xaTransaction() bool {
	id := fmt.Sprintf("'w%d','%d',1", c.id, c.n)
	if c.run("XA START "+id) != nil {
		return false
	}
	for range 1 + c.r.IntN(3) {
		c.statement() //nolint:errcheck // noted
	}
	if c.run("XA END "+id) != nil {
		return c.run("XA ROLLBACK "+id) == nil && false
	}
	switch c.r.IntN(5) {
	case 0:
		return c.run("XA COMMIT "+id+" ONE PHASE") == nil
	case 1:
		c.run("XA PREPARE " + id) //nolint:errcheck // noted
		return c.run("XA ROLLBACK "+id) == nil && false
	default:
		if c.run("XA PREPARE "+id) != nil {
			return c.run("XA ROLLBACK "+id) == nil && false
		}
		c.run(fmt.Sprintf("DO SLEEP(%.3f)", c.r.Float64()/5)) //nolint:errcheck // noted
		for n := 0; c.run("XA COMMIT "+id) != nil && n < 50; n++ {
		}
		return true
	}
}

// bulk is one transaction of many rows.
func (c *writer) bulk() bool {
	r, t := c.r, c.some(c.r)
	columns := t.written()
	c.run("BEGIN") //nolint:errcheck // noted
	for n := c.big; n > 0; n -= 500 {
		if c.run("INSERT IGNORE INTO "+t.String()+" ("+t.names(columns)+") VALUES "+t.rows(r, columns, min(n, 500))) != nil && chance(r, 50) {
			break
		}
		if len(t.primary) == 0 && len(t.uniques) == 0 { // nothing is in the way: by doubling
			c.run(fmt.Sprintf("INSERT INTO %s (%s) SELECT %s FROM %s LIMIT %d", t, t.names(columns), t.names(columns), t, c.big)) //nolint:errcheck // noted
			break
		}
		if n < c.big/2 && len(t.foreign) == 0 && chance(r, 10) {
			c.run("UPDATE " + t.String() + " SET " + t.assignments(r, "")) //nolint:errcheck // noted
			break
		}
	}
	if chance(r, 30) { // and few remain
		c.run("DELETE FROM " + t.String() + " WHERE RAND() < 0.9") //nolint:errcheck // noted
	}
	end := "COMMIT"
	if chance(r, 15) {
		end = "ROLLBACK"
	}
	return c.run(end) == nil && strings.HasPrefix(end, "C")
}
