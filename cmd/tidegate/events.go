package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"
	"time"

	"connectrpc.com/connect"
	"github.com/spf13/cobra"

	pb "github.com/tidegate-io/tidegate/api/tidegate/v1"
)

type eventJSON struct {
	Seq      uint64    `json:"seq"`
	Time     time.Time `json:"time"`
	Pipeline string    `json:"pipeline"`
	Run      string    `json:"run"`
	Kind     string    `json:"kind"`
	Actor    string    `json:"actor"`
	From     string    `json:"from,omitempty"`
	To       string    `json:"to,omitempty"`
	Message  string    `json:"message"`
}

func eventOf(e *pb.Event) eventJSON {
	return eventJSON{
		Seq: e.GetSeq(), Time: e.GetTime().AsTime(), Pipeline: e.GetPipeline(), Run: e.GetRun(), Kind: e.GetKind(),
		Actor: e.GetActor(), From: e.GetFromState(), To: e.GetToState(), Message: e.GetMessage(),
	}
}

func newEvents(g *globals) *cobra.Command {
	var follow bool
	c := &cobra.Command{
		Use:   "events PIPELINE [--follow]",
		Short: "Show what happened to a pipeline, and who asked for it",
		Args:  onePipeline,
		RunE: func(c *cobra.Command, args []string) error {
			d, err := g.daemon()
			if err != nil {
				return err
			}
			resp, err := d.ListEvents(c.Context(), connect.NewRequest(&pb.ListEventsRequest{Pipeline: args[0]}))
			if err != nil {
				return err
			}
			events := resp.Msg.GetEvents()
			if g.json && !follow {
				all := []eventJSON{}
				for _, e := range events {
					all = append(all, eventOf(e))
				}
				return g.printJSON(all)
			}
			last := uint64(0)
			for _, e := range events {
				last = e.GetSeq()
				g.printEvent(eventOf(e))
			}
			if follow {
				return g.follow(c.Context(), args[0], last)
			}
			return nil
		},
	}
	c.Flags().BoolVar(&follow, "follow", false, "go on with each event as it happens; with --json one object a line")
	return c
}

func (g *globals) printEvent(e eventJSON) {
	if g.json {
		b, _ := json.Marshal(e)
		fmt.Fprintln(g.out, string(b))
		return
	}
	what := e.Kind
	if e.To != "" {
		what = e.From + " -> " + e.To
	}
	fmt.Fprintf(g.out, "%s  %-28s %-20s %s\n", e.Time.Local().Format(time.DateTime), what, e.Actor, e.Message)
}

// follow prints events until it is interrupted; a daemon may restart meanwhile.
func (g *globals) follow(ctx context.Context, pipeline string, after uint64) error {
	d, err := g.daemon()
	if err != nil {
		return err
	}
	err = poll(ctx, func(ctx context.Context) (bool, error) {
		s, err := d.WatchEvents(ctx, connect.NewRequest(&pb.WatchEventsRequest{Pipeline: pipeline, After: after}))
		if err != nil {
			return false, g.unreachable(err)
		}
		defer s.Close()
		for s.Receive() {
			after = s.Msg().GetSeq()
			g.printEvent(eventOf(s.Msg()))
		}
		return false, g.unreachable(s.Err())
	})
	if errors.Is(err, context.Canceled) {
		return nil
	}
	return err
}
