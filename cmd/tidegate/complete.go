package main

import (
	"github.com/spf13/cobra"

	pb "github.com/tidegate-io/tidegate/api/tidegate/v1"
)

func newComplete(g *globals) *cobra.Command {
	var reason string
	c := &cobra.Command{
		Use:   "complete PIPELINE",
		Short: "End a caught-up run without a cutover; asking twice is no error",
		Args:  onePipeline,
		RunE: func(c *cobra.Command, args []string) error {
			resp, err := g.operateSoon(c.Context(), &pb.OperateRequest{Pipeline: args[0], Op: "complete", Reason: reason})
			if err != nil {
				return err
			}
			return g.saidState(resp.GetStatus())
		},
	}
	c.Flags().StringVar(&reason, "reason", "", "why, for the events")
	return c
}
