package main

import (
	"github.com/spf13/cobra"

	pb "github.com/tidegate-io/tidegate/api/tidegate/v1"
	"github.com/tidegate-io/tidegate/internal/run"
)

func newCutover(g *globals) *cobra.Command {
	var wait bool
	var reason string
	c := &cobra.Command{
		Use:   "cutover PIPELINE [--wait]",
		Short: "Stop writes, let the target catch up fully, and switch over",
		Long: `Stop writes, let the target catch up fully, and switch over. With --wait, exit
status 3 means that everything is as before and 4 that a person must look.`,
		Args: onePipeline,
		RunE: func(c *cobra.Command, args []string) error {
			resp, err := g.operateSoon(c.Context(), &pb.OperateRequest{Pipeline: args[0], Op: "cutover", Reason: reason})
			if err != nil {
				return err
			}
			if !wait || resp.GetRequest() == "" {
				return g.saidState(resp.GetStatus())
			}
			rep, err := g.await(c.Context(), args[0], run.ReportCutover, resp.GetRequest())
			if err != nil {
				return err
			}
			if err := g.printCutover(*rep.Cutover); err != nil {
				return err
			}
			switch rep.Cutover.Outcome {
			case run.CutoverDone:
				return nil
			case run.CutoverUndone:
				return silent(exitRefused)
			}
			return silent(exitPerson)
		},
	}
	c.Flags().BoolVar(&wait, "wait", false, "wait for the result")
	c.Flags().StringVar(&reason, "reason", "", "why, for the events")
	return c
}
