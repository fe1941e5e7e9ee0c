package main

import (
	"context"
	"time"

	"connectrpc.com/connect"

	pb "github.com/tidegate-io/tidegate/api/tidegate/v1"
)

// operateSoon asks for an operation that needs the run to be caught up, for a
// short while if need be: a busy source makes that state come and go.
func (g *globals) operateSoon(ctx context.Context, q *pb.OperateRequest) (*pb.OperateResponse, error) {
	until := time.Now().Add(15 * time.Second)
	var resp *pb.OperateResponse
	err := poll(ctx, func(ctx context.Context) (bool, error) {
		var err error
		resp, err = g.operate(ctx, q)
		if err == nil || connect.CodeOf(err) != connect.CodeFailedPrecondition || time.Now().After(until) {
			return true, err
		}
		s, serr := g.status(ctx, q.GetPipeline())
		if serr != nil {
			return true, serr
		}
		switch s.GetStatus().GetState() {
		case "caught_up", "catching_up", "retrying", "preparing":
			return false, nil
		}
		return true, err
	})
	return resp, err
}
