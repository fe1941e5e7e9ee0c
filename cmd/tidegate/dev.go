package main

import (
	"context"
	"os"
	"path/filepath"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"

	"github.com/tidegate-io/tidegate/internal/kv"
	"github.com/tidegate-io/tidegate/internal/obs"
)

func newDev(_ *globals) *cobra.Command {
	var d daemonFlags
	var config, level, labelText string
	c := &cobra.Command{
		Use:   "dev",
		Short: "Run daemon and agent in one process",
		Args:  cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			err := settle(c, config)
			if err != nil {
				return err
			}
			carried, err := labels(labelText)
			if err != nil {
				return err
			}
			token, err := firstToken(d.tokenFile)
			if err != nil {
				return err
			}
			log, err := obs.NewLogger(os.Stderr, level)
			if err != nil {
				return usage(err)
			}
			limitHeap()
			lock, err := kv.LockDir(d.dataDir)
			if err != nil {
				return err
			}
			defer func() { _ = lock.Release() }()
			registry := obs.NewRegistry()
			p, err := d.open(c.Context(), log, registry)
			if err != nil {
				return err
			}
			defer p.close()
			program, err := os.Executable()
			if err != nil {
				return err
			}
			a, err := openAgent(agentSettings{
				program: program,
				id:      "dev", labels: carried, capacity: 16, dataDir: filepath.Join(d.dataDir, "agent"), daemon: p.address(), token: token, factory: newRunner,
			}, log)
			if err != nil {
				return err
			}
			defer a.close()
			log.Info().Str("listen", p.listener.Addr().String()).Str("data_dir", d.dataDir).Str("version", version).Msg("daemon and agent are up")
			if err := obs.Ready("listening on " + p.listener.Addr().String()); err != nil {
				return err
			}
			return runDev(c.Context(), p, a)
		},
	}
	d.flags(c.Flags(), stateDir(""))
	c.Flags().StringVar(&labelText, "labels", "", "labels of the agent, as site=a,rack=b")
	serviceFlags(c, &config, &level)
	return c
}

// runDev ends the agent before the daemon it says goodbye to.
func runDev(ctx context.Context, p *daemonPart, a *agentPart) error {
	serving, endServing := context.WithCancel(context.WithoutCancel(ctx))
	g, gctx := errgroup.WithContext(ctx)
	g.Go(func() error { return p.run(serving, prometheus.Gatherers{p.registry, a}) })
	g.Go(func() error {
		defer endServing()
		return a.Run(gctx)
	})
	g.Go(func() error {
		return obs.Watchdog(gctx, func() bool { return p.control.Alive() && a.Alive() })
	})
	g.Go(func() error { <-gctx.Done(); obs.Stopping(30 * time.Second); return nil })
	return g.Wait()
}
