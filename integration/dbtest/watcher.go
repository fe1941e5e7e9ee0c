package dbtest

import (
	"fmt"
	"io"
	"os/exec"
	"syscall"
)

// watcher outlives this process just long enough to kill a server and remove
// its files. It reads the server's pid, one line per start, from a pipe whose
// other end only this process holds: end of file means this process is gone.
//
// A parent-death signal would be simpler but is tied to the thread that forked,
// which the Go runtime may end at any time, and it removes no files.
type watcher struct {
	cmd  *exec.Cmd
	pipe io.WriteCloser
}

// The script gives up waiting for a killed process after five seconds: one that
// nobody reaps stays visible for ever.
const watcherScript = `pid=
while read -r line; do pid=$line; done
if [ "$pid" = done ]; then exit 0; fi
if [ -n "$pid" ] && [ "$pid" != none ]; then
	kill -KILL "$pid" 2>/dev/null
	n=0
	while kill -0 "$pid" 2>/dev/null && [ $n -lt 50 ]; do n=$((n + 1)); sleep 0.1; done
fi
rm -rf -- "$1"
`

// watch starts a watcher that removes dir. It leaves the lock file alone: once
// we are gone, that may be another process's.
func watch(dir string) (*watcher, error) {
	cmd := exec.Command("/bin/sh", "-c", watcherScript, "tidegate-dbtest-watcher", dir)
	cmd.Dir = "/"
	cmd.SysProcAttr = &syscall.SysProcAttr{Setsid: true} // signals to our group or terminal are not for it
	pipe, err := cmd.StdinPipe()
	if err != nil {
		return nil, err
	}
	if err := cmd.Start(); err != nil {
		return nil, fmt.Errorf("start the watcher of %s: %w", dir, err)
	}
	return &watcher{cmd: cmd, pipe: pipe}, nil
}

// running tells the watcher which process to end.
func (w *watcher) running(pid int) error {
	_, err := fmt.Fprintln(w.pipe, pid)
	return err
}

// idle tells the watcher that no process runs: its pid may be anyone's now.
func (w *watcher) idle() { io.WriteString(w.pipe, "none\n") }

// dismiss ends the watcher; everything is cleaned up already.
func (w *watcher) dismiss() {
	io.WriteString(w.pipe, "done\n")
	w.pipe.Close()
	w.cmd.Wait()
}
