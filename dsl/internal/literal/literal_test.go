package literal_test

import (
	"strings"
	"testing"
	"time"

	"github.com/tidegate-io/tidegate/dsl/internal/literal"
)

func TestSize(t *testing.T) {
	for in, want := range map[string]int64{
		"0B": 0, "1B": 1, "16MiB": 16 << 20, "1.5KiB": 1536, "4 GiB": 4 << 30, "50MB": 50_000_000, "1kB": 1000,
		"16": -1, "MiB": -1, "16mib": -1, "-1B": -1, "": -1, "9999999TiB": -1, "1e3B": -1,
	} {
		got, err := literal.Size(in)
		if err != nil {
			got = -1
		}
		if got != want {
			t.Errorf("Size(%q) = %d (%v), want %d", in, got, err, want)
		}
	}
}

func TestRate(t *testing.T) {
	for in, want := range map[string]int64{
		"50MB/s": 50_000_000, "100KiB/s": 100 << 10, "1 GiB/s": 1 << 30, "50MB": -1, "50/s": -1, "/s": -1, "50MB/m": -1,
	} {
		got, err := literal.Rate(in)
		if err != nil {
			got = -1
		}
		if got != want {
			t.Errorf("Rate(%q) = %d (%v), want %d", in, got, err, want)
		}
	}
}

func TestDuration(t *testing.T) {
	for in, want := range map[string]time.Duration{
		"0s": 0, "500ms": 500 * time.Millisecond, "1h30m": 90 * time.Minute,
		"10": -1, "2d": -1, "-1s": -1, "": -1, "soon": -1,
	} {
		got, err := literal.Duration(in)
		if err != nil {
			got = -1
		}
		if got != want {
			t.Errorf("Duration(%q) = %v (%v), want %v", in, got, err, want)
		}
	}
}

func TestAddress(t *testing.T) {
	for in, want := range map[string]string{
		"10.0.0.5:3306": "10.0.0.5:3306", "DB.example": "db.example:3306", "localhost:1": "localhost:1",
		"[2001:db8::5]:3307": "[2001:db8::5]:3307", "[::1]": "[::1]:3306",
		"unix:/run/mysqld/mysqld.sock": "unix:/run/mysqld/mysqld.sock",
		"::1":                          "", "db:0": "", "db:65536": "", "db:x": "", ":3306": "", "": "", " db": "", "a b:1": "", "[db]:1": "",
		"mysql://root:pw@db": "", "root@db": "", "/run/mysqld.sock": "", "unix:run/x": "", "a:b:c": "",
	} {
		got, err := literal.Address(in)
		if got != want || (err == nil) != (want != "") {
			t.Errorf("Address(%q) = %q, %v, want %q", in, got, err, want)
		}
	}
}

func TestPosition(t *testing.T) {
	const uuid = "3e11fa47-71ca-11e1-9e33-c80aa9429562"
	for in, want := range map[string]string{
		"now": "now", "binlog.000042:157": "binlog.000042:157", "0-1-100": "0-1-100", "0-1-100, 1-2-3": "0-1-100,1-2-3",
		uuid + ":1-5": uuid + ":1-5", uuid + ":1-5:7,\n" + uuid + ":1": uuid + ":1-5:7," + uuid + ":1",
		uuid + ":blue:1-5": uuid + ":blue:1-5", "2026-12-01T02:00:00+01:00": "2026-12-01T01:00:00Z",
		"": "", "yesterday": "", uuid: "", "binlog.000042": "", "0-1": "", "/var/lib/binlog.000042:4": "",
	} {
		got, err := literal.Position(in)
		if got != want || (err == nil) != (want != "") {
			t.Errorf("Position(%q) = %q, %v, want %q", in, got, err, want)
		}
	}
}

func TestOverlap(t *testing.T) {
	for _, c := range []struct {
		a, b string
		want bool
	}{
		{"shop", "shop", true}, {"shop", "shop2", false}, {"*", "x", true}, {"*", "", true}, {"sh?p", "shop", true},
		{"a*", "*b", true}, {"a*", "b*", false}, {"a*c", "ab*", true}, {"?", "", false}, {"a?", "?b", true},
		{"**a", "b*", true}, {"tmp_*", "tmp_", true}, {"*x*", "*y*", true},
	} {
		if got := literal.Overlap(c.a, c.b); got != c.want {
			t.Errorf("Overlap(%q, %q) = %v", c.a, c.b, got)
		}
		if got := literal.Overlap(c.b, c.a); got != c.want {
			t.Errorf("Overlap(%q, %q) = %v", c.b, c.a, got)
		}
	}
	if literal.Match("abc", "a*c") {
		t.Error("a star in a name is not a wildcard")
	}
	if !literal.Match("a*c", "a*c") {
		t.Error("a pattern's star fits a name's star")
	}
}

func TestIdentifier(t *testing.T) {
	for in, ok := range map[string]bool{
		"shop": true, "größe": true, strings.Repeat("é", 64): true, strings.Repeat("x", 65): false,
		"": false, "a ": false, "a\x00": false, "😀": false,
	} {
		if err := literal.Identifier(in); (err == nil) != ok {
			t.Errorf("Identifier(%q) = %v, want ok %v", in, err, ok)
		}
	}
	if err := literal.Pattern(strings.Repeat("x", 64) + "*"); err != nil {
		t.Error(err)
	}
}

func TestFormat(t *testing.T) {
	if got := literal.FormatSize(64 << 10); got != "64KiB" {
		t.Error(got)
	}
	for d, want := range map[time.Duration]string{time.Hour: "1h", time.Minute: "1m", 90 * time.Second: "1m30s", 0: "0s", 10 * time.Second: "10s", 20 * time.Minute: "20m"} {
		if got := literal.FormatDuration(d); got != want {
			t.Errorf("%v: %q", d, got)
		}
	}
}
