package crash

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/tidegate-io/tidegate/integration/dbtest"
	"github.com/tidegate-io/tidegate/integration/site"
)

// freeze stops a process as a suspended machine would.
func freeze(t *testing.T, c *site.Child) { t.Helper(); signal(t, c, syscall.SIGSTOP) }

// thaw lets it go on.
func thaw(t *testing.T, c *site.Child) { t.Helper(); signal(t, c, syscall.SIGCONT) }

func signal(t *testing.T, c *site.Child, s syscall.Signal) {
	t.Helper()
	if err := c.Cmd.Process.Signal(s); err != nil {
		t.Fatal(err)
	}
}

// TestProcesses kills agent, daemon and both, tears the agent's checkpoint, and
// takes the agent's disk away.
func TestProcesses(t *testing.T) {
	r := newRig(t, site.SharedPair(t, dbtest.MariaDB, dbtest.MariaDB), "processes", 3000)
	r.begin(slow)
	r.nap(2 * time.Second)
	for _, what := range []string{"agent", "daemon", "both", "torn checkpoint", "lost disk", "frozen"} {
		r.kill(what)
		r.nap(time.Second)
	}
	r.caught()
	for _, what := range []string{"both", "torn checkpoint", "lost disk"} {
		r.kill(what)
		r.caught()
	}
	r.settle("killed processes")
	r.tears(12)
}

// tears damages a well-kept checkpoint in many ways: the agent must come up on
// each.
func (r *rig) tears(n int) {
	r.t.Helper()
	signal(r.t, r.agent, syscall.SIGTERM)
	r.dies(r.agent, "its end")
	kept := filepath.Join(r.dir("one"), "checkpoints")
	for i := range n {
		id := fmt.Sprintf("torn%d", i)
		torn := filepath.Join(r.dir(id), "checkpoints")
		if err := os.CopyFS(torn, os.DirFS(kept)); err != nil {
			r.t.Fatal(err)
		}
		r.tear(torn)
		agent := r.Agent(id, "--daemon", "http://127.0.0.1:9") // nobody is there, and nobody is needed
		r.Until(limit, id+" to come up", func() (bool, string) {
			log, err := os.ReadFile(agent.Log)
			return err == nil && strings.Contains(string(log), "agent is up"), string(log)
		})
		agent.Kill()
	}
}

// kill does one thing to the processes, and starts what has ended.
func (r *rig) kill(what string) {
	r.t.Helper()
	r.t.Log(what)
	switch what {
	case "agent":
		r.agent.Kill()
		r.agent = r.start("one")
	case "daemon":
		r.daemon.Kill()
		r.nap(2 * time.Second)
		r.daemon = r.Daemon("--lease", "3s")
	case "both":
		r.daemon.Kill()
		r.agent.Kill()
		r.daemon, r.agent = r.Daemon("--lease", "3s"), r.start("one")
	case "torn checkpoint":
		r.agent.Kill()
		r.tear(filepath.Join(r.dir("one"), "checkpoints"))
		r.agent = r.start("one")
	case "lost disk":
		r.agent.Kill()
		r.Until(limit, "the disk to be lost", func() (bool, string) { // a child of the agent may yet be writing
			err := os.RemoveAll(r.dir("one"))
			return err == nil, fmt.Sprint(err)
		})
		r.agent = r.start("one")
	case "frozen": // the lease ends meanwhile, and nobody else is there
		freeze(r.t, r.agent)
		time.Sleep(4 * time.Second)
		thaw(r.t, r.agent)
	}
}

// tear damages the files of a checkpoint, as a disk that lost its last writes:
// ends are cut off, or overwritten.
func (r *rig) tear(dir string) {
	r.t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		r.t.Fatal(err)
	}
	for _, e := range entries {
		name := filepath.Join(dir, e.Name())
		info, err := os.Stat(name)
		if err != nil || info.Size() == 0 || !strings.HasSuffix(name, ".mem") && !strings.HasSuffix(name, ".vlog") && !strings.HasSuffix(name, ".sst") {
			continue
		}
		at := r.random.Int64N(info.Size())
		if at > 4096 && r.random.IntN(2) == 0 { // where there are records
			at = r.random.Int64N(4096)
		}
		if r.random.IntN(2) == 0 {
			err = os.Truncate(name, at)
		} else {
			err = scribble(name, at)
		}
		r.t.Logf("%s of %d bytes damaged at %d", e.Name(), info.Size(), at)
		if err != nil {
			r.t.Fatal(err)
		}
	}
}

func scribble(name string, at int64) error {
	f, err := os.OpenFile(name, os.O_WRONLY, 0)
	if err != nil {
		return err
	}
	defer f.Close()
	_, err = f.WriteAt([]byte(strings.Repeat("\xa5", 64)), at)
	return err
}
