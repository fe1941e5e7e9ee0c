package spec

import "testing"

func TestMatchPattern(t *testing.T) {
	for _, c := range []struct {
		pattern, name string
		want          bool
	}{
		{"*", "", true}, {"*", "orders", true}, {"tmp_*", "tmp_", true}, {"tmp_*", "tmpx", false}, {"a?c", "abc", true}, {"a?c", "ac", false},
		{"?", "é", true}, {"??", "é", false}, {"*_2020_*", "log_2020_01", true}, {"*_2020_*", "log_2021_01", false}, {"a*b*c", "aXbYbZc", true},
		{"shop.o*", "shop.orders", true}, {"[a]", "a", false}, {"%", "a", false}, {"", "", true}, {"", "a", false},
	} {
		if got := MatchPattern(c.pattern, c.name); got != c.want {
			t.Errorf("MatchPattern(%q, %q) = %v", c.pattern, c.name, got)
		}
	}
}
