package spec

import "time"

// Type says which steps a run takes.
type Type string

// The pipeline types.
const (
	TypeStructure       Type = "structure"
	TypeFull            Type = "full"
	TypeFullIncremental Type = "full+incremental"
	TypeIncremental     Type = "incremental"
)

// Pipeline is one migration, complete and checked as far as that is possible
// without a server.
type Pipeline struct {
	Name string   `json:"name"`
	From Endpoint `json:"from"`
	To   Endpoint `json:"to"`
	Type Type     `json:"type"`

	// AgentLabels must all be carried by the agent that runs this pipeline.
	AgentLabels map[string]string `json:"agent_labels,omitempty"`

	Start   Start   `json:"start"`
	Objects Objects `json:"objects"`
	Copy    Copy    `json:"copy"`
	Apply   Apply   `json:"apply"`
	Check   Check   `json:"check"`
	Verify  Verify  `json:"verify"`
	Target  Target  `json:"target"`
	Cutover Cutover `json:"cutover"`
	Retry   Retry   `json:"retry"`
	Alerts  []Alert `json:"alerts,omitempty"`

	// Unsupported names what the file asks for and this version parses and
	// checks but cannot carry out, as "block.attribute". The check stage
	// refuses a run that has any.
	Unsupported []string `json:"unsupported,omitempty"`
}

// Start says when a run begins and, for incremental runs, where in the log.
type Start struct {
	At     time.Time `json:"at,omitzero"` // zero: as soon as the check has passed
	Manual bool      `json:"manual,omitempty"`

	// Position is where an incremental run begins: "now" (default), a GTID set,
	// "file:offset", or an RFC 3339 time.
	Position string `json:"position,omitempty"`
}

// Objects selects what is moved.
type Objects struct {
	Databases []Database `json:"databases"`
	Accounts  *Accounts  `json:"accounts,omitempty"`

	// OnExists is what happens when an object of the same name is on the
	// target: "fail" (default), "empty" (use it if it holds no rows) or "keep".
	OnExists string `json:"on_exists"`

	// Definer is what happens to a DEFINER account that the target lacks:
	// "keep" (default), "migrator" or "fail".
	Definer string `json:"definer"`
}

// Database selects objects of one source database, or of all that match the
// name when it holds '*' or '?'.
type Database struct {
	Name   string   `json:"name"`
	Rename string   `json:"rename,omitempty"` // target's name; empty: the same
	Tables []string `json:"tables"`           // patterns ('*', '?'); default ["*"]
	Except []string `json:"except,omitempty"` // patterns taken out again

	Views    bool `json:"views"`
	Routines bool `json:"routines"`
	Triggers bool `json:"triggers"`
	Events   bool `json:"events"`

	TableRules []TableRule `json:"table_rules,omitempty"`
}

// TableRule is a table block: what differs for one table.
type TableRule struct {
	Name    string   `json:"name"`
	Rename  string   `json:"rename,omitempty"`
	Where   string   `json:"where,omitempty"`
	Columns []string `json:"columns,omitempty"`
}

// Accounts selects accounts by user@host patterns.
type Accounts struct {
	Include  []string `json:"include"`
	Except   []string `json:"except,omitempty"`
	OnExists string   `json:"on_exists"` // "fail" (default), "skip", "overwrite"
}

// Copy sets the pace of the full copy.
type Copy struct {
	Threads    int   `json:"threads"`              // connections per side
	ChunkBytes int64 `json:"chunk_bytes"`          // aimed size of one chunk
	MaxRate    int64 `json:"max_rate,omitempty"`   // bytes per second, 0: no limit
	MaxRows    int64 `json:"max_rows,omitempty"`   // rows per second, 0: no limit
	DeferIndex bool  `json:"defer_index"`          // build secondary indexes after the rows
	DeferFrom  int64 `json:"defer_from,omitempty"` // of tables of at least so many bytes
	LoadData   bool  `json:"load_data"`            // LOAD DATA LOCAL where the target allows it
}

// Conflict is what a lane does when the target's row is not the expected one.
type Conflict string

// The conflict policies.
const (
	ConflictFail      Conflict = "fail"
	ConflictOverwrite Conflict = "overwrite"
	ConflictIgnore    Conflict = "ignore"
)

// Batches that nobody set otherwise. The more changes are in one, the more of them
// meet in a row and in a page of the target's indexes; three batches and what waits
// for them are in the agent's memory.
const (
	DefaultBatchBytes = 10 << 20
	DefaultBatchRows  = 20_000
)

// Apply sets how changes are written.
type Apply struct {
	Lanes      int      `json:"lanes"`
	BatchBytes int64    `json:"batch_bytes"` // a batch that holds so much in memory is closed
	BatchRows  int      `json:"batch_rows"`  // and one of so many row changes
	OnConflict Conflict `json:"on_conflict"`
	MaxRate    int64    `json:"max_rate,omitempty"` // bytes per second, 0: no limit
	DDL        []string `json:"ddl"`                // kinds carried; default ["*"]
}

// Check names the checks a person has decided to skip.
type Check struct {
	Skip []string `json:"skip,omitempty"`
}

// Verify sets how and when both sides are compared.
type Verify struct {
	Method  string   `json:"method"`            // "full" (default), "sample" or "count"
	Percent int      `json:"percent,omitempty"` // of the chunks, for "sample"
	When    string   `json:"when"`              // "manual" (default) or "caught_up"
	Tables  []string `json:"tables,omitempty"`  // "database.table" patterns; empty: all
	Threads int      `json:"threads"`
}

// Target sets how the target is treated while the run goes on.
type Target struct {
	ReadOnly bool `json:"read_only,omitempty"`
}

// Cutover sets the rules of the switch.
type Cutover struct {
	Hold        time.Duration `json:"hold"`         // how long lag and gap must have been 0
	FenceSource bool          `json:"fence_source"` // make the source read-only
	Timeout     time.Duration `json:"timeout"`      // longest write stop before the fence is undone
	Reverse     bool          `json:"reverse,omitempty"`
}

// Retry bounds how long transient errors are retried before a run stops.
type Retry struct {
	Window time.Duration `json:"window"`
}

// Alert is one alert block.
type Alert struct {
	Name    string        `json:"name"` // what it watches: "lag", "gap", "error", ...
	Above   string        `json:"above,omitempty"`
	For     time.Duration `json:"for,omitempty"`
	Webhook Secret        `json:"webhook,omitzero"`
}
