package checkpoint

import "strings"

const prefix = "run/"

func runPrefix(run string) string { return prefix + run + "/" }

func recordKey(run, name string) string { return runPrefix(run) + name }

// runOf is the run a record's key belongs to.
func runOf(key string) string {
	run, _, _ := strings.Cut(strings.TrimPrefix(key, prefix), "/")
	return run
}
