package stream

import (
	"bufio"
	"compress/zlib"
	"fmt"
	"io"
)

// packets reads the protocol's packets after the dump command. go-mysql's own
// reader copies every packet twice, and does not know that a server which
// compresses numbers the packets inside of frames by the frames.
type packets struct {
	r   io.Reader
	buf []byte
}

const (
	readBuffer = 256 << 10
	maxPayload = 1<<24 - 1 // a packet of this size goes on in the next
	bigPacket  = 4 << 20   // above it the buffer is not kept for the next packet
)

func newPackets(conn io.Reader, compressed bool) *packets {
	r := io.Reader(bufio.NewReaderSize(conn, readBuffer))
	if compressed {
		r = bufio.NewReaderSize(&inflater{r: r}, readBuffer)
	}
	return &packets{r: r}
}

// next returns a packet; it is valid until the one after it is read.
func (p *packets) next() ([]byte, error) {
	if cap(p.buf) > bigPacket {
		p.buf = nil
	}
	p.buf = p.buf[:0]
	for {
		var head [4]byte
		if _, err := io.ReadFull(p.r, head[:]); err != nil {
			return nil, err
		}
		size := int(head[0]) | int(head[1])<<8 | int(head[2])<<16
		start := len(p.buf)
		if start+size > cap(p.buf) {
			p.buf = append(make([]byte, 0, max(start+size, 2*cap(p.buf))), p.buf...)
		}
		p.buf = p.buf[:start+size]
		if _, err := io.ReadFull(p.r, p.buf[start:]); err != nil {
			return nil, err
		}
		if size < maxPayload {
			return p.buf, nil
		}
	}
}

// inflater takes the frames of a compressed connection apart.
type inflater struct {
	r     io.Reader
	frame io.LimitedReader
	zlib  io.ReadCloser
	in    io.Reader // what the current frame holds; nil between frames
}

func (f *inflater) Read(b []byte) (int, error) {
	for {
		if f.in == nil {
			if err := f.begin(); err != nil {
				return 0, err
			}
		}
		n, err := f.in.Read(b)
		if err == io.EOF {
			err = nil
			if _, skipped := io.Copy(io.Discard, &f.frame); skipped != nil {
				return n, skipped
			}
			f.in = nil
		}
		if n > 0 || err != nil {
			return n, err
		}
	}
}

func (f *inflater) begin() error {
	var head [7]byte
	if _, err := io.ReadFull(f.r, head[:]); err != nil {
		return err
	}
	f.frame = io.LimitedReader{R: f.r, N: int64(head[0]) | int64(head[1])<<8 | int64(head[2])<<16}
	f.in = &f.frame
	if head[4]|head[5]|head[6] == 0 {
		return nil // small, sent as it is
	}
	var err error
	if f.zlib == nil {
		f.zlib, err = zlib.NewReader(&f.frame)
	} else {
		err = f.zlib.(zlib.Resetter).Reset(&f.frame, nil)
	}
	if err != nil {
		return fmt.Errorf("inflate what the source sends: %w", err)
	}
	f.in = f.zlib
	return nil
}
