package snapshot

import (
	"context"
	"database/sql"
	"strings"
	"testing"

	"github.com/tidegate-io/tidegate/integration/dbtest"
	"github.com/tidegate-io/tidegate/internal/mysql"
	"github.com/tidegate-io/tidegate/internal/schema"
)

// counting counts the questions for a row behind many others, for which a server
// reads all of them.
type counting struct {
	mysql.Querier
	n int
}

func (c *counting) QueryContext(ctx context.Context, q string, args ...any) (*sql.Rows, error) {
	if strings.Contains(q, " OFFSET ") {
		c.n++
	}
	return c.Querier.QueryContext(ctx, q, args...)
}

// TestRangesOfAnInteger: the ranges of an integer key are computed from the first
// on where it has few gaps, and counted where it has many; either holds about as
// many rows as it is to have, and none is in two ranges or in none.
func TestRangesOfAnInteger(t *testing.T) {
	for _, flavor := range []dbtest.Flavor{dbtest.MySQL, dbtest.MariaDB} {
		r := newRig(t, dbtest.Config{Flavor: flavor}, dbtest.Config{Flavor: flavor})
		for name, c := range map[string]struct {
			id     string // of numbers from 0
			counts bool
		}{"dense": {"id", false}, "below": {"id - 20000", false}, "gaps": {"id * 1000", true}, "behind": {"IF(id = 0, 0, id + 1000000)", true}} {
			t.Run(string(flavor)+" "+name, func(t *testing.T) {
				r.TB = t
				r.create("CREATE TABLE {}." + name + " (id BIGINT NOT NULL PRIMARY KEY, v VARCHAR(100))")
				r.create("CREATE TABLE {}.n_" + name + " (id INT NOT NULL PRIMARY KEY, v VARCHAR(100))")
				r.numbers("n_"+name, 40_000)
				r.exec(r.src, "INSERT INTO {}."+name+" SELECT "+c.id+", v FROM {}.n_"+name, "ANALYZE TABLE {}."+name)
				id := r.register(name)
				pg := choosePaging(r.source_[id])
				ranges := &ranger{id: id, pg: pg, name: schema.ID{Schema: r.from, Name: name}, pace: newPace(r.tables[id-1]), likely: r.tables[id-1].Rows}
				q, rows := &counting{Querier: r.src.DB()}, 0
				for chunks := 1; !ranges.closed; chunks++ {
					ck, err := ranges.next(t.Context(), q, Config{ChunkBytes: 200_000})
					if err != nil {
						t.Fatal(err)
					}
					var n int
					if err := r.src.DB().QueryRow("SELECT COUNT(*)" + ranges.from(ck.Lower, ck.Upper)).Scan(&n); err != nil {
						t.Fatal(err)
					}
					if rows += n; n > 4000 || !ranges.closed && n < 400 || chunks > 100 {
						t.Fatalf("range %d, %v to %v, has %d rows", chunks, ck.Lower, ck.Upper, n)
					}
				}
				if rows != 40_000 {
					t.Errorf("the ranges have %d rows", rows)
				}
				if c.counts != (q.n > 1) {
					t.Errorf("%d rows were counted off", q.n)
				}
			})
		}
	}
}

// Near the greatest value of its type no bound is computed: it would be a small one,
// behind which the table's ranges began again.
func TestNoBoundBehindTheGreatest(t *testing.T) {
	for _, tt := range []struct {
		unsigned   bool
		last, want string
	}{
		{false, "9223372036854775757", "9223372036854775807"},
		{false, "9223372036854775758", ""},
		{false, "-9223372036854775808", "-9223372036854775758"},
		{true, "18446744073709551565", "18446744073709551615"},
		{true, "18446744073709551566", ""},
	} {
		r := &ranger{pg: &paging{parts: []part{{col: &schema.Column{Unsigned: tt.unsigned}, form: integer}}}}
		got, ok := r.add(tt.last, 50)
		if ok != (tt.want != "") || ok && got != tt.want {
			t.Errorf("50 behind %s: got %s, %v, want %q", tt.last, got, ok, tt.want)
		}
	}
}
