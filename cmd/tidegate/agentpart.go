package main

import (
	"os"
	"path/filepath"
	"runtime/debug"

	"github.com/rs/zerolog"

	"github.com/tidegate-io/tidegate/agent/worker"
	"github.com/tidegate-io/tidegate/api/tidegate/v1/tidegatev1connect"
	"github.com/tidegate-io/tidegate/checkpoint"
	"github.com/tidegate-io/tidegate/internal/kv"
)

// agentPart is an agent that is ready to run.
type agentPart struct {
	*worker.Worker
	db *kv.DB
}

type agentSettings struct {
	id       string
	labels   map[string]string
	capacity int
	dataDir  string
	daemon   string
	token    string
	factory  worker.Factory
	program  string // this one's file; empty: damaged checkpoints are not looked for
}

// openAgent opens the checkpoints.
func openAgent(s agentSettings, log zerolog.Logger) (*agentPart, error) {
	hc, base, err := dial(s.daemon, s.token)
	if err != nil {
		return nil, err
	}
	db, err := openCheckpoints(s.program, filepath.Join(s.dataDir, "checkpoints"), log)
	if err != nil {
		return nil, err
	}
	host, _ := os.Hostname()
	w, err := worker.New(
		worker.Config{ID: s.id, Labels: s.labels, Capacity: s.capacity, Version: version, Host: host, Dir: s.dataDir},
		worker.Deps{
			Daemon: tidegatev1connect.NewAgentServiceClient(hc, base), Factory: s.factory,
			Checkpoints: checkpoint.NewBadger(db), Log: log,
		})
	if err != nil {
		_ = db.Close()
		return nil, usage(err)
	}
	return &agentPart{Worker: w, db: db}, nil
}

func (p *agentPart) close() { _ = p.db.Close() }

// heapGoal makes the collector work harder before the process gets larger than
// its users were promised (256 MiB), unless they chose a limit themselves.
const heapGoal = 200 << 20

func limitHeap() {
	if os.Getenv("GOMEMLIMIT") == "" {
		debug.SetMemoryLimit(heapGoal)
	}
}
