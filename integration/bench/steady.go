package main

import (
	"context"
	"fmt"
	"slices"
	"time"

	"github.com/tidegate-io/tidegate/integration/dbtest"
	"github.com/tidegate-io/tidegate/integration/program"
)

const (
	steadySeconds = 40 // of load; the first of them are not counted
	settleSeconds = 5
	limitSeconds  = 8 // in which the source's limit is looked for
)

// steady is one run under a steady load: half of what the source can take when
// nobody follows it.
type steady struct {
	lag        time.Duration // 99th percentile
	lagMedian  time.Duration
	lagMost    time.Duration
	rate       float64 // transactions a second
	logRate    float64 // MB of log a second
	cores      float64 // of the agent
	agentSpent sample
}

func steadyRows() []row {
	return []row{
		{name: "steady-lag", what: "99th percentile of the lag at half of the source's write limit, against a second", unit: "s", target: 1, most: true,
			prepare: func(ctx context.Context, b *bench) (*job, error) {
				return b.steadyJob(ctx, 1, func(s steady) float64 { return s.lag.Seconds() })
			}},
		{name: "steady-cpu", what: "agent's cores a 10 MB/s of log at that load, against 40 % of one", unit: "cores", target: 1, most: true,
			prepare: func(ctx context.Context, b *bench) (*job, error) {
				return b.steadyJob(ctx, 0.4, func(s steady) float64 { return s.cores / (s.logRate / 10) })
			}},
	}
}

// steadyJob takes one figure of the runs; rows share them.
func (b *bench) steadyJob(ctx context.Context, limit float64, figure func(steady) float64) (*job, error) {
	l, _, err := b.copySource(ctx, dbtest.MySQL, b.even())
	if err != nil {
		return nil, err
	}
	next := 0
	return &job{
		settings: fmt.Sprintf("oltp_write_only on %d connections for %d s, scale %g, uniform; %s; %s", steadyWriters, steadySeconds, b.scale, durabilityText(true), serverSettings),
		ratio:    slower,
		limit:    limit,
		ours: func(ctx context.Context) (sample, error) {
			if next == len(b.steady) {
				s, err := b.steadyRun(ctx, l)
				if err != nil {
					return sample{}, err
				}
				b.steady = append(b.steady, s)
			}
			s := b.steady[next]
			next++
			out := s.agentSpent
			out.Value = figure(s)
			out.Note = fmt.Sprintf("lag median %.3f s, p99 %.3f s, most %.3f s at %.0f trx/s, %.1f MB/s of log; agent %.0f %% of a core",
				s.lagMedian.Seconds(), s.lag.Seconds(), s.lagMost.Seconds(), s.rate, s.logRate, 100*s.cores)
			return out, nil
		},
	}, nil
}

func (b *bench) steadyRun(ctx context.Context, l *lab) (out steady, err error) {
	image, err := b.base(ctx, l, b.even())
	if err != nil {
		return out, err
	}
	limit, err := b.sourceLimit(ctx, l, image)
	if err != nil {
		return out, err
	}
	if err := b.useImage(ctx, l.src, image); err != nil {
		return out, err
	}
	if err := b.cloneImage(ctx, l.dst, image, durability(true)...); err != nil {
		return out, err
	}
	if err := warm(ctx, l.dst); err != nil {
		return out, err
	}
	err = b.with(ctx, func(o *ours) error {
		if err := o.apply(ctx, pipeline(l.src.Addr, l.dst.Addr, "  type = \"incremental\"\n")); err != nil {
			return err
		}
		if err := o.caughtUp(ctx); err != nil {
			return err
		}
		if err := o.underLoad(ctx, b, l, limit/2, &out); err != nil {
			return err
		}
		return o.equalSides(ctx, l)
	})
	return out, err
}

// sourceLimit is how many transactions a second the source takes at most.
func (b *bench) sourceLimit(ctx context.Context, l *lab, image string) (float64, error) {
	l.loaded = ""
	if err := b.useImage(ctx, l.src, image); err != nil {
		return 0, err
	}
	if err := warm(ctx, l.src); err != nil {
		return 0, err
	}
	n, err := load4(ctx, l.src, b.scaled(tableRows), 0, limitSeconds*time.Second)
	return float64(n) / limitSeconds, err
}

// underLoad writes to the source, and looks for a heartbeat on the target.
func (o *ours) underLoad(ctx context.Context, b *bench, l *lab, rate float64, out *steady) error {
	size, err := logBytes(ctx, l.src)
	if err != nil {
		return err
	}
	spent, err := cpu(o.agent.PID())
	if err != nil {
		return err
	}
	watch := beat(ctx, l)
	n, err := load4(ctx, l.src, b.scaled(tableRows), rate, steadySeconds*time.Second)
	lags, beatErr := watch()
	if err != nil {
		return err
	}
	if beatErr != nil {
		return beatErr
	}
	now, err := logBytes(ctx, l.src)
	if err != nil {
		return err
	}
	if err := o.usage(&out.agentSpent, spent); err != nil {
		return err
	}
	out.rate, out.logRate = float64(n)/steadySeconds, float64(now-size)/1e6/steadySeconds
	out.cores = out.agentSpent.AgentCPU / steadySeconds
	slices.Sort(lags)
	out.lagMedian, out.lag, out.lagMost = lags[len(lags)/2], lags[len(lags)*99/100], lags[len(lags)-1]
	return nil
}

// equalSides waits until the last heartbeat of a source that rests is on the
// target, and compares.
func (o *ours) equalSides(ctx context.Context, l *lab) error {
	if err := execute(ctx, l.src.DB(), "INSERT INTO "+schema+".marker VALUES (1, 1)"); err != nil {
		return err
	}
	if _, err := o.drained(ctx, l); err != nil {
		return err
	}
	sums, err := checksums(ctx, l.src)
	if err != nil {
		return err
	}
	return program.Until(ctx, wait, "both sides to be equal", func() (bool, error) {
		err := l.equal(ctx, sums)
		return err == nil, err
	})
}
