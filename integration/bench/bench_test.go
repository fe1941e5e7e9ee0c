package main

import (
	"bufio"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/google/go-cmp/cmp"
)

func samples(values ...float64) (out []sample) {
	for _, v := range values {
		out = append(out, sample{Value: v, AgentCPU: v / 10, PeakMiB: 100 + v})
	}
	return out
}

func result(name, commit string, target float64, most bool, ours, peer []sample) Result {
	r := Result{Name: name, Commit: commit, Target: target, AtMost: most, ratio: faster}
	if most {
		r.ratio = slower
	}
	r.Runs.Ours, r.Runs.Peer = ours, peer
	return r
}

func TestMerge(t *testing.T) {
	all := merge(nil, result("a", "one", 4, false, samples(10), samples(50)))
	all = merge(all, result("b", "one", 1.2, true, samples(13), samples(10)))
	all = merge(all, result("a", "one", 4, false, samples(20, 12), samples(30, 40)))
	if len(all) != 2 {
		t.Fatalf("got %d rows, want 2", len(all))
	}
	a, b := all[0], all[1]
	if a.Ours != 12 || a.Peer != 40 || a.Median != 12 || a.PeakMiB != 120 || a.AgentCPU != 1.2 || a.Met || len(a.Runs.Ours) != 3 {
		t.Errorf("runs of one commit were not summed up together: %+v", a)
	}
	if b.Ratio != 1.3 || b.Met {
		t.Errorf("13 s against 10 s: ratio %g, met %v; want 1.3, false", b.Ratio, b.Met)
	}
	all = merge(all, result("a", "two", 4, false, samples(10), samples(41)))
	if a := all[0]; a.Ours != 10 || !a.Met || len(a.Runs.Ours) != 1 {
		t.Errorf("runs of another commit were mixed in: %+v", a)
	}
}

// One side alone has no ratio, and meets nothing.
func TestMergeOneSide(t *testing.T) {
	r := merge(nil, result("a", "one", 1.2, true, samples(10), nil))[0]
	if r.Ratio != 0 || r.Met || r.verdict() != "-" {
		t.Errorf("got ratio %g, met %v, verdict %q", r.Ratio, r.Met, r.verdict())
	}
}

func TestSaveLoad(t *testing.T) {
	file := filepath.Join(t.TempDir(), "r.json")
	if got, err := load(file); err != nil || got != nil {
		t.Fatalf("no file: got %v, %v", got, err)
	}
	want := merge(nil, result("a", "one", 4, false, samples(10), samples(50)))
	if err := save(file, want); err != nil {
		t.Fatal(err)
	}
	got, err := load(file)
	if err != nil {
		t.Fatal(err)
	}
	want[0].ratio = nil
	if diff := cmp.Diff(want, got, cmp.AllowUnexported(Result{})); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

func TestDocument(t *testing.T) {
	file := filepath.Join(t.TempDir(), "R.md")
	text := "# head\n" + generatedFrom + "\nold\n" + generatedTo + "\ntail\n"
	if err := os.WriteFile(file, []byte(text), 0o644); err != nil {
		t.Fatal(err)
	}
	if err := document(file, merge(nil, result("a", "one", 4, false, samples(10), samples(50)))); err != nil {
		t.Fatal(err)
	}
	got, err := os.ReadFile(file)
	if err != nil {
		t.Fatal(err)
	}
	for _, want := range []string{"# head\n", "| `a` | 10.00", "| ≥ 4 | yes |", "\ntail\n"} {
		if !strings.Contains(string(got), want) {
			t.Errorf("there is no %q in\n%s", want, got)
		}
	}
	if strings.Contains(string(got), "old") {
		t.Errorf("the old part is still there:\n%s", got)
	}
	if err := document(file, nil); err != nil {
		t.Errorf("a second time: %v", err)
	}
}

// Every row fits its columns, and two calls give the same text: peers load what
// the source holds.
func TestRowText(t *testing.T) {
	read := func() (lines []string) {
		for s := bufio.NewScanner(rowText(3, 500)); s.Scan(); {
			lines = append(lines, s.Text())
		}
		return lines
	}
	a, b := read(), read()
	if len(a) != 500 || !cmp.Equal(a, b) {
		t.Fatalf("%d and %d lines, equal %v; want the same 500 twice", len(a), len(b), cmp.Equal(a, b))
	}
	for _, line := range a {
		f := strings.Split(line, "\t")
		if len(f) != 4 || len(f[2]) != 119 || len(f[3]) != 59 {
			t.Fatalf("odd row %q", line)
		}
	}
}

// A beat nobody saw arrived when a later one was seen.
func TestLags(t *testing.T) {
	begin := time.Now().Truncate(time.Second)
	at := func(ms int) time.Time {
		return begin.Add(settleSeconds*time.Second + time.Duration(ms)*time.Millisecond)
	}
	beats := []int64{begin.UnixNano(), at(10).UnixNano(), at(20).UnixNano(), at(30).UnixNano()}
	got := lags(beats, map[int64]time.Time{beats[0]: at(0), beats[1]: at(11), beats[3]: at(90)})
	want := []time.Duration{60 * time.Millisecond, 70 * time.Millisecond, time.Millisecond}
	if diff := cmp.Diff(want, got); diff != "" {
		t.Errorf("(-want +got)\n%s", diff)
	}
}

// The names of rows are what -only selects and what results are kept under.
func TestRowNames(t *testing.T) {
	seen := map[string]bool{}
	for _, r := range rows() {
		if seen[r.name] || r.what == "" || r.unit == "" || r.target <= 0 || r.prepare == nil {
			t.Errorf("row %q is not complete, or there twice", r.name)
		}
		seen[r.name] = true
	}
}
