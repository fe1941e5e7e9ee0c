package dbtest

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"strconv"
	"sync"
)

// Server is a running (or halted) private server.
type Server struct {
	Flavor   Flavor
	ServerID uint32
	Addr     string // host:port
	Port     int
	User     string // an account with all privileges
	Password string
	Dir      string // its files, on the host: data/, binlog.*, s.sock, err.log

	slot    *slot
	watcher *watcher
	args    []string // the command line without a restart's extras

	lifeMu sync.Mutex // guards what follows
	proc   *process
	db     *sql.DB
	gone   bool
}

// Launch starts a server. The context bounds the start; Stop ends the server
// and removes its files.
func Launch(ctx context.Context, cfg Config) (*Server, error) {
	cfg = cfg.withDefaults()
	sweep()
	in, err := install(cfg.Flavor)
	if err != nil {
		return nil, err
	}
	from, err := template(ctx, in)
	if err != nil {
		return nil, err
	}
	sl, err := claim(in)
	if err != nil {
		return nil, err
	}
	s := &Server{
		Flavor: cfg.Flavor, ServerID: cfg.ServerID,
		Addr: net.JoinHostPort("127.0.0.1", strconv.Itoa(sl.port)), Port: sl.port,
		User: User, Password: Password,
		Dir: sl.dir(), slot: sl, args: cfg.args(sl),
	}
	if err := s.launch(ctx, from); err != nil {
		return nil, errors.Join(err, s.Stop())
	}
	return s, nil
}

func (s *Server) launch(ctx context.Context, template string) error {
	var err error
	if s.watcher, err = watch(s.Dir); err != nil {
		return err
	}
	if err := os.MkdirAll(filepath.Join(s.Dir, "tmp"), 0o755); err != nil {
		return err
	}
	if err := copyTree(ctx, template, filepath.Join(s.Dir, "data")); err != nil {
		return err
	}
	if err := s.begin(ctx); err != nil {
		return err
	}
	s.db = openDB(s.Port, s.User, s.Password, "")
	return nil
}

// PID is the server's process, or 0 if none runs.
func (s *Server) PID() int {
	s.lifeMu.Lock()
	defer s.lifeMu.Unlock()
	if s.proc == nil || !s.proc.alive() {
		return 0
	}
	return s.proc.cmd.Process.Pid
}

// Kill ends the server with SIGKILL, as a crash would. Restart brings it back.
func (s *Server) Kill() {
	s.lifeMu.Lock()
	defer s.lifeMu.Unlock()
	if s.proc != nil && s.proc.alive() {
		s.proc.kill()
	}
	if !s.gone {
		s.watcher.idle()
	}
}

// Halt shuts the server down cleanly and keeps its files for Restart.
func (s *Server) Halt() error {
	s.lifeMu.Lock()
	defer s.lifeMu.Unlock()
	return s.halt()
}

func (s *Server) halt() error {
	if s.proc == nil || !s.proc.alive() {
		return nil
	}
	return s.end()
}

// Restart starts the server again on the same data and port, after a clean shut
// down if it still runs. The arguments win over those it was launched with, and
// hold until the next Restart.
func (s *Server) Restart(args ...string) error {
	s.lifeMu.Lock()
	defer s.lifeMu.Unlock()
	if s.gone {
		return fmt.Errorf("restart %s on port %d: it was stopped and its files are gone", s.Flavor, s.Port)
	}
	if err := s.halt(); err != nil {
		return err
	}
	launched := s.args
	defer func() { s.args = launched }()
	s.args = append(launched[:len(launched):len(launched)], args...)
	return s.begin(context.Background())
}

// Stop ends the server and removes its files. A second Stop does nothing.
//
// Nobody needs the data any more, so the server is killed: a clean shut down
// would cost a second per server.
func (s *Server) Stop() error {
	s.lifeMu.Lock()
	defer s.lifeMu.Unlock()
	if s.gone {
		return nil
	}
	s.gone = true
	if s.db != nil {
		s.db.Close()
	}
	if s.proc != nil && s.proc.alive() {
		s.proc.kill()
	}
	err := s.slot.release()
	if s.watcher != nil {
		s.watcher.dismiss()
	}
	return err
}
