package api

import (
	"context"
	"errors"

	"connectrpc.com/connect"

	pb "github.com/tidegate-io/tidegate/api/tidegate/v1"
	"github.com/tidegate-io/tidegate/daemon/control"
)

var codes = map[control.Kind]connect.Code{
	control.NotFound: connect.CodeNotFound,
	control.Invalid:  connect.CodeInvalidArgument,
	control.Refused:  connect.CodeFailedPrecondition,
	control.Unfit:    connect.CodeFailedPrecondition,
	control.Unknown:  connect.CodeFailedPrecondition,
	control.Replaced: connect.CodeAborted,
	control.Fenced:   connect.CodeAborted,
}

// wireError gives an error its code, and its stable name and remedy as a
// RunError detail.
func wireError(err error) error {
	if err == nil {
		return nil
	}
	e, ok := errors.AsType[*control.Error](err)
	switch {
	case ok:
		out := connect.NewError(codes[e.Kind], err)
		if d, derr := connect.NewErrorDetail(&pb.RunError{Code: e.Code, Message: e.Message, Hint: e.Remedy}); derr == nil {
			out.AddDetail(d)
		}
		return out
	case errors.Is(err, context.Canceled):
		return connect.NewError(connect.CodeCanceled, err)
	case errors.Is(err, context.DeadlineExceeded):
		return connect.NewError(connect.CodeDeadlineExceeded, err)
	}
	if _, ok := errors.AsType[*connect.Error](err); ok {
		return err
	}
	return connect.NewError(connect.CodeInternal, err)
}
