package store

import (
	"fmt"
	"strconv"
	"strings"
)

const (
	countersKey    = "counters"
	pipelinePrefix = "pipeline/"
	versionPrefix  = "version/"
	runPrefix      = "run/"
	agentPrefix    = "agent/"
	eventPrefix    = "event/"
	eventOfPrefix  = "event-of/"
	reportPrefix   = "report/"
	checkpointPref = "checkpoint/"
)

func pipelineKey(name string) string          { return pipelinePrefix + name }
func versionsOf(name string) string           { return versionPrefix + name + "/" }
func versionKey(name string, v uint64) string { return versionsOf(name) + seqKey(v) }
func runKey(id string) string                 { return runPrefix + id }
func agentKey(id string) string               { return agentPrefix + id }
func eventKey(seq uint64) string              { return eventPrefix + seqKey(seq) }
func eventsOf(pipeline string) string         { return eventOfPrefix + pipeline + "\x00/" }
func reportsOf(run string) string             { return reportPrefix + run + "/" }
func reportsOfKind(run, kind string) string   { return reportsOf(run) + kind + "/" }
func checkpointKey(run string) string         { return checkpointPref + run }

// eventOf finds a pipeline's event without looking at all others.
func eventOf(pipeline string, seq uint64) string { return eventsOf(pipeline) + seqKey(seq) }

// seqKey sorts as the number does.
func seqKey(n uint64) string { return fmt.Sprintf("%016x", n) }

func keySeq(key string) uint64 {
	n, _ := strconv.ParseUint(key[strings.LastIndexByte(key, '/')+1:], 16, 64)
	return n
}
