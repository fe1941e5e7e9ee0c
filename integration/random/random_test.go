package random

import (
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"strings"
	"sync/atomic"
	"testing"
	"time"

	"github.com/tidegate-io/tidegate/integration/dbtest"
	"github.com/tidegate-io/tidegate/integration/faultnet"
	"github.com/tidegate-io/tidegate/integration/site"
	"github.com/tidegate-io/tidegate/internal/run"
)

// limit is how long anything may take on a machine that is busy with other
// tests. Nothing waits that long unless it fails.
const limit = 2 * time.Minute

// TestRandom moves a database per seed. SEED names the first, RUNS how many; with
// FALTER=1 the program is also ended where a crash is told by what is on the target.
func TestRandom(t *testing.T) {
	first := number(t, "SEED", 512)
	for n := range number(t, "RUNS", 5) {
		seed := first + n
		t.Run(fmt.Sprintf("SEED=%d", seed), func(t *testing.T) {
			newTrial(t, seed).run()
		})
	}
}

// trial is one migration and what happens to it, all by a seed.
type trial struct {
	*site.Site
	site.Pair
	t    *testing.T
	r    *rand.Rand
	seed uint64
	*workload

	falters bool              // the program ends by itself too, at points of its own, and links fail
	long    bool              // the copy takes its time, and definitions change all the while
	targets map[string]string // names of databases, on the source and on the target
	program *site.Child

	source, target *faultnet.Proxy // the links, where they fail
}

func newTrial(t *testing.T, seed uint64) *trial {
	c := &trial{Site: site.New(t), t: t, seed: seed, r: rand.New(rand.NewPCG(seed, 1)), targets: map[string]string{}}
	var w world
	c.Pair, w = c.servers()
	if c.falters = number(t, "FALTER", 0) > 0; c.falters {
		c.source, c.target = faultnet.Listen(t, c.Src.Addr), faultnet.Listen(t, c.Dst.Addr)
	}
	c.long = chance(c.r, 40)
	if c.long {
		w.wide = 20
	}
	c.workload = newWorkload(t, w, c.Src, filepath.Join(c.Dir, "statements.log"))
	c.aside = chance(c.r, 35)
	c.schemas = []string{"rnd", "rnd_two"}[:1+c.r.IntN(2)]
	for _, s := range c.schemas {
		c.targets[s] = s
	}
	if chance(c.r, 40) {
		c.targets["rnd"] = "elsewhere"
	}
	c.alter, c.big = pick(c.r, 0, 0, 12, 12, 12), pick(c.r, 0, 2000, 2000, 50000)
	if c.long {
		c.alter = 1 // one connection does nothing else
	}
	t.Cleanup(c.stop)
	return c
}

// servers starts a source and a target as the seed wants them.
func (c *trial) servers() (site.Pair, world) {
	r := c.r
	from := pick(r, dbtest.MariaDB, dbtest.MariaDB, dbtest.MariaDB118)
	to := pick(r, dbtest.MariaDB, dbtest.MariaDB, dbtest.MariaDB118)
	switch c.seed % 3 {
	case 0:
		from, to = dbtest.MySQL, dbtest.MySQL
	case 1:
		to = dbtest.MySQL
	default:
		if from == dbtest.MariaDB118 {
			to = from
		}
	}
	src, dst, logged := dbtest.Config{Flavor: from}, dbtest.Config{Flavor: to}, false
	may := func(percent int, cfg *dbtest.Config, args ...string) {
		if chance(r, percent) {
			cfg.Args = append(cfg.Args, args...)
		}
	}
	may(30, &src, "--binlog-row-metadata=FULL")
	if from == dbtest.MySQL {
		may(40, &src, "--innodb-native-foreign-keys=ON")
		logged = len(src.Args) == 0 || src.Args[len(src.Args)-1] != "--innodb-native-foreign-keys=ON"
		may(30, &src, "--binlog-transaction-compression=ON")
		src.NoGTID = chance(r, 20)
	} else {
		may(30, &src, "--log-bin-compress=ON", "--log-bin-compress-min-len=10")
		may(20, &src, "--binlog-alter-two-phase=ON")
	}
	if from == dbtest.MariaDB118 { // its online ALTER keeps rows that ROLLBACK TO SAVEPOINT took back, and logs nothing
		src.Args = append(src.Args, "--old-mode=UTF8_IS_UTF8MB3,LOCK_ALTER_TABLE_COPY")
	}
	if to == dbtest.MySQL {
		may(30, &dst, "--innodb-native-foreign-keys=ON")
	}
	c.t.Logf("%s %v (GTIDs: %t) to %s %v", from, src.Args, !src.NoGTID, to, dst.Args)
	return site.Pair{Src: dbtest.Start(c.t, src), Dst: dbtest.Start(c.t, dst)}, world{flavor: from, cross: from.Family() != to.Family(), logged: logged}
}

// body is the pipeline's block: settings at random, some of which may differ
// while it runs.
func (c *trial) body(fixed string) string {
	objects, except := "objects {\n", ""
	if c.aside {
		except = "      except = [\"Extra*\"]\n"
	}
	for _, s := range c.schemas {
		objects += fmt.Sprintf("    database %q {\n      rename = %q\n%s    }\n", s, c.targets[s], except)
	}
	r := c.r
	pace := pick(r, 1500, 4000, 20000)
	if c.long {
		pace = pick(r, 800, 1500, 3000)
	}
	return objects + fmt.Sprintf("  }\n  copy {\n    threads = %d\n    max_rows = %d\n%s  }\n  apply {\n    lanes = %d\n    batch_rows = %d\n    batch_bytes = %q\n  }\n",
		pick(r, 1, 2, 4), pace, fixed, pick(r, 1, 2, 8), pick(r, 1, 20, 500, 5000), pick(r, "64KiB", "4MiB"))
}

// file is the pipeline's. Links that fail are in the clear, so that it can be seen
// what passes.
func (c *trial) file(fixed string) string {
	text := c.File(c.body(fixed))
	if !c.falters {
		return text
	}
	const tls = "\n  tls {\n    mode = \"disabled\"\n  }"
	return strings.NewReplacer(strconv.Quote(c.Src.Addr), strconv.Quote(c.source.Addr())+tls, strconv.Quote(c.Dst.Addr), strconv.Quote(c.target.Addr())+tls).Replace(text)
}

func (c *trial) run() {
	c.t.Helper()
	defer func() {
		c.stop()
		if c.t.Failed() {
			c.t.Logf("repeat it with FALTER=%s SEED=%d RUNS=1", os.Getenv("FALTER"), c.seed)
			site.Keep(c.t, c.Site, c.Pair, "p")
		}
	}()
	r := c.r
	rows, times := pick(r, 300, 1500, 4000), 5+r.IntN(3)
	if c.long {
		rows, times = pick(r, 4000, 8000), 2*times
	}
	c.fill(c.t, r, rows)
	c.program = c.Dev()
	fixed := fmt.Sprintf("    chunk = %q\n    defer_index = %t\n    load_data = %t\n", pick(r, "64KiB", "64KiB", "16MiB"), chance(r, 60), chance(r, 60))
	c.start(4, c.seed)
	c.Apply(c.Write("p.hcl", c.file(fixed)))
	for range times {
		time.Sleep(time.Duration(r.Int64N(int64(2500 * time.Millisecond))))
		c.disturb(fixed)
	}
	c.settle()
	if a := c.Call("verify", "p", "--wait"); a.Code != 0 {
		c.t.Errorf("both sides are equal, and verify says: %s", a)
	}
	if c.t.Failed() {
		return
	}
	c.start(3, c.seed+1) // the stream alone
	for range 3 {
		time.Sleep(time.Duration(r.Int64N(int64(1500 * time.Millisecond))))
		c.disturb(fixed)
	}
	c.settle()
	c.t.Logf("%d transactions, %d statements refused: %v", c.done.Load(), c.refused.Load(), c.codes)
	c.spoil()
}

// disturb does to the run what an operator or bad luck does.
func (c *trial) disturb(fixed string) {
	kinds := 6
	if c.falters {
		kinds = 13
	}
	switch c.r.IntN(kinds) {
	case 10, 11, 12:
		c.breakLink()
	case 8, 9:
		c.falter()
	case 6:
		c.restart(c.Dst)
	case 7:
		c.restart(c.Src)
	case 0:
		c.Call("pause", "p") // refused in some states
		time.Sleep(time.Duration(c.r.IntN(500)) * time.Millisecond)
		c.Until(limit, "the run to be resumed", func() (bool, string) {
			c.Call("resume", "p") // refused until it is paused
			st, _ := c.Status("p")
			return st.State != run.Paused, string(st.State)
		})
	case 1:
		c.Must("apply", c.Write("p.hcl", c.file(fixed)), "--yes")
	default:
		c.program.Kill()
		c.program = c.Dev()
		c.Up()
	}
}

// restart lets a MariaDB crash and starts it again. A MySQL that crashes among
// schema changes may miss a table's file then (error 1812, seen on 9.7): package
// crash does that where definitions change less. A check that does not reach a
// server has failed, and waits for a person.
func (c *trial) restart(s *dbtest.Server) {
	c.t.Helper()
	if s.Flavor == dbtest.MySQL {
		return
	}
	c.Reach(limit, "p", "past its check", func(st site.Status) bool { return st.State != run.Checking && st.State != run.Created })
	if s == c.Src {
		c.altering.Lock()
	}
	s.Kill()
	if s == c.Src {
		c.altering.Unlock()
	}
	time.Sleep(time.Duration(c.r.IntN(1500)) * time.Millisecond)
	if err := s.Restart(); err != nil {
		c.t.Fatal(err)
	}
	if s == c.Src {
		c.decide()
	}
}

// decide ends the transactions whose clients prepared them and are gone.
func (c *trial) decide() {
	c.t.Helper()
	left, err := c.Src.DB().Query("XA RECOVER")
	if err != nil {
		c.t.Fatal(err)
	}
	for _, x := range scan(c.t, left) {
		gtrid, id := int(x[1].(int64)), x[3].(string)
		verb := pick(c.r, "COMMIT", "ROLLBACK")
		if !c.inLog(fmt.Sprintf("X'%x',X'%x'", id[:gtrid], id[gtrid:])) {
			verb = "ROLLBACK"
		}
		end := fmt.Sprintf("XA %s '%s','%s',%d", verb, id[:gtrid], id[gtrid:], x[0].(int64))
		if _, err := c.Src.DB().Exec(end); err != nil {
			c.t.Logf("%s: %v", end, err)
		}
	}
}

// inLog reports whether the source's log has the rows of an XA transaction. A
// MariaDB that crashes forgets of one that changed nothing that it is not there, and
// logs its COMMIT, which no replica takes either.
func (c *trial) inLog(xid string) bool {
	c.t.Helper()
	if c.Src.Flavor == dbtest.MySQL {
		return true
	}
	logs, err := c.Src.DB().Query("SHOW BINARY LOGS")
	if err != nil {
		c.t.Fatal(err)
	}
	for _, log := range scan(c.t, logs) {
		events, err := c.Src.DB().Query("SHOW BINLOG EVENTS IN '" + log[0].(string) + "'")
		if err != nil {
			c.t.Fatal(err)
		}
		for _, ev := range scan(c.t, events) {
			if info, _ := ev[5].(string); strings.HasPrefix(info, "XA START "+xid) {
				return true
			}
		}
	}
	return false
}

// falter lets the program end by itself, once it comes to a point at which a crash
// is told from none by what stands on the target.
func (c *trial) falter() {
	c.program.Kill()
	env := c.Env
	at := pick(c.r, "ddl-intended", "ddl-run", "ddl-run", "ddl-done", "entering-made", "indexes-built", "chunk-written", "chunk-committed", "lane-ledger", "lane-committed")
	c.Env = append(env[:len(env):len(env)], fmt.Sprintf("TIDEGATE_FAULT=%s:%d", at, 1+c.r.IntN(4)))
	c.program = c.Dev()
	c.Env = env
	select {
	case <-c.program.Done:
	case <-time.After(4 * time.Second): // it did not come there
	}
	c.program.Kill()
	c.program = c.Dev()
	c.Up()
}

// breakLink lets a link fail for a while: answers to COMMIT get lost, connections end
// within or between statements, and packets are not delivered.
func (c *trial) breakLink() {
	link := pick(c.r, c.source, c.target, c.target)
	n := 1 + c.r.Int64N(4)
	var lost *atomic.Int64
	switch c.r.IntN(5) {
	case 0:
		lost = c.target.LoseAnswersAfter("`_tidegate`.`intent` SET done", "\x03COMMIT", n)
	case 1:
		lost = c.target.LoseAnswers("COMMIT", n)
	case 2:
		link.Cut()
	case 3:
		link.CutAfter(pick(c.r, faultnet.ToServer, faultnet.ToClient), c.r.Int64N(200_000))
	case 4:
		link.Stall()
	}
	for end := time.Now().Add(time.Duration(c.r.IntN(2000)) * time.Millisecond); time.Now().Before(end) && (lost == nil || lost.Load() < n); {
		time.Sleep(20 * time.Millisecond)
	}
	time.Sleep(100 * time.Millisecond) // what is lost is cut by then
	link.Heal()
	c.target.Heal()
}

// settle stops the workload and finds both sides equal.
func (c *trial) settle() {
	c.t.Helper()
	c.stop()
	c.decide()
	open, err := c.Src.DB().Query("XA RECOVER")
	if err != nil {
		c.t.Fatal(err)
	}
	if left := scan(c.t, open); len(left) > 0 {
		c.t.Fatalf("the workload itself left transactions open: %v", left)
	}
	c.CaughtUpTo(c.t, c.Pair)
	for from := range c.targets {
		equal(c.t, c.Pair, c.targets, from, c.aside)
	}
	if c.t.Failed() {
		c.t.FailNow()
	}
}

// spoil makes one row of the target wrong: the program must see it.
func (c *trial) spoil() {
	c.t.Helper()
	for _, t := range c.tables {
		where := ident(c.targets[t.schema]) + "." + ident(t.name)
		res, err := c.Dst.DB().Exec("DELETE FROM " + where + " LIMIT 1")
		if err != nil {
			continue // rows refer to it
		}
		if n, _ := res.RowsAffected(); n == 0 {
			continue
		}
		if a := c.Call("verify", "p", "--wait"); a.Code != 3 {
			c.t.Errorf("a row of %s is gone from the target, and verify says: %s", where, a)
		}
		return
	}
}
