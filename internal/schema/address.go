package schema

import (
	"encoding/hex"
	"fmt"
	"strconv"
)

// fixed restores the zero bytes that the log cuts from the end of MariaDB's
// fixed binary types. buf has the type's length.
func fixed(buf, raw []byte) error {
	if len(raw) > len(buf) {
		return fmt.Errorf("%d bytes where at most %d fit", len(raw), len(buf))
	}
	clear(buf[copy(buf, raw):])
	return nil
}

// appendUUID appends a UUID. The log carries its bytes in the order of the text,
// not in the order of the index.
func appendUUID(dst, raw []byte) ([]byte, error) {
	var b [16]byte
	if err := fixed(b[:], raw); err != nil {
		return dst, err
	}
	for i, group := range [5][]byte{b[0:4], b[4:6], b[6:8], b[8:10], b[10:16]} {
		if i > 0 {
			dst = append(dst, '-')
		}
		dst = hex.AppendEncode(dst, group)
	}
	return dst, nil
}

func appendInet4(dst, raw []byte) ([]byte, error) {
	var b [4]byte
	if err := fixed(b[:], raw); err != nil {
		return dst, err
	}
	for i, x := range b {
		if i > 0 {
			dst = append(dst, '.')
		}
		dst = strconv.AppendUint(dst, uint64(x), 10)
	}
	return dst, nil
}

// appendInet6 appends an address as MariaDB prints it: the first of the longest
// runs of zero groups is '::' even if it is one group, and the end is in dotted
// form where the address is a mapped or compatible IPv4 address.
func appendInet6(dst, raw []byte) ([]byte, error) {
	var b [16]byte
	if err := fixed(b[:], raw); err != nil {
		return dst, err
	}
	var groups [8]uint64
	for i := range groups {
		groups[i] = uint64(b[2*i])<<8 | uint64(b[2*i+1])
	}
	gap, size := longestGap(groups)
	for i := 0; i < 8; i++ {
		switch {
		case i == gap:
			if i == 0 {
				dst = append(dst, ':')
			}
			dst = append(dst, ':')
			i += size - 1
		case i == 6 && gap == 0 && (size == 6 || size == 5 && groups[5] == 0xffff):
			return appendInet4(dst, b[12:])
		default:
			dst = strconv.AppendUint(dst, groups[i], 16)
			if i < 7 {
				dst = append(dst, ':')
			}
		}
	}
	return dst, nil
}

func longestGap(groups [8]uint64) (pos, size int) {
	pos = -1
	for i := 0; i < 8; {
		n := i
		for n < 8 && groups[n] == 0 {
			n++
		}
		if n-i > size {
			pos, size = i, n-i
		}
		i = max(n, i+1)
	}
	return pos, size
}
