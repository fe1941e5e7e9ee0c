package systemd

import (
	"errors"
	"fmt"
	"io"
	"os/exec"
	"path/filepath"
	"strings"
	"syscall"
)

// watcher removes a container as soon as it is dismissed, or the test's process
// has ended, whatever ended that: its standard input ends with it. The death of
// systemd-nspawn alone would leave the container running.
type watcher struct {
	cmd   *exec.Cmd
	leash io.Closer
	said  *strings.Builder
}

// Arguments: the container's cgroup, its files, what systemd-nspawn leaves.
const watching = `
read -r _
echo 1 >"$1/cgroup.kill"
n=0
while [ -d "$1" ] && [ $n -lt 300 ]; do
	find "$1" -depth -type d -exec rmdir {} \; 2>/dev/null
	n=$((n + 1))
	[ ! -d "$1" ] || sleep 0.1
done
rm -rf --one-file-system "$2" "$3"
[ ! -d "$1" ] || { echo "processes remain in $1"; exit 1; }
`

func watch(c *container) (*watcher, error) {
	w := &watcher{said: &strings.Builder{}}
	w.cmd = exec.Command("sh", "-c", watching, "watcher", c.cgroup, filepath.Dir(c.root),
		filepath.Join("/run/systemd/nspawn/propagate", filepath.Base(c.cgroup)))
	w.cmd.Stdout, w.cmd.Stderr = w.said, w.said
	w.cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true} // a terminal's interrupt is not for it
	leash, err := w.cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	w.leash = leash
	if err := w.cmd.Start(); err != nil {
		return nil, fmt.Errorf("start the container's watcher: %w", err)
	}
	return w, nil
}

// dismiss returns when nothing is left of the container.
func (w *watcher) dismiss() error {
	if err := errors.Join(w.leash.Close(), w.cmd.Wait()); err != nil {
		return fmt.Errorf("%w\n%s", err, w.said)
	}
	return nil
}
