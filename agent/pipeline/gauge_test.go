package pipeline

import (
	"fmt"
	"testing"
	"time"

	"pgregory.net/rapid"

	"github.com/tidegate-io/tidegate/internal/change"
)

// upTo is what a source has logged that has made one transaction after another.
func upTo(t rapid.TB, n int) *change.Set {
	t.Helper()
	text := ""
	if n > 0 {
		text = fmt.Sprintf("01a223d4-3c67-1b59-9fcb-9a3c1b380f1e:1-%d", n)
	}
	set, err := change.ParseSet(change.MySQL, text)
	if err != nil {
		t.Fatal(err)
	}
	return set
}

// TestGauge compares the lag that is told with the age of the oldest transaction
// which is really missing, whatever source and target do: both are between the ages
// of the same two samples, and these are not far apart.
func TestGauge(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		var g gauge
		now := time.Now()
		var made []time.Time // of each transaction
		applied := 0
		var passed time.Time // when the last sample was taken that has come
		pass := func() {
			before := g.ahead
			g.pass(func(s *change.Set) bool { return upTo(t, applied).Includes(s) }, now)
			if n := len(before) - len(g.ahead); n > 0 {
				passed = before[n-1].at
			}
		}
		spacing, last := time.Duration(0), now
		stuck := false
		for i := range rapid.IntRange(1, 400).Draw(t, "steps") {
			if i%100 == 0 {
				stuck = rapid.Bool().Draw(t, "stuck")
			}
			now = now.Add(time.Duration(rapid.IntRange(1, 3000).Draw(t, "ms")) * time.Millisecond)
			for range rapid.IntRange(0, 20).Draw(t, "made") {
				made = append(made, now)
			}
			if !stuck {
				applied = rapid.IntRange(applied, len(made)).Draw(t, "applied")
			}
			pass()
			if i%2 == 1 {
				continue
			}
			spacing, last = max(spacing, now.Sub(last)), now
			g.note(upTo(t, len(made)), now)
			pass()
			lag, known := g.lag(time.Time{}, now)
			if known == (passed.IsZero() && applied < len(made)) {
				t.Fatalf("lag is known: %t; a sample has passed: %t", known, !passed.IsZero())
			}
			if applied == len(made) {
				if lag != 0 {
					t.Fatalf("lag %s, though all is applied", lag)
				}
				continue
			}
			if !known {
				continue
			}
			least, most := max(now.Sub(g.ahead[0].at), time.Millisecond), max(now.Sub(passed), time.Millisecond)
			if truth := now.Sub(made[applied]); truth > most || truth < now.Sub(g.ahead[0].at) || lag < least || lag > most {
				t.Fatalf("lag %s, the oldest missing transaction is %s old, both should be from %s to %s", lag, truth, least, most)
			}
			if most-least > spacing+most/4 {
				t.Fatalf("a lag of %s to %s is not exact enough", least, most)
			}
		}
	})
}

// TestGaugeOnTheWay: under a load of which there is always something in the
// network, what was logged a second ago has come; before anything has, the
// source's time tells.
func TestGaugeOnTheWay(t *testing.T) {
	var g gauge
	now := time.Now()
	n := 0
	applied := 0
	has := func(s *change.Set) bool { return upTo(t, applied).Includes(s) }
	g.note(upTo(t, 10), now)
	if _, known := g.lag(time.Time{}, now); known {
		t.Error("a lag is known before anything has come")
	}
	if lag, known := g.lag(now.Add(-time.Hour), now); !known || lag != time.Hour {
		t.Errorf("lag %s %t, want the hour that the source tells", lag, known)
	}
	for range 100 {
		now = now.Add(50 * time.Millisecond)
		applied = n
		g.pass(has, now)
		now = now.Add(950 * time.Millisecond)
		n += 100
		g.note(upTo(t, n), now)
		g.pass(has, now)
	}
	if lag, known := g.lag(now.Add(-time.Hour), now); !known || lag != 50*time.Millisecond {
		t.Errorf("lag %s %t, want 50ms", lag, known)
	}
}
