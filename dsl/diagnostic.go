package dsl

import (
	"cmp"
	"encoding/json"
	"fmt"
	"io"
	"slices"
)

// Severity tells what stops a file from being used from what is only advice.
type Severity string

// The severities.
const (
	SeverityError   Severity = "error"
	SeverityWarning Severity = "warning"
)

// Diagnostic is one finding. Its JSON form is part of the CLI's contract.
type Diagnostic struct {
	Severity Severity `json:"severity"`
	Summary  string   `json:"summary"` // short and stable, fit for matching
	Detail   string   `json:"detail"`  // what to write instead

	File      string `json:"file,omitempty"`
	Line      int    `json:"line,omitempty"` // from 1; 0: the finding has no place in a file
	Column    int    `json:"column,omitempty"`
	EndLine   int    `json:"end_line,omitempty"`
	EndColumn int    `json:"end_column,omitempty"`

	Snippet *Snippet `json:"snippet,omitempty"`

	// Values are what the names in the failing expression stood for, such as
	// `each.key is "eu"`. Secrets are never among them.
	Values []string `json:"values,omitempty"`
}

// Snippet is the source around a finding, with secrets masked.
type Snippet struct {
	Context        string `json:"context,omitempty"` // the outermost block, such as `pipeline "shop"`
	Code           string `json:"code"`
	StartLine      int    `json:"start_line"`
	HighlightStart int    `json:"highlight_start"` // bytes from the beginning of Code
	HighlightEnd   int    `json:"highlight_end"`
}

// String is the finding in one line.
func (d Diagnostic) String() string {
	s := d.Summary
	if d.Detail != "" {
		s += ": " + d.Detail
	}
	if d.Line > 0 {
		return fmt.Sprintf("%s:%d:%d: %s", d.File, d.Line, d.Column, s)
	}
	return s
}

// Diagnostics are findings sorted by file, line and column. It is not an error
// itself, because warnings alone are none; see Err.
type Diagnostics []Diagnostic

// HasErrors reports whether any finding is more than a warning.
func (ds Diagnostics) HasErrors() bool { return ds.count(SeverityError) > 0 }

func (ds Diagnostics) count(s Severity) int {
	n := 0
	for _, d := range ds {
		if d.Severity == s {
			n++
		}
	}
	return n
}

// Err is nil without errors, and otherwise an *Error holding all findings.
func (ds Diagnostics) Err() error {
	if !ds.HasErrors() {
		return nil
	}
	return &Error{Diagnostics: ds}
}

// WriteJSON writes the findings as one JSON object.
func (ds Diagnostics) WriteJSON(w io.Writer) error {
	enc := json.NewEncoder(w)
	enc.SetIndent("", "  ")
	return enc.Encode(struct {
		Valid       bool         `json:"valid"`
		Errors      int          `json:"errors"`
		Warnings    int          `json:"warnings"`
		Diagnostics []Diagnostic `json:"diagnostics"`
	}{!ds.HasErrors(), ds.count(SeverityError), ds.count(SeverityWarning), append([]Diagnostic{}, ds...)})
}

// sorted orders by place and drops what for_each repeats for each instance: the
// same words at the same place.
func (ds Diagnostics) sorted() Diagnostics {
	slices.SortStableFunc(ds, func(a, b Diagnostic) int {
		return cmp.Or(cmp.Compare(a.File, b.File), cmp.Compare(a.Line, b.Line), cmp.Compare(a.Column, b.Column),
			cmp.Compare(a.Severity, b.Severity), cmp.Compare(a.Summary, b.Summary), cmp.Compare(a.Detail, b.Detail))
	})
	return slices.CompactFunc(ds, func(a, b Diagnostic) bool {
		return a.File == b.File && a.Line == b.Line && a.Column == b.Column && a.Summary == b.Summary && a.Detail == b.Detail
	})
}

// Error carries findings over a plain error.
type Error struct{ Diagnostics Diagnostics }

// Error gives the first error in one line and says how many follow.
func (e *Error) Error() string {
	n := e.Diagnostics.count(SeverityError)
	for _, d := range e.Diagnostics {
		if d.Severity != SeverityError {
			continue
		}
		if n > 1 {
			return fmt.Sprintf("%s (and %d more)", d, n-1)
		}
		return d.String()
	}
	return "no errors"
}

// Hint says how to see all of them.
func (e *Error) Hint() string { return "run: tidegate validate FILE|DIR" }
