package main

import (
	"fmt"
	"time"

	"connectrpc.com/connect"
	"github.com/spf13/cobra"

	pb "github.com/tidegate-io/tidegate/api/tidegate/v1"
	"github.com/tidegate-io/tidegate/internal/run"
	"github.com/tidegate-io/tidegate/internal/wire"
)

type planJSON struct {
	Change changeJSON      `json:"change"`
	Plan   *run.PlanReport `json:"plan,omitempty"`
	Error  *run.Error      `json:"error,omitempty"`
}

func newPlan(g *globals) *cobra.Command {
	var f files
	c := &cobra.Command{
		Use:   "plan FILE|DIR... [-var k=v] [-var-file F]",
		Short: "Show what applying would do, and what stands in the way",
		Long: `Show what applying would do: an agent looks at both servers, and nothing is
changed or stored. Exit status 3: a check forbids the run.`,
		Args: cobra.MinimumNArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			q, err := g.applyRequest(&f, args)
			if err != nil {
				return err
			}
			d, err := g.daemon()
			if err != nil {
				return err
			}
			plans := []planJSON{}
			for _, s := range q.GetSpecs() {
				resp, err := d.Plan(c.Context(), connect.NewRequest(&pb.PlanRequest{Spec: s, Actor: q.GetActor()}))
				if err != nil {
					return err
				}
				p := planJSON{Change: changeOf(resp.Msg.GetChange()), Error: wire.Error(resp.Msg.GetError())}
				if r := resp.Msg.GetReport(); r != nil {
					p.Plan = wire.Report(r).Plan
				}
				plans = append(plans, p)
			}
			return g.printPlans(plans)
		},
	}
	f.flags(c.Flags())
	return c
}

func (g *globals) printPlans(plans []planJSON) error {
	var failed error
	for _, p := range plans {
		if !g.json {
			if err := g.printPlan(p); err != nil {
				return err
			}
		}
		switch {
		case p.Error != nil:
			failed = failf(exitFailed, p.Error.Code, p.Error.Remedy, "plan %s: %s", p.Change.Pipeline, p.Error.Message)
		case p.Plan != nil && p.Plan.Check.Failed() && failed == nil:
			failed = silent(exitRefused)
		}
	}
	if g.json {
		if err := g.printJSON(map[string]any{"plans": plans}); err != nil {
			return err
		}
	}
	return failed
}

func (g *globals) printPlan(p planJSON) error {
	fmt.Fprintln(g.out, changeText(p.Change, true))
	r := p.Plan
	if r == nil {
		return nil
	}
	fmt.Fprintf(g.out, "\nfrom %s to %s: about %s rows, %s\n", dash(r.Source), dash(r.Target), count(r.Rows), size(r.Bytes))
	if r.Seconds > 0 {
		fmt.Fprintf(g.out, "estimated time of the copy: %s\n", time.Duration(r.Seconds*float64(time.Second)).Round(time.Second))
	}
	if r.Retention > 0 {
		fmt.Fprintf(g.out, "the source must keep its log for: %s\n", time.Duration(r.Retention*float64(time.Second)).Round(time.Second))
	}
	fmt.Fprintln(g.out)
	var rows [][]string
	for _, o := range r.Objects {
		rows = append(rows, []string{o.Kind, o.Source, o.Target, count(o.Rows), size(o.Bytes), o.Note})
	}
	if err := table(g.out, "KIND\tSOURCE\tTARGET\tROWS\tBYTES\tNOTE", rows); err != nil {
		return err
	}
	for _, part := range []struct {
		title string
		lines []string
	}{{"notes", r.Notes}, {"least privileges", r.Grants}} {
		if len(part.lines) > 0 {
			fmt.Fprintf(g.out, "\n%s:\n", part.title)
			for _, l := range part.lines {
				fmt.Fprintln(g.out, "  "+l)
			}
		}
	}
	fmt.Fprintln(g.out)
	return g.printCheck(r.Check)
}
