// Package storetest holds every store.Store of the daemon to the same promises.
package storetest

import (
	"bytes"
	"fmt"
	"math/rand/v2"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"

	"github.com/tidegate-io/tidegate/daemon/store"
	"github.com/tidegate-io/tidegate/internal/run"
	"github.com/tidegate-io/tidegate/internal/spec"
)

var now = time.Date(2026, 11, 22, 1, 2, 3, 0, time.UTC)

// Run tests the stores that open gives. reopen opens the store it gets again on
// the same data, as a restarted process would.
func Run(t *testing.T, open func(*testing.T) store.Store, reopen func(*testing.T, store.Store) store.Store) {
	t.Run("a batch is there after a restart", func(t *testing.T) { batch(t, open(t), reopen) })
	t.Run("a batch of any size", func(t *testing.T) { large(t, open(t), reopen) })
	t.Run("events", func(t *testing.T) { events(t, open(t), reopen) })
	t.Run("reports", func(t *testing.T) { reports(t, open(t), reopen) })
	t.Run("deleting keeps the counters", func(t *testing.T) { deletes(t, open(t), reopen) })
}

func commit(t *testing.T, s store.Store, b store.Batch) {
	t.Helper()
	if err := s.Commit(t.Context(), b); err != nil {
		t.Fatal(err)
	}
}

func snapshot(t *testing.T, s store.Store) store.Snapshot {
	t.Helper()
	got, err := s.Load(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	return got
}

func full() store.Batch {
	lag := 0.5
	sp := spec.Pipeline{Name: "shop", From: spec.Endpoint{Password: spec.Secret{Value: "secret"}}}
	return store.Batch{
		Counters:  &store.Counters{Epoch: 7, Seq: 9, ServerBase: 5},
		Pipelines: []store.Pipeline{{Name: "shop", Version: 2, Spec: sp, Source: "f", Run: "r1", Changed: now}},
		Runs: []store.Run{{
			ID: "r1", Pipeline: "shop", Spec: sp, State: run.Copying, Mode: run.ModeRun, Epoch: 7, Agent: "a", Instance: "i",
			Created: now, Changed: now, Want: store.Want{Verify: "v"}, Wait: store.Wait{Code: "c"},
			Status: run.Status{State: run.Copying, LagSeconds: &lag},
		}},
		Agents: []store.Agent{{ID: "a", Instance: "i", Labels: map[string]string{"site": "x"}, Capacity: 2, LastSeen: now}},
	}
}

func batch(t *testing.T, s store.Store, reopen func(*testing.T, store.Store) store.Store) {
	b := full()
	commit(t, s, b)
	saved := store.Checkpoint{Run: "r1", Epoch: 7, Sequence: 3, Records: map[string][]byte{"p": []byte(strings.Repeat("x", 100<<10))}}
	older := []store.Checkpoint{{Run: "r1", Epoch: 6, Sequence: 9}, {Run: "r1", Epoch: 7, Sequence: 2}, {Run: "r1", Epoch: 7, Sequence: 3}}
	for _, cp := range append([]store.Checkpoint{{Run: "r1", Epoch: 7, Sequence: 1}, saved}, older...) {
		if err := s.SaveCheckpoints(t.Context(), []store.Checkpoint{cp}); err != nil {
			t.Fatal(err)
		}
	}
	many := make([]store.Checkpoint, 40)
	for i := range many {
		random, r := make([]byte, 100<<10), rand.New(rand.NewPCG(1, uint64(i)))
		for k := range random { // does not compress
			random[k] = byte(r.Uint32())
		}
		many[i] = store.Checkpoint{Run: fmt.Sprint("many", i), Epoch: 1, Sequence: 1, Records: map[string][]byte{"p": random}}
	}
	if err := s.SaveCheckpoints(t.Context(), many); err != nil {
		t.Fatal(err)
	}
	s = reopen(t, s)
	want := store.Snapshot{
		Counters: *b.Counters, Pipelines: map[string]store.Pipeline{"shop": b.Pipelines[0]},
		Runs: map[string]store.Run{"r1": b.Runs[0]}, Agents: map[string]store.Agent{"a": b.Agents[0]},
	}
	if diff := cmp.Diff(want, snapshot(t, s)); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
	if cp, err := s.Checkpoint(t.Context(), "many39"); err != nil || !bytes.Equal(cp.Records["p"], many[39].Records["p"]) {
		t.Errorf("the last of many checkpoints: %d bytes, %v", len(cp.Records["p"]), err)
	}
	cp, err := s.Checkpoint(t.Context(), "r1")
	if err != nil {
		t.Fatal(err)
	}
	if diff := cmp.Diff(saved, cp); diff != "" {
		t.Errorf("checkpoint: (-want +got)\n%s", diff)
	}
	if cp, err := s.Checkpoint(t.Context(), "none"); err != nil || cp.Records != nil {
		t.Errorf("checkpoint of an unknown run: %+v, %v", cp, err)
	}
}

func events(t *testing.T, s store.Store, reopen func(*testing.T, store.Store) store.Store) {
	for i := range uint64(6) {
		commit(t, s, store.Batch{Events: []store.Event{{Seq: 250 + i, Time: now, Pipeline: fmt.Sprint("p", i%2)}}})
	}
	s = reopen(t, s)
	for _, tc := range []struct {
		q    store.EventQuery
		want []uint64
	}{
		{store.EventQuery{}, []uint64{250, 251, 252, 253, 254, 255}},
		{store.EventQuery{Pipeline: "p1"}, []uint64{251, 253, 255}},
		{store.EventQuery{Pipeline: "p1", After: 251}, []uint64{253, 255}},
		{store.EventQuery{Limit: 2}, []uint64{254, 255}},
		{store.EventQuery{Pipeline: "none"}, nil},
	} {
		got, err := s.Events(t.Context(), tc.q)
		if err != nil {
			t.Fatal(err)
		}
		var seqs []uint64
		for _, e := range got {
			seqs = append(seqs, e.Seq)
		}
		if diff := cmp.Diff(tc.want, seqs); diff != "" {
			t.Errorf("%+v: (-want +got)\n%s", tc.q, diff)
		}
	}
	commit(t, s, store.Batch{Events: []store.Event{{Seq: (store.KeepAllEvents/64 + 10) * 64}}})
	if got, err := s.Events(t.Context(), store.EventQuery{}); err != nil || len(got) != 1 {
		t.Errorf("%d events after pruning, %v; want the newest alone", len(got), err)
	}
	if got, err := s.Events(t.Context(), store.EventQuery{Pipeline: "p1"}); err != nil || len(got) != 0 {
		t.Errorf("pruned events of a pipeline: %+v, %v", got, err)
	}
}

// large commits what no transaction of the store takes at once, twice.
func large(t *testing.T, s store.Store, reopen func(*testing.T, store.Store) store.Store) {
	const n = 3000
	var b store.Batch
	for i := range n {
		name := fmt.Sprintf("p%04d", i)
		p := full().Pipelines[0]
		p.Name, p.Source = name, strings.Repeat("x", 500)+name
		b.Pipelines = append(b.Pipelines, p)
		for k := range 3 {
			b.Events = append(b.Events, store.Event{Seq: uint64(3*i + k + 1), Pipeline: name, Message: "m"})
		}
	}
	commit(t, s, full())
	for range 2 {
		b.DeletePipelines, b.DeleteRuns = []string{"shop"}, []string{"r1"}
		commit(t, s, b)
		s = reopen(t, s)
		got := snapshot(t, s)
		if len(got.Pipelines) != n || len(got.Runs) != 0 || got.Pipelines["p2999"].Source != b.Pipelines[n-1].Source {
			t.Fatalf("%d pipelines, %d runs after a large batch", len(got.Pipelines), len(got.Runs))
		}
	}
	events, err := s.Events(t.Context(), store.EventQuery{Pipeline: "p2998"})
	if err != nil || len(events) != 3 || events[0].Seq != 3*2998+1 {
		t.Errorf("events of one pipeline: %+v, %v", events, err)
	}
	last, err := s.Events(t.Context(), store.EventQuery{Limit: 2})
	if err != nil || len(last) != 2 || last[1].Seq != 3*n {
		t.Errorf("the last events: %+v, %v", last, err)
	}
	for at := uint64(0); at < store.KeepEvents+200; at += 100 {
		b := store.Batch{Events: []store.Event{{Seq: 3*n + at + 1, Pipeline: "p0001"}}}
		for i := range uint64(99) {
			b.Events = append(b.Events, store.Event{Seq: 3*n + at + i + 2, Pipeline: "busy"})
		}
		commit(t, s, b)
	}
	busy, err := s.Events(t.Context(), store.EventQuery{Pipeline: "busy"})
	if err != nil || len(busy) > store.KeepEvents+99 || len(busy) < store.KeepEvents {
		t.Errorf("%d events of a busy pipeline, %v", len(busy), err)
	}
	quiet, err := s.Events(t.Context(), store.EventQuery{Pipeline: "p0001"})
	if err != nil || len(quiet) != 3+(store.KeepEvents+200)/100 {
		t.Errorf("%d events of a quiet pipeline, %v", len(quiet), err)
	}
}

func reports(t *testing.T, s store.Store, reopen func(*testing.T, store.Store) store.Store) {
	for i := range uint64(store.KeepReports + 3) {
		commit(t, s, store.Batch{Reports: []store.Report{{Run: "r", Seq: i, Report: run.Report{
			Kind: run.ReportVerify, ID: fmt.Sprint(i), Verify: &run.VerifyReport{Equal: i == 5},
		}}}})
	}
	s = reopen(t, s)
	get := func(kind, id string) (run.Report, bool) {
		r, ok, err := s.Report(t.Context(), "r", kind, id)
		if err != nil {
			t.Fatal(err)
		}
		return r, ok
	}
	if r, ok := get(run.ReportVerify, ""); !ok || r.ID != fmt.Sprint(store.KeepReports+2) {
		t.Errorf("newest report: %+v, %v", r, ok)
	}
	if r, ok := get(run.ReportVerify, "5"); !ok || !r.Verify.Equal {
		t.Errorf("report 5: %+v, %v", r, ok)
	}
	if _, ok := get(run.ReportVerify, "0"); ok {
		t.Error("the oldest report is still there")
	}
	if _, ok := get(run.ReportCheck, ""); ok {
		t.Error("a check report out of nothing")
	}
}

func deletes(t *testing.T, s store.Store, reopen func(*testing.T, store.Store) store.Store) {
	commit(t, s, full())
	commit(t, s, store.Batch{DeletePipelines: []string{"shop"}, DeleteRuns: []string{"r1"}})
	got := snapshot(t, reopen(t, s))
	if len(got.Pipelines) != 0 || len(got.Runs) != 0 || got.Counters.Epoch != 7 || len(got.Agents) != 1 {
		t.Errorf("after deleting: %+v", got)
	}
}
