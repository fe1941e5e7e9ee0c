package worker

import (
	"context"
	"maps"
	"sync"
	"time"

	"connectrpc.com/connect"
	"google.golang.org/protobuf/proto"

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

// unsaved returns all records if any has changed since the last that the daemon
// has, else nil.
func (r *replicated) unsaved(ctx context.Context) (*pb.Checkpoint, error) {
	r.mu.Lock()
	defer r.mu.Unlock()
	if !r.dirty {
		return nil, nil
	}
	records, err := r.Load(ctx, r.run)
	if err != nil {
		return nil, err
	}
	out := &pb.Checkpoint{Run: r.run, Epoch: r.epoch, Sequence: r.seq}
	for name, v := range records {
		out.Records = append(out.Records, &pb.CheckpointRecord{Name: name, Value: v})
	}
	return out, nil
}

// saved notes that the daemon has the records up to a sequence.
func (r *replicated) saved(seq uint64) {
	r.mu.Lock()
	defer r.mu.Unlock()
	r.dirty = r.dirty && r.seq != seq
}

// replicateEvery is how far the daemon's copy of a checkpoint may be behind.
const replicateEvery = 3 * time.Second

// replicate copies the runs' checkpoints to the daemon until ctx ends.
func (w *Worker) replicate(ctx context.Context) {
	tick := time.NewTicker(replicateEvery)
	defer tick.Stop()
	for {
		select {
		case <-tick.C:
			w.mu.Lock()
			var stores []*replicated
			for _, j := range w.jobs {
				if j.store != nil {
					stores = append(stores, j.store)
				}
			}
			w.mu.Unlock()
			w.push(ctx, stores...)
		case <-ctx.Done():
			return
		}
	}
}

// push copies what has changed of these checkpoints to the daemon. A failure
// costs nothing but time: the next push has it all.
func (w *Worker) push(ctx context.Context, stores ...*replicated) {
	q := &pb.SaveCheckpointRequest{Agent: w.cfg.ID}
	var sent []*replicated
	size := 0
	flush := func() {
		if len(sent) == 0 {
			return
		}
		call, cancel := context.WithTimeout(ctx, callLimit)
		defer cancel()
		if _, err := w.deps.Daemon.SaveCheckpoint(call, connect.NewRequest(q)); err != nil {
			w.log.Debug().Err(err).Msg("checkpoints not replicated")
		} else {
			for i, s := range sent {
				s.saved(q.Checkpoints[i].Sequence)
			}
		}
		q.Checkpoints, sent, size = nil, nil, 0
	}
	for _, s := range stores {
		cp, err := s.unsaved(ctx)
		if err != nil {
			w.log.Warn().Err(err).Str("run", s.run).Msg("checkpoint cannot be read")
			continue
		}
		if cp == nil {
			continue
		}
		q.Checkpoints, sent = append(q.Checkpoints, cp), append(sent, s)
		if size += proto.Size(cp); size >= oneCall {
			flush()
		}
	}
	flush()
}
