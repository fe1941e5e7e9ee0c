package api

import (
	"context"
	"encoding/json"
	"fmt"

	"connectrpc.com/connect"

	pb "github.com/tidegate-io/tidegate/api/tidegate/v1"
	"github.com/tidegate-io/tidegate/daemon/control"
	"github.com/tidegate-io/tidegate/daemon/store"
	"github.com/tidegate-io/tidegate/internal/spec"
	"github.com/tidegate-io/tidegate/internal/wire"
)

// pipelines is PipelineService.
type pipelines struct {
	c *control.Control
}

func readSpec(b []byte) (spec.Pipeline, error) {
	var s spec.Pipeline
	if err := json.Unmarshal(b, &s); err != nil {
		return s, connect.NewError(connect.CodeInvalidArgument, fmt.Errorf("read pipeline: %w", err))
	}
	return s, nil
}

func (p pipelines) Apply(ctx context.Context, q *connect.Request[pb.ApplyRequest]) (*connect.Response[pb.ApplyResponse], error) {
	req := control.ApplyRequest{Source: q.Msg.GetSource(), Actor: q.Msg.GetActor(), DryRun: q.Msg.GetDryRun()}
	for _, b := range q.Msg.GetSpecs() {
		s, err := readSpec(b)
		if err != nil {
			return nil, err
		}
		req.Pipelines = append(req.Pipelines, s)
	}
	changes, err := p.c.Apply(ctx, req)
	if err != nil {
		return nil, wireError(err)
	}
	out := &pb.ApplyResponse{}
	for _, ch := range changes {
		out.Changes = append(out.Changes, changeProto(ch))
	}
	return connect.NewResponse(out), nil
}

func changeProto(ch control.Change) *pb.Change {
	return &pb.Change{Pipeline: ch.Pipeline, Run: ch.Run, Action: ch.Action, Fields: ch.Fields, WaitReason: ch.Wait.Reason}
}

func (p pipelines) Plan(ctx context.Context, q *connect.Request[pb.PlanRequest]) (*connect.Response[pb.PlanResponse], error) {
	s, err := readSpec(q.Msg.GetSpec())
	if err != nil {
		return nil, err
	}
	changes, err := p.c.Apply(ctx, control.ApplyRequest{Pipelines: []spec.Pipeline{s}, Actor: q.Msg.GetActor(), DryRun: true})
	if err != nil {
		return nil, wireError(err)
	}
	rep, failed, err := p.c.Plan(ctx, s)
	if err != nil {
		return nil, wireError(err)
	}
	out := &pb.PlanResponse{Change: changeProto(changes[0]), Error: wire.ErrorProto(failed)}
	if rep != nil {
		out.Report = wire.ReportProto(*rep)
	}
	return connect.NewResponse(out), nil
}

func (p pipelines) GetStatus(_ context.Context, q *connect.Request[pb.GetStatusRequest]) (*connect.Response[pb.GetStatusResponse], error) {
	v, err := p.c.Get(q.Msg.GetPipeline())
	if err != nil {
		return nil, wireError(err)
	}
	return connect.NewResponse(&pb.GetStatusResponse{Status: viewProto(v)}), nil
}

func (p pipelines) ListStatus(context.Context, *connect.Request[pb.ListStatusRequest]) (*connect.Response[pb.ListStatusResponse], error) {
	out := &pb.ListStatusResponse{}
	for _, v := range p.c.List() {
		out.Statuses = append(out.Statuses, viewProto(v))
	}
	return connect.NewResponse(out), nil
}

func viewProto(v control.View) *pb.RunStatus {
	out := &pb.RunStatus{
		Pipeline: v.Run.Pipeline, Run: v.Run.ID, Agent: v.Run.Agent, Epoch: v.Run.Epoch, Status: wire.StatusProto(v.Status),
		Created: wire.TimeProto(v.Run.Created), Changed: wire.TimeProto(v.Run.Changed), Version: v.Run.Version, WaitCode: v.Run.Wait.Code,
	}
	for _, o := range v.Allowed {
		out.Allowed = append(out.Allowed, string(o))
	}
	return out
}

func (p pipelines) ListAgents(context.Context, *connect.Request[pb.ListAgentsRequest]) (*connect.Response[pb.ListAgentsResponse], error) {
	out := &pb.ListAgentsResponse{}
	for _, a := range p.c.Agents() {
		out.Agents = append(out.Agents, &pb.Agent{
			Id: a.Agent.ID, Labels: a.Agent.Labels, Capacity: uint32(a.Agent.Capacity), Runs: uint32(a.Runs), Alive: a.Alive,
			LastSeen: wire.TimeProto(a.Seen), Version: a.Agent.Version, Host: a.Agent.Host,
		})
	}
	return connect.NewResponse(out), nil
}

func (p pipelines) Operate(ctx context.Context, q *connect.Request[pb.OperateRequest]) (*connect.Response[pb.OperateResponse], error) {
	m := q.Msg
	v, id, err := p.c.Operate(ctx, control.Request{
		Pipeline: m.GetPipeline(), Op: control.Op(m.GetOp()), Actor: m.GetActor(), Reason: m.GetReason(),
		Force: m.GetOptions()["force"] == "true",
	})
	if err != nil {
		return nil, wireError(err)
	}
	return connect.NewResponse(&pb.OperateResponse{Status: viewProto(v), Request: id}), nil
}

func (p pipelines) GetReport(ctx context.Context, q *connect.Request[pb.GetReportRequest]) (*connect.Response[pb.GetReportResponse], error) {
	rep, ok, err := p.c.FindReport(ctx, q.Msg.GetPipeline(), q.Msg.GetKind(), q.Msg.GetId())
	if err != nil {
		return nil, wireError(err)
	}
	out := &pb.GetReportResponse{}
	if ok {
		out.Report = wire.ReportProto(rep)
	}
	return connect.NewResponse(out), nil
}

func (p pipelines) ListEvents(ctx context.Context, q *connect.Request[pb.ListEventsRequest]) (*connect.Response[pb.ListEventsResponse], error) {
	events, err := p.c.Events(ctx, store.EventQuery{Pipeline: q.Msg.GetPipeline(), After: q.Msg.GetAfter(), Limit: int(q.Msg.GetLimit())})
	if err != nil {
		return nil, wireError(err)
	}
	out := &pb.ListEventsResponse{}
	for _, e := range events {
		out.Events = append(out.Events, eventProto(e))
	}
	return connect.NewResponse(out), nil
}

func eventProto(e store.Event) *pb.Event {
	return &pb.Event{
		Seq: e.Seq, Time: wire.TimeProto(e.Time), Pipeline: e.Pipeline, Run: e.Run, Kind: e.Kind, Actor: e.Actor,
		Message: e.Message, FromState: string(e.From), ToState: string(e.To),
	}
}

func (p pipelines) WatchEvents(ctx context.Context, q *connect.Request[pb.WatchEventsRequest], out *connect.ServerStream[pb.Event]) error {
	query := store.EventQuery{Pipeline: q.Msg.GetPipeline(), After: q.Msg.GetAfter()}
	for {
		changed := p.c.Changed() // before reading, so that nothing between is missed
		events, err := p.c.Events(ctx, query)
		if err != nil {
			return wireError(err)
		}
		for _, e := range events {
			if err := out.Send(eventProto(e)); err != nil {
				return err
			}
			query.After = e.Seq
		}
		select {
		case <-ctx.Done():
			return nil
		case <-changed:
		}
	}
}
