package main

import (
	"bytes"
	"context"
	"errors"
	"os"
	"os/exec"
	"syscall"
)

// process is a child that never outlives us.
type process struct {
	cmd  *exec.Cmd
	done chan struct{}
}

func startProcess(program, logFile string, args ...string) (*process, error) {
	log, err := os.OpenFile(logFile, os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o644)
	if err != nil {
		return nil, err
	}
	defer log.Close()
	p := &process{cmd: exec.Command(program, args...), done: make(chan struct{})}
	p.cmd.Env = append(os.Environ(), "DEMO_PASSWORD="+demoPassword)
	p.cmd.Stdout, p.cmd.Stderr = log, log
	p.cmd.SysProcAttr = &syscall.SysProcAttr{Setpgid: true}
	if err := p.cmd.Start(); err != nil {
		return nil, err
	}
	go func() { p.cmd.Wait(); close(p.done) }() // ends with the child
	return p, nil
}

func (p *process) kill() {
	p.cmd.Process.Kill() // fails only when it has ended already
	<-p.done
}

// cli runs one operator command; its exit status is part of the answer.
func (m *migration) cli(ctx context.Context, args ...string) (out []byte, code int, err error) {
	cmd := exec.CommandContext(ctx, m.program, append([]string{"--address", "http://" + m.listen}, args...)...)
	cmd.Env = append(os.Environ(), "DEMO_PASSWORD="+demoPassword)
	var stdout, stderr bytes.Buffer
	cmd.Stdout, cmd.Stderr = &stdout, &stderr
	err = cmd.Run()
	if exit, ok := errors.AsType[*exec.ExitError](err); ok {
		return append(stdout.Bytes(), stderr.Bytes()...), exit.ExitCode(), nil
	}
	return stdout.Bytes(), 0, err
}
