package apply_test

import (
	"errors"
	"fmt"
	"strings"
	"testing"
	"time"

	"github.com/tidegate-io/tidegate/internal/mysql"
)

// Every kind of statement a lane sends is refused twice, once as the victim of a
// deadlock and once for waiting too long: the share is repeated, nothing is
// written half or twice. The target's triggers refuse; what they count in takes
// no part in transactions.
func TestEveryStatementRefused(t *testing.T) {
	for _, lanes := range []int{1, 3} {
		t.Run(fmt.Sprint(lanes), func(t *testing.T) {
			p := newPair(t, mariaServer, targetMaria)
			p.exec("CREATE TABLE k (id INT NOT NULL PRIMARY KEY, u INT, n INT NOT NULL, UNIQUE KEY u (u))", "CREATE TABLE bare (a INT, n INT NOT NULL)",
				"CREATE TABLE up (id INT NOT NULL PRIMARY KEY)", "CREATE TABLE down (id INT NOT NULL PRIMARY KEY, up INT, FOREIGN KEY (up) REFERENCES up (id) ON DELETE CASCADE)")
			p.begin()
			tg := p.newTarget(lanes)
			tg.cfg.BatchRows = 20
			points := tg.refuse("k", "bare", "up", "down")
			for i := range 40 {
				p.exec(fmt.Sprintf("INSERT INTO k VALUES (%d,%d,0)", i, i), fmt.Sprintf("INSERT INTO bare VALUES (%d,0),(%[1]d,0)", i%5), fmt.Sprintf("INSERT INTO up VALUES (%d)", i), fmt.Sprintf("INSERT INTO down VALUES (%d,%[1]d)", i))
			}
			tg.mustReplay()
			tg.sql("UPDATE refusals SET n = 2") // upserts come by the triggers of INSERT too
			p.exec("UPDATE k SET n=n+1", "UPDATE k SET u=NULL WHERE id<4", "UPDATE k SET u=id+100 WHERE id<4", "UPDATE bare SET n=n+1 WHERE a=1 LIMIT 1", "DELETE FROM bare WHERE a=4 LIMIT 1", "INSERT INTO up VALUES (500)", "INSERT INTO down VALUES (500,500)", "INSERT INTO bare VALUES (9,9)", "DELETE FROM up WHERE id<5", "DELETE FROM k WHERE id>30", "DELETE FROM bare WHERE a=2 LIMIT 3", "UPDATE k SET id=id+1000 WHERE id<10")
			tg.mustReplay()
			tg.compare()
			var left string
			if err := tg.to.DB().QueryRow("SELECT COALESCE(GROUP_CONCAT(what, ' ', n), '') FROM `" + tg.schema + "`.refusals WHERE n > 0").Scan(&left); err != nil {
				t.Fatal(err)
			}
			if left != "" || points != 10 {
				t.Errorf("not refused: %s, of %d points", left, points)
			}
		})
	}
}

// refuse makes triggers on tables of the target, and on this run's ledger, and
// returns how many points there are.
func (t *target) refuse(tables ...string) int {
	t.t.Helper()
	t.sql("CREATE TABLE refusals (what VARCHAR(80) NOT NULL PRIMARY KEY, n INT NOT NULL) ENGINE=MyISAM")
	n := 0
	point := func(trigger, event, on, only string) {
		n++
		counter, name := fmt.Sprintf("`%s`.refusals", t.schema), trigger[strings.Index(trigger, ".")+1:]
		t.sql(fmt.Sprintf("INSERT INTO refusals VALUES ('%s', 2)", name), fmt.Sprintf(`CREATE TRIGGER %s BEFORE %s ON %s FOR EACH ROW
BEGIN
  DECLARE left_over INT DEFAULT 0;
  IF %s THEN
    SELECT n INTO left_over FROM %s WHERE what = '%s';
    IF left_over > 0 THEN UPDATE %[5]s SET n = n - 1 WHERE what = '%[6]s'; END IF;
    IF left_over = 2 THEN SIGNAL SQLSTATE '40001' SET MYSQL_ERRNO = 1213; END IF;
    IF left_over = 1 THEN SIGNAL SQLSTATE 'HY000' SET MYSQL_ERRNO = 1205; END IF;
  END IF;
END`, trigger, event, on, only, counter, name))
	}
	for _, table := range tables {
		for _, event := range []string{"INSERT", "DELETE"} {
			point(table+"_"+event, event, table, "TRUE")
		}
		if table == "bare" {
			point("bare_UPDATE", "UPDATE", table, "TRUE")
		}
	}
	ledger := "_tidegate.refuse_" + t.run
	point(ledger, "UPDATE", "_tidegate.ledger", "NEW.run = '"+t.run+"' AND NEW.batch > OLD.batch")
	t.t.Cleanup(func() { t.to.DB().Exec("DROP TRIGGER IF EXISTS " + ledger) })
	return n
}

// A target whose own limit is below a transaction is told by its number; that is
// for a person to change, and nothing of the transaction is there before.
func TestTargetsLimit(t *testing.T) {
	p := newPair(t, mysqlServer, targetMySQL)
	p.exec("CREATE TABLE l (id INT NOT NULL PRIMARY KEY, v LONGTEXT)")
	p.begin()
	tg := p.newTarget(2)
	p.exec("INSERT INTO l VALUES (1,'small')")
	tg.mustReplay()
	restore := func() { must(tg.to.DB().Exec("SET GLOBAL max_binlog_cache_size = 18446744073709547520")) }
	must(tg.to.DB().Exec("SET GLOBAL max_binlog_cache_size = 131072"))
	defer restore()
	p.exec("INSERT INTO l VALUES (2, REPEAT('x', 600000)), (3, REPEAT('y', 600000))")
	err := tg.replayErr()
	if mysql.Number(err) != 1197 || mysql.Classify(err) != mysql.Config {
		t.Fatalf("got %s, %.300v", mysql.Classify(err), err)
	}
	var n int
	if err := tg.to.DB().QueryRow("SELECT COUNT(*) FROM `" + tg.schema + "`.l").Scan(&n); err != nil || n != 1 {
		t.Errorf("%d rows are there, %v", n, err)
	}
	restore()
	tg.mustReplay()
	tg.compare()
}

// What a value says does not decide what an error means.
func TestMisleadingText(t *testing.T) {
	const text = "Lock wait timeout exceeded; try restarting transaction; connection refused"
	for _, c := range []struct{ name, harm, then, code string }{
		{"duplicate", "INSERT INTO words VALUES (9,'" + text + "','x')", "INSERT INTO words VALUES (1,'" + text + "','y')", "conflict"},
		{"too long", "ALTER TABLE words MODIFY v VARCHAR(5)", "INSERT INTO words VALUES (1,'u','" + text + "')", "value"},
	} {
		t.Run(c.name, func(t *testing.T) {
			p := newPair(t, mysqlServer, targetMySQL)
			p.exec("CREATE TABLE words (id INT NOT NULL PRIMARY KEY, u VARCHAR(90), v VARCHAR(90), UNIQUE KEY `deadlock found` (u))")
			p.begin()
			tg := p.newTarget(2)
			tg.sql(c.harm)
			p.exec(c.then)
			begun := time.Now()
			err := tg.replayErr()
			e, ok := errors.AsType[*mysql.Error](err)
			if !ok || e.Class != mysql.Data || e.Code != c.code || !strings.Contains(err.Error(), "id=1") {
				t.Errorf("got %v", err)
			}
			if took := time.Since(begun); took > tg.cfg.RetryWindow/2 {
				t.Errorf("it was tried for %s", took)
			}
		})
	}
}
