package main

import (
	"fmt"
	"maps"
	"slices"
	"time"

	"connectrpc.com/connect"
	"github.com/dustin/go-humanize"
	"github.com/spf13/cobra"

	pb "github.com/tidegate-io/tidegate/api/tidegate/v1"
)

type agentJSON struct {
	ID       string            `json:"id"`
	Host     string            `json:"host"`
	Labels   map[string]string `json:"labels"`
	Alive    bool              `json:"alive"`
	Runs     uint32            `json:"runs"`
	Capacity uint32            `json:"capacity"`
	LastSeen time.Time         `json:"last_seen"`
	Version  string            `json:"version"`
}

func newAgents(g *globals) *cobra.Command {
	return &cobra.Command{
		Use:   "agents",
		Short: "List agents",
		Args:  cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			d, err := g.daemon()
			if err != nil {
				return err
			}
			resp, err := d.ListAgents(c.Context(), connect.NewRequest(&pb.ListAgentsRequest{}))
			if err != nil {
				return err
			}
			return g.printAgents(resp.Msg.GetAgents())
		},
	}
}

func (g *globals) printAgents(agents []*pb.Agent) error {
	all := []agentJSON{}
	var rows [][]string
	for _, a := range agents {
		all = append(all, agentJSON{
			ID: a.GetId(), Host: a.GetHost(), Labels: a.GetLabels(), Alive: a.GetAlive(), Runs: a.GetRuns(), Capacity: a.GetCapacity(),
			LastSeen: a.GetLastSeen().AsTime(), Version: a.GetVersion(),
		})
		state := "lost"
		if a.GetAlive() {
			state = "alive"
		}
		var labels []string
		for _, k := range slices.Sorted(maps.Keys(a.GetLabels())) {
			labels = append(labels, k+"="+a.GetLabels()[k])
		}
		rows = append(rows, []string{
			a.GetId(), state, dash(a.GetHost()), dash(joined(labels)), fmt.Sprintf("%d/%d", a.GetRuns(), a.GetCapacity()),
			humanize.Time(a.GetLastSeen().AsTime()), dash(a.GetVersion()),
		})
	}
	if g.json {
		return g.printJSON(all)
	}
	return table(g.out, "AGENT\tSTATE\tHOST\tLABELS\tRUNS\tLAST SEEN\tVERSION", rows)
}
