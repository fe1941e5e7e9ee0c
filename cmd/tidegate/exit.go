package main

import (
	"context"
	"encoding/json"
	"errors"
	"fmt"

	"connectrpc.com/connect"

	"github.com/tidegate-io/tidegate/agent/worker"
	pb "github.com/tidegate-io/tidegate/api/tidegate/v1"
	"github.com/tidegate-io/tidegate/daemon/api"
	"github.com/tidegate-io/tidegate/dsl"
	"github.com/tidegate-io/tidegate/internal/kv"
)

// The exit statuses. Scripts rely on them.
const (
	exitFailed  = 1 // run failed
	exitUsage   = 2 // bad configuration or usage
	exitRefused = 3 // check or verification refused
	exitPerson  = 4 // outcome needs a person
	exitTimeout = 5 // timed out waiting
)

// exitError ends the program with a status.
type exitError struct {
	status int
	code   string // stable name for --json
	err    error  // nil: all has been said
	hint   string
}

func (e *exitError) Error() string {
	if e.err == nil {
		return fmt.Sprintf("exit status %d", e.status)
	}
	return e.err.Error()
}
func (e *exitError) Unwrap() error { return e.err }
func (e *exitError) Hint() string  { return e.hint }

// silent ends the program with a status and no message: the output tells.
func silent(status int) error { return &exitError{status: status} }

func failf(status int, code, hint, format string, a ...any) error {
	return &exitError{status: status, code: code, hint: hint, err: fmt.Errorf(format, a...)}
}

// usage says that what was given cannot be used.
func usage(err error) error {
	if err == nil {
		return nil
	}
	return &exitError{status: exitUsage, code: "usage", err: err, hint: hintOf(err)}
}

// finish prints err, if any, and returns the exit status.
func (g *globals) finish(ctx context.Context, err error) int {
	if err == nil {
		return 0
	}
	if ctx.Err() != nil && (errors.Is(err, context.Canceled) || connect.CodeOf(err) == connect.CodeCanceled) {
		return 130
	}
	status, code := g.classify(err)
	if e, ok := errors.AsType[*exitError](err); ok && e.err == nil {
		return status
	}
	message, hint := explain(err)
	if g.json {
		b, _ := json.Marshal(map[string]any{"error": map[string]any{"code": code, "message": message, "hint": hint, "exit": status}})
		fmt.Fprintln(g.err, string(b))
		return status
	}
	fmt.Fprintln(g.err, "Error:", message)
	if hint != "" {
		fmt.Fprintln(g.err, "  "+hint)
	}
	return status
}

// classify gives an error its exit status and a stable name.
func (g *globals) classify(err error) (int, string) {
	if e, ok := errors.AsType[*exitError](err); ok {
		return e.status, e.code
	}
	if !g.begun {
		return exitUsage, "usage"
	}
	if _, ok := errors.AsType[*dsl.Error](err); ok {
		return exitUsage, "pipeline-file"
	}
	if _, ok := errors.AsType[*kv.InUseError](err); ok {
		return exitUsage, "data-dir-in-use"
	}
	if _, ok := errors.AsType[*kv.DirError](err); ok {
		return exitUsage, "data-dir"
	}
	if _, ok := errors.AsType[*api.ListenError](err); ok {
		return exitUsage, "listen"
	}
	if errors.Is(err, worker.ErrReplaced) {
		return exitUsage, "agent-replaced"
	}
	if ce, ok := errors.AsType[*connect.Error](err); ok {
		return classifyCall(ce)
	}
	return exitFailed, "failed"
}

func classifyCall(ce *connect.Error) (int, string) {
	code := ce.Code().String()
	if d := detail(ce); d.GetCode() != "" {
		code = d.GetCode()
	}
	switch ce.Code() {
	case connect.CodeDeadlineExceeded:
		return exitTimeout, code
	case connect.CodeInternal, connect.CodeUnknown, connect.CodeDataLoss, connect.CodeResourceExhausted, connect.CodeCanceled, connect.CodeAborted:
		return exitFailed, code
	}
	return exitUsage, code
}

// detail is what the daemon says about an error beyond its text.
func detail(ce *connect.Error) *pb.RunError {
	for _, d := range ce.Details() {
		if v, err := d.Value(); err == nil {
			if re, ok := v.(*pb.RunError); ok {
				return re
			}
		}
	}
	return nil
}

// explain puts an error into one message and a remedy.
func explain(err error) (message, hint string) {
	message, hint = err.Error(), hintOf(err)
	if _, local := errors.AsType[*exitError](err); local {
		return message, hint
	}
	if ce, ok := errors.AsType[*connect.Error](err); ok {
		message = ce.Message()
		if d := detail(ce); d != nil {
			hint = d.GetHint()
		}
		if ce.Code() == connect.CodeUnauthenticated && hint == "" {
			hint = "give a valid token with --token or TIDEGATE_TOKEN"
		}
	}
	return message, hint
}

func hintOf(err error) string {
	var h interface{ Hint() string }
	if errors.As(err, &h) {
		return h.Hint()
	}
	return ""
}
