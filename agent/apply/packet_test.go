package apply

import (
	"slices"
	"testing"
)

// TestTogether fills packets up to their bytes, keeps what needs more than a
// packet by itself, and never leaves a statement behind.
func TestTogether(t *testing.T) {
	at := func(start, end int) statement { return statement{start: start, end: end} }
	alone := at(30, 40)
	alone.alone = true
	for name, c := range map[string]struct {
		stmts []statement
		bytes int
		want  []int
	}{
		"all fit":               {[]statement{at(0, 10), at(11, 20), at(21, 30)}, 30, []int{3}},
		"the last one does not": {[]statement{at(0, 10), at(11, 20), at(21, 31)}, 30, []int{2, 1}},
		"one is larger":         {[]statement{at(0, 100), at(101, 110), at(111, 112)}, 30, []int{1, 2}},
		"one is alone":          {[]statement{at(0, 10), at(11, 29), alone, at(41, 42), at(43, 44)}, 100, []int{2, 1, 2}},
		"alone first":           {[]statement{alone, at(41, 42)}, 100, []int{1, 1}},
	} {
		var got []int
		for rest := c.stmts; len(rest) > 0; {
			n := together(rest, c.bytes)
			got, rest = append(got, n), rest[n:]
		}
		if !slices.Equal(got, c.want) {
			t.Errorf("%s: packets of %v statements, not %v", name, got, c.want)
		}
	}
}
