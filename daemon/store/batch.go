package store

import (
	"errors"

	"github.com/tidegate-io/tidegate/internal/kv"
)

// put is one key to be written.
type put struct {
	Key   string
	Value []byte
}

// size is what it takes of a transaction, with what the store adds.
func (p put) size() int { return len(p.Key) + len(p.Value) + 100 }

func size(puts []put) int {
	n := 0
	for _, p := range puts {
		n += p.size()
	}
	return n
}

func setAll(x *kv.Tx, puts []put) error {
	for _, p := range puts {
		if err := x.Set(p.Key, p.Value); err != nil {
			return err
		}
	}
	return nil
}

// puts renders what the batch writes, so that a transaction that has to run
// again does not render it again.
func (b Batch) puts() ([]put, error) {
	var out []put
	var errs []error
	add := func(key string, v any) {
		value, err := encode(v)
		errs = append(errs, err)
		out = append(out, put{key, value})
	}
	if b.Counters != nil {
		add(countersKey, b.Counters)
	}
	for _, p := range b.Pipelines {
		add(pipelineKey(p.Name), p)
		add(versionKey(p.Name, p.Version), p)
	}
	for _, r := range b.Runs {
		add(runKey(r.ID), r)
	}
	for _, a := range b.Agents {
		add(agentKey(a.ID), a)
	}
	for _, e := range b.Events {
		add(eventKey(e.Seq), e)
		out = append(out, put{Key: eventOf(e.Pipeline, e.Seq)})
	}
	for _, r := range b.Reports {
		add(reportsOfKind(r.Run, r.Report.Kind)+seqKey(r.Seq), r.Report)
	}
	return out, errors.Join(errs...)
}

func (b Batch) deletes(x *kv.Tx) error {
	var errs []error
	for _, p := range b.DeletePipelines {
		errs = append(errs, x.Delete(pipelineKey(p)), x.DeletePrefix(versionsOf(p)))
	}
	for _, r := range b.DeleteRuns {
		errs = append(errs, x.Delete(runKey(r)), x.Delete(checkpointKey(r)), x.DeletePrefix(reportsOf(r)))
	}
	return errors.Join(errs...)
}

// prune drops what is beyond the bounds, now and then.
func (b Batch) prune(x *kv.Tx) error {
	last := uint64(0)
	for _, e := range b.Events {
		if e.Seq%64 != 0 {
			continue
		}
		last = max(last, e.Seq)
		if err := prunePipeline(x, e.Pipeline); err != nil {
			return err
		}
	}
	if err := pruneEvents(x, last); err != nil {
		return err
	}
	for _, r := range b.Reports {
		for _, k := range beyond(x, reportsOfKind(r.Run, r.Report.Kind), KeepReports) {
			if err := x.Delete(k); err != nil {
				return err
			}
		}
	}
	return nil
}

// beyond returns the first keys under a prefix, all but the last keep.
func beyond(x *kv.Tx, prefix string, keep int) []string {
	keys := x.Keys(prefix, "")
	return keys[:max(0, len(keys)-keep)]
}

// prunePipeline drops the oldest events of one pipeline.
func prunePipeline(x *kv.Tx, pipeline string) error {
	for _, k := range beyond(x, eventsOf(pipeline), KeepEvents) {
		if err := errors.Join(x.Delete(k), x.Delete(eventKey(keySeq(k)))); err != nil {
			return err
		}
	}
	return nil
}

// pruneEvents drops the oldest events of all, of pipelines that are gone too.
func pruneEvents(x *kv.Tx, last uint64) error {
	if last <= KeepAllEvents {
		return nil
	}
	var old []Event
	err := x.Scan(eventPrefix, "", func(k string, v []byte) (bool, error) {
		if keySeq(k) >= last-KeepAllEvents || len(old) == mostPruned {
			return false, nil
		}
		var e Event
		if err := decode(v, &e); err != nil {
			return false, err
		}
		old = append(old, e)
		return true, nil
	})
	for _, e := range old {
		err = errors.Join(err, x.Delete(eventKey(e.Seq)), x.Delete(eventOf(e.Pipeline, e.Seq)))
	}
	return err
}

// mostPruned keeps the deletions of one commit small enough for its transaction.
const mostPruned = 2000
