package watch

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"time"

	"github.com/rs/zerolog"

	"github.com/tidegate-io/tidegate/daemon/control"
	"github.com/tidegate-io/tidegate/internal/spec"
)

// applied passes on what is applied.
type applied chan string

func (a applied) Apply(_ context.Context, q control.ApplyRequest) ([]control.Change, error) {
	if !q.OnlyChanged {
		return nil, errors.New("a directory must leave alone what has not changed")
	}
	a <- q.Pipelines[0].Name
	return nil, nil
}

// load reads a "pipeline" whose name is the file's text.
func load(file string) ([]spec.Pipeline, error) {
	b, err := os.ReadFile(file)
	if err != nil || strings.Contains(string(b), "broken") {
		return nil, errors.Join(err, errors.New("broken"))
	}
	return []spec.Pipeline{{Name: string(b)}}, nil
}

func TestWatch(t *testing.T) {
	dir := t.TempDir()
	write := func(name, text string) {
		if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o600); err != nil {
			t.Fatal(err)
		}
	}
	write("a.hcl", "broken")
	write("b.hcl", "b1")
	write("c.txt", "not a pipeline file")
	got := make(applied, 16)
	w, err := New(Config{Dir: dir, Rescan: time.Hour}, Deps{Load: load, Apply: got, Log: zerolog.Nop()})
	if err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan error)
	go func() { done <- w.Run(ctx) }()
	next := func(want string) {
		t.Helper()
		limit := time.After(10 * time.Second)
		for {
			select {
			case name := <-got:
				if name == want {
					return
				}
			case <-limit:
				t.Fatalf("%s was not applied", want)
			}
		}
	}
	next("b1") // although a.hcl is broken
	write("a.hcl", "a2")
	next("a2")
	write("b.hcl", "b2")
	next("b2")
	cancel()
	if err := <-done; err != nil {
		t.Fatal(err)
	}
	if _, err := New(Config{Dir: filepath.Join(dir, "none")}, Deps{}); err == nil {
		t.Error("a directory that is not there was accepted")
	}
}
