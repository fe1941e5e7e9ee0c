package stream

import (
	"bufio"
	"bytes"
	"io"
	"net"
	"testing"
	"time"
)

// countedConn counts the reads that gave something.
type countedConn struct {
	net.Conn
	reads int
}

func (c *countedConn) Read(b []byte) (int, error) {
	c.reads++
	return c.Conn.Read(b)
}

// TestGather: what trickles in is read in few pieces, what is there in plenty at
// once, and all of it is read.
func TestGather(t *testing.T) {
	const pieces = 400
	small, large := bytes.Repeat([]byte("x"), 100), bytes.Repeat([]byte("y"), 64<<20)
	for name, c := range map[string]struct {
		write func(net.Conn) error
		size  int
		most  int           // reads
		took  time.Duration // at most
	}{
		"trickle": {func(w net.Conn) error {
			for range pieces {
				if _, err := w.Write(small); err != nil {
					return err
				}
				time.Sleep(200 * time.Microsecond)
			}
			return nil
		}, pieces * len(small), pieces / 3, time.Minute},
		"flood": {func(w net.Conn) error { _, err := w.Write(large); return err }, len(large), len(large), 5 * time.Second},
	} {
		t.Run(name, func(t *testing.T) {
			l, err := net.Listen("tcp", "127.0.0.1:0")
			if err != nil {
				t.Fatal(err)
			}
			defer l.Close()
			go func() {
				w, err := l.Accept()
				if err == nil {
					err = c.write(w)
					w.Close()
				}
				if err != nil {
					t.Error(err)
				}
			}()
			conn, err := net.Dial("tcp", l.Addr().String())
			if err != nil {
				t.Fatal(err)
			}
			defer conn.Close()
			counted := &countedConn{Conn: conn}
			begun := time.Now()
			n, err := io.Copy(io.Discard, struct{ io.Reader }{bufio.NewReaderSize(&gatherer{Conn: counted, on: true}, readBuffer)})
			if err != nil || n != int64(c.size) || counted.reads > c.most || time.Since(begun) > c.took {
				t.Errorf("%d of %d bytes in %d reads (at most %d) and %s: %v", n, c.size, counted.reads, c.most, time.Since(begun), err)
			}
			t.Logf("%d bytes in %d reads and %s", n, counted.reads, time.Since(begun))
		})
	}
}
