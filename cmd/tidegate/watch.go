package main

import (
	"context"
	"fmt"
	"os"
	"time"

	"github.com/vbauerster/mpb/v8"
	"github.com/vbauerster/mpb/v8/decor"
	"golang.org/x/term"

	"github.com/tidegate-io/tidegate/internal/run"
)

// watch follows a run until it is over: bars on a terminal, lines in a pipe.
func (g *globals) watch(ctx context.Context, pipeline string) error {
	show := g.lines()
	if f, ok := g.out.(*os.File); ok && term.IsTerminal(int(f.Fd())) && !g.json {
		show = g.bars(f)
	}
	return poll(ctx, func(ctx context.Context) (bool, error) {
		p, err := g.status(ctx, pipeline)
		if err != nil {
			return false, err
		}
		s := statusOf(p)
		over := s.State.Final() || s.State == run.Errored || s.State == run.CheckFailed
		show(s, over)
		if !over {
			return false, nil
		}
		return true, ended(s, nil)
	})
}

// lines prints a line a second, or at once when the state changes.
func (g *globals) lines() func(statusJSON, bool) {
	var last run.State
	var printed time.Time
	var speed rate
	return func(s statusJSON, over bool) {
		if s.State == last && time.Since(printed) < time.Second && !over {
			return
		}
		last, printed = s.State, time.Now()
		if g.json {
			_ = g.printJSON(s)
			return
		}
		done, estimated, bytes := copied(s.Status)
		perSecond, left := speed.of(done, estimated)
		fmt.Fprintf(g.out, "%s %s state=%s step=%s rows=%d/%d bytes=%d rows_per_second=%.0f left=%s applied=%d lag=%s gap=%s\n",
			printed.UTC().Format(time.RFC3339), s.Pipeline, s.State, dash(s.Step), done, estimated, bytes, perSecond, left,
			s.Applied.Rows, lagText(s.LagSeconds), sizeText(s.GapBytes))
	}
}

// rate measures rows per second over the last seconds.
type rate struct {
	at   time.Time
	rows uint64
	ewma float64
}

func (r *rate) of(done, estimated uint64) (perSecond float64, left string) {
	now := time.Now()
	if !r.at.IsZero() && done >= r.rows {
		if d := now.Sub(r.at).Seconds(); d > 0 {
			r.ewma = 0.7*r.ewma + 0.3*float64(done-r.rows)/d
		}
	}
	r.at, r.rows = now, done
	if r.ewma < 1 || estimated <= done {
		return r.ewma, "-"
	}
	return r.ewma, time.Duration(float64(estimated-done) / r.ewma * float64(time.Second)).Round(time.Second).String()
}

// bars draws one line for the run with a bar for all copied rows, and below it
// bars of the tables that are being copied.
func (g *globals) bars(f *os.File) func(statusJSON, bool) {
	p := mpb.New(mpb.WithOutput(f), mpb.WithWidth(48))
	var head, tail string
	var speed rate
	bar := p.AddBar(1,
		mpb.PrependDecorators(decor.Any(func(decor.Statistics) string { return head })),
		mpb.AppendDecorators(decor.Percentage(decor.WC{W: 5}), decor.Any(func(decor.Statistics) string { return tail })))
	tables := tableBars{progress: p, shown: map[string]*mpb.Bar{}}
	last := time.Time{}
	return func(s statusJSON, over bool) {
		done, estimated, bytes := copied(s.Status)
		if time.Since(last) >= time.Second || over {
			last = time.Now()
			perSecond, left := speed.of(done, estimated)
			tail = fmt.Sprintf("  %s rows, %s, %.0f/s, left %s, applied %s, lag %s ", count(done), size(bytes), perSecond, left, count(s.Applied.Rows), lagText(s.LagSeconds))
		}
		head = fmt.Sprintf("%s %-12s ", s.Pipeline, s.State)
		bar.SetTotal(int64(max(estimated, 1)), false)
		bar.SetCurrent(int64(done))
		tables.show(s.Tables, over)
		if over {
			bar.Abort(false)
			p.Wait()
		}
	}
}

// mostTableBars bounds the bars of tables: what is copied at a time fits into
// it, and it fits onto a terminal.
const mostTableBars = 8

// tableBars are the bars of tables of which a part is copied.
type tableBars struct {
	progress *mpb.Progress
	shown    map[string]*mpb.Bar
}

func (b *tableBars) show(tables []run.Table, over bool) {
	for _, t := range tables {
		under := t.State == run.TableCopying && t.RowsDone > 0 && !over
		bar := b.shown[t.Source]
		switch {
		case under && bar == nil && len(b.shown) < mostTableBars:
			bar = b.progress.AddBar(1, mpb.BarRemoveOnComplete(),
				mpb.PrependDecorators(decor.Name("  "+t.Source, decor.WCSyncWidthR)),
				mpb.AppendDecorators(decor.Percentage(decor.WC{W: 5}), decor.Any(func(st decor.Statistics) string { return "  " + count(uint64(st.Current)) + " rows" })))
			b.shown[t.Source] = bar
		case bar == nil:
			continue
		case !under:
			delete(b.shown, t.Source)
			bar.Abort(true)
			continue
		}
		bar.SetTotal(int64(max(t.RowsEstimated, t.RowsDone, 1)), false)
		bar.SetCurrent(int64(t.RowsDone))
	}
}
