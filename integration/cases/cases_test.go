package cases

import (
	"flag"
	"regexp"
	"slices"
	"strings"
	"testing"

	"github.com/tidegate-io/tidegate/integration/site"
)

// TestCases carries every case across on every pair it is for, by every path.
// The pipelines run before the cases' own tests, which only tell how it went.
func TestCases(t *testing.T) {
	all, err := load("testdata")
	if err != nil {
		t.Fatal(err)
	}
	for _, pair := range pairs {
		t.Run(pair.name, func(t *testing.T) {
			var list []*testCase
			for _, c := range all {
				if selected(c) && slices.ContainsFunc([]string{copied, streamed, windowed}, func(path string) bool { return c.applies(pair.name, path) }) {
					list = append(list, c)
				}
			}
			if len(list) == 0 {
				t.Skip("no case is for this pair")
			}
			r := newRig(t, pair.name, site.SharedPair(t, pair.from, pair.to))
			r.carry(t.Context(), list)
			groups := map[string][]*testCase{}
			for _, c := range list {
				groups[c.group] = append(groups[c.group], c)
			}
			for group, members := range groups {
				t.Run(group, func(t *testing.T) {
					for _, c := range members {
						t.Run(c.name, func(t *testing.T) { r.tell(t, c) })
					}
				})
			}
		})
	}
}

// tell fails the test of a case for what is wrong with it.
func (r *rig) tell(t *testing.T, c *testCase) {
	r.notes.mu.Lock()
	defer r.notes.mu.Unlock()
	for path, wrong := range r.wrong[c] {
		for _, w := range wrong {
			t.Errorf("%s/%s by %s: %s", c.group, c.name, path, w)
		}
	}
}

// selected reports whether -run asks for the case, as TestCases/pair/group/name:
// the runner of tests decides too late for pipelines that carry many.
func selected(c *testCase) bool {
	parts := strings.Split(flag.Lookup("test.run").Value.String(), "/")
	for i, name := range []string{c.group, c.name} {
		if len(parts) <= i+2 {
			return true
		}
		if ok, err := regexp.MatchString(parts[i+2], name); err == nil && !ok {
			return false
		}
	}
	return true
}
