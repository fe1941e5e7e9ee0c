package apply

import "unsafe"

// arena hands out strings that live as long as a batch, without an allocation
// each.
type arena struct {
	free  []byte
	block int // size of the last block; they grow, since most batches are small
}

// keep copies b.
func (a *arena) keep(b []byte) string {
	if len(b) == 0 {
		return ""
	}
	if len(a.free) < len(b) {
		a.block = min(max(2*a.block, 1<<10), 256<<10)
		a.free = make([]byte, max(a.block, len(b)))
	}
	n := copy(a.free, b)
	s := unsafe.String(&a.free[0], n)
	a.free = a.free[n:]
	return s
}

// view looks at bytes as a string for the length of a call that does not keep
// it.
func view(b []byte) string { return unsafe.String(unsafe.SliceData(b), len(b)) }
