package main

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"time"

	"github.com/spf13/cobra"

	"github.com/tidegate-io/tidegate/internal/run"
)

func newWait(g *globals) *cobra.Command {
	var states string
	var timeout time.Duration
	c := &cobra.Command{
		Use:   "wait PIPELINE --for STATE[,STATE] [--timeout 10m]",
		Short: "Wait until a run is in a state",
		Long: `Wait until a run is in one of the states. "running" stands for structure,
copying, catching_up and caught_up.

Exit status: 0 reached, 1 the run ended in another way, 3 its check failed,
5 timed out.`,
		Args: onePipeline,
		RunE: func(c *cobra.Command, args []string) error {
			want, err := parseStates(states)
			if err != nil {
				return err
			}
			ctx, cancel := context.WithTimeout(c.Context(), timeout)
			defer cancel()
			return g.wait(ctx, args[0], want, timeout)
		},
	}
	c.Flags().StringVar(&states, "for", "", "states to wait for, separated by commas")
	c.Flags().DurationVar(&timeout, "timeout", 10*time.Minute, "how long")
	return c
}

func parseStates(s string) ([]run.State, error) {
	var out []run.State
	if s == "" {
		return nil, failf(exitUsage, "usage", fmt.Sprintf("write --for STATE[,STATE]; states are: running, %s", statesText()), "it is not said what to wait for")
	}
	for name := range strings.SplitSeq(s, ",") {
		switch st := run.State(strings.TrimSpace(name)); {
		case st == "running":
			out = append(out, run.Structure, run.Copying, run.CatchingUp, run.CaughtUp)
		case st.Valid():
			out = append(out, st)
		default:
			return nil, failf(exitUsage, "usage", fmt.Sprintf("states are: running, %s", statesText()), "--for %q: there is no such state", name)
		}
	}
	return out, nil
}

func statesText() string {
	var out []string
	for _, s := range run.States() {
		out = append(out, string(s))
	}
	return joined(out)
}

func (g *globals) wait(ctx context.Context, pipeline string, want []run.State, timeout time.Duration) error {
	var last statusJSON
	var unanswered error
	err := poll(ctx, func(ctx context.Context) (bool, error) {
		p, err := g.status(ctx, pipeline)
		if err != nil {
			unanswered = err
			return false, err
		}
		unanswered = nil
		last = statusOf(p)
		if slices.Contains(want, last.State) {
			return true, nil
		}
		if last.State.Final() || last.State == run.Errored || last.State == run.CheckFailed {
			return true, ended(last, want)
		}
		return false, nil
	})
	if errors.Is(ctx.Err(), context.DeadlineExceeded) && err != nil {
		if unanswered != nil {
			return failf(exitTimeout, "timeout", hintOf(unanswered), "%s is not known to be %s after %s: %w", pipeline, texts(want), timeout, unanswered)
		}
		return failf(exitTimeout, "timeout", last.Reason, "%s is %s after %s, not %s", pipeline, dash(string(last.State)), timeout, texts(want))
	}
	if err != nil {
		return err
	}
	if g.json {
		return g.printJSON(last)
	}
	_, err = fmt.Fprintf(g.out, "%s: %s\n", pipeline, last.State)
	return err
}

func texts(states []run.State) string {
	var out []string
	for _, s := range states {
		out = append(out, string(s))
	}
	return strings.Join(out, " or ")
}

// ended says how a run ended; nil if that is as good as it gets.
func ended(s statusJSON, want []run.State) error {
	status := exitFailed
	switch {
	case s.State == run.Completed && want == nil:
		return nil
	case s.State == run.CheckFailed:
		status = exitRefused
	}
	if e := s.Error; e != nil {
		return failf(status, e.Code, e.Remedy, "%s: %s: %s", s.Pipeline, s.State, e.Message)
	}
	return failf(status, string(s.State), "", "%s is %s", s.Pipeline, s.State)
}
