package cutover

import (
	"context"
	"database/sql"
	"testing"
	"time"

	"github.com/tidegate-io/tidegate/integration/dbtest"
	"github.com/tidegate-io/tidegate/integration/faultnet"
	"github.com/tidegate-io/tidegate/internal/mysql"
	"github.com/tidegate-io/tidegate/internal/spec"
)

func TestMain(m *testing.M) { dbtest.Tests(m).Run() }

// fenced is a fence over a link, the server behind it, and a schema with tables.
type fenced struct {
	*Fence
	server *dbtest.Server
	proxy  *faultnet.Proxy
	schema string
}

// fences runs f on a server of each flavour.
func fences(t *testing.T, f func(t *testing.T, f *fenced)) {
	for _, flavor := range []dbtest.Flavor{dbtest.MySQL, dbtest.MariaDB} {
		t.Run(string(flavor), func(t *testing.T) {
			server := dbtest.Shared(t, dbtest.Config{Flavor: flavor})
			proxy := faultnet.Listen(t, server.Addr)
			at := server.Endpoint()
			at.Address, at.TLS = proxy.Addr(), spec.TLS{Mode: spec.TLSDisabled}
			conn, err := mysql.Dial(t.Context(), at)
			if err != nil {
				t.Fatal(err)
			}
			db, err := conn.Open(mysql.Text, 4)
			if err != nil {
				t.Fatal(err)
			}
			t.Cleanup(func() { db.Close() })
			fence := &Fence{Conn: conn, DB: db}
			schema := server.NewSchema(t)
			t.Cleanup(func() {
				if err := fence.Release(context.Background()); err != nil {
					t.Error(err)
				}
			})
			exec(t, server.Session(t), "CREATE TABLE "+schema+".t (id INT PRIMARY KEY, v INT)", "INSERT INTO "+schema+".t VALUES (1, 1)", "CREATE TABLE "+schema+".locked (id INT)")
			f(t, &fenced{fence, server, proxy, schema})
		})
	}
}

func exec(t *testing.T, conn *sql.Conn, statements ...string) {
	t.Helper()
	for _, q := range statements {
		if _, err := conn.ExecContext(t.Context(), q); err != nil {
			t.Fatalf("%s: %v", q, err)
		}
	}
}

// TestGivenUpWhileItWaits gives a fence up while a table's lock keeps it waiting,
// and ends the lock at once: the source must not become read-only then.
func TestGivenUpWhileItWaits(t *testing.T) {
	fences(t, func(t *testing.T, f *fenced) {
		for range 3 {
			locker := f.server.Session(t)
			exec(t, locker, "LOCK TABLES "+f.schema+".locked WRITE")
			ctx, cancel := context.WithTimeout(t.Context(), 500*time.Millisecond)
			err := f.Stop(ctx)
			cancel()
			if err == nil {
				t.Fatal("the fence stands beside a locked table")
			}
			exec(t, locker, "UNLOCK TABLES")
			time.Sleep(300 * time.Millisecond)
			if on, err := f.Stopped(t.Context()); err != nil || on {
				t.Fatalf("after the fence was given up the source is read-only: %v, %v", on, err)
			}
		}
	})
}

// TestWritersMeanwhile has a writer begin between the end of those before it and
// the fence: it is ended too, since some accounts may commit behind a MariaDB's.
func TestWritersMeanwhile(t *testing.T) {
	fences(t, func(t *testing.T, f *fenced) {
		writer := f.server.Session(t)
		began := false
		f.proxy.OnConn(func(c *faultnet.Conn) {
			c.On(faultnet.ToServer, "SET GLOBAL ", func() {
				exec(t, writer, "BEGIN", "UPDATE "+f.schema+".t SET v = 2")
				began = true
			})
		})
		if err := f.Stop(t.Context()); err != nil || !began {
			t.Fatalf("fence: %v; a writer began: %v", err, began)
		}
		if _, err := writer.ExecContext(t.Context(), "COMMIT"); err == nil {
			t.Error("a writer that began before the fence commits behind it")
		}
	})
}

// TestWritersAfterIt takes a MariaDB's fence away, as a restart does, before those
// who began meanwhile are ended: who writes now is in nobody's way.
func TestWritersAfterIt(t *testing.T) {
	fences(t, func(t *testing.T, f *fenced) {
		if f.Conn.Server.Flavor == mysql.MySQL {
			return // nobody is ended behind its fence
		}
		writer := f.server.Session(t)
		began := make(chan error, 1)
		go func() {
			on, err := false, error(nil)
			for !on && err == nil {
				on, err = f.Stopped(t.Context())
			}
			if err == nil {
				err = f.Release(t.Context())
			}
			for _, q := range []string{"BEGIN", "UPDATE " + f.schema + ".t SET v = 3"} {
				if err == nil {
					_, err = writer.ExecContext(t.Context(), q)
				}
			}
			began <- err
		}()
		if err := f.Stop(t.Context()); err != nil {
			t.Fatal(err)
		}
		if err := <-began; err != nil {
			t.Fatal(err)
		}
		exec(t, writer, "COMMIT")
	})
}
