// Package guard turns a panic in a goroutine of a run into an error of that run:
// other runs of the same process go on.
package guard

import (
	"context"
	"fmt"
	"runtime/debug"

	"golang.org/x/sync/errgroup"

	"github.com/tidegate-io/tidegate/internal/mysql"
)

// Panic is what a function died of.
type Panic struct {
	Value any
	Stack []byte
}

// Error gives the value; the stack is for the log.
func (p *Panic) Error() string { return fmt.Sprintf("internal error: %v", p.Value) }

// Call runs f and returns its panic as an error that no stage tries again: what
// f had under way is not known.
func Call(f func() error) (err error) {
	defer func() {
		if v := recover(); v != nil {
			err = &mysql.Error{Class: mysql.Config, Code: "panic", Err: &Panic{Value: v, Stack: debug.Stack()},
				Remedy: "this is a fault in tidegate: the agent's log has the stack; report it, then retry"}
		}
	}()
	return f()
}

// Group is an errgroup.Group in which a panic is an error like any other.
type Group struct{ g *errgroup.Group }

// WithContext returns a group whose first error ends the context.
func WithContext(ctx context.Context) (*Group, context.Context) {
	g, ctx := errgroup.WithContext(ctx)
	return &Group{g: g}, ctx
}

// Go runs f in a goroutine of the group.
func (g *Group) Go(f func() error) { g.g.Go(func() error { return Call(f) }) }

// SetLimit bounds how many goroutines run at a time.
func (g *Group) SetLimit(n int) { g.g.SetLimit(n) }

// Wait returns the first error when all have ended.
func (g *Group) Wait() error { return g.g.Wait() }
