package snapshot

import (
	"context"
	"sync"
	"testing"
	"time"

	"github.com/tidegate-io/tidegate/agent/structure"
	"github.com/tidegate-io/tidegate/integration/dbtest"
	"github.com/tidegate-io/tidegate/internal/mysql"
	"github.com/tidegate-io/tidegate/internal/schema"
)

// textAsked runs something when the copy asks for a definition's text.
type textAsked struct {
	Definitions
	text func() string
}

func (a *textAsked) Text(int) string { return a.text() }

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
			if moment == "before the mark" {
				c.Marks = &asked{Marks: c.Marks, asked: apply}
			}
			c.Definitions = &textAsked{Definitions: r, text: func() string { apply(); return text }}
			if err := c.Run(t.Context()); err != nil {
				t.Fatal(err)
			}
			r.equal("d")
		})
	}
}

// TestDefinitionInOtherWords: what a statement made of a column may be known from
// a target of the other flavour only, which calls the same type otherwise.
func TestDefinitionInOtherWords(t *testing.T) {
	r := newRig(t, dbtest.Config{Flavor: dbtest.MariaDB}, dbtest.Config{})
	r.create("CREATE TABLE {}.d (id BIGINT UNSIGNED NOT NULL PRIMARY KEY, v MEDIUMINT UNSIGNED, y YEAR, j JSON, z INT GENERATED ALWAYS AS (v + 1) VIRTUAL)")
	r.exec(r.src, "INSERT INTO {}.d (id, v, y, j) VALUES (1, 2, 2003, '[4]'), (5, NULL, NULL, NULL)")
	id := r.register("d")
	words := *r.target_[id]
	words.Schema, words.Flavor = r.from, mysql.MariaDB
	r.source_[id] = &words
	r.begin()
	ctx, cancel := context.WithTimeout(t.Context(), 20*time.Second)
	defer cancel()
	if err := r.copier().Run(ctx); err != nil {
		t.Fatal(err)
	}
	if _, n := r.digest(r.target, r.to, "d"); n != 2 {
		t.Errorf("%d of 2 rows are on the target", n)
	}
}
