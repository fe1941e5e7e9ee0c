package store

import (
	"bytes"
	"compress/gzip"
	"encoding/json"
	"fmt"
	"io"
	"sync"
)

// The forms of a stored value: one byte, then JSON, compressed if that pays.
const (
	plain  = 1
	packed = 2
)

const packFrom = 4 << 10

// packers keeps compressors: a new one takes a megabyte, and every change of
// many runs would make one for each.
var packers = sync.Pool{New: func() any {
	w, _ := gzip.NewWriterLevel(io.Discard, gzip.BestSpeed) // the level is valid
	return w
}}

func encode(v any) ([]byte, error) {
	b, err := json.Marshal(v)
	if err != nil {
		return nil, fmt.Errorf("encode %T: %w", v, err)
	}
	if len(b) < packFrom {
		return append([]byte{plain}, b...), nil
	}
	var buf bytes.Buffer
	buf.WriteByte(packed)
	w := packers.Get().(*gzip.Writer)
	defer packers.Put(w)
	w.Reset(&buf)
	if _, err := w.Write(b); err != nil {
		return nil, fmt.Errorf("compress %T: %w", v, err)
	}
	if err := w.Close(); err != nil {
		return nil, fmt.Errorf("compress %T: %w", v, err)
	}
	return buf.Bytes(), nil
}

func decode(b []byte, v any) error {
	if len(b) == 0 || b[0] != plain && b[0] != packed {
		return fmt.Errorf("decode %T: unknown form: the store was written by another version of tidegate", v)
	}
	form, b := b[0], b[1:]
	if form == packed {
		r, err := gzip.NewReader(bytes.NewReader(b))
		if err != nil {
			return fmt.Errorf("decompress %T: %w", v, err)
		}
		if b, err = io.ReadAll(r); err != nil {
			return fmt.Errorf("decompress %T: %w", v, err)
		}
	}
	if err := json.Unmarshal(b, v); err != nil {
		return fmt.Errorf("decode %T: %w", v, err)
	}
	return nil
}
