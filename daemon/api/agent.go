package api

import (
	"context"
	"encoding/json"
	"fmt"

	"connectrpc.com/connect"

	pb "github.com/tidegate-io/tidegate/api/tidegate/v1"
	"github.com/tidegate-io/tidegate/daemon/control"
	"github.com/tidegate-io/tidegate/daemon/store"
	"github.com/tidegate-io/tidegate/internal/run"
	"github.com/tidegate-io/tidegate/internal/wire"
)

// agents is AgentService.
type agents struct {
	c *control.Control
}

func (a agents) Register(ctx context.Context, q *connect.Request[pb.RegisterRequest]) (*connect.Response[pb.RegisterResponse], error) {
	m := q.Msg
	err := a.c.Register(ctx, store.Agent{
		ID: m.GetAgent(), Instance: m.GetInstance(), Labels: m.GetLabels(), Capacity: int(m.GetCapacity()),
		Version: m.GetVersion(), Host: m.GetHost(),
	})
	if err != nil {
		return nil, wireError(err)
	}
	lease, sync := a.c.Intervals()
	return connect.NewResponse(&pb.RegisterResponse{LeaseSeconds: lease.Seconds(), SyncSeconds: sync.Seconds()}), nil
}

func (a agents) Sync(ctx context.Context, q *connect.Request[pb.SyncRequest]) (*connect.Response[pb.SyncResponse], error) {
	m := q.Msg
	var reports []control.RunReport
	for _, r := range m.GetRuns() {
		reports = append(reports, control.RunReport{Run: r.GetRun(), Epoch: r.GetEpoch(), Status: wire.Status(r.GetStatus()), Ended: r.GetEnded()})
	}
	runs, err := a.c.Sync(ctx, m.GetAgent(), m.GetInstance(), reports, m.GetLeaving())
	if err != nil {
		return nil, wireError(err)
	}
	out := &pb.SyncResponse{}
	for _, r := range runs {
		as, err := assignmentProto(r, a.c.ServerID(r))
		if err != nil {
			return nil, wireError(err)
		}
		out.Assignments = append(out.Assignments, as)
	}
	return connect.NewResponse(out), nil
}

func assignmentProto(r store.Run, serverID uint32) (*pb.Assignment, error) {
	b, err := json.Marshal(r.Spec)
	if err != nil {
		return nil, fmt.Errorf("hand out run %s: %w", r.ID, err)
	}
	return &pb.Assignment{
		Run: r.ID, Pipeline: r.Pipeline, Epoch: r.Epoch, Mode: string(r.Mode), Spec: b, Version: r.Version, ServerId: serverID,
		Desired: &pb.Desired{
			Paused: r.Want.Paused, Stop: r.Want.Stop, Complete: r.Want.Complete, Verify: r.Want.Verify, Cutover: r.Want.Cutover,
		},
	}, nil
}

func (a agents) SaveCheckpoint(ctx context.Context, q *connect.Request[pb.SaveCheckpointRequest]) (*connect.Response[pb.SaveCheckpointResponse], error) {
	m := q.Msg
	cp := store.Checkpoint{Run: m.GetRun(), Epoch: m.GetEpoch(), Sequence: m.GetSequence(), Records: map[string][]byte{}}
	for _, r := range m.GetRecords() {
		cp.Records[r.GetName()] = r.GetValue()
	}
	if err := a.c.SaveCheckpoint(ctx, m.GetAgent(), cp); err != nil {
		return nil, wireError(err)
	}
	return connect.NewResponse(&pb.SaveCheckpointResponse{}), nil
}

func (a agents) LoadCheckpoint(ctx context.Context, q *connect.Request[pb.LoadCheckpointRequest]) (*connect.Response[pb.LoadCheckpointResponse], error) {
	cp, err := a.c.LoadCheckpoint(ctx, q.Msg.GetAgent(), q.Msg.GetRun())
	if err != nil {
		return nil, wireError(err)
	}
	out := &pb.LoadCheckpointResponse{Epoch: cp.Epoch, Sequence: cp.Sequence}
	for name, v := range cp.Records {
		out.Records = append(out.Records, &pb.CheckpointRecord{Name: name, Value: v})
	}
	return connect.NewResponse(out), nil
}

func (a agents) Report(ctx context.Context, q *connect.Request[pb.ReportRequest]) (*connect.Response[pb.ReportResponse], error) {
	m := q.Msg
	var events []store.Event
	for _, e := range m.GetEvents() {
		events = append(events, store.Event{Time: wire.Time(e.GetTime()), Kind: e.GetKind(), Message: e.GetMessage()})
	}
	var reports []run.Report
	for _, r := range m.GetReports() {
		reports = append(reports, wire.Report(r))
	}
	if err := a.c.Report(ctx, m.GetAgent(), m.GetRun(), m.GetEpoch(), events, reports); err != nil {
		return nil, wireError(err)
	}
	return connect.NewResponse(&pb.ReportResponse{}), nil
}
