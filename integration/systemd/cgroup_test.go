package systemd

import (
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"
)

// claimCgroup makes the group the container lives in, so that it is apart from
// the test's processes and ends as a whole.
func (c *container) claimCgroup(t *testing.T) *os.File {
	t.Helper()
	mounts, err := os.ReadFile("/proc/self/mounts")
	if err != nil {
		t.Fatal(err)
	}
	for line := range strings.Lines(string(mounts)) {
		f := strings.Fields(line)
		if len(f) < 3 || f[2] != "cgroup2" {
			continue
		}
		c.cgroup = filepath.Join(f[1], fmt.Sprintf("tidegate-test-%d", os.Getpid()))
		if err := os.Mkdir(c.cgroup, 0o755); err != nil {
			t.Fatalf("make a cgroup for the container: %v", err)
		}
		group, err := os.Open(c.cgroup)
		if err != nil {
			t.Fatal(err)
		}
		return group
	}
	t.Fatal("a container needs cgroup2, and it is not mounted on this host")
	return nil
}
