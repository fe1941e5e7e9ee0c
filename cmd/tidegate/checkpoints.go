package main

import (
	"context"
	"errors"
	"fmt"
	"io"
	"os"
	"os/exec"
	"time"

	"github.com/rs/zerolog"
	"github.com/spf13/cobra"

	"github.com/tidegate-io/tidegate/internal/kv"
)

// readStore is the hidden command that opens a store, reads all of it, and ends.
const readStore = "read-store"

// openCheckpoints opens the agent's checkpoints. Damaged ones are put aside: all
// they hold is on the targets and with the daemon too, and a run that finds no
// checkpoint takes it from there.
//
// A damaged file can end the process that reads it, so a child reads them first:
// program, which is this one. The caller holds the data directory: whoever else
// has the checkpoints is such a child of an agent that was killed.
func openCheckpoints(program, dir string, log zerolog.Logger) (*kv.DB, error) {
	for until := time.Now().Add(orphanLimit); ; time.Sleep(100 * time.Millisecond) {
		db, err := openReadable(program, dir, log)
		if _, used := errors.AsType[*kv.InUseError](err); !used || time.Now().After(until) {
			return db, err
		}
	}
}

// orphanLimit is how long the child of a killed agent may go on reading.
const orphanLimit = 20 * time.Second

func openReadable(program, dir string, log zerolog.Logger) (*kv.DB, error) {
	if err := readable(program, dir); err != nil {
		aside := dir + ".damaged-" + time.Now().UTC().Format("20060102T150405.000")
		if renameErr := os.Rename(dir, aside); renameErr != nil {
			return nil, fmt.Errorf("put damaged checkpoints aside: %w", errors.Join(renameErr, err))
		}
		log.Warn().Err(err).Str("kept_as", aside).Msg("the checkpoints are damaged, starting with none: the targets and the daemon know all of it")
	}
	return kv.Open(kv.Config{Dir: dir, Log: log})
}

// readable returns why a store's files are damaged. What else keeps them from
// being read is for the one who opens them to tell.
func readable(program, dir string) error {
	if _, err := os.Stat(dir); err != nil || program == "" {
		return nil
	}
	ctx, cancel := context.WithTimeout(context.Background(), time.Minute)
	defer cancel()
	cmd := exec.CommandContext(ctx, program, readStore, dir)
	alive, err := cmd.StdinPipe() // ends with this process, and the child with it
	if err != nil {
		return nil
	}
	defer alive.Close()
	out, err := cmd.CombinedOutput()
	exit, ended := errors.AsType[*exec.ExitError](err)
	if !ended || exit.ExitCode() == exitFailed || exit.ExitCode() < 0 { // it was killed
		return nil
	}
	return fmt.Errorf("%w: %.300s", err, out)
}

// newReadStore makes the command. It ends with 1 if the store cannot be opened
// for a reason that is not damage, and with 4, or by a panic with 2, if it is
// damaged.
func newReadStore() *cobra.Command {
	return &cobra.Command{
		Use: readStore + " DIR", Hidden: true, Args: cobra.ExactArgs(1),
		RunE: func(c *cobra.Command, args []string) error {
			go func() {
				_, _ = io.Copy(io.Discard, c.InOrStdin()) // the end is all that counts
				os.Exit(exitFailed)
			}()
			db, err := kv.Open(kv.Config{Dir: args[0], Log: zerolog.Nop()})
			if _, damaged := errors.AsType[*kv.DamagedError](err); damaged {
				return &exitError{status: exitPerson, code: "damaged", err: err}
			}
			if err != nil {
				return &exitError{status: exitFailed, code: "failed", err: err}
			}
			return db.Close()
		},
	}
}
