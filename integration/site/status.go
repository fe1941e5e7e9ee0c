package site

import (
	"context"
	"encoding/json"
	"fmt"
	"testing"
	"time"

	"github.com/tidegate-io/tidegate/integration/dbtest"
	"github.com/tidegate-io/tidegate/internal/change"
	"github.com/tidegate-io/tidegate/internal/run"
)

// Status is what scripts read.
type Status struct {
	run.Status
	Pipeline string   `json:"pipeline"`
	Run      string   `json:"run"`
	Agent    string   `json:"agent"`
	Epoch    uint64   `json:"epoch"`
	Allowed  []string `json:"allowed"`
}

// Copied sums up the tables: rows that are done, and all there may be.
func (s Status) Copied() (rows, estimated uint64) {
	for _, t := range s.Tables {
		rows, estimated = rows+t.RowsDone, estimated+t.RowsEstimated
	}
	return rows, estimated
}

// Status asks for a pipeline's; ok is false while the daemon is away.
func (s *Site) Status(pipeline string) (st Status, ok bool) {
	s.t.Helper()
	a := s.Call("--json", "status", pipeline)
	if a.Code != 0 {
		return st, false
	}
	if err := json.Unmarshal([]byte(a.Out), &st); err != nil {
		s.t.Fatalf("read status: %v\n%s", err, a)
	}
	return st, true
}

// Statuses asks for all pipelines'; ok is false while the daemon is away.
func (s *Site) Statuses() (all []Status, ok bool) {
	s.t.Helper()
	a := s.Call("--json", "status")
	if a.Code != 0 {
		return nil, false
	}
	if err := json.Unmarshal([]byte(a.Out), &all); err != nil {
		s.t.Fatalf("read statuses: %v\n%s", err, a)
	}
	return all, true
}

// Reach waits until a run satisfies ok, and fails the test if it stops before.
func (s *Site) Reach(limit time.Duration, pipeline, what string, ok func(Status) bool) Status {
	s.t.Helper()
	var last Status
	s.Until(limit, pipeline+": "+what, func() (bool, string) {
		st, answered := s.Status(pipeline)
		if !answered {
			return false, "no answer"
		}
		last = st
		if ok(st) {
			return true, ""
		}
		switch st.State {
		case run.Errored, run.CheckFailed, run.Stopped, run.Completed:
			s.t.Fatalf("%s is %s: %+v\n%s", pipeline, st.State, st.Error, s.Call("report", pipeline, "check"))
		}
		said := fmt.Sprintf("state %s, step %s, %s", st.State, st.Step, st.Reason)
		if st.Error != nil {
			said += ": " + st.Error.Message
		}
		return false, said
	})
	return last
}

// CaughtUp waits until nothing is behind.
func (s *Site) CaughtUp(limit time.Duration, pipeline string) Status {
	s.t.Helper()
	return s.Reach(limit, pipeline, "caught up with nothing behind", func(st Status) bool {
		return st.State == run.CaughtUp && st.LagSeconds != nil && *st.LagSeconds == 0 && st.GapBytes != nil && *st.GapBytes == 0
	})
}

// InState waits for one of the states.
func (s *Site) InState(limit time.Duration, pipeline string, states ...run.State) Status {
	s.t.Helper()
	return s.Reach(limit, pipeline, fmt.Sprint("state ", states), func(st Status) bool {
		for _, want := range states {
			if st.State == want {
				return true
			}
		}
		return false
	})
}

// CaughtUpTo waits until what was written before the call is on the target.
func (s *Site) CaughtUpTo(t *testing.T, p Pair) {
	t.Helper()
	written, err := p.Written(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	s.Reach(3*time.Minute, "p", "caught up to the source's log", func(st Status) bool {
		past, err := st.Past(written)
		if err != nil {
			t.Fatal(err)
		}
		return st.State == run.CaughtUp && past
	})
}

// Written is where the source's log ends now.
func (p Pair) Written(ctx context.Context) (at change.Position, err error) {
	if p.Src.Flavor != dbtest.MySQL {
		at.Kind = change.MariaDB
		err = p.Src.DB().QueryRowContext(ctx, "SELECT @@gtid_binlog_pos").Scan(&at.GTID)
		return at, err
	}
	at.Kind = change.MySQL
	var skip any
	err = p.Src.DB().QueryRowContext(ctx, "SHOW BINARY LOG STATUS").Scan(&at.File, &at.Offset, &skip, &skip, &at.GTID)
	return at, err
}

// Past reports whether all that was written is on the target.
func (st Status) Past(written change.Position) (bool, error) {
	at := st.Position
	if at.GTID == "" {
		return at.File > written.File || at.File == written.File && at.Offset >= written.Offset, nil
	}
	is, err := change.ParseSet(written.Kind, at.GTID)
	if err != nil {
		return false, err
	}
	all, err := change.ParseSet(written.Kind, written.GTID)
	if err != nil {
		return false, err
	}
	return is.Includes(all), nil
}
