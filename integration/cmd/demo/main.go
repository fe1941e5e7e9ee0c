// Command demo moves two live shops between real servers with the real program:
// MySQL to MySQL, and MariaDB to MySQL. It writes to the source throughout,
// kills the agent with SIGKILL in the middle of the copy and in the middle of
// the stream, lets another process resume, compares both sides, cuts over, and
// prints what it measured. It ends with status 1 on anything wrong and leaves
// nothing running.
//
//	go run ./integration/cmd/demo [-bin FILE] [-orders N]
package main

import (
	"context"
	"flag"
	"fmt"
	"os"
	"os/signal"
	"path/filepath"
	"syscall"
	"time"

	"github.com/tidegate-io/tidegate/integration/dbtest"
	"github.com/tidegate-io/tidegate/integration/program"
)

var (
	bin    = flag.String("bin", "", "the tidegate program; built when not given")
	orders = flag.Int("orders", 175000, "orders on the source before the run; about 2.7 rows each")
	keep   = flag.Bool("keep", false, "keep the program's logs")
	only   = flag.String("only", "", "one source flavour, mysql or mariadb; both when not given")
)

func main() {
	flag.Parse()
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM)
	defer stop()
	if err := demo(ctx); err != nil {
		fmt.Fprintln(os.Stderr, "demo:", err)
		os.Exit(1)
	}
}

func demo(ctx context.Context) error {
	work, err := os.MkdirTemp("", "tidegate-demo-")
	if err != nil {
		return err
	}
	defer func() {
		if *keep {
			fmt.Println("logs are in", work)
			return
		}
		os.RemoveAll(work)
	}()
	file := *bin
	if file == "" {
		if file, err = program.Build(ctx, work); err != nil {
			return err
		}
	}
	var results []result
	for _, pair := range []struct{ from, to dbtest.Flavor }{{dbtest.MySQL, dbtest.MySQL}, {dbtest.MariaDB, dbtest.MySQL}} {
		if *only != "" && *only != string(pair.from) {
			continue
		}
		began := time.Now()
		m := &migration{program: file, work: filepath.Join(work, string(pair.from)), from: pair.from, to: pair.to}
		res, err := m.run(ctx)
		if err != nil {
			return fmt.Errorf("%s to %s: %w\n%s", pair.from, pair.to, err, m.logTail())
		}
		res.took = time.Since(began)
		results = append(results, res)
	}
	show(results)
	return nil
}
