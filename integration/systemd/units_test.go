package systemd

import (
	"bytes"
	"context"
	"encoding/json"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/tidegate-io/tidegate/integration/dbtest"
)

const (
	daemonUnit = "tidegate-daemon.service"
	agentUnit  = "tidegate-agent@main.service"
	token      = "a-token-of-this-test"
)

// host is a container with tidegate installed, and what its operator knows.
type host struct {
	*container
	daemon string // its URL
}

// newHost installs tidegate as its documents say: enabled units, tokens and a
// database password as credentials, the config files nearly as they come.
func newHost(t *testing.T) *host {
	t.Helper()
	h := &host{container: newContainer(t)}
	install(t, h.root)
	listen, err := dbtest.Address()
	if err != nil {
		t.Fatal(err)
	}
	h.daemon = "http://" + listen
	h.write(t, "etc/default/tidegate-daemon", "TIDEGATE_LISTEN="+listen+"\n")
	for _, service := range []string{"daemon", "agent"} {
		h.write(t, "etc/credstore/tidegate-"+service+".token", token+"\n")
		h.uncomment(t, service, "token-file")
	}
	h.edit(t, "agent", "#daemon = http://127.0.0.1:7070", "daemon = "+h.daemon)
	h.write(t, "etc/credstore/shop", dbtest.Password+"\n")
	h.dropIn(t, agentUnit, "LoadCredential=shop:/etc/credstore/shop")
	out, err := exec.CommandContext(t.Context(), "systemctl", "--root="+h.root, "enable", daemonUnit, agentUnit).CombinedOutput()
	if err != nil {
		t.Fatalf("enable the units: %v\n%s", err, out)
	}
	h.boot(t)
	return h
}

// uncomment takes the # off a setting of a config file.
func (h *host) uncomment(t *testing.T, service, setting string) {
	t.Helper()
	h.edit(t, service, "\n#"+setting+" = ", "\n"+setting+" = ")
}

// edit replaces a piece of a config file, as its owner would.
func (h *host) edit(t *testing.T, service, old, text string) {
	t.Helper()
	path := filepath.Join(h.root, "etc/tidegate", service+".conf")
	b, err := os.ReadFile(path)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Contains(b, []byte(old)) {
		t.Fatalf("%s.conf has no %q", service, old)
	}
	if err := os.WriteFile(path, bytes.Replace(b, []byte(old), []byte(text), 1), 0o644); err != nil {
		t.Fatal(err)
	}
}

func (h *host) dropIn(t *testing.T, unit string, lines ...string) {
	t.Helper()
	h.write(t, "etc/systemd/system/"+unit+".d/test.conf", "[Service]\n"+strings.Join(lines, "\n")+"\n")
}

// tidegate runs an operator's command on the host of the test.
func (h *host) tidegate(ctx context.Context, args ...string) ([]byte, error) {
	cmd := exec.CommandContext(ctx, filepath.Join(h.root, "usr/bin/tidegate"), args...)
	cmd.Env = append(os.Environ(), "TIDEGATE_ADDRESS="+h.daemon, "TIDEGATE_TOKEN="+token)
	var stderr bytes.Buffer
	cmd.Stderr = &stderr
	out, err := cmd.Output()
	if err != nil {
		return out, fmt.Errorf("tidegate %s: %w\n%s%s", strings.Join(args, " "), err, out, stderr.Bytes())
	}
	return out, nil
}

func (h *host) mustTidegate(t *testing.T, args ...string) []byte {
	t.Helper()
	out, err := h.tidegate(t.Context(), args...)
	if err != nil {
		t.Fatalf("%v%s", err, h.journal())
	}
	return out
}

// mainPID waits for the process of a unit, another than the one before.
func (h *host) mainPID(t *testing.T, unit, before string) string {
	t.Helper()
	var pid string
	until(t, time.Minute, unit+" to run", func() error {
		pid = h.show(t, unit, "MainPID")
		if state := h.show(t, unit, "ActiveState"); pid == "0" || pid == before || state != "active" {
			return fmt.Errorf("it is %s with process %s%s", state, pid, h.journal())
		}
		return nil
	})
	return pid
}

// One container serves all, since to boot it takes longest.
func TestUnits(t *testing.T) {
	if testing.Short() {
		t.Skip("boots a container; not with -short")
	}
	h := newHost(t)
	h.mainPID(t, daemonUnit, "")
	h.mainPID(t, agentUnit, "")
	t.Run("migration", h.migration)
	t.Run("crash", h.crash)
	t.Run("watchdog", h.watchdog)
	t.Run("wrong configuration", h.wrongConfiguration)
	t.Run("agent without daemon", h.withoutDaemon)
	t.Run("stop", h.stop)
}

// A small database moves, and the agent is killed on the way.
func (h *host) migration(t *testing.T) {
	src, dst := dbtest.Start(t, dbtest.Config{}), dbtest.Start(t, dbtest.Config{})
	shop := src.DB()
	exec := func(stmt string) {
		t.Helper()
		if _, err := shop.ExecContext(t.Context(), stmt); err != nil {
			t.Fatalf("%s: %v", stmt, err)
		}
	}
	const more = "INSERT INTO shop.orders (note) WITH RECURSIVE n AS (SELECT 1 i UNION ALL SELECT i + 1 FROM n WHERE i < 1000) SELECT CONCAT('order ', i) FROM n"
	exec("CREATE DATABASE shop")
	exec("CREATE TABLE shop.orders (id INT AUTO_INCREMENT PRIMARY KEY, note VARCHAR(100) NOT NULL)")
	exec(more)

	file := filepath.Join(t.TempDir(), "shop.hcl")
	if err := os.WriteFile(file, []byte(pipelineFile(src.Addr, dst.Addr, src.User, "shop")), 0o600); err != nil {
		t.Fatal(err)
	}
	h.mustTidegate(t, "apply", file, "--yes")
	h.mustTidegate(t, "wait", "shop", "--for", "caught_up", "--timeout", "2m")

	before := h.show(t, agentUnit, "MainPID")
	h.must(t, "systemctl", "kill", "--signal=KILL", "--kill-whom=main", agentUnit)
	exec(more)
	exec("UPDATE shop.orders SET note = CONCAT(note, ' changed') WHERE id % 7 = 0")
	h.mainPID(t, agentUnit, before)
	h.is(t, agentUnit, map[string]string{"NRestarts": "1"})

	until(t, time.Minute, "the run to go on", func() error {
		var rows, changed int
		err := dst.DB().QueryRowContext(t.Context(), "SELECT COUNT(*), COALESCE(SUM(note LIKE '% changed'), 0) FROM shop.orders").Scan(&rows, &changed)
		if err != nil || rows != 2000 || changed == 0 {
			return fmt.Errorf("the target has %d rows, %d of them changed: %w", rows, changed, err)
		}
		return nil
	})
	h.mustTidegate(t, "wait", "shop", "--for", "caught_up", "--timeout", "1m")
	h.provedEqual(t)
	h.mustTidegate(t, "complete", "shop")
	h.mustTidegate(t, "wait", "shop", "--for", "completed", "--timeout", "1m")
}

func (h *host) provedEqual(t *testing.T) {
	t.Helper()
	var report struct {
		Equal bool `json:"equal"`
	}
	out := h.mustTidegate(t, "--json", "verify", "shop", "--wait")
	if err := json.Unmarshal(out, &report); err != nil || !report.Equal {
		t.Errorf("verify: %v\n%s", err, out)
	}
}

// SIGABRT is what the watchdog sends, and to a Go program any crash: both would
// end it with status 2, as a wrong configuration does, but must not be taken
// for one.
func (h *host) crash(t *testing.T) {
	for _, unit := range []string{daemonUnit, agentUnit} {
		before := h.show(t, unit, "MainPID")
		h.must(t, "systemctl", "kill", "--signal=ABRT", "--kill-whom=main", unit)
		h.mainPID(t, unit, before)
	}
	until(t, time.Minute, "the agent to be back", func() error { return h.alive(t, "main@") })
}

// alive asks the daemon whether it hears of an agent.
func (h *host) alive(t *testing.T, prefix string) error {
	out, err := h.tidegate(t.Context(), "--json", "agents")
	if err != nil {
		return err
	}
	var agents []struct {
		ID    string `json:"id"`
		Alive bool   `json:"alive"`
	}
	if err := json.Unmarshal(out, &agents); err != nil {
		t.Fatalf("read agents: %v\n%s", err, out)
	}
	for _, a := range agents {
		if a.Alive && strings.HasPrefix(a.ID, prefix) {
			return nil
		}
	}
	return fmt.Errorf("no agent %s... is alive: %s", prefix, out)
}

// A short watchdog leaves a service alone that pings it, and replaces one that
// does not.
func (h *host) watchdog(t *testing.T) {
	const unit = "tidegate-agent@watched.service"
	h.dropIn(t, unit, "WatchdogSec=3s", "TimeoutAbortSec=1s")
	h.must(t, "systemctl", "daemon-reload")
	h.must(t, "systemctl", "start", unit)
	before := h.show(t, unit, "MainPID")
	time.Sleep(7 * time.Second)
	h.is(t, unit, map[string]string{"MainPID": before, "NRestarts": "0", "ActiveState": "active"})
	h.must(t, "systemctl", "kill", "--signal=STOP", "--kill-whom=main", unit)
	h.mainPID(t, unit, before)
	h.must(t, "systemctl", "stop", unit)
}

// A setting that does not exist ends the agent at once, and for good.
func (h *host) wrongConfiguration(t *testing.T) {
	const unit = "tidegate-agent@wrong.service"
	h.write(t, "etc/default/tidegate-agent-wrong", "TIDEGATE_CAPACITY=many\n")
	if out, err := h.run(t.Context(), "systemctl", "start", unit); err == nil {
		t.Errorf("an agent with a wrong setting starts: %s", out)
	}
	time.Sleep(3 * time.Second) // longer than RestartSec
	h.is(t, unit, map[string]string{"ActiveState": "failed", "Result": "exit-code", "ExecMainStatus": "2", "NRestarts": "0"})
	if log := h.must(t, "journalctl", "--no-pager", "--unit="+unit); !strings.Contains(log, "capacity") {
		t.Errorf("the journal does not say what is wrong:\n%s", log)
	}
}

// An agent waits for its daemon as long as it takes, and can be stopped.
func (h *host) withoutDaemon(t *testing.T) {
	const unit = "tidegate-agent@lonely.service"
	h.write(t, "etc/default/tidegate-agent-lonely", "TIDEGATE_DAEMON=http://127.0.0.1:1\n")
	h.must(t, "systemctl", "start", unit)
	h.is(t, unit, map[string]string{"ActiveState": "active"})
	h.stopped(t, unit)
}

// stop ends both services, well within the time their units give them.
func (h *host) stop(t *testing.T) {
	h.stopped(t, agentUnit)
	if err := h.alive(t, "main@"); err == nil {
		t.Error("the agent did not say goodbye: its daemon takes it for alive")
	}
	h.stopped(t, daemonUnit)
}

func (h *host) stopped(t *testing.T, unit string) {
	t.Helper()
	begun := time.Now()
	h.must(t, "systemctl", "stop", unit)
	if took := time.Since(begun); took > 20*time.Second {
		t.Errorf("%s took %s to stop", unit, took)
	}
	h.is(t, unit, map[string]string{"ActiveState": "inactive", "Result": "success", "ExecMainStatus": "0"})
}
