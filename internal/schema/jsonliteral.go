package schema

import (
	"encoding/json"
	"math"
	"strconv"

	"github.com/tidegate-io/tidegate/internal/mysql"
)

// appendJSONLiteral appends an expression from which MySQL makes a JSON value
// that prints as text again. Nearly always it is the text, as utf8mb4: JSON has
// no binary strings. But MySQL reads every number with a point as a double, so
// what was a DECIMAL and would print otherwise (1.10, or 30 digits) has to be
// built by functions that take SQL values.
//
// Text that is not JSON is left to the server to refuse.
func appendJSONLiteral(dst, text []byte) []byte {
	s := jsonScan{text: text}
	if !s.value(0) || !s.delicate || !s.onlySpace() {
		return appendUTF8(dst, text)
	}
	b := jsonBuild{text: text}
	return b.value(dst, true)
}

func appendUTF8(dst, text []byte) []byte {
	return mysql.AppendString(append(dst, "_utf8mb4"...), text)
}

// jsonScan walks over one JSON text.
type jsonScan struct {
	text     []byte
	pos      int
	delicate bool // a number was seen that must not pass as text
}

func (s *jsonScan) space() {
	for s.pos < len(s.text) {
		switch s.text[s.pos] {
		case ' ', '\t', '\n', '\r':
			s.pos++
		default:
			return
		}
	}
}

func (s *jsonScan) onlySpace() bool {
	s.space()
	return s.pos == len(s.text)
}

// next takes c, if it comes next.
func (s *jsonScan) next(c byte) bool {
	s.space()
	if s.pos < len(s.text) && s.text[s.pos] == c {
		s.pos++
		return true
	}
	return false
}

// value skips one value; false if there is none.
func (s *jsonScan) value(depth int) bool {
	s.space()
	if s.pos >= len(s.text) || depth > maxJSONDepth {
		return false
	}
	switch c := s.text[s.pos]; {
	case c == '{':
		return s.members('}', depth)
	case c == '[':
		return s.members(']', depth)
	case c == '"':
		return s.str()
	case c == '-' || c >= '0' && c <= '9':
		if delicate(s.number()) {
			s.delicate = true
		}
		return true
	default:
		start := s.pos
		for s.pos < len(s.text) && s.text[s.pos] >= 'a' && s.text[s.pos] <= 'z' {
			s.pos++
		}
		return s.pos > start
	}
}

func (s *jsonScan) members(end byte, depth int) bool {
	s.pos++
	if s.next(end) {
		return true
	}
	for {
		if end == '}' {
			s.space()
			if !s.str() || !s.next(':') {
				return false
			}
		}
		if !s.value(depth + 1) {
			return false
		}
		if s.next(end) {
			return true
		}
		if !s.next(',') {
			return false
		}
	}
}

func (s *jsonScan) str() bool {
	if s.pos >= len(s.text) || s.text[s.pos] != '"' {
		return false
	}
	for s.pos++; s.pos < len(s.text); s.pos++ {
		switch s.text[s.pos] {
		case '\\':
			s.pos++
		case '"':
			s.pos++
			return true
		}
	}
	return false
}

func (s *jsonScan) number() []byte {
	start := s.pos
	for s.pos < len(s.text) {
		switch c := s.text[s.pos]; {
		case c >= '0' && c <= '9', c == '-', c == '+', c == '.', c == 'e', c == 'E':
			s.pos++
		default:
			return s.text[start:s.pos]
		}
	}
	return s.text[start:]
}

// delicate reports whether a number read from JSON text would not print as it
// stands there.
func delicate(number []byte) bool {
	digits, point := 0, false
	for _, c := range number {
		switch {
		case c == '.' || c == 'e' || c == 'E':
			point = true
		case c >= '0' && c <= '9':
			digits++
		}
	}
	if !point && digits < 19 {
		return false
	}
	if !point {
		if _, err := strconv.ParseInt(string(number), 10, 64); err == nil {
			return false
		}
		_, err := strconv.ParseUint(string(number), 10, 64)
		return err != nil
	}
	v, err := strconv.ParseFloat(string(number), 64)
	if err != nil || math.IsInf(v, 0) {
		return false // not MySQL's own text: it stands for what the server makes of it
	}
	var buf [40]byte
	return string(appendJSONDouble(buf[:0], v)) != string(number)
}

// jsonBuild appends expressions for a text that jsonScan found whole.
type jsonBuild struct {
	text []byte
	pos  int
}

func (b *jsonBuild) value(dst []byte, top bool) []byte {
	s := jsonScan{text: b.text, pos: b.pos}
	s.space()
	start := s.pos
	s.value(0)
	part := b.text[start:s.pos]
	switch {
	case !s.delicate:
		dst = append(appendUTF8(append(dst, "CAST("...), part), " AS JSON)"...)
	case part[0] == '{':
		b.pos = start
		return b.members(dst, "JSON_OBJECT(", '}')
	case part[0] == '[':
		b.pos = start
		return b.members(dst, "JSON_ARRAY(", ']')
	case top:
		dst = append(appendDelicate(append(dst, "CAST("...), part), " AS JSON)"...)
	default:
		dst = appendDelicate(dst, part)
	}
	b.pos = s.pos
	return dst
}

// appendDelicate appends a number as an SQL literal: a DECIMAL unless it has an
// exponent.
func appendDelicate(dst, number []byte) []byte { return append(dst, number...) }

func (b *jsonBuild) members(dst []byte, function string, end byte) []byte {
	dst = append(dst, function...)
	b.pos++
	for n := 0; ; n++ {
		if n > 0 {
			dst = append(dst, ',')
		}
		if end == '}' {
			s := jsonScan{text: b.text, pos: b.pos}
			s.space()
			start := s.pos
			s.str()
			dst = append(appendUTF8(dst, unquoteJSON(b.text[start:s.pos])), ',')
			s.next(':')
			b.pos = s.pos
		}
		dst = b.value(dst, false)
		s := jsonScan{text: b.text, pos: b.pos}
		if s.next(end) {
			b.pos = s.pos
			return append(dst, ')')
		}
		s.next(',')
		b.pos = s.pos
	}
}

func unquoteJSON(quoted []byte) []byte {
	var s string
	if json.Unmarshal(quoted, &s) != nil {
		return quoted[1 : len(quoted)-1]
	}
	return []byte(s)
}
