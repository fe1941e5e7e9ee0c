package control

import (
	"context"
	"testing"
	"testing/synctest"
	"time"

	"github.com/tidegate-io/tidegate/daemon/store"
)

func TestBellRingsForWhatAnAgentMustKnow(t *testing.T) {
	was := store.Run{ID: "r", Agent: "a", Epoch: 3, Version: 1}
	paused := was
	paused.Want.Paused = true
	moved := was
	moved.Agent = "b"
	numbers := was
	numbers.Status.Step = "copy"
	for _, c := range []struct {
		name  string
		after store.Run
		rings map[string]bool
	}{
		{"an operator's word", paused, map[string]bool{"a": true}},
		{"another agent", moved, map[string]bool{"a": true, "b": true}},
		{"only numbers", numbers, map[string]bool{}},
	} {
		t.Run(c.name, func(t *testing.T) {
			b := newBells(time.Unix(1, 0))
			a0, _ := b.at("a")
			b0, _ := b.at("b")
			b.ringFor(was, c.after)
			a1, _ := b.at("a")
			b1, _ := b.at("b")
			if (a1 != a0) != c.rings["a"] || (b1 != b0) != c.rings["b"] {
				t.Errorf("a from %d to %d, b from %d to %d", a0, a1, b0, b1)
			}
		})
	}
}

// No ring is missed between two calls, and none makes a caller turn twice.
func TestAwait(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		c := &Control{bells: newBells(time.Now())}
		seen := c.Await(t.Context(), "a", 0)
		c.bells.ring("a")
		next := c.Await(t.Context(), "a", seen)
		if next == seen {
			t.Fatal("a ring between two calls was missed")
		}
		begun := time.Now()
		go func() { time.Sleep(3 * time.Second); c.bells.ring("other"); c.bells.ring("a") }()
		if n := c.Await(t.Context(), "a", next); n == next || time.Since(begun) != 3*time.Second {
			t.Errorf("woke after %s with %d", time.Since(begun), n-next)
		}
		ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
		defer cancel()
		if n := c.Await(ctx, "quiet", c.bells.first); n != c.bells.first || ctx.Err() == nil {
			t.Errorf("an agent with nothing to do was woken: %d", n)
		}
	})
}
