package literal

import (
	"errors"
	"math"
	"regexp"
	"strconv"
	"strings"
	"time"
)

var sizePattern = regexp.MustCompile(`^([0-9]+(?:\.[0-9]+)?)\s*([A-Za-z]*)$`)

// unitBytes holds the accepted units: powers of 1024 with an i, of 1000 without,
// as the IEC wrote them down.
var unitBytes = map[string]float64{
	"B":   1,
	"KiB": 1 << 10, "MiB": 1 << 20, "GiB": 1 << 30, "TiB": 1 << 40,
	"kB": 1e3, "KB": 1e3, "MB": 1e6, "GB": 1e9, "TB": 1e12,
}

// Size reads a number of bytes such as "16MiB".
func Size(s string) (int64, error) { return size(s, "16MiB", "") }

// Rate reads a number of bytes per second such as "50MiB/s".
func Rate(s string) (int64, error) {
	amount, ok := strings.CutSuffix(s, "/s")
	if !ok {
		return 0, errors.New(`is not a rate per second; write for example "50MiB/s"`)
	}
	return size(strings.TrimSpace(amount), "50MiB", "/s")
}

func size(s, example, suffix string) (int64, error) {
	m := sizePattern.FindStringSubmatch(s)
	if m == nil {
		return 0, errors.New(`is not a number with a unit; write for example "` + example + suffix + `"`)
	}
	if m[2] == "" {
		return 0, errors.New(`has no unit; write for example "` + example + suffix + `"`)
	}
	unit, ok := unitBytes[m[2]]
	if !ok {
		return 0, errors.New(`has an unknown unit; use B, KiB, MiB, GiB, TiB (1024) or kB, MB, GB, TB (1000)`)
	}
	n, err := strconv.ParseFloat(m[1], 64)
	if err != nil || n*unit >= math.MaxInt64 {
		return 0, errors.New("is too large")
	}
	return int64(n * unit), nil
}

// FormatSize writes a number of bytes in the largest binary unit that divides it.
func FormatSize(n int64) string {
	for _, u := range []string{"TiB", "GiB", "MiB", "KiB"} {
		if b := int64(unitBytes[u]); n >= b && n%b == 0 {
			return strconv.FormatInt(n/b, 10) + u
		}
	}
	return strconv.FormatInt(n, 10) + "B"
}

// Duration reads a time span such as "90s" or "1h30m".
func Duration(s string) (time.Duration, error) {
	d, err := time.ParseDuration(s)
	switch {
	case err == nil && d < 0:
		return 0, errors.New("is negative")
	case err == nil && s == "0":
		return 0, nil
	case err == nil:
		return d, nil
	}
	if _, numErr := strconv.ParseFloat(s, 64); numErr == nil {
		return 0, errors.New(`has no unit; write for example "10s", "5m" or "1h"`)
	}
	if strings.HasSuffix(s, "d") {
		return 0, errors.New(`is not a duration: there is no unit for days; write for example "48h"`)
	}
	return 0, errors.New(`is not a duration; write for example "500ms", "10s", "5m" or "1h30m"`)
}

// FormatDuration writes a span as short as Duration accepts it.
func FormatDuration(d time.Duration) string {
	s := d.String()
	if strings.HasSuffix(s, "m0s") {
		s = strings.TrimSuffix(s, "0s")
	}
	if strings.HasSuffix(s, "h0m") {
		s = strings.TrimSuffix(s, "0m")
	}
	return s
}

// Time reads an RFC 3339 time and returns it in UTC.
func Time(s string) (time.Time, error) {
	t, err := time.Parse(time.RFC3339, s)
	if err != nil {
		return time.Time{}, errors.New(`is not an RFC 3339 time with a zone; write for example "2026-12-01T02:00:00Z"`)
	}
	return t.UTC(), nil
}
