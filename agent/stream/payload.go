package stream

import (
	"bytes"
	"encoding/binary"
	"fmt"
	"io"

	"github.com/klauspost/compress/zstd"
)

// Fields of a compressed transaction's head, and its compression types.
const (
	payloadEnd  = 0
	payloadType = 2

	payloadZstd = 0
	payloadNone = 255
)

// payloadReader inflates compressed transactions event by event: only the one
// in hand is in memory, however large the transaction is.
type payloadReader struct {
	zstd *zstd.Decoder
	buf  []byte
}

// each calls f for every event inside.
func (p *payloadReader) each(body []byte, f func(*event) error) error {
	c := cursor{b: body}
	compression := uint64(payloadZstd)
	for {
		field := c.lenenc()
		if field == payloadEnd || c.bad {
			break
		}
		value := cursor{b: c.take(int(c.lenenc()))}
		if field == payloadType {
			compression = value.lenenc()
		}
	}
	if c.bad {
		return fmt.Errorf("compressed transaction of %d bytes ends inside its head", len(body))
	}
	r, err := p.reader(c.b, compression)
	if err != nil {
		return err
	}
	for {
		e, err := p.next(r)
		if err == io.EOF {
			return nil
		}
		if err != nil {
			return fmt.Errorf("inflate a compressed transaction: %w", err)
		}
		if err := f(&e); err != nil {
			return err
		}
	}
}

func (p *payloadReader) reader(data []byte, compression uint64) (io.Reader, error) {
	switch compression {
	case payloadNone:
		return bytes.NewReader(data), nil
	case payloadZstd:
	default:
		return nil, fatal("unknown_event", "set binlog_transaction_compression=OFF on the source; the run must start anew", "a transaction is compressed by method %d, which is not known", compression)
	}
	if p.zstd == nil {
		d, err := zstd.NewReader(nil, zstd.WithDecoderConcurrency(1), zstd.WithDecoderLowmem(true))
		if err != nil {
			return nil, err
		}
		p.zstd = d
	}
	return p.zstd, p.zstd.Reset(bytes.NewReader(data))
}

// next reads one event; it is valid until the one after it is read.
func (p *payloadReader) next(r io.Reader) (event, error) {
	p.buf = append(p.buf[:0], make([]byte, headerSize)...)
	if _, err := io.ReadFull(r, p.buf); err != nil {
		return event{}, err
	}
	size := int(binary.LittleEndian.Uint32(p.buf[9:]))
	if size < headerSize {
		return event{}, fmt.Errorf("event of %d bytes", size)
	}
	if size > cap(p.buf) {
		p.buf = append(make([]byte, 0, size), p.buf...)
	}
	p.buf = p.buf[:size]
	if _, err := io.ReadFull(r, p.buf[headerSize:]); err != nil {
		return event{}, fmt.Errorf("event ends too early: %w", err)
	}
	return parseEvent(p.buf)
}
