package dbtest

import (
	"bufio"
	"context"
	"database/sql"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"
)

// childEnv makes the test binary start a server of that flavour, print where it
// is, and wait to be killed.
const childEnv = "DBTEST_CHILD_FLAVOR"

func TestMain(m *testing.M) {
	if flavor := os.Getenv(childEnv); flavor != "" {
		child(Flavor(flavor))
	}
	goleak.VerifyTestMain(Tests(m))
}

func child(flavor Flavor) {
	s, err := Launch(context.Background(), Config{Flavor: flavor})
	if err != nil {
		println(err.Error())
		os.Exit(1)
	}
	os.Stdout.WriteString(strconv.Itoa(s.PID()) + " " + s.Dir + "\n")
	select {}
}

func eachFlavor(t *testing.T, test func(t *testing.T, f Flavor)) {
	for _, f := range Flavors {
		t.Run(string(f), func(t *testing.T) { test(t, f) })
	}
}

func mustExec(t *testing.T, db *sql.DB, query string) {
	t.Helper()
	if _, err := db.ExecContext(t.Context(), query); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
}

func one[T any](t *testing.T, db *sql.DB, query string) T {
	t.Helper()
	var v T
	if err := db.QueryRowContext(t.Context(), query).Scan(&v); err != nil {
		t.Fatalf("%s: %v", query, err)
	}
	return v
}

// binlogPosition reads file and offset by whichever statement the server has.
func binlogPosition(t *testing.T, db *sql.DB) string {
	t.Helper()
	rows, err := db.QueryContext(t.Context(), "SHOW BINARY LOG STATUS")
	if err != nil {
		rows, err = db.QueryContext(t.Context(), "SHOW MASTER STATUS")
	}
	if err != nil {
		t.Fatalf("binlog status: %v", err)
	}
	defer rows.Close()
	cols, _ := rows.Columns()
	vals := make([]sql.RawBytes, len(cols))
	ptrs := make([]any, len(cols))
	for i := range vals {
		ptrs[i] = &vals[i]
	}
	if !rows.Next() {
		t.Fatal("binlog status has no row: the binary log is off")
	}
	if err := rows.Scan(ptrs...); err != nil {
		t.Fatal(err)
	}
	return string(vals[0]) + ":" + string(vals[1])
}

func TestServerLivesThroughKillAndRestart(t *testing.T) {
	eachFlavor(t, func(t *testing.T, f Flavor) {
		s := Start(t, Config{Flavor: f})
		db := s.DB()
		mustExec(t, db, "CREATE DATABASE d")
		mustExec(t, db, "CREATE TABLE d.t (id INT PRIMARY KEY, v TEXT) ENGINE=InnoDB")
		before := binlogPosition(t, db)
		mustExec(t, db, "INSERT INTO d.t VALUES (1, 'före'), (2, '後')")
		if after := binlogPosition(t, db); after == before {
			t.Errorf("binlog position did not move from %s", before)
		}
		pid := s.PID()

		s.Kill()
		if s.PID() != 0 {
			t.Error("a killed server has a pid")
		}
		if err := s.Restart("--max-connections=77"); err != nil {
			t.Fatal(err)
		}
		if got := s.PID(); got == 0 || got == pid {
			t.Errorf("pid after restart: %d, before: %d", got, pid)
		}
		if got := one[int](t, db, "SELECT COUNT(*) FROM d.t"); got != 2 {
			t.Errorf("%d rows after kill and restart, want 2", got)
		}
		if got := one[int](t, db, "SELECT @@max_connections"); got != 77 {
			t.Errorf("max_connections after restart: %d, want 77", got)
		}

		if err := s.Halt(); err != nil {
			t.Fatal(err)
		}
		if err := s.Restart(); err != nil {
			t.Fatal(err)
		}
		if got := one[int](t, db, "SELECT @@max_connections"); got != 300 {
			t.Errorf("max_connections after a plain restart: %d, want 300", got)
		}
	})
}

func TestServerHasAskedSettings(t *testing.T) {
	eachFlavor(t, func(t *testing.T, f Flavor) {
		t.Parallel()
		s := Start(t, Config{Flavor: f, Durable: true, NoGTID: true, ServerID: 4711, Args: []string{"--binlog-format=STATEMENT"}})
		for query, want := range map[string]string{
			"SELECT @@server_id":                            "4711",
			"SELECT @@sync_binlog":                          "1",
			"SELECT @@innodb_flush_log_at_trx_commit":       "1",
			"SELECT @@global.binlog_format":                 "STATEMENT",
			"SELECT @@time_zone":                            "+00:00",
			"SELECT @@local_infile":                         "1",
			"SELECT SUBSTRING_INDEX(CURRENT_USER(),'@', 1)": s.User,
		} {
			if got := one[string](t, s.DB(), query); got != want {
				t.Errorf("%s: %q, want %q", query, got, want)
			}
		}
		if f == MySQL {
			if got := one[string](t, s.DB(), "SELECT @@gtid_mode"); got != "OFF" {
				t.Errorf("gtid_mode: %s, want OFF", got)
			}
		}
		version := one[string](t, s.DB(), "SELECT VERSION()")
		want := map[Flavor]string{MySQL: "9.", MariaDB: "10.11.", MariaDB118: "11.8."}[f]
		if !strings.HasPrefix(version, want) {
			t.Errorf("version %s, want %s*", version, want)
		}
	})
}

func TestServersAreDistinct(t *testing.T) {
	a, b := Start(t, Config{}), Start(t, Config{})
	for _, query := range []string{"SELECT @@server_uuid", "SELECT @@server_id", "SELECT @@port", "SELECT @@datadir"} {
		if x, y := one[string](t, a.DB(), query), one[string](t, b.DB(), query); x == y {
			t.Errorf("%s: both have %s", query, x)
		}
	}
	if got := one[string](t, a.DB(), "SELECT @@global.gtid_executed"); got != "" {
		t.Errorf("a new server has GTIDs %q", got)
	}
}

func TestStopLeavesNothing(t *testing.T) {
	eachFlavor(t, func(t *testing.T, f Flavor) {
		t.Parallel()
		s := Start(t, Config{Flavor: f})
		pid, lock := s.PID(), s.slot.lock.file.Name()
		if err := s.Stop(); err != nil {
			t.Fatal(err)
		}
		if err := s.Stop(); err != nil {
			t.Errorf("second stop: %v", err)
		}
		if err := s.Restart(); err == nil {
			t.Error("a stopped server restarted")
		}
		for _, path := range []string{s.Dir, lock, filepath.Join("/proc", strconv.Itoa(pid))} {
			if exists(path) {
				t.Errorf("%s is still there", path)
			}
		}
	})
}

// TestNothingOutlivesItsProcess kills a process that has a server: the watcher
// cleans up, or, where that was killed too, the sweep.
func TestNothingOutlivesItsProcess(t *testing.T) {
	if testing.Short() {
		t.Skip("starts servers; not with -short")
	}
	for _, f := range []Flavor{MySQL, MariaDB} {
		t.Run(string(f), func(t *testing.T) {
			cmd, pid, dir := startChild(t, f)
			cmd.Process.Kill()
			cmd.Wait()
			awaitGone(t, dir, pid)
		})
	}
	t.Run("swept", func(t *testing.T) {
		cmd, pid, dir := startChild(t, MariaDB)
		killWatcherOf(t, dir)
		cmd.Process.Kill()
		cmd.Wait()
		lock, err := tryLock(filepath.Join(must(slotDir()), filepath.Base(dir)))
		if err != nil {
			t.Fatal(err)
		}
		sweepSlot(lock)
		awaitGone(t, dir, pid)
	})
}

func must[T any](v T, err error) T {
	if err != nil {
		panic(err)
	}
	return v
}

func startChild(t *testing.T, f Flavor) (cmd *exec.Cmd, pid int, dir string) {
	t.Helper()
	cmd = exec.Command(os.Args[0])
	cmd.Env = append(os.Environ(), childEnv+"="+string(f))
	cmd.Stderr = os.Stderr
	out, err := cmd.StdoutPipe()
	if err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { cmd.Process.Kill() })
	line, err := bufio.NewReader(out).ReadString('\n')
	if err != nil {
		t.Fatalf("the child said %q: %v", line, err)
	}
	number, dir, _ := strings.Cut(strings.TrimSpace(line), " ")
	if pid, err = strconv.Atoi(number); err != nil || !exists(dir) {
		t.Fatalf("the child said %q", line)
	}
	return cmd, pid, dir
}

func killWatcherOf(t *testing.T, dir string) {
	t.Helper()
	found, _ := filepath.Glob("/proc/[0-9]*/cmdline")
	for _, path := range found {
		args, _ := os.ReadFile(path)
		if strings.HasSuffix(string(args), "tidegate-dbtest-watcher\x00"+dir+"\x00") {
			pid, _ := strconv.Atoi(filepath.Base(filepath.Dir(path)))
			syscall.Kill(pid, syscall.SIGKILL)
			return
		}
	}
	t.Fatalf("no watcher of %s", dir)
}

func awaitGone(t *testing.T, dir string, pid int) {
	t.Helper()
	running := func() bool { // a zombie that init has yet to reap does not run
		args, err := os.ReadFile("/proc/" + strconv.Itoa(pid) + "/cmdline")
		return err == nil && len(args) > 0
	}
	for deadline := time.Now().Add(20 * time.Second); exists(dir) || running(); {
		if time.Now().After(deadline) {
			t.Fatalf("still there: directory %t, process %t", exists(dir), running())
		}
		time.Sleep(20 * time.Millisecond)
	}
}

func TestSharedIsOneServerPerConfig(t *testing.T) {
	a, b := Shared(t, Config{Flavor: MariaDB}), Shared(t, Config{Flavor: MariaDB})
	if a != b {
		t.Error("the same config gave two servers")
	}
	if a.NewSchema(t) == b.NewSchema(t) {
		t.Error("two schemas of one name")
	}
	var name string
	t.Run("Inner/case Ä", func(t *testing.T) { name = a.NewSchema(t) })
	if got := one[int](t, a.DB(), "SELECT COUNT(*) FROM information_schema.schemata WHERE schema_name = '"+name+"'"); got != 0 {
		t.Errorf("schema %s outlived its test", name)
	}
}
