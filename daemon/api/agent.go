package api

import (
	"context"
	"encoding/json"
	"fmt"
	"time"

	"connectrpc.com/connect"

	pb "github.com/tidegate-io/tidegate/api/tidegate/v1"
	"github.com/tidegate-io/tidegate/daemon/control"
	"github.com/tidegate-io/tidegate/daemon/store"
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
	has := map[string]*pb.RunReport{}
	for _, r := range m.GetRuns() {
		has[r.GetRun()] = r
		reports = append(reports, control.RunReport{Run: r.GetRun(), Epoch: r.GetEpoch(), Status: wire.Status(r.GetStatus()), Ended: r.GetEnded()})
	}
	runs, err := a.c.Sync(ctx, m.GetAgent(), m.GetInstance(), reports, m.GetLeaving())
	if err != nil {
		return nil, wireError(err)
	}
	out := &pb.SyncResponse{}
	for _, r := range runs {
		as := assignmentProto(r, a.c.ServerID(r))
		if h := has[r.ID]; h.GetEpoch() != r.Epoch || h.GetVersion() != r.Version {
			if as.Spec, err = json.Marshal(r.Spec); err != nil {
				return nil, wireError(fmt.Errorf("hand out run %s: %w", r.ID, err))
			}
		}
		out.Assignments = append(out.Assignments, as)
	}
	return connect.NewResponse(out), nil
}

// awaitLimit bounds how long an Await stays unanswered: what lies between may
// end a connection on which nothing happens.
const awaitLimit = 20 * time.Second

func (a agents) Await(ctx context.Context, q *connect.Request[pb.AwaitRequest]) (*connect.Response[pb.AwaitResponse], error) {
	ctx, cancel := context.WithTimeout(ctx, awaitLimit)
	defer cancel()
	return connect.NewResponse(&pb.AwaitResponse{Changes: a.c.Await(ctx, q.Msg.GetAgent(), q.Msg.GetSeen())}), nil
}

// assignmentProto is an assignment without its spec.
func assignmentProto(r store.Run, serverID uint32) *pb.Assignment {
	return &pb.Assignment{
		Run: r.ID, Pipeline: r.Pipeline, Epoch: r.Epoch, Mode: string(r.Mode), Version: r.Version, ServerId: serverID,
		Desired: &pb.Desired{
			Paused: r.Want.Paused, Stop: r.Want.Stop, Complete: r.Want.Complete, Verify: r.Want.Verify, Cutover: r.Want.Cutover,
		},
	}
}

func (a agents) SaveCheckpoint(ctx context.Context, q *connect.Request[pb.SaveCheckpointRequest]) (*connect.Response[pb.SaveCheckpointResponse], error) {
	list := make([]store.Checkpoint, len(q.Msg.GetCheckpoints()))
	for i, m := range q.Msg.GetCheckpoints() {
		list[i] = store.Checkpoint{Run: m.GetRun(), Epoch: m.GetEpoch(), Sequence: m.GetSequence(), Records: map[string][]byte{}}
		for _, r := range m.GetRecords() {
			list[i].Records[r.GetName()] = r.GetValue()
		}
	}
	fenced, err := a.c.SaveCheckpoints(ctx, q.Msg.GetAgent(), list)
	if err != nil {
		return nil, wireError(err)
	}
	return connect.NewResponse(&pb.SaveCheckpointResponse{Fenced: fenced}), nil
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
	list := make([]control.Findings, len(q.Msg.GetRuns()))
	for i, m := range q.Msg.GetRuns() {
		f := control.Findings{Run: m.GetRun(), Epoch: m.GetEpoch()}
		for _, e := range m.GetEvents() {
			f.Events = append(f.Events, store.Event{Time: wire.Time(e.GetTime()), Kind: e.GetKind(), Message: e.GetMessage()})
		}
		for _, r := range m.GetReports() {
			f.Reports = append(f.Reports, wire.Report(r))
		}
		list[i] = f
	}
	fenced, err := a.c.Report(ctx, q.Msg.GetAgent(), list)
	if err != nil {
		return nil, wireError(err)
	}
	return connect.NewResponse(&pb.ReportResponse{Fenced: fenced}), nil
}
