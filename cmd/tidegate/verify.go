package main

import (
	"context"
	"errors"
	"time"

	"github.com/spf13/cobra"

	pb "github.com/tidegate-io/tidegate/api/tidegate/v1"
	"github.com/tidegate-io/tidegate/internal/run"
)

func newVerify(g *globals) *cobra.Command {
	var wait bool
	var timeout time.Duration
	c := &cobra.Command{
		Use:   "verify PIPELINE [--wait]",
		Short: "Compare both sides of a caught-up run",
		Long: `Compare both sides of a caught-up run. With --wait, exit status 0 means equal
and 3 that they differ.`,
		Args: onePipeline,
		RunE: func(c *cobra.Command, args []string) error {
			ctx := c.Context()
			if timeout > 0 {
				limited, cancel := context.WithTimeout(ctx, timeout)
				defer cancel()
				ctx = limited
			}
			resp, err := g.operateSoon(ctx, &pb.OperateRequest{Pipeline: args[0], Op: "verify"})
			if err != nil {
				return err
			}
			if !wait {
				return g.said(map[string]string{"request": resp.GetRequest()}, "%s: compares; see: tidegate report %s verify\n", args[0], args[0])
			}
			rep, err := g.await(ctx, args[0], run.ReportVerify, resp.GetRequest())
			if err != nil {
				return err
			}
			if err := g.printVerify(*rep.Verify); err != nil {
				return err
			}
			if e := rep.Verify.Error; e != nil {
				return failf(exitFailed, e.Code, e.Remedy, "verify %s: %s", args[0], e.Message)
			}
			if !rep.Verify.Equal {
				return silent(exitRefused)
			}
			return nil
		},
	}
	c.Flags().BoolVar(&wait, "wait", false, "wait for the result")
	c.Flags().DurationVar(&timeout, "timeout", 0, "how long to wait; 0: as long as it takes")
	return c
}

// await waits for the report with an id, as long as the run can make it.
func (g *globals) await(ctx context.Context, pipeline, kind, id string) (*run.Report, error) {
	var rep *run.Report
	err := poll(ctx, func(ctx context.Context) (bool, error) {
		var err error
		s, err := g.status(ctx, pipeline) // before the report: the report may come with the end
		if err != nil {
			return false, err
		}
		if rep, err = g.report(ctx, pipeline, kind, id); err != nil || rep != nil {
			return true, err
		}
		if v := statusOf(s); v.State.Final() || v.State == run.Errored {
			return true, ended(v, []run.State{})
		}
		return false, nil
	})
	if errors.Is(err, context.DeadlineExceeded) {
		return nil, failf(exitTimeout, "timeout", "it goes on; see: tidegate report "+pipeline+" "+kind, "%s %s: no result yet", kind, pipeline)
	}
	return rep, err
}
