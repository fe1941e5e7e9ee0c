// Command tidegate moves live MySQL and MariaDB databases: daemon, agent, and
// the operator's verbs, in one binary.
package main

import (
	"context"
	"io"
	"os"
	"os/signal"
	"strings"
	"syscall"
)

// version is set when the binary is built.
var version = "dev"

func main() {
	ctx, cancel := signal.NotifyContext(context.Background(), syscall.SIGINT, syscall.SIGTERM)
	code := execute(ctx, os.Args[1:], os.Stdout, os.Stderr)
	cancel()
	os.Exit(code)
}

// execute runs one command line and returns its exit status.
func execute(ctx context.Context, args []string, out, errs io.Writer) int {
	g := &globals{out: out, err: errs}
	root := newRoot(g)
	root.SetOut(out)
	root.SetErr(errs)
	root.SetArgs(longFlags(args))
	c, err := root.ExecuteContextC(ctx)
	if err != nil && !g.begun && hintOf(err) == "" {
		use := c.UseLine()
		if !c.HasParent() {
			use = "tidegate COMMAND"
		}
		err = failf(exitUsage, "usage", "usage: "+use+"; "+c.CommandPath()+" --help tells more", "%w", err)
	}
	return g.finish(ctx, err)
}

// longFlags lets -var and -var-file be written with one dash, as people who
// know other tools with HCL files do.
func longFlags(args []string) []string {
	out := make([]string, 0, len(args))
	for i, a := range args {
		if a == "--" {
			return append(out, args[i:]...)
		}
		for _, f := range []string{"-var", "-var-file"} {
			if a == f || strings.HasPrefix(a, f+"=") {
				a = "-" + a
			}
		}
		out = append(out, a)
	}
	return out
}
