package precheck

import (
	"context"
	"errors"

	"github.com/tidegate-io/tidegate/internal/run"
)

// connect: both servers answer and let us in.
var connect = Check{ID: "connect", Needs: nothing, Run: func(_ context.Context, e *Env) ([]run.Finding, error) {
	var out []run.Finding
	for _, s := range []struct {
		name string
		err  error
	}{{"source", e.SourceErr}, {"target", e.TargetErr}} {
		if s.err == nil {
			continue
		}
		f := run.Finding{Level: run.LevelError, Object: s.name, Found: s.err.Error(), Why: "without a connection nothing can be moved"}
		if h, ok := errors.AsType[interface {
			error
			Hint() string
		}](s.err); ok {
			f.Remedy = h.Hint()
		}
		out = append(out, f)
	}
	return out, nil
}}
