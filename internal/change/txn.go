package change

import "time"

// Txn is one transaction of the source, whole: all row changes to selected
// tables up to its commit, or one statement (DDL), or nothing at all when no
// selected table was touched. An XA transaction counts at its XA COMMIT.
//
// A transaction above the memory budget comes as several Txn values with the
// same IDs, in log order: More is true on all but the last, and only the last
// one ends the transaction; File, Offset and ReadFrom mean something on that one
// alone. The parts follow each other without anything between them, with one
// exception: when the connection to the source is lost inside a transaction, the
// next Txn has Part 0. Whoever has an open transaction then rolls it back; it
// comes again from its beginning, unless the source itself has lost it.
//
// DDL and Changes together are CREATE TABLE … SELECT: the statement, then rows.
type Txn struct {
	// IDs are executed once this is applied: one, or for XA on MySQL the ids of
	// PREPARE and of COMMIT or ROLLBACK.
	IDs []ID

	File   string // the log file, and the offset of the transaction's end in it
	Offset uint64

	// ReadFrom is Position.ReadFrom for a position that ends with this
	// transaction.
	ReadFrom string

	Time    time.Time // when the source committed it, as exactly as the log says
	Changes []Change
	DDL     *Statement

	Part int // counted from 0
	More bool

	Bytes int // memory held, for Queue
}

// Op is what happened to a row.
type Op uint8

// The row operations.
const (
	Insert Op = iota + 1
	Update
	Delete
)

// Change is one row change. Before is set for Update and Delete, After for
// Insert and Update. Images are full: a row event with fewer columns stops the
// stream.
type Change struct {
	Op     Op
	Table  *TableMap
	Before Row
	After  Row

	// CascadeLogged says that the source's SQL layer carried out foreign keys
	// for this event's statement and logged their effects as events of their
	// own (USE_SQL_FOREIGN_KEY_F, MySQL 9.6 and newer). Otherwise a change to a
	// parent row has effects on child rows that the log does not show.
	CascadeLogged bool
	// NoForeignKeys says the source ran the statement with foreign_key_checks
	// off, so nothing cascaded at all.
	NoForeignKeys bool
	// Lacks has a bit for every column that the log left out of an image; nil
	// for none. Such a column reads as NULL. Only generated columns may be left
	// out (MariaDB 11.5 and newer do), which only the table's definition tells.
	Lacks []byte
}

// TableMap is a table as a log event describes it: how to cut a row image into
// columns, without names or meaning. One value serves all events of the same
// shape, so pointers may be compared as a fast path.
type TableMap struct {
	Schema, Name string
	Types        []byte   // type code per column, as in the table map event
	Meta         []uint16 // its metadata, as go-mysql gives it
}

// Statement is a query event that is not row data: DDL, or anything else that
// commits by itself. All settings are names, not numbers, since numbers mean
// different things in different flavours.
type Statement struct {
	IDs    []ID // of its transaction
	SQL    string
	Schema string // default database; "" is none
	Failed uint16 // the error it ended with on the source, though it changed something; 0: none

	SQLMode              []string // sql_mode of the session, in the source's names
	CharsetClient        string
	CollationConnection  string
	CollationServer      string
	CollationDatabase    string // "" if the event does not say
	DefaultUTF8MB4       string // default_collation_for_utf8mb4; "" if the event does not say
	TimeZone             string // "" if the event does not say
	Timestamp            time.Time
	ExplicitDefaults     *bool // explicit_defaults_for_timestamp, if the event says
	ForeignKeyChecks     bool
	UniqueChecks         bool
	AutoIncrementInc     int // 0 if the event does not say
	AutoIncrementOffset  int
	SQLRequirePrimaryKey *bool
}
