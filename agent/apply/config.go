package apply

import (
	"context"
	"database/sql"
	"time"

	"github.com/prometheus/client_golang/prometheus"
	"github.com/rs/zerolog"

	"github.com/tidegate-io/tidegate/agent/gate"
	"github.com/tidegate-io/tidegate/agent/ledger"
	"github.com/tidegate-io/tidegate/internal/change"
	"github.com/tidegate-io/tidegate/internal/mysql"
	"github.com/tidegate-io/tidegate/internal/schema"
	"github.com/tidegate-io/tidegate/internal/spec"
)

// Config sets an Applier's pace. The number of lanes is not part of it: it is
// what the run row says, and Retune changes it there.
type Config struct {
	BatchRows   int           // a batch of more changes is closed
	BatchBytes  int64         // a batch of more bytes in memory is closed
	LaneRows    int           // a batch of fewer changes per lane is written by one lane
	OnConflict  spec.Conflict // what to do when the target's row is not the expected one
	MaxRate     int64         // rendered bytes per second, 0: no limit
	RetryWindow time.Duration // how long transient errors are retried
	StopGrace   time.Duration // how long a batch in flight may still take when Run is told to stop

	// StatementBytes is the size statements are filled up to; the target's
	// max_allowed_packet caps it.
	StatementBytes int
}

func (c Config) withDefaults(server *mysql.Server) Config {
	if c.BatchRows <= 0 {
		c.BatchRows = spec.DefaultBatchRows
	}
	if c.BatchBytes <= 0 {
		c.BatchBytes = spec.DefaultBatchBytes
	}
	if c.LaneRows <= 0 {
		c.LaneRows = 48 // below it one transaction that moves every ledger row is cheaper than one per lane
	}
	if c.OnConflict == "" {
		c.OnConflict = spec.ConflictFail
	}
	if c.StopGrace <= 0 {
		c.StopGrace = 5 * time.Second
	}
	if c.StatementBytes <= 0 {
		c.StatementBytes = 240 << 10 // the driver keeps buffers of up to 256 KiB
	}
	if limit := int(server.MaxPacket) - 4096; c.StatementBytes > limit {
		c.StatementBytes = max(limit, 16<<10)
	}
	return c
}

// Deps are the parts an Applier works with. Registerer may be nil.
type Deps struct {
	Target     *mysql.Conn
	Ledger     *ledger.Ledger
	Queue      *change.Queue
	Gate       *gate.Gate
	Catalog    Catalog
	DDL        DDL
	Log        zerolog.Logger
	Registerer prometheus.Registerer
}

// Catalog resolves the tables that events name. It is asked by several
// goroutines at once.
type Catalog interface {
	// Plan returns how a source table is written, nil if it is not selected. The
	// answer holds until the next DDL has been executed.
	Plan(schema, table string) (*Plan, error)
}

// Plan is how one source table is written.
type Plan struct {
	ID     int // the table's number in _tidegate.table
	Source *schema.Table
	// Target is the table's definition on the target; columns are matched by
	// name. It is nil for a table that is not selected and is decoded only
	// because its foreign keys cascade into selected ones.
	Target *schema.Table

	Window     *gate.Table // nil if the table is not copied by this run
	PageColumn int         // the source column that copy pages on, -1 where keys are not compared in Go

	Children []Child // selected tables whose foreign keys reference this one

	// Entering says that the table is copied later, and that only its name and its
	// children are known: nothing of it is written, and what it does to children
	// cannot be.
	Entering bool
}

// Child is a table with a foreign key to the plan's table, under its names on
// the source, for that is where cascades happen.
type Child struct {
	Schema, Table string
	Key           schema.ForeignKey
}

// DDL executes a statement of the source on the target. All lanes are drained
// before and begin again after it. commit moves the ledger to batch seq; the
// executor calls it in the transaction that marks the statement done. A call
// for a seq whose statement ran already only completes what is missing.
type DDL interface {
	Execute(ctx context.Context, seq uint64, stmt *change.Statement, commit func(tx *sql.Tx) error) error
}
