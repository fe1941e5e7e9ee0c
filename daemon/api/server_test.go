package api

import (
	"context"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"connectrpc.com/connect"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/rs/zerolog"

	pb "github.com/tidegate-io/tidegate/api/tidegate/v1"
	"github.com/tidegate-io/tidegate/api/tidegate/v1/tidegatev1connect"
	"github.com/tidegate-io/tidegate/daemon/control"
	"github.com/tidegate-io/tidegate/daemon/store"
	"github.com/tidegate-io/tidegate/internal/kv"
)

func serve(t *testing.T, tokens Tokens) string {
	t.Helper()
	db, err := kv.Open(kv.Config{Log: zerolog.Nop(), MemTable: store.MemTable})
	if err != nil {
		t.Fatal(err)
	}
	reg := prometheus.NewRegistry()
	c, err := control.New(t.Context(), control.Config{}, control.Deps{Store: store.NewBadger(db), Log: zerolog.Nop(), Metrics: reg})
	if err != nil {
		t.Fatal(err)
	}
	s := httptest.NewServer(Handler(c, Config{Tokens: tokens, Metrics: reg, Gather: reg}))
	t.Cleanup(func() { s.Close(); _ = db.Close() })
	return s.URL
}

func TestTokens(t *testing.T) {
	f := filepath.Join(t.TempDir(), "tokens")
	if err := os.WriteFile(f, []byte("# ops\nfirst\n\n second \n"), 0o600); err != nil {
		t.Fatal(err)
	}
	tokens, err := ReadTokens(f)
	if err != nil || len(tokens) != 2 {
		t.Fatalf("%d tokens, %v", len(tokens), err)
	}
	url := serve(t, tokens)
	for token, want := range map[string]int{"": 401, "wrong": 401, "first": 200, "second": 200, "# ops": 401} {
		for path, open := range map[string]bool{"/metrics": false, "/healthz": true} {
			q, _ := http.NewRequestWithContext(t.Context(), http.MethodGet, url+path, nil)
			q.Header.Set("Authorization", "Bearer "+token)
			resp, err := http.DefaultClient.Do(q)
			if err != nil {
				t.Fatal(err)
			}
			_ = resp.Body.Close()
			if wanted := map[bool]int{true: 200, false: want}[open]; resp.StatusCode != wanted {
				t.Errorf("%s with token %q: %d, want %d", path, token, resp.StatusCode, wanted)
			}
		}
	}
	_, err = tidegatev1connect.NewPipelineServiceClient(http.DefaultClient, url).ListAgents(t.Context(), connect.NewRequest(&pb.ListAgentsRequest{}))
	if connect.CodeOf(err) != connect.CodeUnauthenticated || !strings.Contains(err.Error(), "--token") {
		t.Errorf("a call without a token: %v", err)
	}
}

func TestErrorsCarryTheirRemedy(t *testing.T) {
	c := tidegatev1connect.NewPipelineServiceClient(http.DefaultClient, serve(t, nil))
	_, err := c.GetStatus(t.Context(), connect.NewRequest(&pb.GetStatusRequest{Pipeline: "none"}))
	ce := new(connect.Error)
	if connect.CodeOf(err) != connect.CodeNotFound || !asConnect(err, &ce) || len(ce.Details()) != 1 {
		t.Fatalf("status of nothing: %v", err)
	}
	v, err := ce.Details()[0].Value()
	if e, ok := v.(*pb.RunError); err != nil || !ok || e.GetCode() != "unknown-pipeline" || e.GetHint() == "" {
		t.Errorf("detail %v, %v", v, err)
	}
}

func asConnect(err error, into **connect.Error) bool {
	e, ok := err.(*connect.Error)
	*into = e
	return ok
}

// A watcher of events sees what was there and what comes.
func TestWatchEvents(t *testing.T) {
	c := tidegatev1connect.NewPipelineServiceClient(http.DefaultClient, serve(t, nil))
	apply := func(name string) {
		q := &pb.ApplyRequest{Specs: [][]byte{[]byte(`{"name":"` + name + `"}`)}, Actor: "me", Source: "f"}
		if _, err := c.Apply(t.Context(), connect.NewRequest(q)); err != nil {
			t.Fatal(err)
		}
	}
	apply("a")
	ctx, cancel := context.WithCancel(t.Context())
	defer cancel()
	s, err := c.WatchEvents(ctx, connect.NewRequest(&pb.WatchEventsRequest{}))
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	for _, want := range []string{"a", "b"} {
		if want == "b" {
			apply("b")
		}
		if !s.Receive() || s.Msg().GetPipeline() != want || s.Msg().GetActor() != "me" {
			t.Fatalf("event %v, %v; want one of %s", s.Msg(), s.Err(), want)
		}
	}
}

// A run is stopped when its agent says so, unless who asks does not want to wait.
func TestStopWaitsForTheAgent(t *testing.T) {
	url := serve(t, nil)
	c, a := tidegatev1connect.NewPipelineServiceClient(http.DefaultClient, url), tidegatev1connect.NewAgentServiceClient(http.DefaultClient, url)
	if _, err := a.Register(t.Context(), connect.NewRequest(&pb.RegisterRequest{Agent: "a", Instance: "1", Capacity: 1})); err != nil {
		t.Fatal(err)
	}
	if _, err := c.Apply(t.Context(), connect.NewRequest(&pb.ApplyRequest{Specs: [][]byte{[]byte(`{"name":"p"}`)}})); err != nil {
		t.Fatal(err)
	}
	for _, tc := range []struct {
		options map[string]string
		want    string
	}{{nil, "stopping"}, {map[string]string{"force": "false"}, "stopping"}, {map[string]string{"force": "true"}, "stopped"}} {
		resp, err := c.Operate(t.Context(), connect.NewRequest(&pb.OperateRequest{Pipeline: "p", Op: "stop", Options: tc.options}))
		if err != nil || resp.Msg.GetStatus().GetStatus().GetState() != tc.want {
			t.Errorf("stop with %v: %v, %v", tc.options, resp, err)
		}
	}
}
