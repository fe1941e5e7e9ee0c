// Package tidegatev1 is the contract between the daemon and its clients
// (PipelineService) and its agents (AgentService), generated from the .proto
// files beside it. Regenerate with "make generate".
package tidegatev1
