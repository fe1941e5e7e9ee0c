package obs

import (
	"bytes"
	"context"
	"net"
	"net/http"
	"net/http/httptest"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/rs/zerolog"
)

func TestSlogStartsAtWarn(t *testing.T) {
	var b bytes.Buffer
	l := Slog(zerolog.New(&b))
	l.Info("chatter")
	l.Warn("trouble", "table", "t")
	if got := b.String(); strings.Contains(got, "chatter") || !strings.Contains(got, `"table":"t"`) {
		t.Fatalf("logged %q", got)
	}
}

func TestMetricsHandler(t *testing.T) {
	mux := http.NewServeMux()
	Handle(mux, NewRegistry())
	rec := httptest.NewRecorder()
	mux.ServeHTTP(rec, httptest.NewRequest(http.MethodGet, "/metrics", nil))
	for _, want := range []string{"go_goroutines", "process_resident_memory_bytes", "go_build_info"} {
		if !strings.Contains(rec.Body.String(), want) {
			t.Errorf("/metrics lacks %s", want)
		}
	}
}

func TestNotify(t *testing.T) {
	sock := filepath.Join(t.TempDir(), "notify")
	c, err := net.ListenUnixgram("unixgram", &net.UnixAddr{Name: sock, Net: "unixgram"})
	if err != nil {
		t.Fatal(err)
	}
	defer c.Close()
	read := func() string {
		b := make([]byte, 512)
		_ = c.SetReadDeadline(time.Now().Add(5 * time.Second))
		n, err := c.Read(b)
		if err != nil {
			t.Fatal(err)
		}
		return string(b[:n])
	}
	t.Setenv("NOTIFY_SOCKET", sock)
	t.Setenv("WATCHDOG_USEC", "20000")
	if err := Ready("listening"); err != nil {
		t.Fatal(err)
	}
	if got := read(); got != "READY=1\nSTATUS=listening" {
		t.Errorf("ready: %q", got)
	}
	ctx, cancel := context.WithCancel(t.Context())
	ended := make(chan error)
	go func() { ended <- Watchdog(ctx, func() bool { return true }) }()
	if got := read(); got != "WATCHDOG=1" {
		t.Errorf("watchdog: %q", got)
	}
	cancel()
	if err := <-ended; err != nil {
		t.Fatal(err)
	}
}
