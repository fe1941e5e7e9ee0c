package pipeline

import (
	"context"
	"time"

	"github.com/tidegate-io/tidegate/agent/precheck"
	"github.com/tidegate-io/tidegate/internal/run"
)

// planRate is the rate, in bytes per second, behind the plan's estimate of the
// copy's length: what a small target takes.
const planRate = 20 << 20

// plan reports what a run would do, with the checks.
func (r *Runner) plan(ctx context.Context) error {
	r.set(run.Checking, "plan")
	found, err := r.look(ctx)
	if err != nil {
		return err
	}
	p := &run.PlanReport{Check: *found.report, Objects: []run.PlanObject{}}
	if s := found.env.Source; s != nil {
		p.Source = s.Conn.Server.String()
	}
	if t := found.env.Target; t != nil {
		p.Target = t.Conn.Server.String()
	}
	for _, o := range found.env.Objects {
		obj := run.PlanObject{Kind: o.Kind, Source: o.Source.String(), Target: o.Target.String(), Rows: o.Rows, Bytes: o.Bytes}
		if o.Keyless {
			obj.Note = "no key: copied first and in one piece, while the stream waits"
		}
		p.Objects = append(p.Objects, obj)
		p.Rows += o.Rows
		p.Bytes += o.Bytes
	}
	p.Grants = precheck.Grants(found.env)
	p.Seconds = float64(p.Bytes) / planRate
	p.Retention = 2 * p.Seconds
	r.deps.Sink.Report(run.Report{Kind: run.ReportPlan, Time: time.Now().UTC(), Plan: p})
	return nil
}
