package stream

import "github.com/tidegate-io/tidegate/internal/change"

// arena gives out memory for row images and spans in pieces of larger blocks,
// so that a row costs no allocation. Blocks live as long as any row in them.
type arena struct {
	bytes []byte
	spans []change.Span
}

const (
	byteBlock = 64 << 10
	spanBlock = 4 << 10
)

// keep copies b.
func (a *arena) keep(b []byte) []byte {
	c := a.room(len(b))
	copy(c, b)
	return c
}

// room returns n bytes.
func (a *arena) room(n int) []byte {
	if n > byteBlock/4 {
		return make([]byte, n)
	}
	if n > len(a.bytes) {
		a.bytes = make([]byte, byteBlock)
	}
	b := a.bytes[:n:n]
	a.bytes = a.bytes[n:]
	return b
}

// span returns n spans.
func (a *arena) span(n int) []change.Span {
	if n > spanBlock/8 {
		return make([]change.Span, n)
	}
	if n > len(a.spans) {
		a.spans = make([]change.Span, spanBlock)
	}
	s := a.spans[:n:n]
	a.spans = a.spans[n:]
	return s
}
