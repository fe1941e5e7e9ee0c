package dbtest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"time"
)

// Time limits: generous, since CI machines are slow and crash recovery is work.
const (
	startLimit = 120 * time.Second
	stopLimit  = 60 * time.Second
)

// process is one life of a server.
type process struct {
	cmd  *exec.Cmd
	done chan struct{} // closed when the process has been reaped
}

func startProcess(cmd *exec.Cmd) (*process, error) {
	if err := cmd.Start(); err != nil {
		return nil, err
	}
	p := &process{cmd: cmd, done: make(chan struct{})}
	go func() { // ends with the process, which halt and kill wait for
		cmd.Wait()
		close(p.done)
	}()
	return p, nil
}

func (p *process) alive() bool {
	select {
	case <-p.done:
		return false
	default:
		return true
	}
}

// halt asks the process to end, and kills it if it does not.
func (p *process) halt() error {
	p.cmd.Process.Signal(syscall.SIGTERM)
	p.cmd.Process.Signal(syscall.SIGCONT) // a test may have stopped it
	select {
	case <-p.done:
		p.killChildren()
		return nil
	case <-time.After(stopLimit):
		p.kill()
		return fmt.Errorf("process %d did not end within %s of SIGTERM and was killed", p.cmd.Process.Pid, stopLimit)
	}
}

func (p *process) kill() {
	p.cmd.Process.Kill()
	<-p.done
	p.killChildren()
}

// killChildren ends what the server has left running, such as the transfer of its
// data to another Galera node: all of the group that it was started to lead.
func (p *process) killChildren() { syscall.Kill(-p.cmd.Process.Pid, syscall.SIGKILL) }

// begin starts the process and waits until it answers.
func (s *Server) begin(ctx context.Context) error {
	log, err := os.OpenFile(s.logFile(), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return err
	}
	defer log.Close()
	// The context bounds the start, not the server's life.
	cmd := s.slot.in.command(context.WithoutCancel(ctx), s.slot.in.daemon(), s.args...)
	cmd.Stdout, cmd.Stderr = log, log
	if s.proc, err = startProcess(cmd); err != nil {
		return fmt.Errorf("start %s: %w", s.Flavor, err)
	}
	if s.watcher != nil {
		if err := s.watcher.running(cmd.Process.Pid); err != nil {
			s.proc.kill()
			return fmt.Errorf("tell the watcher of port %d: %w", s.Port, err)
		}
	}
	if err := s.awaitAnswer(ctx); err != nil {
		s.proc.kill()
		return fmt.Errorf("start %s on port %d: %w\n%s", s.Flavor, s.slot.port, err, s.Log())
	}
	return nil
}

// end stops the process cleanly.
func (s *Server) end() error {
	err := s.proc.halt()
	if s.watcher != nil {
		s.watcher.idle()
	}
	return err
}

func (s *Server) awaitAnswer(ctx context.Context) error {
	ctx, cancel := context.WithTimeout(ctx, startLimit)
	defer cancel()
	db := openDB(s.slot.port, User, Password, "")
	defer db.Close()
	for {
		err := db.PingContext(ctx)
		if err == nil {
			return nil
		}
		select {
		case <-s.proc.done:
			return errors.New("it ended by itself")
		case <-ctx.Done():
			return fmt.Errorf("no answer: %w", err)
		case <-time.After(20 * time.Millisecond):
		}
	}
}

func (s *Server) logFile() string { return filepath.Join(s.slot.dir(), "err.log") }

// Log returns the end of the server's error log.
func (s *Server) Log() string {
	b, err := os.ReadFile(s.logFile())
	if err != nil {
		return err.Error()
	}
	return tail(string(b))
}
