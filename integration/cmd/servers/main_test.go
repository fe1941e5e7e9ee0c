package main

import (
	"context"
	"io"
	"regexp"
	"strings"
	"testing"

	"database/sql"

	_ "github.com/go-sql-driver/mysql"

	"github.com/tidegate-io/tidegate/integration/dbtest"
)

func TestParsePair(t *testing.T) {
	for pair, ok := range map[string]bool{
		"mysql:mysql": true, "mariadb:mysql": true, "mariadb118:mariadb": true,
		"mysql": false, "": false, "mysql:oracle": false, "mysql:": false, "mysql:mysql:mysql": false,
	} {
		if _, _, err := parsePair(pair); (err == nil) != ok {
			t.Errorf("%q: error %v, want ok %t", pair, err, ok)
		}
	}
	if code := run(t.Context(), []string{"-pair", "mysql:oracle"}); code != 2 {
		t.Errorf("a wrong pair exits with %d, want 2", code)
	}
}

func TestServePrintsUsableDSNs(t *testing.T) {
	if testing.Short() {
		t.Skip("starts servers; not with -short")
	}
	ctx, interrupt := context.WithCancel(t.Context())
	r, w := io.Pipe()
	ended := make(chan error, 1)
	go func() {
		err := serve(ctx, w, role{"source", dbtest.Config{Flavor: dbtest.MariaDB}}, role{"target", dbtest.Config{Flavor: dbtest.MariaDB}})
		w.CloseWithError(err)
		ended <- err
	}()
	var said strings.Builder
	buf := make([]byte, 4096)
	for !strings.Contains(said.String(), "ready") {
		n, err := r.Read(buf)
		if err != nil {
			t.Fatalf("after %q: %v", said.String(), err)
		}
		said.Write(buf[:n])
	}
	dsns := regexp.MustCompile(`(?m)^  dsn +(.*)$`).FindAllStringSubmatch(said.String(), -1)
	if len(dsns) != 2 || dsns[0][1] == dsns[1][1] {
		t.Fatalf("not two DSNs in %q", said.String())
	}
	ping := func(dsn string) error {
		db, err := sql.Open("mysql", dsn)
		if err != nil {
			t.Fatal(err)
		}
		defer db.Close()
		return db.PingContext(t.Context())
	}
	for _, d := range dsns {
		if err := ping(d[1]); err != nil {
			t.Errorf("%s: %v", d[1], err)
		}
	}
	interrupt()
	if err := <-ended; err != nil {
		t.Error(err)
	}
	for _, d := range dsns {
		if ping(d[1]) == nil {
			t.Errorf("%s still answers after the interrupt", d[1])
		}
	}
}
