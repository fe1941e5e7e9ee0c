package schema

import (
	"encoding/binary"
	"fmt"
	"strconv"
	"time"

	"github.com/tidegate-io/tidegate/internal/change"
)

// appendTemporal appends a temporal value as the server prints it; TIMESTAMP in
// UTC, which is the time zone of every session.
func (c *Codec) appendTemporal(dst, raw []byte) ([]byte, error) {
	switch c.code {
	case change.TypeYear:
		if len(raw) != 1 {
			return dst, fmt.Errorf("a year of %d bytes", len(raw))
		}
		if raw[0] == 0 {
			return append(dst, "0000"...), nil
		}
		return strconv.AppendInt(dst, 1900+int64(raw[0]), 10), nil
	case change.TypeDate, change.TypeNewDate:
		if len(raw) != 3 {
			return dst, fmt.Errorf("a date of %d bytes", len(raw))
		}
		v := littleEndian(raw)
		return appendDate(dst, v>>9, v>>5&15, v&31), nil
	case change.TypeTime:
		return appendOldTime(dst, raw)
	case change.TypeDatetime:
		return appendOldDatetime(dst, raw)
	}
	fraction := 0
	if c.code != change.TypeTimestamp {
		fraction = c.size
	}
	head := 4
	switch c.code {
	case change.TypeDatetime2:
		head = 5
	case change.TypeTime2:
		head = 3
	}
	if len(raw) != head+(fraction+1)/2 {
		return dst, fmt.Errorf("%d bytes for %d digits of fraction", len(raw), fraction)
	}
	switch c.code {
	case change.TypeTime2:
		return appendTime2(dst, raw, fraction), nil
	case change.TypeDatetime2:
		v := bigEndian(raw[:5]) & (1<<39 - 1)
		dst = appendDatetime(dst, v)
		return appendFraction(dst, microseconds(raw[5:]), fraction), nil
	}
	seconds := uint64(binary.LittleEndian.Uint32(raw))
	if c.code == change.TypeTimestamp2 {
		seconds = uint64(binary.BigEndian.Uint32(raw))
	}
	if seconds == 0 {
		dst = append(dst, "0000-00-00 00:00:00"...)
	} else {
		t := time.Unix(int64(seconds), 0).UTC()
		dst = appendDate(dst, uint64(t.Year()), uint64(t.Month()), uint64(t.Day()))
		dst = appendClock(append(dst, ' '), uint64(t.Hour()), uint64(t.Minute()), uint64(t.Second()))
	}
	return appendFraction(dst, microseconds(raw[4:]), fraction), nil
}

// appendDatetime appends year*13+month, day, hour, minute and second, as packed
// into 17, 5, 5, 6 and 6 bits.
func appendDatetime(dst []byte, v uint64) []byte {
	ym := v >> 22
	dst = appendDate(dst, ym/13, ym%13, v>>17&31)
	return appendClock(append(dst, ' '), v>>12&31, v>>6&63, v&63)
}

// microseconds reads the fraction that follows a value: two digits a byte.
func microseconds(b []byte) uint64 {
	v := bigEndian(b)
	for range 3 - len(b) {
		v *= 100
	}
	return v
}

// appendTime2 appends a TIME. Negative values are stored as the complement of
// whole and fraction together.
func appendTime2(dst, raw []byte, fraction int) []byte {
	shift := 8 * (len(raw) - 3)
	v := int64(bigEndian(raw)) - 0x800000<<shift
	if v < 0 {
		dst = append(dst, '-')
		v = -v
	}
	whole := uint64(v) >> shift
	micros := uint64(v) & (1<<shift - 1)
	for range 3 - (len(raw) - 3) {
		micros *= 100
	}
	dst = appendClock(dst, whole>>12&1023, whole>>6&63, whole&63)
	return appendFraction(dst, micros, fraction)
}

func appendOldTime(dst, raw []byte) ([]byte, error) {
	if len(raw) != 3 {
		return dst, fmt.Errorf("a time of %d bytes", len(raw))
	}
	v := int64(littleEndian(raw)<<40) >> 40
	if v < 0 {
		dst = append(dst, '-')
		v = -v
	}
	u := uint64(v)
	return appendClock(dst, u/10000, u/100%100, u%100), nil
}

func appendOldDatetime(dst, raw []byte) ([]byte, error) {
	if len(raw) != 8 {
		return dst, fmt.Errorf("a datetime of %d bytes", len(raw))
	}
	v := littleEndian(raw)
	d, t := v/1000000, v%1000000
	dst = appendDate(dst, d/10000, d/100%100, d%100)
	return appendClock(append(dst, ' '), t/10000, t/100%100, t%100), nil
}

func appendDate(dst []byte, year, month, day uint64) []byte {
	dst = append2(append2(dst, year/100%100), year%100)
	dst = append2(append(dst, '-'), month)
	return append2(append(dst, '-'), day)
}

func appendClock(dst []byte, hour, minute, second uint64) []byte {
	if hour >= 100 {
		dst = append(dst, byte('0'+hour/100))
	}
	dst = append2(dst, hour%100)
	dst = append2(append(dst, ':'), minute)
	return append2(append(dst, ':'), second)
}

func append2(dst []byte, v uint64) []byte { return append(dst, byte('0'+v/10%10), byte('0'+v%10)) }

func appendFraction(dst []byte, micros uint64, digits int) []byte {
	if digits == 0 {
		return dst
	}
	dst = append(dst, '.')
	for i := range digits {
		dst = append(dst, byte('0'+micros/pow10[5-i]%10))
	}
	return dst
}
