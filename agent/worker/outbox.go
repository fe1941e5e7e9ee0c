package worker

import (
	"sync"
	"time"

	"google.golang.org/protobuf/types/known/timestamppb"

	pb "github.com/tidegate-io/tidegate/api/tidegate/v1"
	"github.com/tidegate-io/tidegate/internal/run"
	"github.com/tidegate-io/tidegate/internal/wire"
)

// maxEvents bounds what is kept for a daemon that is away; the oldest go first.
// Reports are few and all kept.
const maxEvents = 1000

// outbox is a run's Sink: it keeps what is said until the daemon has it.
type outbox struct {
	kick func() // makes the loop turn at once

	mu      sync.Mutex
	events  []*pb.RunEvent
	reports []*pb.Report
	check   *run.CheckReport // the newest
	plan    bool             // a plan was reported
}

// Event implements run.Sink.
func (o *outbox) Event(e run.Event) {
	o.mu.Lock()
	defer o.mu.Unlock()
	if len(o.events) >= maxEvents {
		o.events = o.events[1:]
	}
	o.events = append(o.events, &pb.RunEvent{Time: timestamppb.Now(), Kind: e.Kind, Message: e.Message})
}

// Report implements run.Sink.
func (o *outbox) Report(r run.Report) {
	if r.Time.IsZero() {
		r.Time = time.Now()
	}
	o.mu.Lock()
	defer o.mu.Unlock()
	o.reports = append(o.reports, wire.ReportProto(r))
	o.plan = o.plan || r.Plan != nil
	if r.Check != nil {
		o.check = r.Check
	}
	o.kick()
}

// pending returns what waits for the daemon.
func (o *outbox) pending() (events []*pb.RunEvent, reports []*pb.Report) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return append(events, o.events...), append(reports, o.reports...)
}

// sent forgets what pending returned. Events dropped meanwhile make it forget
// a few more, never a report.
func (o *outbox) sent(events, reports int) {
	o.mu.Lock()
	defer o.mu.Unlock()
	o.events = o.events[min(events, len(o.events)):]
	o.reports = o.reports[reports:]
}

func (o *outbox) checked() (*run.CheckReport, bool) {
	o.mu.Lock()
	defer o.mu.Unlock()
	return o.check, o.plan
}
