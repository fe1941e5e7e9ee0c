package main

import (
	"context"
	"fmt"

	"github.com/tidegate-io/tidegate/integration/dbtest"
)

// catchUp describes a row that applies a backlog.
type catchUp struct {
	flavor  dbtest.Flavor
	durable bool
	load    workload
}

func catchUpRows() []row {
	my, maria := dbtest.MySQL, dbtest.MariaDB
	fixed := func(name, what string, target float64, c catchUp, info ...string) row {
		return row{name: name, what: what + ", against native replication with 4 workers", unit: "s", target: target, info: info, prepare: c.prepare}
	}
	return []row{
		fixed("catchup-mysql-durable", "catch-up, MySQL, durable", 8, catchUp{my, true, uniform}, "native-1", "native-8"),
		fixed("catchup-mysql-relaxed", "catch-up, MySQL, relaxed", 4, catchUp{my, false, uniform}, "native-1", "native-8"),
		fixed("catchup-mariadb-durable", "catch-up, MariaDB, durable", 4, catchUp{maria, true, uniform}, "native-1", "native-8"),
		fixed("catchup-mariadb-relaxed", "catch-up, MariaDB, relaxed", 2, catchUp{maria, false, uniform}, "native-1", "native-8"),
		fixed("catchup-zipf", "catch-up with hot rows, MySQL, durable", 10, catchUp{my, true, skewed}),
		fixed("catchup-keyless", "catch-up, a hundredth of a table without a key a transaction, MySQL, durable", 1, catchUp{my, true, keyless}),
		fixed("catchup-insert", "catch-up, one inserted row a transaction, MySQL, durable", 6, catchUp{my, true, inserts}),
	}
}

// ready has the source stand at the end of its backlog.
func (c catchUp) ready(ctx context.Context, b *bench) (*lab, *backlog, error) {
	l, err := b.lab(ctx, c.flavor)
	if err != nil {
		return nil, nil, err
	}
	bl, err := b.backlog(ctx, l, c.load)
	if err != nil {
		return nil, nil, err
	}
	return l, bl, b.source(ctx, l, bl.image)
}

func (c catchUp) settings(b *bench, bl *backlog) string {
	tables := fmt.Sprintf("%d tables of %d rows", tableCount, b.scaled(tableRows))
	if c.load.base != nil {
		tables = fmt.Sprintf("a table of %d rows", b.scaled(bareRows))
	}
	return fmt.Sprintf("%d transactions, %s, %.1f MB of log, %s; %s; %s; ours with defaults",
		bl.Transactions, c.load.name, float64(bl.Bytes)/1e6, tables, durabilityText(c.durable), serverSettings)
}

func (c catchUp) prepare(ctx context.Context, b *bench) (*job, error) {
	l, bl, err := c.ready(ctx, b)
	if err != nil {
		return nil, err
	}
	native := func(workers int) func(context.Context) (sample, error) {
		return func(ctx context.Context) (sample, error) {
			if err := c.target(ctx, b, l, bl); err != nil {
				return sample{}, err
			}
			return b.checked(ctx, l, bl, func() (sample, error) { return l.follow(ctx, bl, workers) })
		}
	}
	return &job{
		settings: c.settings(b, bl),
		ratio:    faster,
		peer:     native(4),
		ours: func(ctx context.Context) (sample, error) {
			if err := c.target(ctx, b, l, bl); err != nil {
				return sample{}, err
			}
			return b.checked(ctx, l, bl, func() (sample, error) { return b.catchUp(ctx, l, bl, l.dst.Addr) })
		},
		also: func(ctx context.Context, name string) (sample, error) {
			var workers int
			if _, err := fmt.Sscanf(name, "native-%d", &workers); err != nil {
				return sample{}, err
			}
			return native(workers)(ctx)
		},
	}, nil
}

// target puts the target where the source was before the backlog, warm.
func (c catchUp) target(ctx context.Context, b *bench, l *lab, bl *backlog) error {
	if err := b.cloneImage(ctx, l.dst, bl.base, durability(c.durable)...); err != nil {
		return err
	}
	return warm(ctx, l.dst)
}

// checked compares both sides after a run.
func (b *bench) checked(ctx context.Context, l *lab, bl *backlog, do func() (sample, error)) (sample, error) {
	s, err := do()
	if err != nil {
		return s, err
	}
	s.Note = fmt.Sprintf("%s %.0f trx/s, %.1f MB/s", s.Note, float64(bl.Transactions)/s.Value, float64(bl.Bytes)/1e6/s.Value)
	return s, l.equal(ctx, bl.Checksums)
}

// catchUp has the program apply the backlog: from its operator's "start" to the
// last transaction's commit on every lane.
func (b *bench) catchUp(ctx context.Context, l *lab, bl *backlog, target string) (s sample, err error) {
	err = b.with(ctx, func(o *ours) error {
		body := fmt.Sprintf("  type = \"incremental\"\n  start {\n    position = %q\n    manual = true\n  }\n", bl.Start)
		if err := o.waiting(ctx, pipeline(l.src.Addr, target, body)); err != nil {
			return err
		}
		first := 0.0
		s, err = o.measure(l, func() (err error) {
			if _, err := o.Must(ctx, "start", "p"); err != nil {
				return err
			}
			first, err = o.drained(ctx, l)
			return err
		})
		s.Note = fmt.Sprintf("first batch after %.1f s", first)
		if err != nil {
			return err
		}
		return o.caughtUp(ctx)
	})
	return s, err
}
