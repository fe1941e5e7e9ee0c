package precheck

import (
	"context"
	"fmt"

	"github.com/tidegate-io/tidegate/internal/run"
)

// unsupportedNow: what the file asks for, or the schema holds, and this version
// cannot carry, by name.
var unsupportedNow = Check{ID: "unsupported-now", Needs: nothing, Run: func(_ context.Context, e *Env) ([]run.Finding, error) {
	var out []run.Finding
	for _, name := range e.Spec.Unsupported {
		out = append(out, run.Finding{Level: run.LevelError, Object: name, Found: fmt.Sprintf("%s is not yet supported", name),
			Why: "it would be ignored", Remedy: "take it out of the pipeline file"})
	}
	return append(out, e.Known...), nil
}}
