package main

import (
	"bytes"
	"fmt"
	"os"

	"github.com/spf13/cobra"

	"github.com/tidegate-io/tidegate/dsl"
)

func newFmt(g *globals) *cobra.Command {
	var check bool
	c := &cobra.Command{
		Use:   "fmt [--check] FILE...",
		Short: "Bring pipeline files into the canonical form",
		Args:  cobra.MinimumNArgs(1),
		RunE: func(_ *cobra.Command, args []string) error {
			differ := false
			for _, name := range args {
				changed, err := g.format(name, check)
				if err != nil {
					return err
				}
				differ = differ || changed
			}
			if check && differ {
				return silent(exitUsage)
			}
			return nil
		},
	}
	c.Flags().BoolVar(&check, "check", false, "only name the files that would change, and exit with 2 if there are any")
	return c
}

// format rewrites one file and says whether it had to be.
func (g *globals) format(name string, check bool) (bool, error) {
	src, err := os.ReadFile(name)
	if err != nil {
		return false, failf(exitUsage, "usage", "name pipeline files that this account may read", "%w", err)
	}
	out, diags := dsl.Format(name, src)
	if diags.HasErrors() {
		if err := diags.WriteText(g.err); err != nil {
			return false, err
		}
		return false, silent(exitUsage)
	}
	if bytes.Equal(src, out) {
		return false, nil
	}
	fmt.Fprintln(g.out, name)
	if check {
		return true, nil
	}
	st, err := os.Stat(name)
	if err == nil {
		err = os.WriteFile(name, out, st.Mode().Perm())
	}
	return true, usage(err)
}
