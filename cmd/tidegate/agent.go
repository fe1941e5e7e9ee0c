package main

import (
	"net/http"
	"os"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"

	"github.com/tidegate-io/tidegate/daemon/api"
	"github.com/tidegate-io/tidegate/internal/kv"
	"github.com/tidegate-io/tidegate/internal/obs"
)

func newAgent(_ *globals) *cobra.Command {
	var config, level, labelText, tokenFile, metrics string
	host, _ := os.Hostname()
	s := agentSettings{factory: newRunner}
	c := &cobra.Command{
		Use:   "agent",
		Short: "Run an agent: it moves the data",
		Args:  cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			err := settle(c, config)
			if err != nil {
				return err
			}
			if s.labels, err = labels(labelText); err != nil {
				return err
			}
			if s.token, err = firstToken(tokenFile); err != nil {
				return err
			}
			log, err := obs.NewLogger(os.Stderr, level)
			if err != nil {
				return usage(err)
			}
			if s.dataDir == "" {
				s.dataDir = stateDir("agent-" + s.id)
			}
			if s.program, err = os.Executable(); err != nil {
				return err
			}
			limitHeap()
			lock, err := kv.LockDir(s.dataDir)
			if err != nil {
				return err
			}
			defer func() { _ = lock.Release() }()
			p, err := openAgent(s, log)
			if err != nil {
				return err
			}
			defer p.close()
			g, ctx := errgroup.WithContext(c.Context())
			if metrics != "" {
				l, err := api.Listen(metrics, false)
				if err != nil {
					return err
				}
				mux := http.NewServeMux()
				obs.Handle(mux, prometheus.Gatherers{obs.NewRegistry(), p})
				g.Go(func() error { return api.Serve(ctx, l, mux) })
				log.Info().Str("metrics", l.Addr().String()).Msg("metrics")
			}
			log.Info().Str("agent", s.id).Str("daemon", s.daemon).Str("data_dir", s.dataDir).Str("version", version).Msg("agent is up")
			if err := obs.Ready("agent " + s.id + " of " + s.daemon); err != nil {
				return err
			}
			g.Go(func() error { return p.Run(ctx) })
			g.Go(func() error { return obs.Watchdog(ctx, p.Alive) })
			g.Go(func() error { <-ctx.Done(); obs.Stopping(30 * time.Second); return nil })
			return g.Wait()
		},
	}
	f := c.Flags()
	f.StringVar(&s.daemon, "daemon", defaultAddress, "the daemon: http://host:port, https://host:port or unix:/path")
	f.StringVar(&tokenFile, "token-file", "", "file with the token for the daemon")
	f.StringVar(&labelText, "labels", "", "what pipelines ask for, as site=a,rack=b")
	f.IntVar(&s.capacity, "capacity", 8, "how many runs at once")
	f.StringVar(&s.dataDir, "data-dir", "", "where checkpoints are kept (default: by id, in the user's state directory)")
	f.StringVar(&s.id, "id", host, "this agent's name, unique among agents")
	f.StringVar(&metrics, "metrics-listen", "", "address for /metrics and /debug/pprof, for example 127.0.0.1:7071")
	serviceFlags(c, &config, &level)
	return c
}
