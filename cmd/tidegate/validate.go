package main

import (
	"fmt"

	"github.com/spf13/cobra"

	"github.com/tidegate-io/tidegate/dsl"
)

func newValidate(g *globals) *cobra.Command {
	var f files
	c := &cobra.Command{
		Use:   "validate FILE|DIR...",
		Short: "Check pipeline files, without any server",
		Args:  cobra.MinimumNArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			config, err := f.load(g, args)
			if err != nil {
				return err
			}
			if g.json {
				return dsl.Diagnostics{}.WriteJSON(g.out)
			}
			_, err = fmt.Fprintf(g.out, "Valid: %d pipeline(s).\n", len(config.Pipelines))
			return err
		},
	}
	f.flags(c.Flags())
	return c
}
