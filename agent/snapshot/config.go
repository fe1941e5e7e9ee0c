package snapshot

import (
	"context"
	"database/sql"
	"time"

	"github.com/rs/zerolog"

	"github.com/tidegate-io/tidegate/agent/gate"
	"github.com/tidegate-io/tidegate/agent/ledger"
	"github.com/tidegate-io/tidegate/internal/change"
	"github.com/tidegate-io/tidegate/internal/mysql"
	"github.com/tidegate-io/tidegate/internal/schema"
)

// Config sets the pace of a copy.
type Config struct {
	Threads    int           // connections per side; default 4
	ChunkBytes int64         // aimed size of a chunk; default 16 MiB
	ReadTime   time.Duration // aimed time to read one; default 2 s
	MaxRate    int64         // bytes per second, 0: no limit
	MaxRows    int64         // rows per second, 0: no limit
	LoadData   bool          // LOAD DATA LOCAL where the target allows it

	// RetryWindow bounds how long transient errors are retried while no chunk
	// succeeds; default 10 minutes.
	RetryWindow time.Duration

	// NoLog says that the source writes no log: everything is read in one
	// consistent snapshot, and no mark is taken.
	NoLog bool
}

func (c Config) withDefaults() Config {
	if c.Threads < 1 {
		c.Threads = 4
	}
	if c.ChunkBytes <= 0 {
		c.ChunkBytes = 16 << 20
	}
	if c.ReadTime <= 0 {
		c.ReadTime = 2 * time.Second
	}
	if c.RetryWindow <= 0 {
		c.RetryWindow = 10 * time.Minute
	}
	return c
}

// Deps are the parts a copy works with.
type Deps struct {
	Source, Target *mysql.Conn
	Ledger         *ledger.Ledger
	Gate           *gate.Gate
	Marks          Marks
	Definitions    Definitions

	// Exclusive runs f on a session that holds the run's lock, one f at a time
	// in this process: for TRUNCATE, which commits by itself (I-5).
	Exclusive func(ctx context.Context, f func(ctx context.Context, conn *sql.Conn) error) error

	Log     zerolog.Logger
	Metrics *Metrics // nil: not counted
}

// Marks are the questions about the log that a copy asks the source. q is the
// session that reads the rows.
type Marks interface {
	// Executed is the newest set of which every transaction can be read by a
	// new SELECT. Without GTIDs it is the log's end.
	Executed(ctx context.Context) (*change.Set, error)
	// MarkLow is what every SELECT begun after it sees. Without GTIDs q must
	// hold the table's lock.
	MarkLow(ctx context.Context, q mysql.Querier) (*change.Set, error)
	// MarkHigh contains all that a SELECT ended before it can have seen.
	MarkHigh(ctx context.Context, q mysql.Querier) (*change.Set, error)
	// MarkLocked contains all changes to tables that q holds locked, and none
	// made later.
	MarkLocked(ctx context.Context, q mysql.Querier) (*change.Set, error)
}

// Definitions answers what a table is. Tables are named by their id in the run.
type Definitions interface {
	// Applied returns the source definition at the applied position and the
	// table on the target; nil if the table is gone or no longer selected.
	// The same definition is the same pointer until a statement changes it.
	Applied(id int) (source, target *schema.Table, err error)
	// BrokenOff reports that a statement which changes the table on the target
	// was begun and has not ended: the definitions of Applied may not fit together.
	BrokenOff(ctx context.Context, id int) (bool, error)
	// Text is the SHOW CREATE TABLE, by a text session, from which the applied
	// definition was made; "" if that is not known.
	Text(id int) string
	// Read reads the definition a source session sees, nil if there is no such
	// table. The session is a mysql.Text one in that moment.
	Read(ctx context.Context, q mysql.Querier, name schema.ID) (*schema.Table, error)
}

// Table is a table to be copied.
type Table struct {
	ID    int
	Rows  int64  // estimated
	Bytes int64  // estimated
	Where string // condition in the source's SQL, empty: all rows

	// Group is the number of the group of tables that are read in one snapshot
	// with one exact position; 0: by itself. See Groups.
	Group int
}

// mode is how marks are taken.
type mode int

const (
	byGTID  mode = iota // sets before and after
	byLock              // MySQL without GTIDs: log end under a short lock
	noMarks             // no log
)

func (d *Deps) mode(cfg Config) mode {
	switch {
	case cfg.NoLog:
		return noMarks
	case d.Source.Server.Flavor == mysql.MariaDB, d.Source.Server.GTID:
		return byGTID
	default:
		return byLock
	}
}
