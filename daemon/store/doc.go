// Package store is what the daemon keeps: pipelines and their versions, runs,
// agents, events, reports, and the agents' replicated checkpoints.
//
// The daemon works on a copy in memory and writes each change as one Batch,
// before anyone is told of it. A Batch is stored whole or not at all, and
// survives a power cut once Commit has returned. storetest holds every
// implementation to that.
package store
