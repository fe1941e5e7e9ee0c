package snapshot

import (
	"testing"

	"github.com/tidegate-io/tidegate/internal/schema"
)

// Near the greatest value of its type no bound is computed: it would be a small one,
// behind which the table's ranges began again.
func TestNoBoundBehindTheGreatest(t *testing.T) {
	for _, tt := range []struct {
		unsigned   bool
		last, want string
	}{
		{false, "9223372036854775757", "9223372036854775807"},
		{false, "9223372036854775758", ""},
		{false, "-9223372036854775808", "-9223372036854775758"},
		{true, "18446744073709551565", "18446744073709551615"},
		{true, "18446744073709551566", ""},
	} {
		r := &ranger{pg: &paging{parts: []part{{col: &schema.Column{Unsigned: tt.unsigned}, form: integer}}}}
		got, ok := r.add(tt.last, 50)
		if ok != (tt.want != "") || ok && got != tt.want {
			t.Errorf("50 behind %s: got %s, %v, want %q", tt.last, got, ok, tt.want)
		}
	}
}
