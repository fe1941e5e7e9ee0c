package scale

import (
	"encoding/json"
	"flag"
	"fmt"
	"strconv"
	"strings"
	"testing"
	"time"

	"github.com/tidegate-io/tidegate/integration/dbtest"
	"github.com/tidegate-io/tidegate/integration/site"
	"github.com/tidegate-io/tidegate/internal/run"
)

var (
	idle   = flag.Int("idle", 12, "idle pipelines on one agent")
	tables = flag.Int("tables", 600, "tables of one pipeline")
)

// TestIdlePipelines puts real pipelines on one agent, between two servers, and
// measures what each costs while it follows a source that is not written to.
func TestIdlePipelines(t *testing.T) {
	s := site.New(t)
	p := site.Pair{Src: dbtest.Start(t, dbtest.Config{Flavor: dbtest.MySQL, Args: []string{"--max_connections=2000"}}),
		Dst: dbtest.Start(t, dbtest.Config{Flavor: dbtest.MySQL, Args: []string{"--max_connections=2000"}})}
	for i := range *idle {
		db := fmt.Sprintf("app%03d", i)
		site.Execute(t, p.Src, "CREATE DATABASE "+db, "CREATE TABLE "+db+".a (id INT PRIMARY KEY, v INT)", "CREATE TABLE "+db+".b (id INT PRIMARY KEY, v INT)", "INSERT INTO "+db+".a VALUES (1,1)")
	}
	s.Daemon()
	agent := s.Agent("one", "--capacity", strconv.Itoa(*idle))
	s.Up()
	pid := agent.Cmd.Process.Pid
	empty := usageOf(t, pid)
	before := [2]int{connections(t, p.Src), connections(t, p.Dst)}
	began := time.Now()
	s.Apply(s.Write("p.hcl", each(p, *idle)))
	s.Until(4*time.Minute, "every pipeline caught up", func() (bool, string) { return allIn(t, s, *idle, run.CaughtUp) })
	t.Logf("%d pipelines from apply to caught up in %.1f s", *idle, time.Since(began).Seconds())

	const watch = 20
	start, wrote := usageOf(t, pid), saved(t, p.Dst)
	time.Sleep(watch * time.Second) // the measurement itself
	end, writes := usageOf(t, pid), saved(t, p.Dst)-wrote
	n := float64(*idle)
	t.Logf("%d idle pipelines: agent %d MiB (%d MiB without any), %.0f KiB and %.2f%% of a core each; %.1f connections to the source and %.1f to the target each; %.2f commits a second on the target each",
		*idle, end.held>>20, empty.held>>20, float64(end.held-min(end.held, empty.held))/1024/n, (end.cpu-start.cpu).Seconds()/watch*100/n,
		float64(connections(t, p.Src)-before[0])/n, float64(connections(t, p.Dst)-before[1])/n, float64(writes)/watch/n)
	if each := (end.held - min(end.held, empty.held)) / uint64(*idle); each > 16<<20 {
		t.Errorf("an idle pipeline holds %d MiB", each>>20)
	}
}

// each is a file with a pipeline for each database.
func each(p site.Pair, n int) string {
	endpoints, _, _ := strings.Cut(p.File(""), "pipeline ")
	var b strings.Builder
	b.WriteString(endpoints)
	for i := range n {
		fmt.Fprintf(&b, "pipeline \"p%03d\" {\n  from = endpoint.old\n  to   = endpoint.new\n  objects {\n    database \"app%03d\" {}\n  }\n}\n", i, i)
	}
	return b.String()
}

func allIn(t *testing.T, s *site.Site, n int, want run.State) (bool, string) {
	t.Helper()
	a := s.Call("--json", "status")
	var list []struct {
		Pipeline string    `json:"pipeline"`
		State    run.State `json:"state"`
	}
	if err := json.Unmarshal([]byte(a.Out), &list); err != nil {
		return false, a.String()
	}
	states := map[run.State]int{}
	for _, st := range list {
		states[st.State]++
		if st.State == run.Errored || st.State == run.CheckFailed {
			t.Fatalf("%s: %s", st.Pipeline, s.Call("status", st.Pipeline))
		}
	}
	return states[want] == n, fmt.Sprint(states)
}

func connections(t *testing.T, server *dbtest.Server) int {
	t.Helper()
	n, err := strconv.Atoi(site.Value(t, server, "SELECT COUNT(*) FROM information_schema.PROCESSLIST WHERE USER = '"+server.User+"'"))
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// saved is how many transactions the target has committed.
func saved(t *testing.T, server *dbtest.Server) int {
	t.Helper()
	n, err := strconv.Atoi(site.Value(t, server, "SELECT VARIABLE_VALUE FROM performance_schema.global_status WHERE VARIABLE_NAME = 'Handler_commit'"))
	if err != nil {
		t.Fatal(err)
	}
	return n
}

// TestManyTables takes one pipeline of many tables through plan, check,
// structure and copy.
func TestManyTables(t *testing.T) {
	s := site.New(t)
	p := site.Pair{Src: dbtest.Start(t, dbtest.Config{Flavor: dbtest.MySQL}), Dst: dbtest.Start(t, dbtest.Config{Flavor: dbtest.MySQL})}
	began := time.Now()
	createMany(t, p.Src, *tables)
	t.Logf("%d tables created on the source in %.1f s", *tables, time.Since(began).Seconds())
	s.Daemon()
	agent := s.Agent("one")
	s.Up()
	file := s.Write("p.hcl", p.File("objects {\n    database \"many\" {}\n  }"))
	clock := func(what string, do func()) {
		t.Helper()
		began := time.Now()
		do()
		u := usageOf(t, agent.Cmd.Process.Pid)
		t.Logf("%d tables: %s took %.1f s; the agent has used %.1f s of CPU and at most %d MiB", *tables, what, time.Since(began).Seconds(), u.cpu.Seconds(), u.rss>>20)
	}
	clock("plan", func() { s.Must("plan", file) })
	clock("apply and check", func() {
		s.Apply(file)
		s.Reach(4*time.Minute, "p", "past its check", func(st site.Status) bool { return st.State != run.Created && st.State != run.Checking })
	})
	clock("structure", func() {
		s.Reach(8*time.Minute, "p", "structure made", func(st site.Status) bool {
			return st.State == run.Copying || st.State == run.CatchingUp || st.State == run.CaughtUp
		})
	})
	clock("copy", func() { s.InState(8*time.Minute, "p", run.CaughtUp) })
	if n := site.Value(t, p.Dst, "SELECT COUNT(*) FROM information_schema.TABLES WHERE TABLE_SCHEMA = 'many'"); n != strconv.Itoa(*tables) {
		t.Errorf("%s tables on the target", n)
	}
	clock("200 statements on a tenth of them", func() {
		for i := range 100 {
			site.Execute(t, p.Src, fmt.Sprintf("ALTER TABLE many.t%05d ADD d%d INT", i%(*tables/10), i), fmt.Sprintf("CREATE TABLE many.n%05d (id INT PRIMARY KEY)", i))
		}
		s.CaughtUpTo(t, p)
	})
	site.Execute(t, p.Dst, "ANALYZE TABLE _tidegate.`table`, _tidegate.chunk, _tidegate.intent")
	size := site.Value(t, p.Dst, "SELECT ROUND(SUM(FILE_SIZE)/1048576, 1) FROM information_schema.INNODB_TABLESPACES WHERE NAME LIKE '\\_tidegate/%'")
	t.Logf("%d tables: _tidegate takes %s MiB on the target", *tables, size)
}

// createMany makes tables of one row each.
func createMany(t *testing.T, server *dbtest.Server, n int) {
	t.Helper()
	site.Execute(t, server, "CREATE DATABASE many", "SET GLOBAL innodb_flush_log_at_trx_commit = 0", "SET GLOBAL sync_binlog = 0")
	for i := range n {
		site.Execute(t, server, fmt.Sprintf("CREATE TABLE many.t%05d (id INT NOT NULL PRIMARY KEY, a VARCHAR(40) NOT NULL, b INT, c DATETIME(3), KEY k_b (b))", i),
			fmt.Sprintf("INSERT INTO many.t%05d VALUES (1, 'one', 1, NOW(3))", i))
	}
}
