// Package watch applies the pipeline files of a directory, at the start and
// whenever one changes. A file that cannot be read or is refused is logged and
// left until it changes again; it never stops another. A file that is taken
// away changes nothing: what it started goes on.
package watch

import (
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"time"

	"github.com/fsnotify/fsnotify"
	"github.com/rs/zerolog"

	"github.com/tidegate-io/tidegate/daemon/control"
	"github.com/tidegate-io/tidegate/internal/spec"
)

// Applier takes pipelines.
type Applier interface {
	Apply(ctx context.Context, q control.ApplyRequest) ([]control.Change, error)
}

// Config of a Watcher.
type Config struct {
	Dir    string
	Rescan time.Duration // 0: 30 s. Notifications are lost on some file systems
}

// Deps of a Watcher.
type Deps struct {
	Load  func(file string) ([]spec.Pipeline, error) // the pipeline language
	Apply Applier
	Log   zerolog.Logger
}

// Watcher watches one directory.
type Watcher struct {
	cfg  Config
	deps Deps
	log  zerolog.Logger
	seen map[string]string // file to its last state: an error's text, or "" for applied
}

// settle is how long a directory must be quiet before it is read: editors
// write a file in several steps.
const settle = 200 * time.Millisecond

// New starts nothing.
func New(cfg Config, deps Deps) (*Watcher, error) {
	st, err := os.Stat(cfg.Dir)
	if err != nil {
		return nil, fmt.Errorf("watch pipelines: %w", err)
	}
	if !st.IsDir() {
		return nil, fmt.Errorf("watch pipelines: %s is not a directory", cfg.Dir)
	}
	if cfg.Rescan == 0 {
		cfg.Rescan = 30 * time.Second
	}
	log := deps.Log.With().Str("component", "watch").Str("dir", cfg.Dir).Logger()
	return &Watcher{cfg: cfg, deps: deps, log: log, seen: map[string]string{}}, nil
}

// Run watches until ctx ends.
func (w *Watcher) Run(ctx context.Context) error {
	n, err := fsnotify.NewWatcher()
	if err == nil {
		defer n.Close()
		err = n.Add(w.cfg.Dir)
	}
	if err != nil {
		w.log.Warn().Err(err).Dur("rescan", w.cfg.Rescan).Msg("no notifications, only rescans")
		n = &fsnotify.Watcher{}
	}
	tick := time.NewTicker(w.cfg.Rescan)
	defer tick.Stop()
	quiet := time.NewTimer(0)
	defer quiet.Stop()
	for {
		select {
		case <-ctx.Done():
			return nil
		case <-quiet.C:
			w.scan(ctx)
		case <-tick.C:
			w.scan(ctx)
		case <-n.Events:
			quiet.Reset(settle)
		case err := <-n.Errors:
			w.log.Warn().Err(err).Msg("notification")
		}
	}
}

// scan applies every file; those that are as stored change nothing.
func (w *Watcher) scan(ctx context.Context) {
	files, err := filepath.Glob(filepath.Join(w.cfg.Dir, "*.hcl"))
	if err != nil {
		w.log.Error().Err(err).Msg("scan")
		return
	}
	slices.Sort(files)
	for _, f := range files {
		state := ""
		if err := w.applyFile(ctx, f); err != nil {
			if ctx.Err() != nil {
				return
			}
			state = errText(err)
		}
		if last, known := w.seen[f]; state != "" && (!known || last != state) {
			w.log.Error().Str("file", f).Msg(state)
		}
		w.seen[f] = state
	}
}

func (w *Watcher) applyFile(ctx context.Context, f string) error {
	pipelines, err := w.deps.Load(f)
	if err != nil {
		return err
	}
	var errs []error
	for _, p := range pipelines { // one by one: a refused one shall not hold up its neighbours
		changes, err := w.deps.Apply.Apply(ctx, control.ApplyRequest{
			Pipelines: []spec.Pipeline{p}, Source: f, Actor: "directory", OnlyChanged: true,
		})
		errs = append(errs, err)
		for _, ch := range changes {
			if ch.Action != control.ActionUnchanged {
				w.log.Info().Str("file", f).Str("pipeline", ch.Pipeline).Str("action", ch.Action).Strs("fields", ch.Fields).Msg("applied")
			}
		}
	}
	return errors.Join(errs...)
}

func errText(err error) string {
	var h interface{ Hint() string }
	if errors.As(err, &h) && h.Hint() != "" {
		return strings.TrimSpace(err.Error()) + " (" + h.Hint() + ")"
	}
	return strings.TrimSpace(err.Error())
}
