package guard

import (
	"errors"
	"strings"
	"testing"

	"github.com/tidegate-io/tidegate/internal/mysql"
)

func TestGroupEndsWithThePanic(t *testing.T) {
	g, ctx := WithContext(t.Context())
	g.Go(func() error { <-ctx.Done(); return nil })
	g.Go(func() error { panic("boom") })
	err := g.Wait()
	p, ok := errors.AsType[*Panic](err)
	if !ok || !strings.Contains(string(p.Stack), "guard_test.go") || mysql.Classify(err) != mysql.Config {
		t.Fatalf("a panic is told as %v, class %s", err, mysql.Classify(err))
	}
}
