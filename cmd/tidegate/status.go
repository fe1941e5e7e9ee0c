package main

import (
	"context"
	"fmt"

	"connectrpc.com/connect"
	"github.com/spf13/cobra"

	pb "github.com/tidegate-io/tidegate/api/tidegate/v1"
	"github.com/tidegate-io/tidegate/internal/run"
	"github.com/tidegate-io/tidegate/internal/wire"
)

// statusJSON is a contract: scripts read it.
type statusJSON struct {
	Pipeline string `json:"pipeline"`
	Run      string `json:"run"`
	Agent    string `json:"agent"`
	Epoch    uint64 `json:"epoch"`
	WaitCode string `json:"wait_code,omitempty"`
	run.Status
	Allowed []string `json:"allowed"`
}

func statusOf(s *pb.RunStatus) statusJSON {
	return statusJSON{
		Pipeline: s.GetPipeline(), Run: s.GetRun(), Agent: s.GetAgent(), Epoch: s.GetEpoch(), WaitCode: s.GetWaitCode(),
		Status: wire.Status(s.GetStatus()), Allowed: append([]string{}, s.GetAllowed()...),
	}
}

func newStatus(g *globals) *cobra.Command {
	var watch bool
	c := &cobra.Command{
		Use:   "status [PIPELINE] [--watch]",
		Short: "Show how pipelines stand",
		Args:  cobra.MaximumNArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			switch {
			case watch && len(args) == 0:
				return failf(exitUsage, "usage", "tidegate status PIPELINE --watch", "--watch needs one pipeline")
			case watch:
				return g.watch(c.Context(), args[0])
			case len(args) == 1:
				s, err := g.status(c.Context(), args[0])
				if err != nil {
					return err
				}
				return g.printStatus(statusOf(s))
			}
			return g.printAll(c.Context())
		},
	}
	c.Flags().BoolVar(&watch, "watch", false, "follow until the run is over")
	return c
}

// status asks for one pipeline's newest run.
func (g *globals) status(ctx context.Context, pipeline string) (*pb.RunStatus, error) {
	d, err := g.daemon()
	if err != nil {
		return nil, err
	}
	resp, err := d.GetStatus(ctx, connect.NewRequest(&pb.GetStatusRequest{Pipeline: pipeline}))
	if err != nil {
		return nil, err
	}
	return resp.Msg.GetStatus(), nil
}

func (g *globals) printAll(ctx context.Context) error {
	d, err := g.daemon()
	if err != nil {
		return err
	}
	resp, err := d.ListStatus(ctx, connect.NewRequest(&pb.ListStatusRequest{}))
	if err != nil {
		return err
	}
	all := []statusJSON{}
	var rows [][]string
	for _, p := range resp.Msg.GetStatuses() {
		s := statusOf(p)
		all = append(all, s)
		done, _, bytes := copied(s.Status)
		note := s.Reason
		if s.Error != nil {
			note = s.Error.Message
		}
		rows = append(rows, []string{
			s.Pipeline, string(s.State), dash(s.Agent), lagText(s.LagSeconds), sizeText(s.GapBytes),
			count(done) + " rows, " + size(bytes), count(s.Applied.Rows), note,
		})
	}
	if g.json {
		return g.printJSON(all)
	}
	if len(rows) == 0 {
		_, err := fmt.Fprintln(g.out, "No pipelines. Apply one: tidegate apply FILE")
		return err
	}
	return table(g.out, "PIPELINE\tSTATE\tAGENT\tLAG\tGAP\tCOPIED\tAPPLIED\tNOTE", rows)
}

// copied sums the tables up.
func copied(s run.Status) (done, estimated, bytes uint64) {
	for _, t := range s.Tables {
		done, bytes = done+t.RowsDone, bytes+t.BytesDone
		estimated += max(t.RowsEstimated, t.RowsDone)
	}
	return done, estimated, bytes
}

func (g *globals) printStatus(s statusJSON) error {
	if g.json {
		return g.printJSON(s)
	}
	w := g.out
	line := func(name, format string, a ...any) {
		if v := fmt.Sprintf(format, a...); v != "" {
			fmt.Fprintf(w, "%-10s %s\n", name, v)
		}
	}
	line("pipeline", "%s", s.Pipeline)
	line("run", "%s", s.Run)
	line("state", "%s", s.State)
	line("step", "%s", s.Step)
	line("reason", "%s", s.Reason)
	if s.Agent != "" {
		line("agent", "%s (epoch %d)", s.Agent, s.Epoch)
	}
	line("lag", "%s", lagText(s.LagSeconds))
	line("gap", "%s", sizeText(s.GapBytes))
	line("position", "%s", positionText(s.Position))
	line("applied", "%s rows in %s transactions, %s batches", count(s.Applied.Rows), count(s.Applied.Transactions), count(s.Applied.Batches))
	if s.Conflicts > 0 {
		line("conflicts", "%s", count(s.Conflicts))
	}
	if e := s.Error; e != nil {
		line("error", "%s: %s", e.Class, e.Message)
		line("remedy", "%s", e.Remedy)
	}
	line("allowed", "%s", joined(s.Allowed))
	if len(s.Tables) == 0 {
		return nil
	}
	fmt.Fprintln(w)
	var rows [][]string
	for _, t := range s.Tables {
		rows = append(rows, []string{t.Source, t.Target, t.State, count(t.RowsDone), count(t.RowsEstimated), size(t.BytesDone)})
	}
	return table(w, "SOURCE\tTARGET\tSTATE\tROWS\tESTIMATED\tBYTES", rows)
}
