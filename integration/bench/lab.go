package main

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"

	"github.com/tidegate-io/tidegate/integration/dbtest"
)

// lab is a source and a target of one flavour, the same for every side of a
// row. Their data directories are put in place before each run.
type lab struct {
	flavor   dbtest.Flavor
	src, dst *dbtest.Server
	loaded   string // the image the source runs on, unchanged
}

// labs are the servers of one invocation.
type labs map[dbtest.Flavor]*lab

// serverArgs are both servers' settings beside dbtest's own.
func serverArgs(f dbtest.Flavor) []string {
	args := []string{
		"--log-bin=binlog", // in the data directory, so that it is kept with it
		"--innodb-buffer-pool-size=2G", "--innodb-flush-method=O_DIRECT", "--innodb-io-capacity=2000", "--innodb-io-capacity-max=4000",
		"--max-binlog-size=1G", "--relay-log=relay",
	}
	if f == dbtest.MySQL {
		return append(args, "--innodb-redo-log-capacity=1G", "--log-replica-updates=ON")
	}
	return append(args, "--innodb-log-file-size=1G", "--log-slave-updates=ON")
}

const serverSettings = "buffer pool 2G, redo 1G, O_DIRECT, io-capacity 2000/4000, binlog on with ROW/FULL, loopback TCP without TLS; source always relaxed"

// durability are the target's settings for commits.
func durability(durable bool) []string {
	if durable {
		return []string{"--sync-binlog=1", "--innodb-flush-log-at-trx-commit=1"}
	}
	return []string{"--sync-binlog=0", "--innodb-flush-log-at-trx-commit=2"}
}

func durabilityText(durable bool) string {
	if durable {
		return "target durable (sync_binlog=1, flush at commit=1)"
	}
	return "target relaxed (sync_binlog=0, flush at commit=2)"
}

// lab starts the servers of a flavour, once.
func (b *bench) lab(ctx context.Context, f dbtest.Flavor) (*lab, error) {
	if l := b.labs[f]; l != nil {
		return l, nil
	}
	l := &lab{flavor: f}
	var err error
	if l.src, err = dbtest.Launch(ctx, dbtest.Config{Flavor: f, ServerID: 11, Args: serverArgs(f)}); err != nil {
		return nil, err
	}
	if l.dst, err = dbtest.Launch(ctx, dbtest.Config{Flavor: f, ServerID: 22, Args: serverArgs(f)}); err != nil {
		return nil, errors.Join(err, l.src.Stop())
	}
	if b.labs == nil {
		b.labs = labs{}
	}
	b.labs[f] = l
	if b.haveImage(l.empty()) {
		return l, nil
	}
	if err := l.dst.Halt(); err != nil {
		return nil, err
	}
	return l, b.keepImage(ctx, l.dst, l.empty())
}

// empty names the image of a server without data.
func (l *lab) empty() string { return string(l.flavor) + "-empty" }

func (ls labs) close() {
	for _, l := range ls {
		l.src.Stop() // the watchers remove what is left
		l.dst.Stop()
	}
}

// keepImage saves a halted server's data under a name.
func (b *bench) keepImage(ctx context.Context, s *dbtest.Server, name string) error {
	to := filepath.Join(b.images, name)
	if err := os.RemoveAll(to + ".partial"); err != nil {
		return err
	}
	if err := copyTree(ctx, filepath.Join(s.Dir, "data"), to+".partial"); err != nil {
		return err
	}
	return os.Rename(to+".partial", to)
}

func (b *bench) haveImage(name string) bool {
	_, err := os.Stat(filepath.Join(b.images, name))
	return err == nil
}

// useImage starts a server on saved data, as it is.
func (b *bench) useImage(ctx context.Context, s *dbtest.Server, name string, args ...string) error {
	if err := b.placeImage(ctx, s, name); err != nil {
		return err
	}
	return s.Restart(args...)
}

// source has the source run on saved data that nothing will change.
func (b *bench) source(ctx context.Context, l *lab, image string) error {
	if l.loaded == image {
		return nil
	}
	l.loaded = ""
	if err := b.useImage(ctx, l.src, image); err != nil {
		return err
	}
	l.loaded = image
	return nil
}

// cloneImage starts a server on saved data of another: without its log and its
// identity.
func (b *bench) cloneImage(ctx context.Context, s *dbtest.Server, name string, args ...string) error {
	if err := b.placeImage(ctx, s, name); err != nil {
		return err
	}
	own, err := filepath.Glob(filepath.Join(s.Dir, "data", "binlog.*"))
	if err != nil {
		return err
	}
	for _, file := range append(own, filepath.Join(s.Dir, "data", "auto.cnf")) {
		if err := os.Remove(file); err != nil && !errors.Is(err, os.ErrNotExist) {
			return err
		}
	}
	return s.Restart(args...)
}

func (b *bench) placeImage(ctx context.Context, s *dbtest.Server, name string) error {
	if err := s.Halt(); err != nil {
		return err
	}
	data := filepath.Join(s.Dir, "data")
	if err := os.RemoveAll(data); err != nil {
		return err
	}
	return copyTree(ctx, filepath.Join(b.images, name), data)
}

// copyTree copies a directory, sharing blocks where the file system can, and
// writes it out: what is measured next must not pay for it.
func copyTree(ctx context.Context, from, to string) error {
	out, err := exec.CommandContext(ctx, "cp", "-a", "--reflink=auto", from, to).CombinedOutput()
	if err != nil {
		return fmt.Errorf("copy %s to %s: %w: %s", from, to, err, out)
	}
	if out, err := exec.CommandContext(ctx, "sync", "-f", to).CombinedOutput(); err != nil {
		return fmt.Errorf("sync %s: %w: %s", to, err, out)
	}
	return nil
}
