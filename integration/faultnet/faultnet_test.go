package faultnet

import (
	"bytes"
	"errors"
	"io"
	"net"
	"strings"
	"sync"
	"syscall"
	"testing"
	"time"

	"go.uber.org/goleak"
)

func TestMain(m *testing.M) { goleak.VerifyTestMain(m) }

// echo answers every byte with itself.
func echo(t *testing.T) string {
	t.Helper()
	l, err := net.Listen("tcp", "127.0.0.1:0")
	if err != nil {
		t.Fatal(err)
	}
	var work sync.WaitGroup
	work.Go(func() {
		for {
			c, err := l.Accept()
			if err != nil {
				return
			}
			work.Go(func() {
				io.Copy(c, c)
				c.Close()
			})
		}
	})
	t.Cleanup(func() { l.Close(); work.Wait() })
	return l.Addr().String()
}

func dial(t *testing.T, p *Proxy) net.Conn {
	t.Helper()
	c, err := net.Dial("tcp", p.Addr())
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { c.Close() })
	return c
}

func send(t *testing.T, c net.Conn, text string) {
	t.Helper()
	if _, err := io.WriteString(c, text); err != nil {
		t.Fatal(err)
	}
}

func receive(t *testing.T, c net.Conn, want string) {
	t.Helper()
	c.SetReadDeadline(time.Now().Add(10 * time.Second))
	got := make([]byte, len(want))
	if _, err := io.ReadFull(c, got); err != nil || string(got) != want {
		t.Fatalf("received %q, %v, want %q", got, err, want)
	}
}

// silent fails if anything arrives within a short time.
func silent(t *testing.T, c net.Conn) {
	t.Helper()
	c.SetReadDeadline(time.Now().Add(100 * time.Millisecond))
	n, err := c.Read(make([]byte, 1))
	if n > 0 || !isTimeout(err) {
		t.Fatalf("%d bytes, %v, want silence", n, err)
	}
}

func isTimeout(err error) bool {
	ne, ok := errors.AsType[net.Error](err)
	return ok && ne.Timeout()
}

func wantReset(t *testing.T, c net.Conn) {
	t.Helper()
	c.SetReadDeadline(time.Now().Add(10 * time.Second))
	if _, err := c.Read(make([]byte, 1)); !errors.Is(err, syscall.ECONNRESET) {
		t.Fatalf("read: %v, want a reset", err)
	}
}

// wantRefused takes a reset in the connect or right after it.
func wantRefused(t *testing.T, p *Proxy) {
	t.Helper()
	c, err := net.Dial("tcp", p.Addr())
	if err == nil {
		defer c.Close()
		wantReset(t, c)
	} else if !errors.Is(err, syscall.ECONNRESET) {
		t.Fatalf("connect: %v, want a reset", err)
	}
}

// open gives a client and its side in the proxy, with a byte gone both ways.
func open(t *testing.T, p *Proxy) (net.Conn, *Conn) {
	t.Helper()
	c := dial(t, p)
	send(t, c, "!")
	receive(t, c, "!")
	conns := p.Conns()
	return c, conns[len(conns)-1]
}

func TestForwardsUnharmed(t *testing.T) {
	p := Listen(t, echo(t))
	c := dial(t, p)
	want := bytes.Repeat([]byte("0123456789abcdef"), 1<<16)
	go func() { // ends with the write; the read below waits for all of it
		c.Write(want)
		c.(*net.TCPConn).CloseWrite()
	}()
	got, err := io.ReadAll(c)
	if err != nil || !bytes.Equal(got, want) {
		t.Fatalf("%d bytes, %v, want %d", len(got), err, len(want))
	}
	s := p.Stats()
	if n := int64(len(want)); s.Accepted != 1 || s.Bytes != [2]int64{n, n} || s.Cut != 0 {
		t.Errorf("stats %+v", s)
	}
}

func TestCut(t *testing.T) {
	p := Listen(t, echo(t))
	a, _ := open(t, p)
	b, side := open(t, p)
	side.Cut()
	wantReset(t, b)
	send(t, a, "x")
	receive(t, a, "x")
	p.Cut()
	wantReset(t, a)
	if got := p.Stats().Cut; got != 2 {
		t.Errorf("cut %d, want 2", got)
	}
}

func TestCutAfter(t *testing.T) {
	t.Run("towards the client", func(t *testing.T) {
		p := Listen(t, echo(t))
		c, side := open(t, p)
		side.CutAfter(ToClient, 4)
		send(t, c, "ab")
		receive(t, c, "ab")
		send(t, c, "cdef")
		receive(t, c, "cd")
		wantReset(t, c)
	})
	t.Run("towards the server, on new connections", func(t *testing.T) {
		p := Listen(t, echo(t))
		p.CutAfter(ToServer, 3)
		c := dial(t, p)
		send(t, c, "abcdef")
		c.SetReadDeadline(time.Now().Add(10 * time.Second))
		if _, err := io.ReadAll(c); !errors.Is(err, syscall.ECONNRESET) {
			t.Fatalf("read: %v, want a reset", err)
		}
		if got := p.Stats().Bytes[ToServer]; got != 3 {
			t.Errorf("%d bytes reached the server, want 3", got)
		}
	})
}

func TestStallAndResume(t *testing.T) {
	p := Listen(t, echo(t))
	c, side := open(t, p)
	side.Stall(ToClient)
	send(t, c, "hello")
	silent(t, c)
	side.Resume(ToClient)
	receive(t, c, "hello")

	p.Stall()
	late := dial(t, p)
	send(t, c, "a")
	send(t, late, "b")
	silent(t, c)
	silent(t, late)
	p.Heal()
	receive(t, c, "a")
	receive(t, late, "b")

	p.Stall()
	p.Cut() // a stalled connection can be cut
	wantReset(t, c)
}

func TestDelayIsPerDirectionAndKeepsThroughput(t *testing.T) {
	p := Listen(t, echo(t))
	c, _ := open(t, p)
	const latency = 50 * time.Millisecond
	p.Delay(latency)
	begun := time.Now()
	text := strings.Repeat("x", 1<<20)
	go io.WriteString(c, text)
	receive(t, c, text)
	if took := time.Since(begun); took < 2*latency || took > 20*latency {
		t.Errorf("a megabyte and back took %s with %s each way", took, latency)
	}
}

func TestLoseAnswersBehindAPattern(t *testing.T) {
	p := Listen(t, echo(t))
	lost := p.LoseAnswersAfter("BEGIN", "COMMIT", 1)
	c := dial(t, p)
	send(t, c, "COMMIT")
	receive(t, c, "COMMIT")
	send(t, c, "BEGIN")
	receive(t, c, "BEGIN")
	send(t, c, "COM")
	receive(t, c, "COM")
	send(t, c, "MIT")
	wantReset(t, c)
	if s := p.Stats(); s.Dropped != 3 || s.Bytes[ToServer] != 17 || lost.Load() != 1 {
		t.Errorf("%d lost, stats %+v, want 1 and 3 dropped of 17", lost.Load(), s)
	}
	c = dial(t, p)
	send(t, c, "BEGIN")
	receive(t, c, "BEGIN")
	send(t, c, "COMMIT")
	receive(t, c, "COMMIT")
	if n := lost.Load(); n != 2 {
		t.Errorf("%d were counted, want the second too", n)
	}
}

func TestOnRunsOnceBeforeThePatternPasses(t *testing.T) {
	p := Listen(t, echo(t))
	var fired int
	p.OnConn(func(c *Conn) {
		c.On(ToServer, "kill", func() { fired++; c.Cut() })
	})
	c := dial(t, p)
	send(t, c, "hi")
	receive(t, c, "hi")
	send(t, c, "kill me, kill me")
	wantReset(t, c)
	p.Close() // waits for the connection, so fired is ours to read
	if s := p.Stats(); fired != 1 || s.Bytes[ToServer] != 2 {
		t.Errorf("fired %d times, stats %+v", fired, s)
	}
}

func TestRefuseAndFailover(t *testing.T) {
	p := Listen(t, "127.0.0.1:1") // nobody listens there
	wantRefused(t, p)
	p.SetUpstream(echo(t))
	c, _ := open(t, p)
	p.Refuse(true)
	wantRefused(t, p)
	send(t, c, "still")
	receive(t, c, "still")
	p.Refuse(false)
	open(t, p)
	if s := p.Stats(); s.Refused != 2 || s.Accepted != 2 {
		t.Errorf("stats %+v, want 2 refused, 2 accepted", s)
	}
}
