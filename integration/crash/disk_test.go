package crash

import (
	"errors"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
	"testing"
	"time"

	"github.com/tidegate-io/tidegate/integration/dbtest"
	"github.com/tidegate-io/tidegate/integration/site"
	"github.com/tidegate-io/tidegate/internal/run"
)

// small makes a directory a file system of its own that is soon full.
func small(t *testing.T, dir, size string) {
	t.Helper()
	if err := os.MkdirAll(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	if out, err := exec.Command("mount", "-t", "tmpfs", "-o", "size="+size, "tidegate-crash", dir).CombinedOutput(); err != nil {
		t.Fatalf("mount a small file system on %s: %v: %s(this test needs root and the right to mount)", dir, err, out)
	}
	t.Cleanup(func() {
		if out, err := exec.Command("umount", "-l", dir).CombinedOutput(); err != nil {
			t.Errorf("unmount %s: %v: %s", dir, err, out)
		}
	})
}

// fill takes all that is left of a file system, and returns how to give it back.
func fill(t *testing.T, dir string) (free func()) {
	t.Helper()
	name := filepath.Join(dir, "filler")
	f, err := os.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	for block := make([]byte, 1<<20); len(block) >= 4096; {
		if _, err := f.Write(block); errors.Is(err, syscall.ENOSPC) {
			block = block[:len(block)/2]
		} else if err != nil {
			t.Fatal(err)
		}
	}
	return func() {
		if err := os.Remove(name); err != nil {
			t.Error(err)
		}
	}
}

// TestFullDiskOfAgent fills the disk of the checkpoints: the run waits, saying
// so, goes on by itself when there is room, and an agent that starts meanwhile
// refuses with the remedy.
func TestFullDiskOfAgent(t *testing.T) {
	r := newRig(t, site.SharedPair(t, dbtest.MySQL, dbtest.MySQL), "fulldisk", 500)
	small(t, r.dir("one"), "256m")
	r.begin("")
	r.caught()
	free := fill(t, r.dir("one"))
	st := r.Reach(limit, "p", "retrying for want of room", func(st site.Status) bool { return st.State == run.Retrying && st.Error != nil })
	if st.Error.Code != "disk-full" || !strings.Contains(st.Error.Remedy, "make room") {
		t.Errorf("a full disk is told as %+v", st.Error)
	}
	r.agent.Kill()
	again := r.start("one")
	r.dies(again, "its refusal")
	log, err := os.ReadFile(again.Log)
	if err != nil || !strings.Contains(string(log), "make room on the file system") {
		t.Errorf("an agent on a full disk says: %s %v", log[max(0, len(log)-500):], err)
	}
	free()
	r.agent = r.start("one")
	r.caught()
	r.settle("full disk of the agent")
}

// TestFullDiskOfTarget fills the disk of the target's data.
func TestFullDiskOfTarget(t *testing.T) {
	p := own(t, dbtest.MySQL)
	move(t, p.Dst, "600m")
	r := newRig(t, p, "fulltarget", 1000)
	r.begin("")
	r.caught()
	free := fill(t, filepath.Join(p.Dst.Dir, "data"))
	r.Until(limit, "the target to be full", func() (bool, string) { // files grow by what the workload and this add
		site.Execute(t, r.Src, "INSERT INTO fulltarget.evolving (v) SELECT v FROM fulltarget.evolving LIMIT 5000", "INSERT INTO fulltarget.pairs SELECT a, UUID(), c, REPEAT('y', 200) FROM fulltarget.pairs LIMIT 5000")
		st, _ := r.Status("p")
		return st.LagSeconds != nil && *st.LagSeconds > 3, string(st.State)
	})
	time.Sleep(2 * time.Second)
	if st, _ := r.Status("p"); st.State == run.Errored {
		t.Errorf("a full target ends the run: %+v", st.Error)
	}
	free()
	if p.Dst.PID() == 0 {
		t.Log("the target has ended itself")
		if err := p.Dst.Restart(); err != nil {
			t.Fatal(err)
		}
	}
	r.caught()
	r.settle("full disk of the target")
}

// move puts a server's data on a small file system.
func move(t *testing.T, s *dbtest.Server, size string) {
	t.Helper()
	if err := s.Halt(); err != nil {
		t.Fatal(err)
	}
	data, aside := filepath.Join(s.Dir, "data"), filepath.Join(s.Dir, "data.whole")
	if err := os.Rename(data, aside); err != nil {
		t.Fatal(err)
	}
	small(t, data, size)
	if out, err := exec.Command("cp", "-a", aside+"/.", data).CombinedOutput(); err != nil {
		t.Fatalf("copy the data: %v: %s", err, out)
	}
	if err := s.Restart(); err != nil {
		t.Fatal(err)
	}
}
