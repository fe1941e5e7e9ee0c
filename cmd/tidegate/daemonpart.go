package main

import (
	"context"
	"fmt"
	"net"
	"path/filepath"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/rs/zerolog"
	"github.com/spf13/pflag"
	"golang.org/x/sync/errgroup"

	"github.com/tidegate-io/tidegate/daemon/api"
	"github.com/tidegate-io/tidegate/daemon/control"
	"github.com/tidegate-io/tidegate/daemon/store"
	"github.com/tidegate-io/tidegate/daemon/watch"
	"github.com/tidegate-io/tidegate/dsl"
	"github.com/tidegate-io/tidegate/internal/kv"
	"github.com/tidegate-io/tidegate/internal/spec"
)

// daemonFlags are the settings of a daemon, alone or in dev.
type daemonFlags struct {
	dataDir   string
	listen    string
	pipelines string
	tokenFile string
	lease     time.Duration
}

func (d *daemonFlags) flags(f *pflag.FlagSet, dataDir string) {
	f.StringVar(&d.dataDir, "data-dir", dataDir, "where data is kept")
	f.StringVar(&d.listen, "listen", "127.0.0.1:7070", "address of the API: host:port or unix:/path")
	f.StringVar(&d.pipelines, "pipelines", "", "a directory whose pipeline files are applied as they change")
	f.StringVar(&d.tokenFile, "token-file", "", "file of tokens, one a line; callers of the API need one of them")
	f.DurationVar(&d.lease, "lease", 10*time.Second, "how long an agent may be silent before its runs go to another")
}

// daemonPart is a daemon that is ready to run.
type daemonPart struct {
	control  *control.Control
	watcher  *watch.Watcher // nil without a directory
	listener net.Listener
	tokens   api.Tokens
	registry *prometheus.Registry
	db       *kv.DB
}

// open opens the store and binds the socket. What it leaves is closed by close.
func (d *daemonFlags) open(ctx context.Context, log zerolog.Logger, registry *prometheus.Registry) (_ *daemonPart, err error) {
	p := &daemonPart{registry: registry}
	defer func() {
		if err != nil {
			p.close()
		}
	}()
	if d.tokenFile != "" {
		if p.tokens, err = api.ReadTokens(d.tokenFile); err != nil {
			return nil, failf(exitUsage, "token-file", tokenFileHint, "%w", err)
		}
	}
	if p.listener, err = api.Listen(d.listen, len(p.tokens) > 0); err != nil {
		return nil, err
	}
	if p.db, err = kv.Open(kv.Config{Dir: filepath.Join(d.dataDir, "store"), MemTable: store.MemTable, Log: log}); err != nil {
		return nil, err
	}
	p.control, err = control.New(ctx, control.Config{Lease: d.lease}, control.Deps{Store: store.NewBadger(p.db), Log: log, Metrics: registry})
	if err != nil {
		return nil, err
	}
	if d.pipelines != "" {
		p.watcher, err = watch.New(watch.Config{Dir: d.pipelines}, watch.Deps{Load: loadFile, Apply: p.control, Log: log})
	}
	return p, usage(err)
}

// loadFile reads one file of a watched directory.
func loadFile(file string) ([]spec.Pipeline, error) {
	config, diags := dsl.Load([]string{file}, dsl.Options{})
	if err := diags.Err(); err != nil {
		text := ""
		for _, d := range diags {
			text += d.String() + "\n"
		}
		return nil, fmt.Errorf("%s", text)
	}
	return config.Pipelines, nil
}

// run serves until ctx ends. gather is what /metrics shows.
func (p *daemonPart) run(ctx context.Context, gather prometheus.Gatherer) error {
	h := api.Handler(p.control, api.Config{Tokens: p.tokens, Metrics: p.registry, Gather: gather})
	g, ctx := errgroup.WithContext(ctx)
	g.Go(func() error { return p.control.Run(ctx) })
	g.Go(func() error { return api.Serve(ctx, p.listener, h) })
	if p.watcher != nil {
		g.Go(func() error { return p.watcher.Run(ctx) })
	}
	return g.Wait()
}

func (p *daemonPart) close() {
	if p.listener != nil {
		_ = p.listener.Close()
	}
	if p.db != nil {
		_ = p.db.Close()
	}
}

// address is how an agent of the same process reaches the daemon.
func (p *daemonPart) address() string {
	a := p.listener.Addr()
	if a.Network() == "unix" {
		return "unix:" + a.String()
	}
	if t, ok := a.(*net.TCPAddr); ok && t.IP.IsUnspecified() {
		return fmt.Sprintf("http://127.0.0.1:%d", t.Port)
	}
	return "http://" + a.String()
}
