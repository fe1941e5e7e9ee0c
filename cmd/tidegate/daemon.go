package main

import (
	"os"
	"time"

	"github.com/spf13/cobra"
	"golang.org/x/sync/errgroup"

	"github.com/tidegate-io/tidegate/internal/kv"
	"github.com/tidegate-io/tidegate/internal/obs"
)

func newDaemon(_ *globals) *cobra.Command {
	var d daemonFlags
	var config, level string
	c := &cobra.Command{
		Use:   "daemon",
		Short: "Run the daemon: API, scheduling, and what is kept",
		Args:  cobra.NoArgs,
		RunE: func(c *cobra.Command, _ []string) error {
			if err := settle(c, config); err != nil {
				return err
			}
			log, err := obs.NewLogger(os.Stderr, level)
			if err != nil {
				return usage(err)
			}
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
			log.Info().Str("listen", p.listener.Addr().String()).Str("data_dir", d.dataDir).Str("version", version).Msg("daemon is up")
			if err := obs.Ready("listening on " + p.listener.Addr().String()); err != nil {
				return err
			}
			g, ctx := errgroup.WithContext(c.Context())
			g.Go(func() error { return p.run(ctx, registry) })
			g.Go(func() error { return obs.Watchdog(ctx, p.control.Alive) })
			g.Go(func() error { <-ctx.Done(); obs.Stopping(10 * time.Second); return nil })
			return g.Wait()
		},
	}
	d.flags(c.Flags(), stateDir("daemon"))
	serviceFlags(c, &config, &level)
	return c
}

// serviceFlags are common to the commands that stay.
func serviceFlags(c *cobra.Command, config, level *string) {
	c.Flags().StringVar(config, "config", os.Getenv("TIDEGATE_CONFIG"), "file of settings: name = value lines, named as the flags")
	c.Flags().StringVar(level, "log-level", "info", "trace, debug, info, warn or error")
}
