package wire

import (
	pb "github.com/tidegate-io/tidegate/api/tidegate/v1"
	"github.com/tidegate-io/tidegate/internal/run"
)

// StatusProto gives the message of s.
func StatusProto(s run.Status) *pb.Status {
	out := &pb.Status{
		State: string(s.State), Step: s.Step, Reason: s.Reason, Position: PositionProto(s.Position),
		LagSeconds: s.LagSeconds, GapBytes: s.GapBytes, Conflicts: s.Conflicts, Error: ErrorProto(s.Error),
		Applied: &pb.Applied{Transactions: s.Applied.Transactions, Rows: s.Applied.Rows, Batches: s.Applied.Batches},
	}
	for _, t := range s.Tables {
		out.Tables = append(out.Tables, &pb.Table{
			Source: t.Source, Target: t.Target, State: t.State,
			RowsDone: t.RowsDone, RowsEstimated: t.RowsEstimated, BytesDone: t.BytesDone,
		})
	}
	return out
}

// Status reads the message.
func Status(p *pb.Status) run.Status {
	out := run.Status{
		State: run.State(p.GetState()), Step: p.GetStep(), Reason: p.GetReason(), Position: Position(p.GetPosition()),
		Conflicts: p.GetConflicts(), Error: Error(p.GetError()), Tables: []run.Table{},
	}
	if p != nil {
		out.LagSeconds, out.GapBytes = p.LagSeconds, p.GapBytes
	}
	a := p.GetApplied()
	out.Applied = run.Applied{Transactions: a.GetTransactions(), Rows: a.GetRows(), Batches: a.GetBatches()}
	for _, t := range p.GetTables() {
		out.Tables = append(out.Tables, run.Table{
			Source: t.GetSource(), Target: t.GetTarget(), State: t.GetState(),
			RowsDone: t.GetRowsDone(), RowsEstimated: t.GetRowsEstimated(), BytesDone: t.GetBytesDone(),
		})
	}
	return out
}

// PositionProto gives the message of p.
func PositionProto(p run.Position) *pb.Position {
	return &pb.Position{Gtid: p.GTID, File: p.File, Offset: p.Offset}
}

// Position reads the message.
func Position(p *pb.Position) run.Position {
	return run.Position{GTID: p.GetGtid(), File: p.GetFile(), Offset: p.GetOffset()}
}

// ErrorProto gives the message of e, nil for nil.
func ErrorProto(e *run.Error) *pb.RunError {
	if e == nil {
		return nil
	}
	return &pb.RunError{Class: string(e.Class), Code: e.Code, Message: e.Message, Hint: e.Remedy}
}

// Error reads the message, nil for nil.
func Error(p *pb.RunError) *run.Error {
	if p == nil {
		return nil
	}
	return &run.Error{Class: run.Class(p.GetClass()), Code: p.GetCode(), Message: p.GetMessage(), Remedy: p.GetHint()}
}
