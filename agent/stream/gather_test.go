package stream

import (
	"bufio"
	"bytes"
	"errors"
	"io"
	"net"
	"path/filepath"
	"slices"
	"testing"
	"time"
)

// countedReader counts the reads that gave something.
type countedReader struct {
	io.Reader
	reads int
}

func (c *countedReader) Read(b []byte) (int, error) {
	c.reads++
	return c.Reader.Read(b)
}

// gathered is a connection that is read in pieces, and its other end.
func gathered(t *testing.T, network string, window int) (*gatherer, net.Conn) {
	t.Helper()
	address := "127.0.0.1:0"
	if network == "unix" {
		address = filepath.Join(t.TempDir(), "s")
	}
	l, err := net.Listen(network, address)
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	d := net.Dialer{}
	conn, err := d.Dial(network, l.Addr().String())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { conn.Close() })
	if window > 0 {
		if err := conn.(*net.TCPConn).SetReadBuffer(window); err != nil {
			t.Fatal(err)
		}
	}
	w, err := l.Accept()
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { w.Close() })
	g, err := newGatherer(conn)
	if err != nil {
		t.Fatal(err)
	}
	g.on = true
	return g, w
}

// TestGather: what trickles in is read in few pieces, what is there in plenty at
// once however little of it a window lets through, and all of it is read.
func TestGather(t *testing.T) {
	const pieces = 400
	each := func(size int, pause time.Duration) func(net.Conn) error {
		return func(w net.Conn) error {
			for range pieces {
				if _, err := w.Write(bytes.Repeat([]byte("x"), size)); err != nil {
					return err
				}
				time.Sleep(pause)
			}
			return nil
		}
	}
	trickle, steady := each(100, 200*time.Microsecond), each(1<<10, 2*time.Millisecond)
	inPieces := func(size int) func(net.Conn) error {
		return func(w net.Conn) error {
			for range 64 << 20 / size {
				if _, err := w.Write(make([]byte, size)); err != nil {
					return err
				}
			}
			return nil
		}
	}
	flood, events := inPieces(8<<10), inPieces(256)
	for name, c := range map[string]struct {
		network string
		window  int
		write   func(net.Conn) error
		size    int64
		paced   bool // read no more often than the pace lets it
		limit   time.Duration
	}{
		"trickle":               {"tcp", 0, trickle, pieces * 100, true, time.Minute},
		"steady":                {"tcp", 0, steady, pieces << 10, true, time.Minute}, // with plenty in a piece
		"flood":                 {"tcp", 0, flood, 64 << 20, false, 5 * time.Second},
		"flood, small window":   {"tcp", 64 << 10, flood, 64 << 20, false, 5 * time.Second},
		"flood of events":       {"tcp", 0, events, 64 << 20, false, 5 * time.Second},
		"flood, file socket":    {"unix", 0, flood, 64 << 20, false, 5 * time.Second},
		"trickle, file socket":  {"unix", 0, trickle, pieces * 100, false, time.Minute},
		"trickle, small window": {"tcp", 4 << 10, trickle, pieces * 100, false, time.Minute},
	} {
		t.Run(name, func(t *testing.T) {
			g, w := gathered(t, c.network, c.window)
			sent := make(chan error, 1)
			go func() { sent <- errors.Join(c.write(w), w.Close()) }()
			counted := &countedReader{Reader: g}
			begun := time.Now()
			n, err := io.Copy(io.Discard, struct{ io.Reader }{bufio.NewReaderSize(counted, readBuffer)})
			took := time.Since(begun)
			if err = errors.Join(err, <-sent); err != nil || n != c.size || took > c.limit {
				t.Errorf("%d of %d bytes in %d reads and %s: %v", n, c.size, counted.reads, took, err)
			}
			if most := gatherBurst + 3 + int(3*took/gatherTime/2); c.paced && counted.reads > most {
				t.Errorf("%d reads in %s, want at most %d", counted.reads, took, most)
			}
		})
	}
}

// TestGatherLatency: what comes after silence is read at once, and under a load
// that uses the burst up after gatherTime. Of several reads one may be late because
// the machine was busy, which also lets the burst grow again.
func TestGatherLatency(t *testing.T) {
	g, w := gathered(t, "tcp", 0)
	b := make([]byte, 100)
	read := func() time.Duration {
		t.Helper()
		if _, err := w.Write([]byte("event")); err != nil {
			t.Fatal(err)
		}
		begun := time.Now()
		if n, err := g.Read(b); err != nil || n != 5 {
			t.Fatalf("read %d: %v", n, err)
		}
		return time.Since(begun)
	}
	several := func(n int) (took []time.Duration) {
		for range n {
			took = append(took, read())
		}
		slices.Sort(took)
		return took
	}
	if took := several(gatherBurst / 2); took[len(took)/2] > gatherTime/2 {
		t.Errorf("events after silence took %s", took)
	}
	several(gatherBurst)
	if took := several(3); took[len(took)-1] < gatherTime/2 || took[0] > 10*gatherTime {
		t.Errorf("events under load took %s", took)
	}
	time.AfterFunc(gatherTime/5, func() { g.Close() })
	for {
		if n, err := g.Read(b); err != nil {
			if !errors.Is(err, net.ErrClosed) {
				t.Errorf("read %d of a connection that is closed: %v", n, err)
			}
			break
		}
	}
}
