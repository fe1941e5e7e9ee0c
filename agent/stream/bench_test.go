package stream

import (
	"context"
	"fmt"
	"log/slog"
	"runtime"
	"strconv"
	"strings"
	"testing"
	"time"

	gomysql "github.com/go-mysql-org/go-mysql/mysql"
	"github.com/go-mysql-org/go-mysql/replication"
	"github.com/rs/zerolog"

	"github.com/tidegate-io/tidegate/integration/dbtest"
	"github.com/tidegate-io/tidegate/internal/change"
)

// BenchmarkRead compares reading and discarding one log in four ways: by
// go-mysql without decoding anything, by go-mysql decoding rows, and by the
// Reader with all tables selected or none. MB/s are of the log.
func BenchmarkRead(b *testing.B) {
	s := newSource(b, dbtest.Shared(b, gtidConfig))
	from := fillLog(b, s, 20, 40_000)
	end := s.here()
	for _, selected := range []bool{true, false} {
		b.Run(fmt.Sprintf("Reader,selected=%v", selected), func(b *testing.B) {
			for b.Loop() {
				bytes := discard(b, s, from, end, selected)
				b.SetBytes(int64(bytes))
			}
		})
	}
	for _, raw := range []bool{true, false} {
		b.Run(fmt.Sprintf("go-mysql,raw=%v", raw), func(b *testing.B) {
			for b.Loop() {
				bytes := plainSyncer(b, s, from, end, raw)
				b.SetBytes(int64(bytes))
			}
		})
	}
}

// TestBacklogRate: what waits in a source's log is read at a third of the rate at
// which go-mysql reads it without looking at it, at least. The benchmark asks for
// more, on a machine that does nothing else.
func TestBacklogRate(t *testing.T) {
	kinds(t, func(t *testing.T, s *source) {
		from := fillLog(t, s, 10, 15_000)
		end := s.here()
		ours, limit := 0.0, 0.0
		for range 3 {
			begun := time.Now()
			ours = max(ours, float64(discard(t, s, from, end, false))/time.Since(begun).Seconds())
			begun = time.Now()
			limit = max(limit, float64(plainSyncer(t, s, from, end, true))/time.Since(begun).Seconds())
		}
		if t.Logf("%.0f and %.0f MB/s", ours/1e6, limit/1e6); ours < limit/3 {
			t.Errorf("read at %.1f MB/s, the limit is %.1f", ours/1e6, limit/1e6)
		}
	})
}

// fillLog writes large transactions of 10,000 rows, and small ones as sysbench's.
func fillLog(tb testing.TB, s *source, large, small int) change.Position {
	tb.Helper()
	s.exec("CREATE TABLE t (id INT PRIMARY KEY AUTO_INCREMENT, k INT, c CHAR(120), pad CHAR(60))", "CREATE TABLE d (n INT)",
		"INSERT INTO d VALUES (0),(1),(2),(3),(4),(5),(6),(7),(8),(9)")
	from := s.here()
	fill := "INSERT INTO t (k,c,pad) SELECT 1, REPEAT('x',119), REPEAT('y',59) FROM d a, d b, d c, d e"
	for range large {
		s.exec(fill)
	}
	s.exec(fmt.Sprintf(`CREATE PROCEDURE work() BEGIN DECLARE i INT DEFAULT 1; WHILE i < %d DO START TRANSACTION;
		UPDATE t SET k=k+1 WHERE id=i; UPDATE t SET c=REPEAT('z',119) WHERE id=i+1; DELETE FROM t WHERE id=i+2;
		INSERT INTO t (id,k,c,pad) VALUES (i+2,1,'c','p'); COMMIT; SET i=i+1; END WHILE; END`, small), "CALL work()")
	return from
}

func discard(tb testing.TB, s *source, from, end change.Position, selected bool) uint64 {
	queue := change.NewQueue(64 << 20)
	r, err := NewReader(Config{ServerID: 990001, Position: from}, Deps{
		Source: s.Source, Queue: queue, Log: zerolog.Nop(), Select: func(schema, name string) bool { return selected && schema == s.schema },
	})
	if err != nil {
		tb.Fatal(err)
	}
	ctx, cancel := context.WithCancelCause(tb.Context())
	done := make(chan error, 1)
	go func() {
		err := r.Run(ctx)
		cancel(err)
		done <- err
	}()
	for {
		t, err := queue.Get(ctx)
		if err != nil {
			tb.Fatal(err, context.Cause(ctx))
		}
		queue.Release(t.Bytes)
		if !t.More && t.File == end.File && t.Offset >= end.Offset {
			break
		}
	}
	cancel(nil)
	<-done
	return r.Stats().Bytes
}

func plainSyncer(tb testing.TB, s *source, from, end change.Position, raw bool) uint64 {
	host, port, _ := strings.Cut(s.server.Addr, ":")
	n, err := strconv.Atoi(port)
	if err != nil {
		tb.Fatal(err)
	}
	syncer := replication.NewBinlogSyncer(replication.BinlogSyncerConfig{
		ServerID: 990002, Host: host, Port: uint16(n), User: s.server.User, Password: s.server.Password, RawModeEnabled: raw,
		DiscardGTIDSet: true, Logger: slog.New(slog.DiscardHandler), TimestampStringLocation: time.UTC,
	})
	defer syncer.Close()
	streamer, err := syncer.StartSync(gomysql.Position{Name: from.File, Pos: uint32(from.Offset)})
	if err != nil {
		tb.Fatal(err)
	}
	bytes := uint64(0)
	for {
		e, err := streamer.GetEvent(tb.Context())
		if err != nil {
			tb.Fatal(err)
		}
		bytes += uint64(e.Header.EventSize)
		if e.Header.EventType != replication.ROTATE_EVENT && syncer.GetNextPosition().Name == end.File && uint64(e.Header.LogPos) >= end.Offset {
			return bytes
		}
	}
}

// TestMillionRowTransaction streams one transaction of a million rows through a
// small queue and looks at the heap.
func TestMillionRowTransaction(t *testing.T) {
	for _, compress := range []string{"OFF", "ON"} {
		t.Run("compression="+compress, func(t *testing.T) {
			s := newSource(t, dbtest.Shared(t, gtidConfig))
			s.exec("CREATE TABLE t (id INT PRIMARY KEY, v VARCHAR(100))", "CREATE TABLE d (n INT)", "INSERT INTO d VALUES (0),(1),(2),(3),(4),(5),(6),(7),(8),(9)")
			from := s.here()
			s.exec("SET SESSION binlog_transaction_compression="+compress,
				"INSERT INTO t SELECT a.n+10*b.n+100*c.n+1000*e.n+10000*f.n+100000*g.n, REPEAT('v',90) FROM d a, d b, d c, d e, d f, d g")
			queue := change.NewQueue(32 << 20)
			r, err := NewReader(Config{ServerID: 990003, Position: from}, Deps{Source: s.Source, Queue: queue, Log: zerolog.Nop(), Select: func(string, string) bool { return true }})
			if err != nil {
				t.Fatal(err)
			}
			runtime.GC()
			var before, now runtime.MemStats
			runtime.ReadMemStats(&before)
			ctx, cancel := context.WithTimeout(t.Context(), time.Minute)
			done := make(chan error, 1)
			go func() { done <- r.Run(ctx) }()
			rows, peak := 0, uint64(0)
			for rows < 1_000_000 {
				tx, err := queue.Get(ctx)
				if err != nil {
					t.Fatalf("%v after %d rows", err, rows)
				}
				rows += len(tx.Changes)
				runtime.ReadMemStats(&now)
				peak = max(peak, now.HeapAlloc-min(now.HeapAlloc, before.HeapAlloc))
				queue.Release(tx.Bytes)
			}
			cancel()
			<-done
			if rows != 1_000_000 || peak > 128<<20 {
				t.Errorf("%d rows, %d MiB of heap", rows, peak>>20)
			}
			t.Logf("%d MiB of heap at most", peak>>20)
		})
	}
}
