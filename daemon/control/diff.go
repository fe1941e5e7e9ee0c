package control

import (
	"encoding/json"
	"fmt"
	"maps"
	"slices"
	"strings"

	"github.com/tidegate-io/tidegate/internal/run"
	"github.com/tidegate-io/tidegate/internal/spec"
)

// live are the fields that a working run takes over between two batches.
var live = []string{
	"copy.threads", "copy.max_rate", "copy.max_rows", "copy.chunk_bytes",
	"apply.lanes", "apply.max_rate", "apply.batch_bytes", "apply.batch_rows",
	"verify.", "cutover.hold", "cutover.timeout", "cutover.fence_source", "retry.", "alerts",
}

// idle are the fields that can change while no runner works: ways to log in,
// which are the usual remedy of a stopped run.
var idle = []string{
	"from.address", "from.user", "from.password", "from.tls.", "from.compress",
	"to.address", "to.user", "to.password", "to.tls.", "to.compress", "agent_labels", "apply.on_conflict", "check.skip",
}

// fields lists what differs between two specs, by the names of their JSON form
// with lists as a whole. It shows names only, never values.
func fields(a, b spec.Pipeline) ([]string, error) {
	fa, err := flatten(a)
	if err != nil {
		return nil, err
	}
	fb, err := flatten(b)
	if err != nil {
		return nil, err
	}
	differ := map[string]bool{}
	for k, v := range fa {
		if w, ok := fb[k]; !ok || w != v {
			differ[k] = true
		}
	}
	for k := range fb {
		if _, ok := fa[k]; !ok {
			differ[k] = true
		}
	}
	return slices.Sorted(maps.Keys(differ)), nil
}

func flatten(s spec.Pipeline) (map[string]string, error) {
	b, err := json.Marshal(s)
	if err != nil {
		return nil, fmt.Errorf("compare pipeline %s: %w", s.Name, err)
	}
	var m map[string]any
	if err := json.Unmarshal(b, &m); err != nil {
		return nil, fmt.Errorf("compare pipeline %s: %w", s.Name, err)
	}
	out := map[string]string{}
	flattenInto(out, "", m)
	return out, nil
}

func flattenInto(out map[string]string, path string, m map[string]any) {
	for k, v := range m {
		p := strings.TrimPrefix(path+"."+k, ".")
		// A secret, and the agent's labels, are one thing to a person.
		if sub, ok := v.(map[string]any); ok && k != "password" && k != "agent_labels" {
			flattenInto(out, p, sub)
			continue
		}
		b, _ := json.Marshal(v) // came from JSON
		out[p] = string(b)
	}
}

// frozen lists those of the changed fields that a run in state s cannot take
// over.
func frozen(changed []string, s run.State) []string {
	free := live
	switch s {
	case run.Created, run.Checking, run.CheckPassed, run.Waiting:
		return nil // nothing has been moved: it is checked anew
	case run.Errored:
		free = append(slices.Clone(live), idle...)
	}
	return slices.DeleteFunc(slices.Clone(changed), func(f string) bool {
		return slices.ContainsFunc(free, func(p string) bool {
			return f == p || strings.HasSuffix(p, ".") && strings.HasPrefix(f, p)
		})
	})
}
