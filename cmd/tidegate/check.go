package main

import (
	"context"
	"errors"
	"slices"
	"time"

	"github.com/spf13/cobra"

	pb "github.com/tidegate-io/tidegate/api/tidegate/v1"
	"github.com/tidegate-io/tidegate/internal/run"
)

func newCheck(g *globals) *cobra.Command {
	var timeout time.Duration
	c := &cobra.Command{
		Use:   "check PIPELINE",
		Short: "Check a pipeline's servers again, and show all findings",
		Long: `Check a pipeline's servers again, and show all findings. A run that is past its
check shows the findings it started with. Exit status 3: a finding forbids it.`,
		Args: onePipeline,
		RunE: func(c *cobra.Command, args []string) error {
			ctx, cancel := context.WithTimeout(c.Context(), timeout)
			defer cancel()
			return g.check(ctx, args[0], timeout)
		},
	}
	c.Flags().DurationVar(&timeout, "timeout", 2*time.Minute, "how long to wait for the result")
	return c
}

func (g *globals) check(ctx context.Context, pipeline string, timeout time.Duration) error {
	before, err := g.status(ctx, pipeline)
	if err != nil {
		return err
	}
	if slices.Contains(before.GetAllowed(), "check") {
		if _, err := g.operate(ctx, &pb.OperateRequest{Pipeline: pipeline, Op: "check"}); err != nil {
			return err
		}
	}
	last, err := g.untilChecked(ctx, pipeline)
	if errors.Is(err, context.DeadlineExceeded) {
		return failf(exitTimeout, "timeout", last.Reason, "check %s: no result after %s", pipeline, timeout)
	}
	if err != nil {
		return err
	}
	rep, err := g.report(ctx, pipeline, run.ReportCheck, "")
	switch {
	case err != nil:
		return err
	case rep == nil || last.State == run.Errored && last.Error != nil && last.Error.Code != "check-failed":
		return ended(last, []run.State{})
	}
	if err := g.printCheck(*rep.Check); err != nil {
		return err
	}
	if rep.Check.Failed() {
		return silent(exitRefused)
	}
	return nil
}

// untilChecked waits until a run is past its check. Labels that no agent
// carries are a mistake in a file, and nothing to wait for.
func (g *globals) untilChecked(ctx context.Context, pipeline string) (statusJSON, error) {
	var last statusJSON
	begin := time.Now()
	err := poll(ctx, func(ctx context.Context) (bool, error) {
		s, err := g.status(ctx, pipeline)
		if err != nil {
			return false, err
		}
		last = statusOf(s)
		if last.State != run.Created && last.State != run.Checking {
			return true, nil
		}
		if last.WaitCode == waitNoLabels && time.Since(begin) > labelPatience {
			return true, unfit(last)
		}
		return false, nil
	})
	return last, err
}
