package main

import (
	"context"
	"fmt"
	"time"

	"github.com/tidegate-io/tidegate/integration/dbtest"
	"github.com/tidegate-io/tidegate/internal/run"
)

// copyThreads is how many connections a side every copy uses, also the peers'.
const copyThreads = 4

// copying describes a row that copies a filled source to an empty target.
type copying struct {
	flavor dbtest.Flavor
	base   func(*bench) base
	peer   func(context.Context, *bench, *lab) error // nil: our own copy of even tables
	also   map[string]func(context.Context, *bench, *lab) error
	ratio  func(ours, peer float64) float64
	before func(*bench, *lab) error
}

func copyRows() []row {
	even := (*bench).even
	var out []row
	for _, f := range []dbtest.Flavor{dbtest.MySQL, dbtest.MariaDB} {
		dump := map[string]func(context.Context, *bench, *lab) error{"mysqldump": dumpPipe}
		out = append(out,
			row{name: "copy-" + string(f), what: fmt.Sprintf("copy, %s, against mydumper and myloader with as many threads", f), unit: "s", target: 1.3,
				info: []string{"mysqldump"}, prepare: copying{f, even, dumpLoad, dump, faster, nil}.prepare},
			row{name: "copy-" + string(f) + "-limit", what: fmt.Sprintf("copy, %s, against LOAD DATA from prepared files, indexes afterwards", f), unit: "s", target: 1.15, most: true,
				prepare: copying{f, even, loadFiles, nil, slower, prepareFiles}.prepare},
		)
	}
	return append(out,
		row{name: "copy-skewed", what: "copy with 80 % of the rows in one table, against tables of the same size", unit: "s", target: 1.15, most: true,
			prepare: copying{dbtest.MySQL, (*bench).skewedTables, nil, nil, slower, nil}.prepare},
		row{name: "copy-many", what: "copy of 10,000 small tables, against their CREATE TABLE and INSERT statements alone", unit: "s", target: 1.5, most: true,
			prepare: copying{dbtest.MySQL, (*bench).many, createMany, nil, slower, nil}.prepare},
		row{name: "plan-many", what: "plan and check of 10,000 tables, against a minute", unit: "s", target: 1, most: true, prepare: preparePlan},
		row{name: "verify", what: "verification, against the same tables' copy", unit: "s", target: 4, prepare: prepareVerify},
	)
}

// skewedTables are as many rows as even, 80 % of them in one table.
func (b *bench) skewedTables() base {
	all := tableCount * b.scaled(tableRows)
	rows := make([]int, tableCount)
	for i := range rows {
		rows[i] = all / 5 / (tableCount - 1)
	}
	rows[0] = all * 4 / 5
	return base{"skewed", func(ctx context.Context, s *dbtest.Server) error { return createTables(ctx, s, rows) }}
}

func (c copying) prepare(ctx context.Context, b *bench) (*job, error) {
	l, sums, err := b.copySource(ctx, c.flavor, c.base(b))
	if err != nil {
		return nil, err
	}
	if c.before != nil {
		if err := c.before(b, l); err != nil {
			return nil, err
		}
	}
	j := &job{
		settings: fmt.Sprintf("scale %g, %d threads; %s; %s", b.scale, copyThreads, durabilityText(false), serverSettings),
		ratio:    c.ratio,
		ours: func(ctx context.Context) (sample, error) {
			if l, sums, err = b.copySource(ctx, c.flavor, c.base(b)); err != nil {
				return sample{}, err
			}
			return b.copyChecked(ctx, l, sums)
		},
		peer: func(ctx context.Context) (sample, error) {
			if c.peer == nil {
				l, sums, err := b.copySource(ctx, c.flavor, b.even())
				if err != nil {
					return sample{}, err
				}
				return b.copyChecked(ctx, l, sums)
			}
			return c.other(ctx, b, l, sums, c.peer)
		},
	}
	if c.also != nil {
		j.also = func(ctx context.Context, name string) (sample, error) { return c.other(ctx, b, l, sums, c.also[name]) }
	}
	return j, nil
}

// copySource puts a filled source in place and sums it up.
func (b *bench) copySource(ctx context.Context, f dbtest.Flavor, of base) (*lab, string, error) {
	l, err := b.lab(ctx, f)
	if err != nil {
		return nil, "", err
	}
	image, err := b.base(ctx, l, of)
	if err != nil {
		return nil, "", err
	}
	if err := b.source(ctx, l, image); err != nil {
		return nil, "", err
	}
	sums, err := checksums(ctx, l.src) // reads all of it once, too
	return l, sums, err
}

// other measures another way to copy.
func (c copying) other(ctx context.Context, b *bench, l *lab, sums string, do func(context.Context, *bench, *lab) error) (s sample, err error) {
	if err := b.cloneImage(ctx, l.dst, l.empty(), durability(false)...); err != nil {
		return s, err
	}
	if s.Value, s.TargetCPU, err = l.timed(func() error { return do(ctx, b, l) }); err != nil {
		return s, err
	}
	return s, l.equal(ctx, sums)
}

// copyChecked measures our copy, from the operator's "start" to the moment in
// which rows and indexes are there, and compares both sides.
func (b *bench) copyChecked(ctx context.Context, l *lab, sums string) (s sample, err error) {
	err = b.copied(ctx, l, func(_ *ours, copy sample) error {
		s = copy
		return l.equal(ctx, sums)
	})
	return s, err
}

// copied copies to an empty target and lets then go on with the caught-up run.
func (b *bench) copied(ctx context.Context, l *lab, then func(*ours, sample) error) error {
	if err := b.cloneImage(ctx, l.dst, l.empty(), durability(false)...); err != nil {
		return err
	}
	return b.with(ctx, func(o *ours) error {
		body := fmt.Sprintf("  start {\n    manual = true\n  }\n  copy {\n    threads = %d\n  }\n", copyThreads)
		if err := o.waiting(ctx, pipeline(l.src.Addr, l.dst.Addr, body)); err != nil {
			return err
		}
		var note string
		s, err := o.measure(l, func() error {
			began := time.Now()
			if _, err := o.Must(ctx, "start", "p"); err != nil {
				return err
			}
			for _, step := range copySteps {
				if err := o.poll(ctx, l, step.query, 50*time.Millisecond); err != nil {
					return err
				}
				note += fmt.Sprintf("%s after %.1f s ", step.name, time.Since(began).Seconds())
			}
			return nil
		})
		if err != nil {
			return err
		}
		s.Note = note
		if err := o.caughtUp(ctx); err != nil {
			return err
		}
		return then(o, s)
	})
}

// copySteps are what can be seen of a copy on the target, in order.
var copySteps = []struct{ name, query string }{
	{"first chunk", "SELECT COUNT(*) > 0 FROM _tidegate.chunk WHERE state = 'done'"},
	{"first index", "SELECT COUNT(*) > 0 FROM _tidegate.`table` WHERE source_name LIKE 'sbtest%' AND left_out IN ('', '[]', 'null')"},
	{"all", "SELECT COUNT(*) FROM _tidegate.run WHERE phase = 'apply'"},
}

// waiting hands over a pipeline that waits for its start.
func (o *ours) waiting(ctx context.Context, text string) error {
	if err := o.apply(ctx, text); err != nil {
		return err
	}
	_, err := o.Reach(ctx, wait, "p", run.Waiting)
	return err
}
