package worker

import (
	"context"
	"maps"
	"sync"

	"connectrpc.com/connect"

	pb "github.com/tidegate-io/tidegate/api/tidegate/v1"
	"github.com/tidegate-io/tidegate/checkpoint"
)

// replicaName is the record that orders versions of a run's records. Runners
// do not see it.
const replicaName = "_replica"

type replicaRecord struct {
	Epoch    uint64 `json:"epoch"`
	Sequence uint64 `json:"sequence"`
}

// replicated is the checkpoint store a runner gets: the local one, whose
// changes also go to the daemon, some seconds later and many at once.
type replicated struct {
	checkpoint.Store
	run   string
	epoch uint64

	mu    sync.Mutex // held over a local save, so that sequences rise on disk
	seq   uint64
	dirty bool
}

// Save implements checkpoint.Store.
func (r *replicated) Save(ctx context.Context, run string, changes checkpoint.Records) error {
	r.mu.Lock()
	defer r.mu.Unlock()
	b, err := checkpoint.Encode(replicaRecord{Epoch: r.epoch, Sequence: r.seq + 1})
	if err != nil {
		return err
	}
	changes = maps.Clone(changes)
	if changes == nil {
		changes = checkpoint.Records{}
	}
	changes[replicaName] = b
	if err := r.Store.Save(ctx, run, changes); err != nil {
		return err
	}
	r.seq++
	r.dirty = true
	return nil
}

// Load implements checkpoint.Store.
func (r *replicated) Load(ctx context.Context, run string) (checkpoint.Records, error) {
	out, err := r.Store.Load(ctx, run)
	delete(out, replicaName)
	return out, err
}

// fetch brings the local records up to the daemon's, if those are newer: this
// agent may have had the run before, or never.
func (r *replicated) fetch(ctx context.Context, c client, agent string) error {
	resp, err := c.LoadCheckpoint(ctx, connect.NewRequest(&pb.LoadCheckpointRequest{Agent: agent, Run: r.run}))
	if err != nil {
		return err
	}
	local, err := r.Store.Load(ctx, r.run)
	if err != nil {
		return err
	}
	var have replicaRecord
	if b, ok := local[replicaName]; ok {
		if err := checkpoint.Decode(b, &have); err != nil {
			return err
		}
	}
	m := resp.Msg
	if m.GetEpoch() < have.Epoch || m.GetEpoch() == have.Epoch && m.GetSequence() <= have.Sequence {
		return nil
	}
	changes := checkpoint.Records{}
	for name := range local {
		changes[name] = nil
	}
	for _, rec := range m.GetRecords() {
		changes[rec.GetName()] = append([]byte{}, rec.GetValue()...)
	}
	return r.Store.Save(ctx, r.run, changes)
}

// push sends all records if any has changed since the last time.
func (r *replicated) push(ctx context.Context, c client, agent string) error {
	r.mu.Lock()
	if !r.dirty {
		r.mu.Unlock()
		return nil
	}
	records, err := r.Load(ctx, r.run)
	seq := r.seq
	r.mu.Unlock()
	if err != nil {
		return err
	}
	q := &pb.SaveCheckpointRequest{Agent: agent, Run: r.run, Epoch: r.epoch, Sequence: seq}
	for name, v := range records {
		q.Records = append(q.Records, &pb.CheckpointRecord{Name: name, Value: v})
	}
	if _, err := c.SaveCheckpoint(ctx, connect.NewRequest(q)); err != nil {
		return err
	}
	r.mu.Lock()
	r.dirty = r.dirty && r.seq != seq
	r.mu.Unlock()
	return nil
}
