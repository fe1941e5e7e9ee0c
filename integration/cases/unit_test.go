package cases

import (
	"context"
	"errors"
	"fmt"
	"slices"
	"strings"
	"sync"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/tidegate-io/tidegate/integration/site"
	"github.com/tidegate-io/tidegate/internal/run"
)

// limit is for each thing that a run is waited for.
const limit = 90 * time.Second

// unit is one pipeline with the items it carries.
type unit struct {
	*rig
	pipeline string // also a database with a table: a run needs one
	items    []*item
}

// run carries the items, and notes what is wrong with each. An error is one of
// the run, which says nothing yet of any item.
func (u *unit) run(ctx context.Context) error {
	u.prepare(ctx)
	if len(u.items) == 0 {
		return nil
	}
	file := u.site.Write(u.pipeline+".hcl", u.file())
	if a := u.site.Call("apply", file, "--yes"); a.Code != 0 {
		return fmt.Errorf("apply: %s", a)
	}
	begun := func(st site.Status) bool {
		return st.State == run.Copying || st.State == run.CatchingUp || st.State == run.CaughtUp
	}
	if err := u.until(ctx, limit, u.pipeline, "copying", begun); err != nil {
		return err
	}
	u.work(ctx, windowed)
	if err := u.until(ctx, limit, u.pipeline, "caught up", func(st site.Status) bool { return st.State == run.CaughtUp }); err != nil {
		return err
	}
	u.work(ctx, streamed)
	if err := u.settle(ctx); err != nil {
		return err
	}
	if err := u.verify(); err != nil {
		return err
	}
	if a := u.site.Call("complete", u.pipeline); a.Code != 0 {
		return fmt.Errorf("complete: %s", a)
	}
	if err := u.until(ctx, limit, u.pipeline, "completed", func(st site.Status) bool { return st.State == run.Completed }); err != nil {
		return err
	}
	u.each(u.items, func(it *item) {
		u.note(it, it.compare(ctx, u.pair)...)
	})
	return nil
}

// prepare makes the databases. Items whose own statements fail are left out.
func (u *unit) prepare(ctx context.Context) {
	u.each(u.items, func(it *item) {
		err := it.create(ctx, u.pair.Src)
		if err == nil {
			err = it.play(ctx, u.pair.Src, it.setup)
		}
		if err == nil && it.path == copied {
			err = it.play(ctx, u.pair.Src, it.workload)
		}
		if err != nil {
			u.note(it, err.Error())
		}
	})
	u.items = slices.DeleteFunc(u.items, u.failed)
}

// work plays the workload of the items of a path.
func (u *unit) work(ctx context.Context, path string) {
	var list []*item
	for _, it := range u.items {
		if it.path == path {
			list = append(list, it)
		}
	}
	u.each(list, func(it *item) {
		if err := it.play(ctx, u.pair.Src, it.workload); err != nil {
			u.note(it, err.Error())
		}
	})
}

// each does something for items, a few side by side.
func (u *unit) each(items []*item, do func(it *item)) {
	var g errgroup.Group
	g.SetLimit(4)
	for _, it := range items {
		g.Go(func() error { do(it); return nil })
	}
	g.Wait() // no function gives an error
}

// settle waits until what was written before the call is on the target, tables
// that came into the selection meanwhile included.
func (u *unit) settle(ctx context.Context) error {
	written, err := u.pair.Written(ctx)
	if err != nil {
		return err
	}
	return u.until(ctx, limit, u.pipeline, "up to the source's log with every table live", func(st site.Status) bool {
		past, e := st.Past(written)
		err = errors.Join(err, e)
		live := past && st.State == run.CaughtUp
		for _, t := range st.Tables {
			live = live && t.State == run.TableLive
		}
		return live || e != nil
	})
}

// verify has the program compare what is equal: it may find no difference.
func (u *unit) verify() error {
	a := u.site.Call("verify", u.pipeline, "--wait")
	if a.Code == 0 {
		return nil
	}
	found := false
	for line := range strings.Lines(a.Out + a.Err) {
		for _, it := range u.items {
			if strings.HasPrefix(line, "differs: ") && it.namedIn(line) {
				u.note(it, "verify: "+strings.TrimSpace(line))
				found = true
			}
		}
	}
	if !found {
		return fmt.Errorf("verify: %s", a)
	}
	return nil
}

// file is the pipeline's.
func (u *unit) file() string {
	var b strings.Builder
	b.WriteString(u.pair.EndpointsAs(u.pair.Src.User))
	fmt.Fprintf(&b, "pipeline %q {\n  from = endpoint.old\n  to   = endpoint.new\n  objects {\n", u.pipeline)
	for _, it := range u.items {
		for _, schema := range it.schemas() {
			fmt.Fprintf(&b, "    database %q {\n      %s\n    }\n", schema, it.fill(strings.Join(it.objects, "\n      "), ""))
		}
	}
	fmt.Fprintf(&b, "    database %q {}\n  }\n", u.pipeline)
	for _, it := range u.items {
		for _, line := range it.pipeline {
			fmt.Fprintf(&b, "  %s\n", it.fill(line, ""))
		}
	}
	b.WriteString("}\n")
	return b.String()
}

// expect carries one item that has to be refused, or to stop the run.
func (u *unit) expect(ctx context.Context, want expectation) {
	it := u.items[0]
	err := u.run(ctx)
	h, halted := errors.AsType[*halt](err)
	switch {
	case len(u.items) == 0: // a statement failed, which is noted
	case err == nil:
		u.note(it, fmt.Sprintf("it went through, wanted: %s", want))
	case !halted:
		u.note(it, fmt.Sprintf("%v, wanted: %s", err, want))
	case want.kind == "refused" && slices.ContainsFunc(h.findings, want.finding):
	case want.kind == "stops" && h.state == run.Errored && h.err.Code == want.code && strings.Contains(h.err.Message, want.text):
		if h.err.Remedy == "" {
			u.note(it, fmt.Sprintf("it stops without a hint: %v", err))
		}
	default:
		u.note(it, fmt.Sprintf("%v, wanted: %s", err, want))
	}
	u.site.Call("stop", u.pipeline) // it may have ended
}

// finding reports whether one finding is what was expected.
func (e expectation) finding(f run.Finding) bool {
	return f.ID == e.code && strings.Contains(f.Object+" "+f.Found, e.text)
}

// notes are what is wrong, by case and path.
type notes struct {
	mu    sync.Mutex // guards wrong
	wrong map[*testCase]map[string][]string
}

func (n *notes) note(it *item, wrong ...string) {
	n.mu.Lock()
	defer n.mu.Unlock()
	if len(wrong) == 0 {
		return
	}
	if n.wrong[it.testCase] == nil {
		n.wrong[it.testCase] = map[string][]string{}
	}
	n.wrong[it.testCase][it.path] = append(n.wrong[it.testCase][it.path], wrong...)
	if testing.Verbose() { // a run that is ended from outside tells what it knows
		fmt.Printf("%s/%s by %s: %s\n", it.group, it.name, it.path, strings.Join(wrong, "\n  "))
	}
}

func (n *notes) failed(it *item) bool {
	n.mu.Lock()
	defer n.mu.Unlock()
	return len(n.wrong[it.testCase][it.path]) > 0
}
