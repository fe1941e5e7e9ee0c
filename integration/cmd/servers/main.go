// Command servers starts a private source and target and keeps them until it is
// interrupted, for trying things out by hand.
package main

import (
	"context"
	"errors"
	"flag"
	"fmt"
	"io"
	"os"
	"os/signal"
	"slices"
	"strings"
	"syscall"

	"github.com/tidegate-io/tidegate/integration/dbtest"
)

func main() {
	ctx, stop := signal.NotifyContext(context.Background(), os.Interrupt, syscall.SIGTERM, syscall.SIGHUP)
	defer stop()
	os.Exit(run(ctx, os.Args[1:]))
}

// run is main with an exit code: 0 after an interrupt, 1 if a server did not
// start, 2 for wrong usage.
func run(ctx context.Context, args []string) int {
	flags := flag.NewFlagSet("servers", flag.ContinueOnError)
	pair := flags.String("pair", "mysql:mysql", "source:target, each one of "+flavorNames())
	durable := flags.Bool("durable", false, "flush redo and binary log to disk with every commit")
	gtid := flags.Bool("gtid", true, "run MySQL with GTIDs")
	if err := flags.Parse(args); err != nil {
		if errors.Is(err, flag.ErrHelp) {
			return 0
		}
		return 2
	}
	source, target, err := parsePair(*pair)
	if err != nil {
		fmt.Fprintln(os.Stderr, "servers:", err)
		return 2
	}
	err = serve(ctx, os.Stdout,
		role{"source", dbtest.Config{Flavor: source, Durable: *durable, NoGTID: !*gtid}},
		role{"target", dbtest.Config{Flavor: target, Durable: *durable, NoGTID: !*gtid}})
	if err != nil {
		fmt.Fprintln(os.Stderr, "servers:", err)
		var hint interface{ Hint() string }
		if errors.As(err, &hint) {
			fmt.Fprintln(os.Stderr, hint.Hint())
		}
		return 1
	}
	return 0
}

func flavorNames() string {
	names := make([]string, len(dbtest.Flavors))
	for i, f := range dbtest.Flavors {
		names[i] = string(f)
	}
	return strings.Join(names, ", ")
}

func parsePair(pair string) (source, target dbtest.Flavor, err error) {
	s, t, ok := strings.Cut(pair, ":")
	if !ok {
		return "", "", fmt.Errorf("-pair %q is not source:target, for example mariadb:mysql", pair)
	}
	for _, f := range []dbtest.Flavor{dbtest.Flavor(s), dbtest.Flavor(t)} {
		if !slices.Contains(dbtest.Flavors, f) {
			return "", "", fmt.Errorf("-pair %q: %q is none of %s", pair, f, flavorNames())
		}
	}
	return dbtest.Flavor(s), dbtest.Flavor(t), nil
}

// role is one server and what it is for.
type role struct {
	name string
	cfg  dbtest.Config
}

// serve starts the servers, prints how to reach them, and stops them when the
// context ends.
func serve(ctx context.Context, out io.Writer, roles ...role) (err error) {
	for _, r := range roles {
		s, launchErr := dbtest.Launch(ctx, r.cfg)
		if launchErr != nil {
			return fmt.Errorf("%s: %w", r.name, launchErr)
		}
		defer func() { err = errors.Join(err, s.Stop()) }()
		describe(out, r.name, s)
	}
	fmt.Fprintln(out, "ready; interrupt (Ctrl-C) stops and removes them")
	<-ctx.Done()
	return nil
}

func describe(out io.Writer, name string, s *dbtest.Server) {
	fmt.Fprintf(out, "%s\n", name)
	fmt.Fprintf(out, "  flavor    %s\n", s.Flavor)
	fmt.Fprintf(out, "  address   %s\n", s.Addr)
	fmt.Fprintf(out, "  user      %s\n", s.User)
	fmt.Fprintf(out, "  password  %s\n", s.Password)
	fmt.Fprintf(out, "  dsn       %s\n", s.DSN())
	fmt.Fprintf(out, "  client    mysql -h127.0.0.1 -P%d -u%s -p%s\n", s.Port, s.User, s.Password)
	fmt.Fprintf(out, "  pid       %d\n", s.PID())
	fmt.Fprintf(out, "  files     %s\n", s.Dir)
}
