package systemd

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"
	"strings"
	"syscall"
	"testing"
	"time"
)

// container is a copy of the Debian tree of `make deps` with a systemd that
// booted in it. It has a network of its own only in name: the host's loopback
// is its loopback.
type container struct {
	root    string
	cgroup  string
	watcher *watcher
	process *os.Process // systemd-nspawn
	leader  int         // the container's PID 1, as the host numbers it
	console *os.File
	ended   chan struct{} // closed when systemd-nspawn has ended
}

// tree is where `make deps` puts the bootable tree.
func tree() string {
	cache := os.Getenv("TIDEGATE_CACHE")
	if cache == "" {
		cache = "/var/cache/tidegate"
	}
	return filepath.Join(cache, "systemd")
}

// newContainer copies the tree; prepare may put files into root before boot.
func newContainer(t *testing.T) *container {
	t.Helper()
	if os.Geteuid() != 0 {
		t.Fatal("a container needs root: run the tests as root, or with -short")
	}
	if _, err := os.Stat(filepath.Join(tree(), "usr/lib/systemd/systemd")); err != nil {
		t.Fatalf("no bootable tree: run make deps: %v", err)
	}
	c := &container{root: filepath.Join(t.TempDir(), "root"), ended: make(chan struct{})}
	if out, err := exec.CommandContext(t.Context(), "cp", "-a", "--reflink=auto", tree(), c.root).CombinedOutput(); err != nil {
		t.Fatalf("copy %s: %v\n%s", tree(), err, out)
	}
	return c
}

// notNeeded are units whose work at boot no test waits for.
var notNeeded = []string{
	"ldconfig.service", "systemd-journal-catalog-update.service", "systemd-logind.service", "console-getty.service",
	"apt-daily.timer", "apt-daily-upgrade.timer", "dpkg-db-backup.timer", "fstrim.timer",
}

// boot starts systemd in the container and waits until it has come up. The
// container ends with the test, and with the test's process, whatever ends that.
func (c *container) boot(t *testing.T) {
	t.Helper()
	group := c.claimCgroup(t)
	defer group.Close()
	args := []string{
		"--quiet", "--machine=" + filepath.Base(c.cgroup), "--register=no", "--keep-unit", "--kill-signal=SIGRTMIN+3", "--directory=" + c.root,
		"--console=read-only", "--resolv-conf=off", "--timezone=off", "--link-journal=no", "--boot",
		"systemd.log_color=0", "systemd.unit=multi-user.target",
	}
	for _, unit := range notNeeded {
		args = append(args, "systemd.mask="+unit)
	}
	cmd := exec.Command("systemd-nspawn", args...)
	cmd.Env = append(os.Environ(), "SYSTEMD_NSPAWN_UNIFIED_HIERARCHY=1") // also where the host still mixes both
	cmd.SysProcAttr = &syscall.SysProcAttr{UseCgroupFD: true, CgroupFD: int(group.Fd()), Setsid: true}
	var err error
	if c.console, err = os.Create(filepath.Join(t.TempDir(), "console")); err != nil {
		t.Fatal(err)
	}
	cmd.Stdout, cmd.Stderr = c.console, c.console
	if c.watcher, err = watch(c); err != nil {
		t.Fatal(err)
	}
	if err := cmd.Start(); err != nil {
		t.Fatalf("start systemd-nspawn, which make deps installs: %v", errors.Join(err, c.watcher.dismiss()))
	}
	c.process = cmd.Process
	go func() { // ends with the container
		_ = cmd.Wait() // killed, in the end
		close(c.ended)
	}()
	t.Cleanup(func() { c.remove(t) })
	until(t, 2*time.Minute, "the container's systemd to come up", func() error {
		select {
		case <-c.ended:
			t.Fatalf("systemd-nspawn ended:\n%s", c.consoleText())
		default:
		}
		return c.findLeader(t.Context())
	})
}

// findLeader looks among the children of systemd-nspawn for the one in which
// systemd answers: while it sets the container up it has others.
func (c *container) findLeader(ctx context.Context) error {
	last := errors.New("systemd-nspawn has no child yet")
	for _, pid := range children(c.process.Pid) {
		c.leader = pid
		out, err := c.run(ctx, "systemctl", "is-system-running")
		if state := strings.TrimSpace(out); state == "running" || state == "degraded" {
			return nil
		}
		last = fmt.Errorf("%s: %w\n%s", out, err, c.consoleText())
	}
	return last
}

func children(of int) []int {
	stats, _ := filepath.Glob("/proc/[0-9]*/stat")
	var out []int
	for _, path := range stats {
		b, err := os.ReadFile(path)
		if err != nil {
			continue // it has ended
		}
		// pid (name, which may have anything in it) state ppid ...
		fields := strings.Fields(string(b[bytes.LastIndexByte(b, ')')+1:]))
		if len(fields) > 1 && fields[1] == strconv.Itoa(of) {
			pid, _ := strconv.Atoi(filepath.Base(filepath.Dir(path)))
			out = append(out, pid)
		}
	}
	return out
}

// run runs a program in the container, as if logged in there.
func (c *container) run(ctx context.Context, args ...string) (string, error) {
	ctx, cancel := context.WithTimeout(ctx, 2*time.Minute)
	defer cancel()
	inside := []string{"--target", strconv.Itoa(c.leader), "--mount", "--uts", "--ipc", "--pid", "--cgroup", "--"}
	cmd := exec.CommandContext(ctx, "nsenter", append(inside, args...)...)
	cmd.Env = []string{"PATH=/usr/bin:/usr/sbin:/bin:/sbin", "LC_ALL=C", "SYSTEMD_PAGER=", "SYSTEMD_COLORS=0"}
	out, err := cmd.CombinedOutput()
	return string(out), err
}

// must is run for what has to succeed.
func (c *container) must(t *testing.T, args ...string) string {
	t.Helper()
	out, err := c.run(t.Context(), args...)
	if err != nil {
		t.Fatalf("%s: %v\n%s%s", strings.Join(args, " "), err, out, c.journal())
	}
	return out
}

// show gives one property of a unit.
func (c *container) show(t *testing.T, unit, property string) string {
	t.Helper()
	return strings.TrimSpace(c.must(t, "systemctl", "show", "--value", "--property="+property, unit))
}

// is holds properties of a unit to what they should be.
func (c *container) is(t *testing.T, unit string, want map[string]string) {
	t.Helper()
	for property, value := range want {
		if got := c.show(t, unit, property); got != value {
			t.Errorf("%s of %s is %q, want %q", property, unit, got, value)
		}
	}
}

// write puts a file into the container.
func (c *container) write(t *testing.T, path, text string) {
	t.Helper()
	path = filepath.Join(c.root, path)
	if err := os.MkdirAll(filepath.Dir(path), 0o755); err != nil {
		t.Fatal(err)
	}
	if err := os.WriteFile(path, []byte(text), 0o600); err != nil {
		t.Fatal(err)
	}
}

// journal is the end of what our units had to say.
func (c *container) journal() string {
	out, err := c.run(context.Background(), "journalctl", "--no-pager", "--lines=80", "--unit=tidegate-*")
	if err != nil {
		return fmt.Sprintf("\nno journal: %v\n%s", err, c.consoleText())
	}
	return "\njournal:\n" + out
}

func (c *container) consoleText() string {
	b, _ := os.ReadFile(c.console.Name()) // for an error's text only
	return string(b[max(0, len(b)-4000):])
}

// remove ends everything that runs in the container and removes its files.
func (c *container) remove(t *testing.T) {
	if t.Failed() {
		t.Log(c.journal())
	}
	_ = c.console.Close()
	if err := c.watcher.dismiss(); err != nil {
		t.Errorf("remove the container: %v", err)
	}
	<-c.ended
}

// until polls; what ask had to say last is shown when time runs out.
func until(t *testing.T, limit time.Duration, what string, ask func() error) {
	t.Helper()
	deadline := time.Now().Add(limit)
	for {
		err := ask()
		if err == nil {
			return
		}
		if time.Now().After(deadline) {
			t.Fatalf("waited %s for %s: %v", limit, what, err)
		}
		time.Sleep(200 * time.Millisecond)
	}
}
