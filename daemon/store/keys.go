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
	reportPrefix   = "report/"
	checkpointPref = "checkpoint/"
)

func pipelineKey(name string) string          { return pipelinePrefix + name }
func versionsOf(name string) string           { return versionPrefix + name + "/" }
func versionKey(name string, v uint64) string { return versionsOf(name) + seqKey(v) }
func runKey(id string) string                 { return runPrefix + id }
func agentKey(id string) string               { return agentPrefix + id }
func eventKey(seq uint64) string              { return eventPrefix + seqKey(seq) }
func reportsOf(run string) string             { return reportPrefix + run + "/" }
func reportsOfKind(run, kind string) string   { return reportsOf(run) + kind + "/" }
func checkpointKey(run string) string         { return checkpointPref + run }

// seqKey sorts as the number does.
func seqKey(n uint64) string { return fmt.Sprintf("%016x", n) }

func keySeq(key string) uint64 {
	n, _ := strconv.ParseUint(key[strings.LastIndexByte(key, '/')+1:], 16, 64)
	return n
}
