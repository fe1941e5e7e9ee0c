package cases

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/tidegate-io/tidegate/integration/dbtest"
	"github.com/tidegate-io/tidegate/integration/site"
)

// compare says what is wrong with an item that should be equal on both sides.
func (it *item) compare(ctx context.Context, p site.Pair) []string {
	var wrong []string
	note := func(more []string, err error) {
		wrong = append(wrong, more...)
		if err != nil {
			wrong = append(wrong, err.Error())
		}
	}
	for _, schema := range it.schemas() {
		except, err := it.unselected(ctx, p, schema)
		note(nil, err)
		note(site.Differences(ctx, p, schema, schema, except...))
		if p.Src.Flavor.Family() == p.Dst.Flavor.Family() {
			note(site.Definitions(ctx, p, schema, except...))
		}
	}
	for _, q := range it.queries {
		if q.only == "" || q.only == p.Src.Flavor.Family() {
			note(it.answer(ctx, p, q))
		}
	}
	return wrong
}

// unselected lists what the case leaves out by "except" in its objects line:
// there, names that begin with an underscore.
func (it *item) unselected(ctx context.Context, p site.Pair, schema string) ([]string, error) {
	if !strings.Contains(strings.Join(it.objects, " "), `"_*"`) {
		return nil, nil
	}
	rows, err := p.Src.DB().QueryContext(ctx, "SELECT TABLE_NAME FROM information_schema.TABLES WHERE TABLE_SCHEMA = ? AND LEFT(TABLE_NAME, 1) = '_'", schema)
	if err != nil {
		return nil, err
	}
	defer rows.Close()
	var out []string
	for rows.Next() {
		var name string
		if err := rows.Scan(&name); err != nil {
			return nil, err
		}
		out = append(out, name)
	}
	return out, rows.Err()
}

// answer asks one query and says what is wrong with what it reads.
func (it *item) answer(ctx context.Context, p site.Pair, q query) ([]string, error) {
	sides := map[string][]*dbtest.Server{"source": {p.Src}, "target": {p.Dst}}[q.side]
	if sides == nil {
		sides = []*dbtest.Server{p.Src, p.Dst}
	}
	want := q.want
	var wrong []string
	for i, s := range sides {
		got, err := it.ask(ctx, s, q)
		if err != nil {
			return wrong, err
		}
		if q.side == "same" && i == 0 {
			want = got
		}
		if !slices.Equal(got, want) {
			name := []string{"source", "target"}[slices.Index([]*dbtest.Server{p.Src, p.Dst}, s)]
			wrong = append(wrong, fmt.Sprintf("line %d: %.200s: the %s says %q, wanted %q", q.line, q.sql, name, got, want))
		}
	}
	return wrong, nil
}
