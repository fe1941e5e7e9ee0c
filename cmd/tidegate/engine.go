package main

import (
	"github.com/tidegate-io/tidegate/agent/worker"
	"github.com/tidegate-io/tidegate/internal/run"
)

// newRunner is where the control plane meets the engine. This build has none:
// every run is refused.
func newRunner(run.Assignment, worker.RunDeps) (worker.Runner, error) {
	return nil, &run.Error{Class: run.Fatal, Code: "no-engine", Message: "this build of tidegate cannot move data: it has no engine", Remedy: "use a release build"}
}
