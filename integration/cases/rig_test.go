package cases

import (
	"context"
	"fmt"
	"slices"
	"strings"
	"sync/atomic"
	"testing"

	"golang.org/x/sync/errgroup"

	"github.com/tidegate-io/tidegate/integration/site"
)

// side is how many pipelines run side by side.
const side = 5

// rig is one pair of servers with the program beside them.
type rig struct {
	board
	notes
	pair site.Pair
	name string
}

// units counts all of the process: pairs share servers, and no database may be
// there twice.
var units atomic.Int32

// newRig starts the program for a pair.
func newRig(t *testing.T, name string, p site.Pair) *rig {
	s := site.New(t)
	s.Dev().Quiet = true
	s.Up()
	r := &rig{pair: p, name: name, board: board{site: s, all: map[string]site.Status{}}, notes: notes{wrong: map[*testCase]map[string][]string{}}}
	ctx, cancel := context.WithCancel(t.Context())
	done := make(chan struct{})
	go func() { defer close(done); r.watch(ctx) }()
	t.Cleanup(func() { cancel(); <-done })
	return r
}

// carry takes the cases across by every path, those of a group in one pipeline.
func (r *rig) carry(ctx context.Context, list []*testCase) {
	groups := map[string][]*item{}
	var alone []*item
	var order []string
	for _, c := range list {
		for _, path := range []string{copied, streamed, windowed} {
			it := &item{testCase: c, path: path}
			switch {
			case !c.applies(r.name, path):
			case c.alone(r.name, path):
				alone = append(alone, it)
			default:
				if groups[c.group] == nil {
					order = append(order, c.group)
				}
				groups[c.group] = append(groups[c.group], it)
			}
		}
	}
	var g errgroup.Group
	g.SetLimit(side)
	for _, name := range order {
		g.Go(func() error { r.together(ctx, groups[name]); return nil })
	}
	for _, it := range alone {
		g.Go(func() error { r.single(ctx, it); return nil })
	}
	g.Wait() // no function gives an error
}

// newUnit gives items databases that nobody had before.
func (r *rig) newUnit(ctx context.Context, items []*item) (*unit, error) {
	n := units.Add(1)
	u := &unit{rig: r, pipeline: fmt.Sprintf("u%d", n), items: slices.Clone(items)}
	for _, it := range items {
		it.base = fmt.Sprintf("%s%d_%s", it.path[:1], n, it.name)
	}
	for _, q := range []string{"CREATE DATABASE " + u.pipeline, "CREATE TABLE " + u.pipeline + ".always (id INT PRIMARY KEY)"} {
		if _, err := r.pair.Src.DB().ExecContext(ctx, q); err != nil {
			return nil, err
		}
	}
	return u, nil
}

// together carries items in one pipeline. If the run ends in error, the items it
// names are left out and the others begin anew, so that one broken case does not
// hide the others; if it names none, they are halved.
func (r *rig) together(ctx context.Context, items []*item) {
	if len(items) == 0 {
		return
	}
	u, err := r.newUnit(ctx, items)
	if err == nil {
		if err = u.run(ctx); err == nil {
			return
		}
		r.site.Call("stop", u.pipeline) // it may have ended
	}
	if len(items) == 1 {
		r.note(items[0], err.Error())
		return
	}
	var named, rest []*item
	for _, it := range items {
		if r.failed(it) {
			continue
		}
		if it.namedIn(err.Error()) {
			named = append(named, it)
			r.note(it, err.Error())
		} else {
			rest = append(rest, it)
		}
	}
	if len(named) > 0 {
		r.together(ctx, rest)
		return
	}
	r.together(ctx, rest[:len(rest)/2])
	r.together(ctx, rest[len(rest)/2:])
}

// namedIn reports whether a text names one of the item's databases.
func (it *item) namedIn(text string) bool {
	for _, schema := range append(it.schemas(), "x"+it.base) {
		for at := 0; ; {
			i := strings.Index(text[at:], schema)
			if i < 0 {
				break
			}
			at += i + len(schema)
			if at == len(text) || !strings.ContainsAny(text[at:at+1], "_0123456789abcdefghijklmnopqrstuvwxyz") {
				return true
			}
		}
	}
	return false
}

// single carries an item in a pipeline of its own.
func (r *rig) single(ctx context.Context, it *item) {
	want := it.ends(r.name, it.path)
	if want.kind == "equal" {
		r.together(ctx, []*item{it})
		return
	}
	u, err := r.newUnit(ctx, []*item{it})
	if err != nil {
		r.note(it, err.Error())
		return
	}
	u.expect(ctx, want)
}
