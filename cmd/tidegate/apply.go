package main

import (
	"bufio"
	"context"
	"fmt"
	"os"
	"strings"
	"time"

	"connectrpc.com/connect"
	"github.com/spf13/cobra"
	"golang.org/x/term"

	pb "github.com/tidegate-io/tidegate/api/tidegate/v1"
)

func newApply(g *globals) *cobra.Command {
	var f files
	var yes bool
	c := &cobra.Command{
		Use:   "apply FILE|DIR... [--yes] [-var k=v] [-var-file F]",
		Short: "Give pipelines to the daemon, and start their runs",
		Args:  cobra.MinimumNArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			q, err := g.applyRequest(&f, args)
			if err != nil {
				return err
			}
			d, err := g.daemon()
			if err != nil {
				return err
			}
			if !yes {
				if err := g.approve(c.Context(), q); err != nil {
					return err
				}
			}
			resp, err := d.Apply(c.Context(), connect.NewRequest(q))
			if err != nil {
				return err
			}
			if err := g.printChanges(resp.Msg.GetChanges(), false); err != nil {
				return err
			}
			return g.settled(c.Context(), resp.Msg.GetChanges())
		},
	}
	f.flags(c.Flags())
	c.Flags().BoolVar(&yes, "yes", false, "do not ask")
	return c
}

func (g *globals) applyRequest(f *files, paths []string) (*pb.ApplyRequest, error) {
	config, err := f.load(g, paths)
	if err != nil {
		return nil, err
	}
	if len(config.Pipelines) == 0 {
		return nil, failf(exitUsage, "no-pipeline", "", "%s: there is no pipeline block", joined(paths))
	}
	q := &pb.ApplyRequest{Source: joined(paths), Actor: actor()}
	for _, p := range config.Pipelines {
		b, err := specJSON(p)
		if err != nil {
			return nil, err
		}
		q.Specs = append(q.Specs, b)
	}
	return q, nil
}

// approve shows what would change and asks.
func (g *globals) approve(ctx context.Context, q *pb.ApplyRequest) error {
	if !term.IsTerminal(int(os.Stdin.Fd())) {
		return failf(exitUsage, "usage", "give --yes, or look first with: tidegate plan FILE", "apply needs a person's yes, and there is no terminal")
	}
	d, err := g.daemon()
	if err != nil {
		return err
	}
	dry := &pb.ApplyRequest{Specs: q.GetSpecs(), Source: q.GetSource(), Actor: q.GetActor(), DryRun: true}
	resp, err := d.Apply(ctx, connect.NewRequest(dry))
	if err != nil {
		return err
	}
	if err := g.printChanges(resp.Msg.GetChanges(), true); err != nil {
		return err
	}
	fmt.Fprint(g.err, "Apply? Only \"yes\" does: ")
	line, _ := bufio.NewReader(os.Stdin).ReadString('\n')
	if strings.TrimSpace(line) != "yes" {
		return failf(exitUsage, "declined", "", "nothing was applied")
	}
	return nil
}

type changeJSON struct {
	Pipeline   string   `json:"pipeline"`
	Run        string   `json:"run"`
	Action     string   `json:"action"`
	Fields     []string `json:"fields"`
	WaitReason string   `json:"wait_reason,omitempty"`
}

func changeOf(c *pb.Change) changeJSON {
	return changeJSON{Pipeline: c.GetPipeline(), Run: c.GetRun(), Action: c.GetAction(), Fields: append([]string{}, c.GetFields()...), WaitReason: c.GetWaitReason()}
}

func (g *globals) printChanges(changes []*pb.Change, before bool) error {
	if g.json {
		if before {
			return nil
		}
		out := []changeJSON{}
		for _, c := range changes {
			out = append(out, changeOf(c))
		}
		return g.printJSON(map[string]any{"changes": out})
	}
	for _, c := range changes {
		fmt.Fprintln(g.out, changeText(changeOf(c), before))
	}
	return nil
}

func changeText(c changeJSON, before bool) string {
	done := map[string]string{"create": "created, run " + c.Run, "new_run": "new run " + c.Run, "update": "changed", "unchanged": "unchanged"}
	if before {
		done = map[string]string{"create": "will be created and started", "new_run": "will get a new run", "update": "will be changed", "unchanged": "unchanged"}
	}
	out := c.Pipeline + ": " + done[c.Action]
	if len(c.Fields) > 0 && c.Action != "unchanged" {
		out += " (" + joined(c.Fields) + ")"
	}
	if c.WaitReason != "" {
		out += "; " + c.WaitReason
	}
	return out
}

// settled looks whether the new runs found an agent: labels that none carries
// are a mistake in the file, and said now.
func (g *globals) settled(ctx context.Context, changes []*pb.Change) error {
	begin := time.Now()
	for _, c := range changes {
		if c.GetWaitReason() == "" || c.GetAction() == "unchanged" {
			continue
		}
		err := poll(ctx, func(ctx context.Context) (bool, error) {
			p, err := g.status(ctx, c.GetPipeline())
			if err != nil {
				return true, err
			}
			s := statusOf(p)
			switch late := time.Since(begin) > labelPatience; {
			case s.WaitCode == waitNoLabels && late:
				return true, unfit(s)
			case s.WaitCode == waitNoAgent || s.WaitCode == waitNoLabels:
				return late, nil
			}
			return true, nil
		})
		if err != nil {
			return err
		}
	}
	return nil
}
