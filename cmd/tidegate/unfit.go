package main

import "time"

const (
	waitNoLabels  = "no-labels"
	waitNoAgent   = "no-agent"
	labelPatience = 2 * time.Second // for an agent that is just starting
)

// unfit says that no agent carries a pipeline's labels.
func unfit(s statusJSON) error {
	return failf(exitUsage, s.WaitCode, "the run waits: start an agent with these labels, or correct agent.labels in the file and apply it again",
		"pipeline %s: %s", s.Pipeline, s.Reason)
}
