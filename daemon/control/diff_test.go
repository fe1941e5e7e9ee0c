package control

import (
	"testing"

	"github.com/google/go-cmp/cmp"

	"github.com/tidegate-io/tidegate/internal/run"
	"github.com/tidegate-io/tidegate/internal/spec"
)

func TestFrozen(t *testing.T) {
	for name, tc := range map[string]struct {
		state  run.State
		change func(*spec.Pipeline)
		fields []string
		frozen []string
	}{
		"nothing":                {run.Copying, func(*spec.Pipeline) {}, nil, nil},
		"pace of a live run":     {run.Copying, func(p *spec.Pipeline) { p.Copy.Threads, p.Apply.Lanes = 3, 4 }, []string{"apply.lanes", "copy.threads"}, nil},
		"an alert":               {run.CaughtUp, func(p *spec.Pipeline) { p.Alerts = []spec.Alert{{Name: "lag"}} }, []string{"alerts"}, nil},
		"objects of a live run":  {run.Copying, func(p *spec.Pipeline) { p.Objects.OnExists, p.Copy.Threads = "keep", 2 }, []string{"copy.threads", "objects.on_exists"}, []string{"objects.on_exists"}},
		"target of a live run":   {run.CaughtUp, func(p *spec.Pipeline) { p.To.Address = "b:1" }, []string{"to.address"}, []string{"to.address"}},
		"source of a paused run": {run.Paused, func(p *spec.Pipeline) { p.From.Address = "b:1" }, []string{"from.address"}, []string{"from.address"}},
		"password of a live run": {run.Copying, func(p *spec.Pipeline) { p.From.Password.Env = "B" }, []string{"from.password"}, []string{"from.password"}},
		"password after error":   {run.Errored, func(p *spec.Pipeline) { p.From.Password = spec.Secret{File: "f"} }, []string{"from.password"}, nil},
		"objects after error":    {run.Errored, func(p *spec.Pipeline) { p.Type = spec.TypeFull }, []string{"type"}, []string{"type"}},
		"anything before":        {run.Waiting, func(p *spec.Pipeline) { p.Type = spec.TypeFull }, []string{"type"}, nil},
	} {
		a := spec.Pipeline{Name: "p", From: spec.Endpoint{Password: spec.Secret{Env: "A"}}}
		b := a
		tc.change(&b)
		got, err := fields(a, b)
		if err != nil {
			t.Fatal(err)
		}
		if diff := cmp.Diff(tc.fields, got); diff != "" {
			t.Errorf("%s: fields (-want +got)\n%s", name, diff)
		}
		no := frozen(got, tc.state)
		if len(no) == 0 {
			no = nil
		}
		if diff := cmp.Diff(tc.frozen, no); diff != "" {
			t.Errorf("%s: frozen (-want +got)\n%s", name, diff)
		}
	}
}
