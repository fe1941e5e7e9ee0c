package run

// Status is how a run stands, as its runner knows it. A number that cannot be
// known is absent, never -1.
type Status struct {
	State  State  `json:"state"`
	Step   string `json:"step,omitempty"`   // what is done within the state: "structure", "copy", "index", "apply", "verify", "cutover", ...
	Reason string `json:"reason,omitempty"` // what a waiting or retrying run waits for

	Position   Position `json:"position"`
	LagSeconds *float64 `json:"lag_seconds,omitempty"`
	GapBytes   *uint64  `json:"gap_bytes,omitempty"`

	Tables    []Table `json:"tables"`
	Applied   Applied `json:"applied"`
	Conflicts uint64  `json:"conflicts"`
	Error     *Error  `json:"error,omitempty"` // also set while retrying: the error that is retried
}

// Position is a place in the source's log, for people.
type Position struct {
	GTID   string `json:"gtid,omitempty"`
	File   string `json:"file,omitempty"`
	Offset uint64 `json:"offset,omitempty"`
}

// The states of one table.
const (
	TablePending = "pending" // nothing read yet
	TableCopying = "copying"
	TableIndex   = "indexing"
	TableCopied  = "copied" // rows are there, its window is still open
	TableLive    = "live"   // past its window: changes are applied strictly
	TableDone    = "done"   // nothing more will be done
)

// Table is the progress of one table.
type Table struct {
	Source        string `json:"source"` // database.table
	Target        string `json:"target"`
	State         string `json:"state"`
	RowsDone      uint64 `json:"rows_done"`
	RowsEstimated uint64 `json:"rows_estimated"`
	BytesDone     uint64 `json:"bytes_done"`
}

// Applied counts what the lanes have committed since the run began, as far as
// the target's ledger and this process know.
type Applied struct {
	Transactions uint64 `json:"transactions"`
	Rows         uint64 `json:"rows"`
	Batches      uint64 `json:"batches"`
}
