package pipeline

import (
	"testing"

	"github.com/tidegate-io/tidegate/agent/gate"
	"github.com/tidegate-io/tidegate/integration/dbtest"
	"github.com/tidegate-io/tidegate/internal/change"
	"github.com/tidegate-io/tidegate/internal/schema"
)

// TestNeeded: of a source is needed what any lane has applied, and what any table's
// copy has seen (R7, R8).
func TestNeeded(t *testing.T) {
	s := atSource(t, dbtest.Shared(t, dbtest.Config{}))
	s.gate = gate.New(change.MySQL)
	s.catalog = &catalog{s: s, byName: map[schema.ID]*entry{}}
	for i, n := range []int{30, 20} {
		id := schema.ID{Schema: "d", Name: string(rune('a' + i))}
		s.catalog.byName[id] = &entry{}
		s.gate.Add(id).Window(upTo(t, n))
	}
	lane := func(n int) change.Position { return change.Position{Kind: change.MySQL, GTID: upTo(t, n).String()} }
	for _, c := range []struct{ a, b, want int }{{5, 10, 30}, {35, 10, 35}, {10, 40, 40}} {
		if got, err := s.needed(lane(c.a), lane(c.b)); err != nil || !got.Equal(upTo(t, c.want)) {
			t.Errorf("of lanes at %d and %d is needed %s, %v", c.a, c.b, got, err)
		}
	}
}
