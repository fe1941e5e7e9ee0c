package run

import "time"

// The kinds of reports.
const (
	ReportCheck   = "check"
	ReportPlan    = "plan"
	ReportVerify  = "verify"
	ReportCutover = "cutover"
)

// Report is what a runner found. Exactly the field of its kind is set.
type Report struct {
	Kind    string         `json:"kind"`
	ID      string         `json:"id,omitempty"` // of the verify or cutover command it answers; empty when the run decided by itself
	Time    time.Time      `json:"time"`
	Check   *CheckReport   `json:"check,omitempty"`
	Plan    *PlanReport    `json:"plan,omitempty"`
	Verify  *VerifyReport  `json:"verify,omitempty"`
	Cutover *CutoverReport `json:"cutover,omitempty"`
}

// The levels of a finding.
const (
	LevelOK      = "ok"
	LevelInfo    = "info"
	LevelWarning = "warning"
	LevelError   = "error"
	LevelSkipped = "skipped" // by check.skip
)

// Finding is one result of one check on one object.
type Finding struct {
	ID     string `json:"id"` // of the check: "binlog-format"
	Level  string `json:"level"`
	Object string `json:"object,omitempty"` // "source", "target", "db.table", ...
	Found  string `json:"found,omitempty"`
	Why    string `json:"why,omitempty"`    // why it matters
	Remedy string `json:"remedy,omitempty"` // SQL or setting, for this server and version
}

// CheckReport lists every finding of every check.
type CheckReport struct {
	Findings []Finding `json:"findings"`
}

// Failed reports whether a finding forbids the run.
func (r *CheckReport) Failed() bool {
	for _, f := range r.Findings {
		if f.Level == LevelError {
			return true
		}
	}
	return false
}

// PlanReport is what a run would do.
type PlanReport struct {
	Source    string       `json:"source"` // flavour and version
	Target    string       `json:"target"`
	Objects   []PlanObject `json:"objects"`
	Rows      uint64       `json:"rows"`  // estimated
	Bytes     uint64       `json:"bytes"` // estimated
	Seconds   float64      `json:"seconds,omitempty"`
	Retention float64      `json:"retention_seconds,omitempty"` // of the source's log that the copy needs
	Grants    []string     `json:"grants,omitempty"`            // least privileges, as SQL
	Notes     []string     `json:"notes,omitempty"`
	Check     CheckReport  `json:"check"`
}

// PlanObject is one object that would be moved.
type PlanObject struct {
	Kind   string `json:"kind"` // database, table, view, ...
	Source string `json:"source"`
	Target string `json:"target"`
	Rows   uint64 `json:"rows,omitempty"`
	Bytes  uint64 `json:"bytes,omitempty"`
	Note   string `json:"note,omitempty"`
}

// VerifyReport is a comparison of both sides.
type VerifyReport struct {
	Equal    bool          `json:"equal"`
	Started  time.Time     `json:"started"`
	Finished time.Time     `json:"finished"`
	Tables   []VerifyTable `json:"tables"`
	Error    *Error        `json:"error,omitempty"` // set when the comparison could not be finished
}

// VerifyTable is the comparison of one table.
type VerifyTable struct {
	Source     string   `json:"source"`
	Target     string   `json:"target"`
	Method     string   `json:"method"`
	RowsSource uint64   `json:"rows_source"`
	RowsTarget uint64   `json:"rows_target"`
	Chunks     uint64   `json:"chunks"`
	Differing  []string `json:"differing"` // keys, as many as are worth printing
}

// The outcomes of a cutover.
const (
	CutoverDone    = "done"
	CutoverUndone  = "undone"  // given up, everything is as before
	CutoverUnknown = "unknown" // a person must look
)

// CutoverReport says how a cutover went.
type CutoverReport struct {
	Outcome     string        `json:"outcome"`
	Started     time.Time     `json:"started"`
	Finished    time.Time     `json:"finished"`
	WriteStopMS float64       `json:"write_stop_ms"` // how long writes were held back
	Position    Position      `json:"position"`
	Steps       []CutoverStep `json:"steps,omitempty"`
	Message     string        `json:"message,omitempty"`
}

// CutoverStep is one step of a cutover.
type CutoverStep struct {
	Name     string    `json:"name"`
	Started  time.Time `json:"started"`
	Finished time.Time `json:"finished,omitzero"`
	Error    string    `json:"error,omitempty"`
}
