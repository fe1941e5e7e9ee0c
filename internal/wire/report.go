package wire

import (
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	pb "github.com/tidegate-io/tidegate/api/tidegate/v1"
	"github.com/tidegate-io/tidegate/internal/run"
)

// TimeProto gives the message of t, nil for the zero time.
func TimeProto(t time.Time) *timestamppb.Timestamp {
	if t.IsZero() {
		return nil
	}
	return timestamppb.New(t)
}

// Time reads the message, the zero time for nil.
func Time(p *timestamppb.Timestamp) time.Time {
	if p == nil {
		return time.Time{}
	}
	return p.AsTime()
}

// ReportProto gives the message of r.
func ReportProto(r run.Report) *pb.Report {
	out := &pb.Report{Kind: r.Kind, Id: r.ID, Time: TimeProto(r.Time)}
	switch {
	case r.Check != nil:
		out.Check = checkProto(*r.Check)
	case r.Plan != nil:
		out.Plan = planProto(*r.Plan)
	case r.Verify != nil:
		out.Verify = verifyProto(*r.Verify)
	case r.Cutover != nil:
		out.Cutover = cutoverProto(*r.Cutover)
	}
	return out
}

// Report reads the message.
func Report(p *pb.Report) run.Report {
	out := run.Report{Kind: p.GetKind(), ID: p.GetId(), Time: Time(p.GetTime())}
	switch {
	case p.GetCheck() != nil:
		c := check(p.GetCheck())
		out.Check = &c
	case p.GetPlan() != nil:
		out.Plan = plan(p.GetPlan())
	case p.GetVerify() != nil:
		out.Verify = verify(p.GetVerify())
	case p.GetCutover() != nil:
		out.Cutover = cutover(p.GetCutover())
	}
	return out
}

func checkProto(r run.CheckReport) *pb.CheckReport {
	out := &pb.CheckReport{}
	for _, f := range r.Findings {
		out.Findings = append(out.Findings, &pb.Finding{
			Id: f.ID, Level: f.Level, Object: f.Object, Found: f.Found, Why: f.Why, Remedy: f.Remedy,
		})
	}
	return out
}

func check(p *pb.CheckReport) run.CheckReport {
	out := run.CheckReport{Findings: []run.Finding{}}
	for _, f := range p.GetFindings() {
		out.Findings = append(out.Findings, run.Finding{
			ID: f.GetId(), Level: f.GetLevel(), Object: f.GetObject(), Found: f.GetFound(), Why: f.GetWhy(), Remedy: f.GetRemedy(),
		})
	}
	return out
}

func planProto(r run.PlanReport) *pb.PlanReport {
	out := &pb.PlanReport{
		Source: r.Source, Target: r.Target, Rows: r.Rows, Bytes: r.Bytes, Seconds: r.Seconds,
		RetentionSeconds: r.Retention, Grants: r.Grants, Notes: r.Notes, Check: checkProto(r.Check),
	}
	for _, o := range r.Objects {
		out.Objects = append(out.Objects, &pb.PlanObject{
			Kind: o.Kind, Source: o.Source, Target: o.Target, Rows: o.Rows, Bytes: o.Bytes, Note: o.Note,
		})
	}
	return out
}

func plan(p *pb.PlanReport) *run.PlanReport {
	out := &run.PlanReport{
		Source: p.GetSource(), Target: p.GetTarget(), Rows: p.GetRows(), Bytes: p.GetBytes(), Seconds: p.GetSeconds(),
		Retention: p.GetRetentionSeconds(), Grants: p.GetGrants(), Notes: p.GetNotes(), Check: check(p.GetCheck()),
		Objects: []run.PlanObject{},
	}
	for _, o := range p.GetObjects() {
		out.Objects = append(out.Objects, run.PlanObject{
			Kind: o.GetKind(), Source: o.GetSource(), Target: o.GetTarget(), Rows: o.GetRows(), Bytes: o.GetBytes(), Note: o.GetNote(),
		})
	}
	return out
}

func verifyProto(r run.VerifyReport) *pb.VerifyReport {
	out := &pb.VerifyReport{Equal: r.Equal, Started: TimeProto(r.Started), Finished: TimeProto(r.Finished), Error: ErrorProto(r.Error)}
	for _, t := range r.Tables {
		out.Tables = append(out.Tables, &pb.VerifyTable{
			Source: t.Source, Target: t.Target, Method: t.Method, RowsSource: t.RowsSource, RowsTarget: t.RowsTarget,
			Chunks: t.Chunks, Differing: t.Differing,
		})
	}
	return out
}

func verify(p *pb.VerifyReport) *run.VerifyReport {
	out := &run.VerifyReport{
		Equal: p.GetEqual(), Started: Time(p.GetStarted()), Finished: Time(p.GetFinished()), Error: Error(p.GetError()),
		Tables: []run.VerifyTable{},
	}
	for _, t := range p.GetTables() {
		out.Tables = append(out.Tables, run.VerifyTable{
			Source: t.GetSource(), Target: t.GetTarget(), Method: t.GetMethod(),
			RowsSource: t.GetRowsSource(), RowsTarget: t.GetRowsTarget(), Chunks: t.GetChunks(),
			Differing: append([]string{}, t.GetDiffering()...),
		})
	}
	return out
}

func cutoverProto(r run.CutoverReport) *pb.CutoverReport {
	out := &pb.CutoverReport{
		Outcome: r.Outcome, Started: TimeProto(r.Started), Finished: TimeProto(r.Finished),
		WriteStopMs: r.WriteStopMS, Position: PositionProto(r.Position), Message: r.Message,
	}
	for _, s := range r.Steps {
		out.Steps = append(out.Steps, &pb.CutoverStep{
			Name: s.Name, Started: TimeProto(s.Started), Finished: TimeProto(s.Finished), Error: s.Error,
		})
	}
	return out
}

func cutover(p *pb.CutoverReport) *run.CutoverReport {
	out := &run.CutoverReport{
		Outcome: p.GetOutcome(), Started: Time(p.GetStarted()), Finished: Time(p.GetFinished()),
		WriteStopMS: p.GetWriteStopMs(), Position: Position(p.GetPosition()), Message: p.GetMessage(),
	}
	for _, s := range p.GetSteps() {
		out.Steps = append(out.Steps, run.CutoverStep{
			Name: s.GetName(), Started: Time(s.GetStarted()), Finished: Time(s.GetFinished()), Error: s.GetError(),
		})
	}
	return out
}
