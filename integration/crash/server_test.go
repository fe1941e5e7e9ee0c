package crash

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tidegate-io/tidegate/integration/dbtest"
	"github.com/tidegate-io/tidegate/integration/faultnet"
	"github.com/tidegate-io/tidegate/integration/site"
	"github.com/tidegate-io/tidegate/internal/run"
)

// TestServers kills and restarts source and target in copy and stream, makes the
// target read-only for a while, and takes its connections.
func TestServers(t *testing.T) {
	for _, flavor := range []dbtest.Flavor{dbtest.MySQL, dbtest.MariaDB} {
		t.Run(string(flavor), func(t *testing.T) {
			r := newRig(t, own(t, flavor), "servers", 3000)
			r.begin(slow)
			r.InState(limit, "p", run.Copying)
			for _, server := range []*dbtest.Server{r.Dst, r.Src} {
				r.nap(time.Second)
				restart(t, server)
			}
			r.caught()
			for _, server := range []*dbtest.Server{r.Src, r.Dst, r.Dst} {
				r.nap(time.Second)
				restart(t, server)
				r.caught()
			}
			r.readOnly()
			r.crowd()
			r.settle("faults of servers")
		})
	}
}

// restart kills a server and brings it back.
func restart(t *testing.T, s *dbtest.Server) {
	t.Helper()
	s.Kill()
	if err := s.Restart(); err != nil {
		t.Fatal(err)
	}
}

// readOnly makes the target refuse writes: the run waits and says so. (The
// tests' account may write to a read-only MariaDB.)
func (r *rig) readOnly() {
	r.t.Helper()
	if r.Dst.Flavor != dbtest.MySQL {
		return
	}
	site.Execute(r.t, r.Dst, "SET GLOBAL super_read_only = ON")
	r.waits("1290", "server-1290", "server-1836")
	site.Execute(r.t, r.Dst, "SET GLOBAL super_read_only = OFF", "SET GLOBAL read_only = OFF")
	r.caught()
}

// waits waits until the run is behind, either retrying with one of the codes or
// still trying inside a stage.
func (r *rig) waits(what string, codes ...string) {
	r.t.Helper()
	r.Until(limit, "the run to wait: "+what, func() (bool, string) {
		st, _ := r.Status("p")
		if st.Error != nil && !slices.Contains(codes, st.Error.Code) && st.State != run.Retrying {
			r.t.Fatalf("%s: %s: %+v", what, st.State, st.Error)
		}
		behind := st.LagSeconds != nil && *st.LagSeconds > 2
		return behind || st.State == run.Retrying || st.State == run.CatchingUp, fmt.Sprintf("%s, %+v", st.State, st.Error)
	})
}

// stallCommits lets commits on the source wait for an answer that never comes,
// until they have waited long enough.
func (r *rig) stallCommits(d time.Duration) {
	r.t.Helper()
	q := []string{"SET GLOBAL rpl_semi_sync_master_enabled = OFF", "SET GLOBAL rpl_semi_sync_master_wait_point = AFTER_SYNC", "SET GLOBAL rpl_semi_sync_master_timeout = %d", "SET GLOBAL rpl_semi_sync_master_enabled = ON"}
	if r.Src.Flavor == dbtest.MySQL {
		q = []string{"SET GLOBAL rpl_semi_sync_source_enabled = OFF", "SET GLOBAL rpl_semi_sync_source_wait_point = AFTER_SYNC", "SET GLOBAL rpl_semi_sync_source_timeout = %d", "SET GLOBAL rpl_semi_sync_source_enabled = ON"}
		if site.Value(r.t, r.Src, "SELECT COUNT(*) FROM information_schema.PLUGINS WHERE PLUGIN_NAME = 'rpl_semi_sync_source'") == "0" {
			site.Execute(r.t, r.Src, "INSTALL PLUGIN rpl_semi_sync_source SONAME 'semisync_source.so'")
		}
	}
	q[2] = fmt.Sprintf(q[2], d.Milliseconds())
	site.Execute(r.t, r.Src, q...)
	time.Sleep(d + d/2)
}

// crowd takes all of the target's connections for a while.
func (r *rig) crowd() { r.t.Helper(); r.takeConnections(); r.caught() }

// takeConnections throws the agent out and leaves it no connection.
func (r *rig) takeConnections() {
	r.t.Helper()
	ctx := context.Background()
	admin, err := r.Dst.DB().Conn(ctx)
	if err != nil {
		r.t.Fatal(err)
	}
	defer admin.Close()
	was := site.Value(r.t, r.Dst, "SELECT @@global.max_connections")
	execute(r.t, admin, "SET GLOBAL max_connections = 10")
	r.throwOut(admin)
	var crowd []*sql.DB
	for range 12 {
		db := r.Dst.Open(r.Dst.User, r.Dst.Password, "")
		defer db.Close()
		db.SetMaxIdleConns(1)
		_ = db.Ping() // some find no room, which is the point
		crowd = append(crowd, db)
	}
	r.throwOut(admin)
	r.nap(2 * time.Second)
	for _, db := range crowd {
		db.Close()
	}
	execute(r.t, admin, "SET GLOBAL max_connections = "+was)
}

// throwOut ends the agent's connections.
func (r *rig) throwOut(admin *sql.Conn) {
	r.t.Helper()
	rows, err := admin.QueryContext(context.Background(), "SELECT ID FROM information_schema.PROCESSLIST WHERE ID <> CONNECTION_ID() AND HOST LIKE '127.0.0.1:%'")
	if err != nil {
		r.t.Fatal(err)
	}
	defer rows.Close()
	var ids []string
	for rows.Next() {
		var id string
		if err := rows.Scan(&id); err != nil {
			r.t.Fatal(err)
		}
		ids = append(ids, id)
	}
	for _, id := range ids {
		_, _ = admin.ExecContext(context.Background(), "KILL "+id) // it may have ended
	}
}

func execute(t *testing.T, conn *sql.Conn, q string) {
	t.Helper()
	if _, err := conn.ExecContext(context.Background(), q); err != nil {
		t.Fatalf("%s: %v", q, err)
	}
}

// TestFailover replaces the source by its replica: one that has everything is
// followed from there by its GTIDs; one that lacks transactions which the target
// has stops the run.
func TestFailover(t *testing.T) {
	p := own(t, dbtest.MySQL)
	replica := dbtest.Start(t, dbtest.Config{Flavor: dbtest.MySQL})
	r := newRig(t, p, "failover", 1000)
	follow(t, replica, p.Src)
	r.begin("")
	r.caught()
	r.shop.Stop()
	r.CaughtUpTo(t, r.Pair)
	all := site.Value(t, p.Src, "SELECT @@global.gtid_executed")
	if got := site.Value(t, replica, "SELECT WAIT_FOR_EXECUTED_GTID_SET('"+all+"', 60)"); got != "0" {
		t.Fatal("the replica does not follow")
	}
	site.Execute(t, replica, "STOP REPLICA", "RESET REPLICA ALL")
	p.Src.Kill()
	r.source.SetUpstream(replica.Addr)
	r.source.Cut()
	r.Src = replica
	for i := range 50 {
		site.Execute(t, replica, fmt.Sprintf("INSERT INTO failover.counters VALUES (100, %d, 'after')", i), "UPDATE failover.accounts SET n = n + 1 WHERE id = 9")
	}
	r.Until(limit, "the new source's changes", func() (bool, string) {
		n := site.Value(t, r.Dst, "SELECT COUNT(*) FROM failover.counters WHERE writer = 100")
		return n == "50", n
	})
	site.Equal(t, r.Pair, "failover", "failover")

	// The old source comes back with less than the target has.
	if err := p.Src.Restart(); err != nil {
		t.Fatal(err)
	}
	r.source.SetUpstream(p.Src.Addr)
	r.source.Cut()
	r.Until(limit, "the run to stop", func() (bool, string) {
		st, _ := r.Status("p")
		return st.State == run.Errored, fmt.Sprintf("%s: %+v", st.State, st.Error)
	})
	st, _ := r.Status("p")
	if st.Error.Class != run.Fatal || st.Error.Remedy == "" || slices.Contains(st.Allowed, "retry") {
		t.Errorf("lost transactions are told as %+v, allowed %v", st.Error, st.Allowed)
	}
	t.Logf("%s: %s (%s)", st.Error.Code, st.Error.Message, st.Error.Remedy)
}

// TestCopiedAndLost replaces the source while the copy has a row's change that the
// log's reader has not come to, by a replica that never heard of it: no log will
// tell that the row is another there.
func TestCopiedAndLost(t *testing.T) {
	r := newRig(t, own(t, dbtest.MySQL), "copied", 10)
	replica := dbtest.Start(t, dbtest.Config{Flavor: dbtest.MySQL})
	site.Execute(t, r.Src, "CREATE TABLE copied.t (id INT PRIMARY KEY, v INT)", "INSERT INTO copied.t VALUES (1,1),(2,2)")
	follow(t, replica, r.Src)
	if got := site.Value(t, replica, "SELECT WAIT_FOR_EXECUTED_GTID_SET('"+site.Value(t, r.Src, "SELECT @@global.gtid_executed")+"', 60)"); got != "0" {
		t.Fatal("the replica does not follow")
	}
	site.Execute(t, replica, "STOP REPLICA", "RESET REPLICA ALL")

	readers := make(chan *faultnet.Conn, 10)
	r.source.OnConn(func(c *faultnet.Conn) { c.On(faultnet.ToServer, "@slave_uuid", func() { readers <- c }) })
	writer := r.Src.Session(t)
	execute(t, writer, "LOCK TABLES copied.t WRITE") // which the copy waits for
	r.daemon, r.agent = r.Daemon(), r.start("one")
	r.Apply(r.Write("p.hcl", r.file("")))
	r.InState(limit, "p", run.Copying)
	time.Sleep(time.Second) // the log is being read
	var reader *faultnet.Conn
	for len(readers) > 0 { // the check has had one too
		reader = <-readers
	}
	reader.Stall(faultnet.ToClient)
	execute(t, writer, "UPDATE copied.t SET v = 20 WHERE id = 2")
	execute(t, writer, "UNLOCK TABLES")
	r.Until(limit, "the change to be copied", func() (bool, string) {
		v := site.Value(t, r.Dst, "SELECT COALESCE(MAX(v), 0) FROM copied.t")
		return v == "20", v
	})
	r.Src.Kill()
	r.source.SetUpstream(replica.Addr)
	r.source.Cut()
	r.InState(limit, "p", run.Errored)
	st, _ := r.Status("p")
	if st.Error.Code != "lost_transactions" || st.Error.Class != run.Fatal || st.Error.Remedy == "" {
		t.Errorf("told as %+v", st.Error)
	}
}

func follow(t *testing.T, replica, source *dbtest.Server) {
	t.Helper()
	host, port, _ := strings.Cut(source.Addr, ":")
	site.Execute(t, replica, fmt.Sprintf("CHANGE REPLICATION SOURCE TO SOURCE_HOST = '%s', SOURCE_PORT = %s, SOURCE_USER = '%s', SOURCE_PASSWORD = '%s', SOURCE_AUTO_POSITION = 1, GET_SOURCE_PUBLIC_KEY = 1",
		host, port, source.User, source.Password), "START REPLICA")
}
