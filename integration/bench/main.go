package main

import (
	"cmp"
	"context"
	"flag"
	"fmt"
	"os"
	"os/exec"
	"os/signal"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"

	"github.com/tidegate-io/tidegate/integration/program"
)

// options are the flags.
type options struct {
	only    *regexp.Regexp
	runs    int
	scale   float64
	out     string
	add     bool
	data    string
	program string
	side    string
	info    bool
	profile string
	results string
	big     bool
}

func main() {
	var o options
	only := flag.String("only", "", "measure the rows whose name matches this regular expression")
	list := flag.Bool("list", false, "list the rows and end")
	flag.IntVar(&o.runs, "runs", 3, "how often each side is measured")
	flag.Float64Var(&o.scale, "scale", 1, "size of the work; targets hold at 1")
	flag.StringVar(&o.out, "out", "", "write the results as JSON to this file")
	flag.BoolVar(&o.add, "add", false, "add to the runs that are in the -out file already, where commit and settings are the same")
	flag.StringVar(&o.data, "data", "", "keep prepared data directories here and use them again (default: made anew, removed at the end)")
	flag.StringVar(&o.program, "program", "", "a tidegate that is built already (default: built from the sources)")
	flag.StringVar(&o.side, "side", "both", "what to measure: both, ours or peer")
	flag.BoolVar(&o.info, "info", true, "measure also what is for information only")
	flag.StringVar(&o.profile, "profile", "", "write processor and heap profiles of the agent into this directory")
	flag.BoolVar(&o.big, "big", false, "the large transaction has 5 GB of log instead of 1 GB")
	flag.StringVar(&o.results, "results", "", "rewrite the generated part of this Markdown file from the -out file")
	of := flag.String("commit", "", "what the results shall name as measured (default: the commit that is checked out)")
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	var err error
	if o.only, err = regexp.Compile(*only); err == nil && *list {
		for _, r := range rows() {
			fmt.Printf("%-24s %s\n", r.name, r.what)
		}
		return
	}
	if err == nil {
		err = measure(ctx, o, cmp.Or(*of, commit(ctx)))
	}
	if err != nil {
		fmt.Fprintln(os.Stderr, "bench:", err)
		stop()
		os.Exit(1)
	}
}

// bench is one invocation.
type bench struct {
	options
	work   string // removed at the end
	images string // data directories to start from
	commit string
	labs   labs
	steady []steady // runs that two rows share
}

// measure runs the selected rows and writes what they found, also when one of
// them fails.
func measure(ctx context.Context, o options, commit string) (err error) {
	b := &bench{options: o, commit: commit}
	if b.work, err = os.MkdirTemp("", "tidegate-bench-"); err != nil {
		return err
	}
	defer os.RemoveAll(b.work)
	b.images = filepath.Join(b.work, "images")
	if o.data != "" {
		b.images = o.data
	}
	if err := os.MkdirAll(b.images, 0o755); err != nil {
		return err
	}
	if b.program == "" {
		if b.program, err = program.Build(ctx, b.work); err != nil {
			return err
		}
	}
	defer b.labs.close()
	var results []Result
	if o.add {
		if results, err = load(o.out); err != nil {
			return err
		}
	}
	for _, r := range rows() {
		if !o.only.MatchString(r.name) {
			continue
		}
		res, err := b.row(ctx, r)
		if err != nil {
			return fmt.Errorf("%s: %w", r.name, err)
		}
		results = merge(results, res)
		if err := save(o.out, results); err != nil {
			return err
		}
	}
	show(os.Stdout, results)
	return document(o.results, results)
}

// commit names what is measured; a tree with changes is marked.
func commit(ctx context.Context) string {
	out, err := exec.CommandContext(ctx, "git", "describe", "--always", "--dirty", "--exclude=*", "--abbrev=10").Output()
	if err != nil {
		return "unknown"
	}
	return strings.TrimSpace(string(out))
}
