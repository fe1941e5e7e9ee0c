package api

import (
	"context"
	"errors"
	"fmt"
	"net"
	"net/http"
	"time"

	"connectrpc.com/connect"
	"github.com/prometheus/client_golang/prometheus"
	"github.com/prometheus/client_golang/prometheus/promauto"
	"golang.org/x/sync/errgroup"

	"github.com/tidegate-io/tidegate/api/tidegate/v1/tidegatev1connect"
	"github.com/tidegate-io/tidegate/daemon/control"
	"github.com/tidegate-io/tidegate/internal/obs"
)

// maxMessage bounds one request: a status of very many tables is a few MiB.
const maxMessage = 64 << 20

// compressFrom is the size from which answers are compressed. What agents get
// every second is far below it, and would take a compressor for each of them.
const compressFrom = 16 << 10

// Config of the server.
type Config struct {
	Tokens  Tokens // empty: everyone who can connect may do everything
	Metrics prometheus.Registerer
	Gather  prometheus.Gatherer // what /metrics shows
}

// Handler serves the API, /metrics, /debug/pprof and /healthz.
func Handler(c *control.Control, cfg Config) http.Handler {
	opts := []connect.HandlerOption{
		connect.WithInterceptors(latency(cfg.Metrics)), connect.WithReadMaxBytes(maxMessage), connect.WithCompressMinBytes(compressFrom),
	}
	mux := http.NewServeMux()
	mux.Handle(tidegatev1connect.NewPipelineServiceHandler(pipelines{c}, opts...))
	mux.Handle(tidegatev1connect.NewAgentServiceHandler(agents{c}, opts...))
	obs.Handle(mux, cfg.Gather)
	outer := http.NewServeMux()
	outer.HandleFunc("GET /healthz", func(w http.ResponseWriter, _ *http.Request) {
		if !c.Alive() {
			http.Error(w, "the scheduler does not turn", http.StatusServiceUnavailable)
			return
		}
		_, _ = w.Write([]byte("ok\n"))
	})
	outer.Handle("/", cfg.Tokens.require(mux))
	return outer
}

// latency measures each call.
func latency(reg prometheus.Registerer) connect.UnaryInterceptorFunc {
	seconds := promauto.With(reg).NewHistogramVec(prometheus.HistogramOpts{
		Namespace: "tidegate", Subsystem: "api", Name: "request_seconds",
		Help:                        "Time to answer a call of the API.",
		Buckets:                     prometheus.ExponentialBuckets(0.0005, 4, 8),
		NativeHistogramBucketFactor: 1.1, NativeHistogramMaxBucketNumber: 100, NativeHistogramMinResetDuration: time.Hour,
	}, []string{"method", "code"})
	return func(next connect.UnaryFunc) connect.UnaryFunc {
		return func(ctx context.Context, q connect.AnyRequest) (connect.AnyResponse, error) {
			begin := time.Now()
			resp, err := next(ctx, q)
			code := "ok"
			if err != nil {
				code = connect.CodeOf(err).String()
			}
			seconds.WithLabelValues(q.Spec().Procedure, code).Observe(time.Since(begin).Seconds())
			return resp, err
		}
	}
}

// Serve answers on l until ctx ends, then gives open calls a moment.
func Serve(ctx context.Context, l net.Listener, h http.Handler) error {
	base, endStreams := context.WithCancel(context.WithoutCancel(ctx))
	defer endStreams()
	srv := &http.Server{
		Handler: h, ReadHeaderTimeout: 10 * time.Second, IdleTimeout: 2 * time.Minute,
		BaseContext: func(net.Listener) context.Context { return base }, Protocols: new(http.Protocols),
	}
	srv.Protocols.SetHTTP1(true)
	srv.Protocols.SetUnencryptedHTTP2(true)
	g, gctx := errgroup.WithContext(ctx)
	g.Go(func() error {
		if err := srv.Serve(l); !errors.Is(err, http.ErrServerClosed) {
			return fmt.Errorf("serve on %s: %w", l.Addr(), err)
		}
		return nil
	})
	g.Go(func() error {
		<-gctx.Done()
		endStreams()
		limit, cancel := context.WithTimeout(context.WithoutCancel(ctx), 3*time.Second)
		defer cancel()
		if err := srv.Shutdown(limit); err != nil {
			return srv.Close()
		}
		return nil
	})
	return g.Wait()
}
