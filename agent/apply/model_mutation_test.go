package apply

import (
	"flag"
	"testing"
)

// rules is every rule that the model can break on purpose. Each must make some
// history end badly. Some are a second line of defence, and show only when the
// first is gone as well.
//
// Not here, since no history notices: that a chunk's row replaces what is in its
// way (whatever is there came from an event after the start, and the row's own
// events come too, so leaving it to them ends the same; REPLACE spares the copy
// from depending on that), and that a window lasts to the end of a half-applied
// batch (no lane is ahead, so the batch after it begins behind that end anyway).
// In TestRebuiltWhileCopied, since few drawn histories meet it: that a rebuilt
// batch gives all of a window's rows to those who lack it.
var rules = []string{
	// Marks.
	"the low mark is what is executed, not what is logged",
	"the low mark is a set, not a place",
	"the high mark has what is owned",
	"the high mark reads gtid_owned first",
	"a snapshot's position is taken under the lock",
	// Gate and containment.
	"the gate trails behind the oldest chunk",
	"the gate is held until the outcome is known",
	"the gate stands at a snapshot until its last piece",
	"a low mark contains all that was taken" + both + "only what is executed may be taken",
	"a low mark contains all that was taken" + both + "while chunks are left, nothing is taken that cannot be read",
	// Hand-out and skip.
	"a range is recorded before it is read",
	"the gate knows a range before its chunk leaves the gate",
	"the last range has no upper bound",
	"only comparable keys are skipped",
	"what a snapshot holds is skipped",
	"a change is left out only when all before it is committed",
	// Window and net change.
	"a window ends at the high mark",
	"windows outlive a crash",
	"inside a window, inserted and deleted is a delete",
	"inside a window, a row that ends as it was is written",
	"deletes come before everything else",
	"a table without a key keeps the log's order",
	// Lanes, ledger, rebuild.
	"rows that share a unique value are on one lane",
	"no lane is ahead",
	"a lane with an empty share writes its ledger row",
	"ledger compares the epoch",
	"COMMIT waits for the ledger's answer",
	"a lost answer is asked for, not taken for a yes",
	"a lost answer is asked for, not taken for a no",
	"a changed configuration waits for a whole batch",
	// Takeover and fencing.
	"takeover fences before it reads",
	"takeover fences before it reads" + both + "ledger compares the batch", // R1
	"takeover waits for what is in flight",
	"takeover raises the epoch",
	"everything that writes is fenced",
	"TRUNCATE needs the run's lock",
	"an interrupted snapshot is emptied",
	"a chunk's outcome is waited for",
	"a piece that is there is not written again",
	// Another source.
	"the source has what any lane has",
	"the source has what any window holds",
}

var histories = flag.Uint64("model-histories", 0, "random histories of the model; 0: as many as take some seconds")

func number(normal, short uint64) uint64 {
	switch {
	case *histories > 0:
		return *histories
	case testing.Short():
		return short
	}
	return normal
}

// TestModel: with every rule kept no history ends badly.
func TestModel(t *testing.T) {
	for seed := range number(6000, 2000) {
		if m := random(seed, ""); m.end != ended {
			t.Fatalf("seed %d (see it with -run TestModelTrace -v -model-trace=%d): %s", seed, seed, m.end)
		}
	}
}

// seeds of histories that notice where few do, so that -short finds them at
// once. Where the model draws otherwise, the histories are gone through anyway.
var seeds = map[string]uint64{
	"the low mark is what is executed, not what is logged":      121,
	"the low mark is a set, not a place":                        2346,
	"the high mark reads gtid_owned first":                      362,
	"the gate trails behind the oldest chunk":                   121,
	"the gate knows a range before its chunk leaves the gate":   1809,
	"the last range has no upper bound":                         240,
	"a change is left out only when all before it is committed": 12580,
	"TRUNCATE needs the run's lock":                             189,
	"the source has what any lane has":                          931,
}

// TestModelRules: no rule can be broken without a history that notices. A rule
// that few histories miss is looked for longer.
func TestModelRules(t *testing.T) {
	for _, r := range rules {
		t.Run(r, func(t *testing.T) {
			if n, known := seeds[r]; known && testing.Short() && random(n, r).end != ended {
				return
			}
			bad, first, at, n := 0, "", uint64(0), number(500, 0)
			seed := uint64(0)
			for ; seed < n || bad == 0 && seed < 100_000; seed++ {
				m := random(seed, r)
				if m.end == ended {
					continue
				}
				if bad++; bad == 1 {
					first, at = m.end, seed
				}
			}
			t.Logf("%d of %d histories fail; the first, %d: %.200s", bad, seed, at, first)
			if bad == 0 {
				t.Error("the rule can be broken without any history noticing")
			}
		})
	}
}
