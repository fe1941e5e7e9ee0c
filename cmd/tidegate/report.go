package main

import (
	"context"
	"fmt"

	"connectrpc.com/connect"
	"github.com/spf13/cobra"

	pb "github.com/tidegate-io/tidegate/api/tidegate/v1"
	"github.com/tidegate-io/tidegate/internal/run"
	"github.com/tidegate-io/tidegate/internal/wire"
)

func newReport(g *globals) *cobra.Command {
	return &cobra.Command{
		Use:       "report PIPELINE check|verify|cutover",
		Short:     "Show the newest report of a run",
		ValidArgs: []string{run.ReportCheck, run.ReportVerify, run.ReportCutover},
		Args:      cobra.ExactArgs(2),
		RunE: func(c *cobra.Command, args []string) error {
			switch args[1] {
			case run.ReportCheck, run.ReportVerify, run.ReportCutover:
			default:
				return failf(exitUsage, "usage", "one of: check, verify, cutover", "there is no report %q", args[1])
			}
			rep, err := g.report(c.Context(), args[0], args[1], "")
			if err != nil {
				return err
			}
			if rep == nil {
				return failf(exitUsage, "no-report", "", "%s has no %s report yet", args[0], args[1])
			}
			switch {
			case rep.Check != nil:
				return g.printCheck(*rep.Check)
			case rep.Verify != nil:
				return g.printVerify(*rep.Verify)
			default:
				return g.printCutover(*rep.Cutover)
			}
		},
	}
}

// report asks for a report; nil if there is none yet.
func (g *globals) report(ctx context.Context, pipeline, kind, id string) (*run.Report, error) {
	d, err := g.daemon()
	if err != nil {
		return nil, err
	}
	resp, err := d.GetReport(ctx, connect.NewRequest(&pb.GetReportRequest{Pipeline: pipeline, Kind: kind, Id: id}))
	if err != nil || resp.Msg.GetReport() == nil {
		return nil, err
	}
	r := wire.Report(resp.Msg.GetReport())
	return &r, nil
}

func (g *globals) printCheck(r run.CheckReport) error {
	if g.json {
		return g.printJSON(r)
	}
	var rows [][]string
	for _, f := range r.Findings {
		rows = append(rows, []string{f.Level, f.ID, dash(f.Object), f.Found})
	}
	if err := table(g.out, "LEVEL\tCHECK\tOBJECT\tFOUND", rows); err != nil {
		return err
	}
	for _, f := range r.Findings {
		if f.Level == run.LevelError || f.Level == run.LevelWarning {
			fmt.Fprintf(g.out, "\n%s: %s (%s)\n", f.Level, f.ID, dash(f.Object))
			for _, l := range []string{f.Found, f.Why, f.Remedy} {
				if l != "" {
					fmt.Fprintln(g.out, "  "+l)
				}
			}
		}
	}
	return nil
}

func (g *globals) printVerify(r run.VerifyReport) error {
	if g.json {
		return g.printJSON(r)
	}
	var rows [][]string
	for _, t := range r.Tables {
		verdict := "equal"
		if len(t.Differing) > 0 || t.RowsSource != t.RowsTarget {
			verdict = "DIFFERS"
		}
		rows = append(rows, []string{verdict, t.Source, t.Target, t.Method, count(t.RowsSource), count(t.RowsTarget)})
	}
	if err := table(g.out, "RESULT\tSOURCE\tTARGET\tMETHOD\tROWS SOURCE\tROWS TARGET", rows); err != nil {
		return err
	}
	for _, t := range r.Tables {
		for _, k := range t.Differing {
			fmt.Fprintf(g.out, "differs: %s %s\n", t.Source, k)
		}
	}
	word := "equal"
	switch {
	case r.Error != nil:
		word = "not finished: " + r.Error.Message
	case !r.Equal:
		word = "different"
	}
	_, err := fmt.Fprintf(g.out, "%s (%s)\n", word, r.Finished.Sub(r.Started).Round(1e6))
	return err
}

func (g *globals) printCutover(r run.CutoverReport) error {
	if g.json {
		return g.printJSON(r)
	}
	for _, s := range r.Steps {
		took := "-" // it did not end
		if !s.Finished.IsZero() {
			took = s.Finished.Sub(s.Started).Round(1e6).String()
		}
		fmt.Fprintf(g.out, "%-40s %8s  %s\n", s.Name, took, s.Error)
	}
	_, err := fmt.Fprintf(g.out, "cutover %s: writes stopped for %.0f ms at %s. %s\n", r.Outcome, r.WriteStopMS, positionText(r.Position), r.Message)
	return err
}
