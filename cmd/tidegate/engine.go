package main

import (
	"github.com/tidegate-io/tidegate/agent/pipeline"
	"github.com/tidegate-io/tidegate/agent/worker"
	"github.com/tidegate-io/tidegate/internal/run"
)

// newRunner is where the control plane meets the engine.
func newRunner(a run.Assignment, d worker.RunDeps) (worker.Runner, error) {
	return pipeline.New(a, pipeline.Deps{Checkpoints: d.Checkpoints, Sink: d.Sink, Log: d.Log, Registry: d.Metrics, Dir: d.Dir}), nil
}
