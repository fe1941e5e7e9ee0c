package change

import (
	"fmt"
	"maps"
	"slices"
	"testing"

	"pgregory.net/rapid"
)

const uuidA, uuidB = "aaaaaaaa-0000-0000-0000-000000000001", "bbbbbbbb-0000-0000-0000-000000000002"

// naive is a set that lists every member.
type naive map[ID]bool

func drawMySQL(t *rapid.T, label string) (*Set, naive) {
	s, n := NewSet(MySQL), naive{}
	for range rapid.IntRange(0, 40).Draw(t, label) {
		id := ID{Source: rapid.SampledFrom([]string{uuidA, uuidB, uuidA + ":blue"}).Draw(t, "source"), N: rapid.Uint64Range(1, 25).Draw(t, "n")}
		s.Add(id)
		n[id] = true
	}
	return s, n
}

func checkSame(t *rapid.T, what string, s *Set, n naive) {
	for _, source := range []string{uuidA, uuidB, uuidA + ":blue"} {
		for i := uint64(1); i <= 26; i++ {
			id := ID{Source: source, N: i}
			if s.Contains(id) != n[id] {
				t.Fatalf("%s: %s contains %v: %v", what, s, id, !n[id])
			}
		}
	}
	if s.Empty() != (len(n) == 0) {
		t.Fatalf("%s: %s empty: %v", what, s, s.Empty())
	}
	again, err := ParseSet(MySQL, s.String())
	if err != nil || !again.Equal(s) || again.String() != s.String() {
		t.Fatalf("%s: %s read back as %s, %v", what, s, again, err)
	}
	for source, in := range s.mysql {
		for i, v := range in {
			if v.first > v.last || i > 0 && in[i-1].last+1 >= v.first {
				t.Fatalf("%s: intervals of %s are not in normal form: %v", what, source, in)
			}
		}
	}
}

func TestMySQLSetAgainstNaive(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		a, na := drawMySQL(t, "a")
		b, nb := drawMySQL(t, "b")
		checkSame(t, "added", a, na)
		u, nu := a.Clone(), maps.Clone(na)
		u.Union(b)
		maps.Copy(nu, nb)
		checkSame(t, "union", u, nu)
		checkSame(t, "the clone's original", a, na)
		d := maps.Clone(na)
		maps.DeleteFunc(d, func(id ID, _ bool) bool { return nb[id] })
		checkSame(t, "minus", a.Minus(b), d)
		if got, want := a.Includes(b), includes(na, nb); got != want {
			t.Fatalf("%s includes %s: %v", a, b, got)
		}
		if got, want := a.Equal(b), maps.Equal(na, nb); got != want {
			t.Fatalf("%s equals %s: %v", a, b, got)
		}
		for n := range uint64(26) { // one transaction more
			id := ID{Source: uuidA, N: n + 1}
			more := a.Clone()
			more.Add(id)
			if !more.Includes(a) || a.Includes(more) != na[id] || a.Equal(more) != na[id] {
				t.Fatalf("%s and %s include each other: %v, %v", a, more, a.Includes(more), more.Includes(a))
			}
		}
	})
}

func includes(a, b naive) bool {
	for id := range b {
		if !a[id] {
			return false
		}
	}
	return true
}

// A run of adjacent numbers is one interval in whatever order it came.
func TestMySQLSetStaysSmall(t *testing.T) {
	rapid.Check(t, func(t *rapid.T) {
		order := rapid.Permutation([]uint64{1, 2, 3, 4, 5, 6, 7, 8, 9}).Draw(t, "order")
		s := NewSet(MySQL)
		for _, n := range order {
			s.Add(ID{Source: uuidA, N: n})
		}
		if got := s.String(); got != uuidA+":1-9" {
			t.Fatalf("got %s", got)
		}
	})
}

func TestParseSet(t *testing.T) {
	tests := []struct {
		kind       Kind
		text, want string
		bad        bool
	}{
		{kind: MySQL, text: "", want: ""},
		{kind: MySQL, text: "AAAAAAAA-0000-0000-0000-000000000001:5:1-3,\n " + uuidB + ":7", want: uuidA + ":1-3:5," + uuidB + ":7"},
		{kind: MySQL, text: uuidA + ":1-5:blue:1-2:9:red:4", want: uuidA + ":1-5," + uuidA + ":blue:1-2:9," + uuidA + ":red:4"},
		{kind: MySQL, text: uuidA, bad: true},
		{kind: MySQL, text: uuidA + ":", bad: true},
		{kind: MySQL, text: uuidA + ":3-2", bad: true},
		{kind: MySQL, text: uuidA + ":0", bad: true},
		{kind: MySQL, text: "x:1", bad: true},
		{kind: MariaDB, text: "10-1-5,0-7-3,2-1-1", want: "0-7-3,2-1-1,10-1-5"},
		{kind: MariaDB, text: "0-1", bad: true},
		{kind: MariaDB, text: "a-1-1", bad: true},
		{kind: File, text: "my.bin.000009:4", want: "my.bin.000009:4"},
		{kind: File, text: "binlog:4", bad: true},
		{kind: File, text: "binlog.000001", bad: true},
		{kind: "other", text: "x", bad: true},
	}
	for _, tt := range tests {
		s, err := ParseSet(tt.kind, tt.text)
		if (err != nil) != tt.bad {
			t.Errorf("%s %q: %v", tt.kind, tt.text, err)
		} else if err == nil && s.String() != tt.want {
			t.Errorf("%s %q: got %q, want %q", tt.kind, tt.text, s, tt.want)
		}
	}
}

func TestMariaDBSet(t *testing.T) {
	s, err := ParseSet(MariaDB, "0-1-5,3-2-9")
	if err != nil {
		t.Fatal(err)
	}
	for id, want := range map[ID]bool{
		{Source: "0", Server: 1, N: 5}: true, {Source: "0", Server: 9, N: 4}: true, {Source: "0", Server: 1, N: 6}: false, {Source: "1", Server: 1, N: 1}: false,
	} {
		if s.Contains(id) != want {
			t.Errorf("contains %v: %v", id, !want)
		}
	}
	s.Add(ID{Source: "0", Server: 4, N: 2}) // what it contains changes nothing
	s.Add(ID{Source: "3", Server: 8, N: 10})
	if got := s.String(); got != "0-1-5,3-8-10" {
		t.Errorf("got %s", got)
	}
	o, _ := ParseSet(MariaDB, "0-1-5")
	if !s.Includes(o) || o.Includes(s) || s.Minus(o).String() != "3-8-10" {
		t.Errorf("%s against %s: %v %v %s", s, o, s.Includes(o), o.Includes(s), s.Minus(o))
	}
}

func TestFileOrder(t *testing.T) {
	order := []ID{
		{Source: "b.000009", N: 900}, {Source: "b.000010", N: 4}, {Source: "b.999999", N: 10}, {Source: "b.1000000", N: 4},
		{Source: "b.1000000", N: 5}, {Source: "b.1000001", N: 1 << 33},
	}
	for i, a := range order {
		for j, b := range order {
			s := NewSet(File)
			s.Add(a)
			if got := s.Contains(b); got != (j <= i) {
				t.Errorf("%s contains %v: %v", s, b, got)
			}
			s.Add(b)
			if want := order[max(i, j)]; s.End() != want {
				t.Errorf("%v and %v end at %v", a, b, s.End())
			}
		}
	}
}

func TestPositionRoundTrip(t *testing.T) {
	for _, p := range []Position{
		{}, {Kind: MySQL, GTID: uuidA + ":1-9", File: "b.000001", Offset: 77},
		{Kind: MariaDB, GTID: "0-1-5", File: "b.000001", Offset: 1 << 40, ReadFrom: "0-1-2"},
		{Kind: File, File: "b.1000000", Offset: 4, ReadFrom: "b.999999:4"},
	} {
		text := p.Encode()
		got, err := DecodePosition(text)
		if err != nil || got != p {
			t.Errorf("%s read back as %+v, %v", text, got, err)
		}
		set, err := p.Set()
		if err != nil {
			t.Errorf("set of %s: %v", text, err)
		} else if !p.IsZero() && set.Empty() {
			t.Errorf("set of %s is empty", text)
		}
	}
	if p, err := DecodePosition(""); err != nil || !p.IsZero() {
		t.Errorf("the empty text: %+v, %v", p, err)
	}
	if _, err := DecodePosition("{"); err == nil {
		t.Error("a broken text is a position")
	}
}

func BenchmarkSetAddWithManyIntervals(b *testing.B) {
	s := NewSet(MySQL)
	for i := range 5000 {
		s.Add(ID{Source: fmt.Sprintf("aaaaaaaa-0000-0000-0000-%012d", i%10), N: uint64(i) * 3})
	}
	id := ID{Source: uuidB, N: 1}
	b.ResetTimer()
	for b.Loop() {
		s.Add(id)
		id.N++
	}
}

func TestSortedSources(t *testing.T) {
	s := NewSet(MySQL)
	for _, u := range []string{uuidB, uuidA + ":z", uuidA} {
		s.Add(ID{Source: u, N: 1})
	}
	want := uuidA + ":1," + uuidA + ":z:1," + uuidB + ":1"
	if s.String() != want || !slices.IsSorted([]string{uuidA, uuidA + ":z", uuidB}) {
		t.Errorf("got %s, want %s", s, want)
	}
}
