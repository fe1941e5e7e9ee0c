package run

import (
	"encoding/json"
	"errors"
	"fmt"
	"testing"

	"github.com/google/go-cmp/cmp"
)

type hinted struct{}

func (hinted) Error() string { return "disk full" }
func (hinted) Hint() string  { return "make room" }

func TestAsError(t *testing.T) {
	inner := &Error{Class: Fatal, Code: "position-purged", Message: "gone", Remedy: "start anew"}
	for name, tc := range map[string]struct {
		in   error
		want *Error
	}{
		"nothing": {nil, nil},
		"wrapped": {fmt.Errorf("stream: %w", inner), &Error{Class: Fatal, Code: "position-purged", Message: "stream: gone", Remedy: "start anew"}},
		"unknown": {errors.New("odd"), &Error{Class: Config, Code: "unclassified", Message: "odd"}},
		"a hint":  {fmt.Errorf("save: %w", hinted{}), &Error{Class: Config, Code: "unclassified", Message: "save: disk full", Remedy: "make room"}},
	} {
		if diff := cmp.Diff(tc.want, AsError(tc.in)); diff != "" {
			t.Errorf("%s: (-want +got)\n%s", name, diff)
		}
	}
}

// An unknown lag must be absent, and a lag of 0 must be there: scripts wait for it.
func TestStatusJSON(t *testing.T) {
	zero, gap := 0.0, uint64(0)
	for _, tc := range []struct {
		in   Status
		want bool
	}{{Status{State: Copying}, false}, {Status{State: CaughtUp, LagSeconds: &zero, GapBytes: &gap}, true}} {
		b, err := json.Marshal(tc.in)
		if err != nil {
			t.Fatal(err)
		}
		var m map[string]any
		if err := json.Unmarshal(b, &m); err != nil {
			t.Fatal(err)
		}
		_, lag := m["lag_seconds"]
		_, bytes := m["gap_bytes"]
		if lag != tc.want || bytes != tc.want {
			t.Errorf("%s: lag present %v, gap present %v, want %v", b, lag, bytes, tc.want)
		}
	}
}
