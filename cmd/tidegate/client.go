package main

import (
	"context"
	"fmt"
	"net"
	"net/http"
	"net/url"
	"os"
	"strings"
	"time"

	"connectrpc.com/connect"

	"github.com/tidegate-io/tidegate/api/tidegate/v1/tidegatev1connect"
)

// dial makes an HTTP client and base URL for an address and a token.
func dial(address, token string) (*http.Client, string, error) {
	d := &net.Dialer{Timeout: 5 * time.Second, KeepAlive: 15 * time.Second}
	t := &http.Transport{DialContext: d.DialContext, IdleConnTimeout: 90 * time.Second, ForceAttemptHTTP2: true}
	base := strings.TrimSuffix(address, "/")
	if path, ok := strings.CutPrefix(address, "unix:"); ok {
		t.DialContext = func(ctx context.Context, _, _ string) (net.Conn, error) { return d.DialContext(ctx, "unix", path) }
		base = "http://unix"
	} else if !strings.Contains(base, "://") {
		base = "http://" + base
	}
	if u, err := url.Parse(base); err != nil || u.Host == "" || u.Scheme != "http" && u.Scheme != "https" {
		return nil, "", failf(exitUsage, "address", "write it as http://host:port, https://host:port or unix:/path", "%q is not an address of a daemon", address)
	}
	return &http.Client{Transport: bearer{t, token}}, base, nil
}

// bearer adds the token to every request.
type bearer struct {
	next  http.RoundTripper
	token string
}

func (b bearer) RoundTrip(q *http.Request) (*http.Response, error) {
	if b.token != "" {
		q = q.Clone(q.Context())
		q.Header.Set("Authorization", "Bearer "+b.token)
	}
	return b.next.RoundTrip(q)
}

// daemon connects to the daemon's API for people.
func (g *globals) daemon() (tidegatev1connect.PipelineServiceClient, error) {
	token := g.token
	if token == "" {
		token = os.Getenv("TIDEGATE_TOKEN")
	}
	hc, base, err := dial(g.address, token)
	if err != nil {
		return nil, err
	}
	return tidegatev1connect.NewPipelineServiceClient(hc, base, connect.WithInterceptors(g.reachable())), nil
}

// reachable puts a missing daemon into words.
func (g *globals) reachable() connect.UnaryInterceptorFunc {
	return func(next connect.UnaryFunc) connect.UnaryFunc {
		return func(ctx context.Context, q connect.AnyRequest) (connect.AnyResponse, error) {
			resp, err := next(ctx, q)
			return resp, g.unreachable(err)
		}
	}
}

func (g *globals) unreachable(err error) error {
	if connect.CodeOf(err) != connect.CodeUnavailable {
		return err
	}
	return &exitError{
		status: exitUsage, code: "unavailable", err: fmt.Errorf("daemon at %s cannot be reached: %w", g.address, &away{err}),
		hint: "start one with: tidegate dev, or name another with --address or TIDEGATE_ADDRESS",
	}
}

// away marks an error as a daemon that did not answer, which may pass.
type away struct{ err error }

func (a *away) Error() string {
	if ce := new(connect.Error); asConnect(a.err, &ce) {
		return ce.Message()
	}
	return a.err.Error()
}
func (a *away) Unwrap() error { return a.err }
