package wire

import (
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tidegate-io/tidegate/internal/run"
)

var at = time.Date(2026, 11, 22, 1, 2, 3, 4, time.UTC)

// Every field is set here, so that one forgotten on the way shows.
func TestStatusRoundTrip(t *testing.T) {
	lag, gap := 0.0, uint64(0)
	for _, want := range []run.Status{
		{State: run.Created, Tables: []run.Table{}},
		{
			State: run.Copying, Step: "copy", Reason: "r", Position: run.Position{GTID: "g", File: "f", Offset: 4},
			LagSeconds: &lag, GapBytes: &gap, Applied: run.Applied{Transactions: 1, Rows: 2, Batches: 3}, Conflicts: 5,
			Tables: []run.Table{{Source: "s", Target: "t", State: "live", RowsDone: 1 << 60, RowsEstimated: 2, BytesDone: 3}},
			Error:  &run.Error{Class: run.Data, Code: "c", Message: "m", Remedy: "h"},
		},
	} {
		if diff := cmp.Diff(want, Status(StatusProto(want))); diff != "" {
			t.Errorf("(-want +got)\n%s", diff)
		}
	}
}

func TestReportRoundTrip(t *testing.T) {
	findings := run.CheckReport{Findings: []run.Finding{{ID: "i", Level: "error", Object: "o", Found: "f", Why: "w", Remedy: "r"}}}
	for _, want := range []run.Report{
		{Kind: run.ReportCheck, Time: at, Check: &findings},
		{Kind: run.ReportPlan, ID: "p", Time: at, Plan: &run.PlanReport{
			Source: "s", Target: "t", Rows: 1, Bytes: 2, Seconds: 3, Retention: 4, Grants: []string{"g"}, Notes: []string{"n"},
			Check: findings, Objects: []run.PlanObject{{Kind: "table", Source: "s", Target: "t", Rows: 1, Bytes: 2, Note: "n"}},
		}},
		{Kind: run.ReportVerify, ID: "v", Time: at, Verify: &run.VerifyReport{
			Equal: true, Started: at, Finished: at, Error: &run.Error{Class: run.Config},
			Tables: []run.VerifyTable{{Source: "s", Target: "t", Method: "full", RowsSource: 1, RowsTarget: 2, Chunks: 3, Differing: []string{"k"}}},
		}},
		{Kind: run.ReportCutover, ID: "c", Time: at, Cutover: &run.CutoverReport{
			Outcome: "done", Started: at, Finished: at, WriteStopMS: 1.5, Position: run.Position{GTID: "g"}, Message: "m",
			Steps: []run.CutoverStep{{Name: "n", Started: at, Finished: at, Error: "e"}, {Name: "open", Started: at}},
		}},
	} {
		if diff := cmp.Diff(want, Report(ReportProto(want))); diff != "" {
			t.Errorf("%s: (-want +got)\n%s", want.Kind, diff)
		}
	}
}
