package main

import (
	"bufio"
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strconv"

	"golang.org/x/sync/errgroup"

	"github.com/tidegate-io/tidegate/integration/dbtest"
)

// dumpLoad is mydumper to files, then myloader from them.
func dumpLoad(ctx context.Context, b *bench, l *lab) error {
	dir, err := os.MkdirTemp(b.work, "dump-")
	if err != nil {
		return err
	}
	defer os.RemoveAll(dir)
	if err := tool(exec.CommandContext(ctx, "mydumper", append(login(l.src), "--database", schema, "--outputdir", dir)...)); err != nil {
		return err
	}
	return tool(exec.CommandContext(ctx, "myloader", append(login(l.dst), "--enable-binlog", "--directory", dir)...))
}

func login(s *dbtest.Server) []string {
	return []string{"--host", "127.0.0.1", "--port", strconv.Itoa(s.Port), "--user", s.User, "--password", s.Password, "--threads", strconv.Itoa(copyThreads)}
}

func tool(cmd *exec.Cmd) error {
	out, err := cmd.CombinedOutput()
	if err != nil {
		return fmt.Errorf("%s: %w\n%s", filepath.Base(cmd.Path), err, out)
	}
	return nil
}

// dumpPipe is mysqldump into the server's own client.
func dumpPipe(ctx context.Context, _ *bench, l *lab) error {
	dump, client := "mysqldump", "mysql"
	more := []string{"--set-gtid-purged=OFF", "--ssl-mode=DISABLED", "--get-server-public-key"}
	clientMore := more[1:]
	if l.flavor != dbtest.MySQL {
		dump, client, more, clientMore = "mariadb-dump", "mariadb", nil, nil
	}
	from := l.src.Tool(ctx, dump, append(more, "--single-transaction", "--databases", schema)...)
	to := l.dst.Tool(ctx, client, clientMore...)
	r, w := io.Pipe()
	from.Stdout, to.Stdin = w, r
	var said [2]bytes.Buffer
	from.Stderr, to.Stderr = &said[0], &said[1]
	g, _ := errgroup.WithContext(ctx)
	g.Go(func() error { err := from.Run(); w.CloseWithError(err); return err })
	g.Go(func() error { err := to.Run(); r.CloseWithError(errors.New("the client ended")); return err })
	if err := g.Wait(); err != nil {
		return fmt.Errorf("%s into %s: %w\n%s%s", dump, client, err, &said[0], &said[1])
	}
	return nil
}

// loadFiles is the server reading text files that are beside it already, two at
// a time, and building the indexes afterwards.
func loadFiles(ctx context.Context, b *bench, l *lab) error {
	if err := createDatabase(ctx, l.dst); err != nil {
		return err
	}
	if err := execute(ctx, l.dst.DB(), "INSERT INTO "+schema+".marker VALUES (0, 0)"); err != nil {
		return err
	}
	dir, err := value(ctx, l.dst, "SELECT @@GLOBAL.tmpdir") // as the server sees it
	if err != nil {
		return err
	}
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(2)
	for n := range tableCount {
		g.Go(func() error {
			return execute(ctx, l.dst.DB(), createTable(n, ""),
				fmt.Sprintf("LOAD DATA INFILE '%s/table%d.txt' INTO TABLE %s (id,k,c,pad)", dir, n, tableName(n)), addKey(n))
		})
	}
	return g.Wait()
}

// prepareFiles writes the files of loadFiles.
func prepareFiles(b *bench, l *lab) error {
	for n := range tableCount {
		f, err := os.Create(filepath.Join(l.dst.Dir, "tmp", fmt.Sprintf("table%d.txt", n)))
		if err != nil {
			return err
		}
		_, err = io.Copy(f, rowText(n, b.scaled(tableRows)))
		if err := errors.Join(err, f.Sync(), f.Close()); err != nil {
			return err
		}
	}
	return nil
}

// many are 10,000 tables of 1 to 100 rows.
func (b *bench) many() base {
	return base{"many", func(ctx context.Context, s *dbtest.Server) error { return manyTables(ctx, s, b.scaled(10_000)) }}
}

// createMany runs the statements of many on the target.
func createMany(ctx context.Context, b *bench, l *lab) error {
	if err := createDatabase(ctx, l.dst); err != nil {
		return err
	}
	if err := execute(ctx, l.dst.DB(), "INSERT INTO "+schema+".marker VALUES (0, 0)"); err != nil {
		return err
	}
	return manyTables(ctx, l.dst, b.scaled(10_000))
}

// manyTables makes and fills small tables, one CREATE TABLE and one INSERT
// each, on as many connections as a copy has.
func manyTables(ctx context.Context, s *dbtest.Server, count int) error {
	g, ctx := errgroup.WithContext(ctx)
	g.SetLimit(copyThreads)
	for n := range count {
		g.Go(func() error {
			return execute(ctx, s.DB(), createTable(n, fmt.Sprintf(", KEY k_%d (k)", n+1)), insertRows(n, 1+n*37%100))
		})
	}
	return g.Wait()
}

// insertRows is one statement that inserts the rows of rowText.
func insertRows(n, count int) string {
	out := []byte("INSERT INTO " + tableName(n) + " (id,k,c,pad) VALUES ")
	lines := bufio.NewScanner(rowText(n, count))
	for first := true; lines.Scan(); first = false {
		if !first {
			out = append(out, ',')
		}
		out = append(append(append(out, "('"...), bytes.ReplaceAll(lines.Bytes(), []byte("\t"), []byte("','"))...), "')"...)
	}
	return string(out)
}
