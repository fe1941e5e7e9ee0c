package snapshot

import (
	"context"
	"sync"
	"testing"

	"github.com/tidegate-io/tidegate/agent/structure"
	"github.com/tidegate-io/tidegate/integration/dbtest"
	"github.com/tidegate-io/tidegate/internal/change"
	"github.com/tidegate-io/tidegate/internal/mysql"
	"github.com/tidegate-io/tidegate/internal/schema"
)

// asked runs something when the copy asks for a low mark or for a definition's
// text, and gives the real answers.
type asked struct {
	Marks
	Definitions
	mark func()
	text func() string
}

func (a *asked) MarkLow(ctx context.Context, q mysql.Querier) (*change.Set, error) {
	a.mark()
	return a.Marks.MarkLow(ctx, q)
}

func (a *asked) Text(int) string { return a.text() }

// TestDefinitionBackMeanwhile: a column goes and comes back. The log's second
// statement is applied after a chunk has chosen the columns that the first one
// left; the source then has what is applied, and the chunk has not.
func TestDefinitionBackMeanwhile(t *testing.T) {
	for _, moment := range []string{"before the mark", "before the comparison"} {
		t.Run(moment, func(t *testing.T) {
			r := newRig(t, dbtest.Config{}, dbtest.Config{})
			r.create("CREATE TABLE {}.d (id INT NOT NULL PRIMARY KEY, made DATETIME(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6))")
			r.exec(r.src, "INSERT INTO {}.d (id) VALUES (1)")
			id := r.register("d")
			first, err := structure.ReadTable(t.Context(), r.marksDB, r.source.Server, schema.ID{Schema: r.from, Name: "d"})
			if err != nil {
				t.Fatal(err)
			}
			away, back := "ALTER TABLE {}.d DROP made", "ALTER TABLE {}.d ADD made DATETIME(6) NOT NULL DEFAULT CURRENT_TIMESTAMP(6)"
			r.exec(r.src, away)
			r.execTo(away)
			r.redefine(id)
			r.exec(r.src, back)
			r.begin()
			c := r.copier()
			text := ""
			apply := sync.OnceFunc(func() {
				r.execTo(back)
				r.redefine(id)
				text = first.Create
			})
			a := &asked{Marks: c.Marks, Definitions: r, mark: func() {}, text: func() string { apply(); return text }}
			if moment == "before the mark" {
				a.mark = apply
			}
			c.Marks, c.Definitions = a, a
			if err := c.Run(t.Context()); err != nil {
				t.Fatal(err)
			}
			r.equal("d")
		})
	}
}
