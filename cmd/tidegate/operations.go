package main

import (
	"context"
	"fmt"

	"connectrpc.com/connect"
	"github.com/spf13/cobra"

	pb "github.com/tidegate-io/tidegate/api/tidegate/v1"
)

// newOperations makes the verbs that only ask and print the new state.
func newOperations(g *globals) []*cobra.Command {
	var out []*cobra.Command
	for _, o := range []struct{ op, short string }{
		{"start", "Start a run that waits for start.at or for a person"},
		{"pause", "Halt a run; resume goes on where it was"},
		{"resume", "Go on after pause"},
		{"retry", "Try again after an error"},
		{"stop", "End a run for good"},
		{"delete", "Forget a pipeline whose run is over"},
	} {
		var reason string
		var force bool
		c := &cobra.Command{
			Use: o.op + " PIPELINE", Short: o.short, Args: onePipeline,
			RunE: func(c *cobra.Command, args []string) error {
				q := &pb.OperateRequest{Pipeline: args[0], Op: o.op, Reason: reason, Options: map[string]string{"force": fmt.Sprint(force)}}
				resp, err := g.operate(c.Context(), q)
				if err != nil {
					return err
				}
				if o.op == "delete" {
					return g.said(map[string]string{"deleted": args[0]}, "%s: deleted\n", args[0])
				}
				return g.saidState(resp.GetStatus())
			},
		}
		c.Flags().StringVar(&reason, "reason", "", "why, for the events")
		if o.op == "stop" {
			c.Flags().BoolVar(&force, "force", false, "do not wait for an agent; what the run has in _tidegate on the target is left there")
		}
		out = append(out, c)
	}
	return out
}

// operate asks for one operation.
func (g *globals) operate(ctx context.Context, q *pb.OperateRequest) (*pb.OperateResponse, error) {
	d, err := g.daemon()
	if err != nil {
		return nil, err
	}
	q.Actor = actor()
	resp, err := d.Operate(ctx, connect.NewRequest(q))
	if err != nil {
		return nil, err
	}
	return resp.Msg, nil
}

// said prints a result in the form that was asked for.
func (g *globals) said(v any, format string, a ...any) error {
	if g.json {
		return g.printJSON(v)
	}
	_, err := fmt.Fprintf(g.out, format, a...)
	return err
}

func (g *globals) saidState(s *pb.RunStatus) error {
	if g.json {
		return g.printJSON(statusOf(s))
	}
	line := s.GetPipeline() + ": " + s.GetStatus().GetState()
	if r := s.GetStatus().GetReason(); r != "" {
		line += " (" + r + ")"
	}
	_, err := fmt.Fprintln(g.out, line)
	return err
}
