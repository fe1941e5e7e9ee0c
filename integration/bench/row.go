package main

import (
	"context"
	"fmt"
	"slices"
	"time"
)

// row is one comparison.
type row struct {
	name, what string
	unit       string  // of ours and peer
	target     float64 // for the ratio
	most       bool    // the ratio may be at most the target; else it is at least
	info       []string
	prepare    func(context.Context, *bench) (*job, error)
}

// job is a row made ready on its servers.
type job struct {
	settings string
	ratio    func(ours, peer float64) float64
	ours     func(context.Context) (sample, error)
	peer     func(context.Context) (sample, error)         // nil: the row compares with a fixed figure
	limit    float64                                       // that figure
	also     func(context.Context, string) (sample, error) // one of row.info
}

// sample is one run of one side.
type sample struct {
	Value     float64 `json:"value"` // in the row's unit
	AgentCPU  float64 `json:"agent_cpu_seconds,omitempty"`
	TargetCPU float64 `json:"target_cpu_seconds,omitempty"`
	PeakMiB   float64 `json:"agent_peak_rss_mib,omitempty"`
	Note      string  `json:"note,omitempty"`
}

// faster is the ratio of two durations.
func faster(ours, peer float64) float64 { return peer / ours }

// slower is its inverse: how many times as long ours takes.
func slower(ours, peer float64) float64 { return ours / peer }

// row measures both sides in turn.
func (b *bench) row(ctx context.Context, r row) (Result, error) {
	res := Result{Name: r.name, What: r.what, Unit: r.unit, Target: r.target, AtMost: r.most, Commit: b.commit, Scale: b.scale}
	b.say(r.name, "preparing")
	j, err := r.prepare(ctx, b)
	if err != nil {
		return res, fmt.Errorf("prepare: %w", err)
	}
	res.Settings, res.ratio = j.settings, j.ratio
	for n := range b.runs {
		if j.peer != nil && b.side != "ours" {
			if err := b.run(ctx, fmt.Sprintf("%s peer %d", r.name, n+1), j.peer, &res.Runs.Peer); err != nil {
				return res, err
			}
		}
		if b.side != "peer" {
			if err := b.run(ctx, fmt.Sprintf("%s ours %d", r.name, n+1), j.ours, &res.Runs.Ours); err != nil {
				return res, err
			}
		}
	}
	if j.peer == nil {
		res.Runs.Peer = []sample{{Value: j.limit}}
	}
	if j.also != nil && b.info {
		res.Runs.Info = map[string][]sample{}
		for _, name := range r.info {
			var got []sample
			if err := b.run(ctx, r.name+" "+name, func(ctx context.Context) (sample, error) { return j.also(ctx, name) }, &got); err != nil {
				return res, err
			}
			res.Runs.Info[name] = got
		}
	}
	return res, nil
}

func (b *bench) run(ctx context.Context, what string, side func(context.Context) (sample, error), into *[]sample) error {
	s, err := side(ctx)
	if err != nil {
		return fmt.Errorf("%s: %w", what, err)
	}
	b.say(what, "%.2f (agent %.1f s CPU, %.0f MiB; target %.1f s CPU) %s", s.Value, s.AgentCPU, s.PeakMiB, s.TargetCPU, s.Note)
	*into = append(*into, s)
	return nil
}

func (b *bench) say(what, format string, a ...any) {
	fmt.Printf("%s %-32s %s\n", time.Now().Format(time.TimeOnly), what, fmt.Sprintf(format, a...))
}

// median of values; 0 of none.
func median(samples []sample, of func(sample) float64) float64 {
	if len(samples) == 0 {
		return 0
	}
	v := make([]float64, len(samples))
	for i, s := range samples {
		v[i] = of(s)
	}
	slices.Sort(v)
	if n := len(v); n%2 == 0 {
		return (v[n/2-1] + v[n/2]) / 2
	}
	return v[len(v)/2]
}
