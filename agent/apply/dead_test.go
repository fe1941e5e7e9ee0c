package apply_test

import (
	"testing"
	"time"

	"github.com/tidegate-io/tidegate/agent/apply"
	"github.com/tidegate-io/tidegate/integration/faultnet"
	"github.com/tidegate-io/tidegate/internal/mysql"
)

// Every open connection to the target falls silent for good, with bytes of ours
// in it and locks held behind it: the limit of a statement ends the wait, and
// new connections go on exactly.
func TestDeadConnections(t *testing.T) {
	defer apply.LimitStatements(2 * time.Second)()
	p := newPair(t, mysqlServer, targetMySQL)
	p.exec("CREATE TABLE k (id INT NOT NULL PRIMARY KEY, n INT NOT NULL, v LONGTEXT)", "CREATE TABLE bare (a INT)")
	p.begin()
	tg := p.newTarget(3)
	tg.cfg.RetryWindow = time.Minute
	tg.ctl = must(tg.conn.Within(2*time.Second).Open(mysql.Text, 8, mysql.Several()))
	defer tg.ctl.Close()
	for range 20 {
		p.exec("INSERT INTO k SELECT COALESCE(MAX(id),0)+1, 0, REPEAT('x', 400000) FROM k", "INSERT INTO bare VALUES (1)", "UPDATE k SET n = n + 1")
	}
	dead := 0
	tg.proxy.OnConn(func(c *faultnet.Conn) {
		c.On(faultnet.ToServer, "INSERT INTO", func() {
			if dead++; dead > 1 {
				return
			}
			for _, all := range tg.proxy.Conns() {
				all.Stall(faultnet.ToServer)
				all.Stall(faultnet.ToClient)
			}
		})
	})
	tg.mustReplay()
	tg.compare()
}
