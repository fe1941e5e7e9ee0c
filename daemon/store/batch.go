package store

import (
	"errors"

	"github.com/tidegate-io/tidegate/internal/kv"
)

type put struct {
	key   string
	value []byte
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
	}
	for _, r := range b.Reports {
		add(reportsOfKind(r.Run, r.Report.Kind)+seqKey(r.Seq), r.Report)
	}
	for _, c := range b.Checkpoints {
		add(checkpointKey(c.Run), c)
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
	for _, e := range b.Events {
		if e.Seq > KeepEvents && e.Seq%64 == 0 {
			if err := pruneBefore(x, eventPrefix, e.Seq-KeepEvents); err != nil {
				return err
			}
		}
	}
	for _, r := range b.Reports {
		var keys []string
		prefix := reportsOfKind(r.Run, r.Report.Kind)
		err := x.Scan(prefix, "", func(k string, _ []byte) (bool, error) { keys = append(keys, k); return true, nil })
		if err != nil {
			return err
		}
		for len(keys) > KeepReports {
			if err := x.Delete(keys[0]); err != nil {
				return err
			}
			keys = keys[1:]
		}
	}
	return nil
}

func pruneBefore(x *kv.Tx, prefix string, seq uint64) error {
	var old []string
	err := x.Scan(prefix, "", func(k string, _ []byte) (bool, error) {
		if keySeq(k) >= seq {
			return false, nil
		}
		old = append(old, k)
		return true, nil
	})
	for _, k := range old {
		err = errors.Join(err, x.Delete(k))
	}
	return err
}
