package pipeline

import (
	"context"
	"database/sql"
	"errors"
	"strings"
	"testing"
	"time"

	"github.com/tidegate-io/tidegate/agent/stream"
	"github.com/tidegate-io/tidegate/integration/dbtest"
	"github.com/tidegate-io/tidegate/internal/change"
	"github.com/tidegate-io/tidegate/internal/mysql"
	"github.com/tidegate-io/tidegate/internal/spec"
)

func TestMain(m *testing.M) { dbtest.Tests(m).Run() }

// TestStartWaitsForPrepared asks for a start position while an XA transaction is
// prepared: its rows are in no snapshot, and the log has them before the position.
// The start waits for one that is decided soon and names one that is not (R9). The
// check has refused those that were there before it.
func TestStartWaitsForPrepared(t *testing.T) {
	for _, flavor := range []dbtest.Flavor{dbtest.MySQL, dbtest.MariaDB} {
		t.Run(string(flavor), func(t *testing.T) {
			t.Parallel()
			server := dbtest.Shared(t, dbtest.Config{Flavor: flavor})
			s := atSource(t, server)
			before := startsAt(t, s)
			writer := prepare(t, server)
			_, err := s.startPosition(t.Context())
			if e, ok := errors.AsType[*mysql.Error](err); !ok || e.Code != "xa_prepared" || !strings.Contains(err.Error(), "X'7374617274'") {
				t.Fatalf("with an XA transaction that stays prepared: %v", err)
			}
			decided := make(chan error, 1)
			time.AfterFunc(2*time.Second, func() {
				_, err := writer.ExecContext(context.Background(), "XA COMMIT 'start'")
				decided <- err
			})
			after := startsAt(t, s)
			select {
			case err := <-decided:
				if err != nil {
					t.Fatal(err)
				}
			default:
				t.Fatal("started before the XA transaction was decided")
			}
			if !after.Includes(before) || after.Equal(before) {
				t.Errorf("starts at %s, without the XA transaction %s", after, before)
			}
		})
	}
}

// atSource is a session that is connected to a source only.
func atSource(t *testing.T, server *dbtest.Server) *session {
	t.Helper()
	conn, err := mysql.Dial(t.Context(), server.Endpoint())
	if err != nil {
		t.Fatal(err)
	}
	db, err := conn.Open(mysql.Text, 2)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { db.Close() })
	return &session{src: conn, source: stream.NewSource(conn, db), spec: spec.Pipeline{Type: spec.TypeFullIncremental}}
}

func startsAt(t *testing.T, s *session) *change.Set {
	t.Helper()
	at, err := s.startPosition(t.Context())
	if err != nil {
		t.Fatal(err)
	}
	set, err := at.Set()
	if err != nil {
		t.Fatal(err)
	}
	return set
}

// prepare returns a session that has prepared an XA transaction.
func prepare(t *testing.T, server *dbtest.Server) *sql.Conn {
	t.Helper()
	schema := server.NewSchema(t)
	conn := server.Session(t)
	for _, q := range []string{"CREATE TABLE " + schema + ".t (id INT PRIMARY KEY)", "XA START 'start'", "INSERT INTO " + schema + ".t VALUES (1)", "XA END 'start'", "XA PREPARE 'start'"} {
		if _, err := conn.ExecContext(t.Context(), q); err != nil {
			t.Fatalf("%s: %v", q, err)
		}
	}
	t.Cleanup(func() { conn.ExecContext(context.Background(), "XA ROLLBACK 'start'") }) //nolint:errcheck // decided already if all went well
	return conn
}
