package main

import (
	"encoding/json"
	"fmt"
	"strings"

	"github.com/spf13/cobra"
	"github.com/spf13/pflag"

	"github.com/tidegate-io/tidegate/dsl"
	"github.com/tidegate-io/tidegate/internal/spec"
)

// files are the flags with which pipeline files are read.
type files struct {
	vars     []string
	varFiles []string
}

func (f *files) flags(fs *pflag.FlagSet) {
	fs.StringArrayVar(&f.vars, "var", nil, "set a variable, as name=value; may be repeated")
	fs.StringArrayVar(&f.varFiles, "var-file", nil, "read variables from a file; may be repeated")
}

// load reads files and directories. Findings have been printed when it fails.
func (f *files) load(g *globals, paths []string) (*dsl.Config, error) {
	opts := dsl.Options{Vars: map[string]string{}, VarFiles: f.varFiles}
	for _, v := range f.vars {
		name, value, ok := cut(v)
		if !ok {
			return nil, failf(exitUsage, "usage", "", "-var %q: write it as name=value", v)
		}
		opts.Vars[name] = value
	}
	config, diags := dsl.Load(paths, opts)
	if len(diags) == 0 {
		return config, nil
	}
	var err error
	if g.json && diags.HasErrors() {
		err = diags.WriteJSON(g.err)
	} else if !g.json {
		err = diags.WriteText(g.err)
	}
	if err != nil {
		return nil, fmt.Errorf("print findings: %w", err)
	}
	if diags.HasErrors() {
		return nil, silent(exitUsage)
	}
	return config, nil
}

func cut(s string) (name, value string, ok bool) {
	name, value, ok = strings.Cut(s, "=")
	return name, value, ok && name != ""
}

// specJSON is the form in which a pipeline travels.
func specJSON(p spec.Pipeline) ([]byte, error) {
	b, err := json.Marshal(p)
	if err != nil {
		return nil, fmt.Errorf("send pipeline %s: %w", p.Name, err)
	}
	return b, nil
}

// onePipeline is the argument of the verbs that act on a pipeline.
func onePipeline(_ *cobra.Command, args []string) error {
	if len(args) != 1 || args[0] == "" {
		return fmt.Errorf("name one pipeline")
	}
	return nil
}
