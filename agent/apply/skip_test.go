package apply

import (
	"context"
	"encoding/binary"
	"testing"

	"github.com/rs/zerolog"

	"github.com/tidegate-io/tidegate/agent/gate"
	"github.com/tidegate-io/tidegate/internal/change"
	"github.com/tidegate-io/tidegate/internal/mysql"
	"github.com/tidegate-io/tidegate/internal/schema"
)

type onePlan struct{ p *Plan }

func (c onePlan) Plan(string, string) (*Plan, error) { return c.p, nil }

// A change of a row that the copy has not reached is left out only when
// everything before it is committed. Decided earlier, while the batch before is
// still to be executed, it would be too early: the copy may read and write the
// row meanwhile, a row of that batch with the same unique value removes it, and
// the change that brings it back is the one left out.
func TestLeftOutChangesAreLookedAtAgain(t *testing.T) {
	g := gate.New(change.MySQL)
	w := g.Add(schema.ID{Schema: "s", Name: "t"})
	w.HandOut(func(raw []byte) bool { return binary.LittleEndian.Uint32(raw) > 3 })
	a := New(Config{}, Deps{Target: &mysql.Conn{Server: &mysql.Server{MaxPacket: 1 << 20}}, Gate: g, Queue: change.NewQueue(1),
		Catalog: onePlan{&Plan{ID: 1, Source: definition(), Target: definition(), Window: w}}, Log: zerolog.Nop()})
	from, err := placeAt(change.Position{Kind: change.MySQL})
	if err != nil {
		t.Fatal(err)
	}
	a.frontier.reset(1, from, 1)
	r := newLoop(a, nil, context.Background())
	r.flight = newBatch(1, from) // is being executed
	insert := &change.Txn{IDs: []change.ID{{Source: "01234567-89ab-cdef-0123-456789abcdef", N: 1}},
		Changes: []change.Change{{Op: change.Insert, Table: threeInts, After: image(row{id: 5, u: 2})}}}
	if err := r.rows(t.Context(), insert); err != nil {
		t.Fatal(err)
	}
	if err := r.close(); err != nil {
		t.Fatal(err)
	}
	if n := len(r.ready.shares[0].ops); n != 0 {
		t.Fatalf("%d ops for a row that nobody has read", n)
	}
	r.flight = nil
	w.HandOutLast()
	b, err := r.next()
	if err != nil {
		t.Fatal(err)
	}
	ops := b.shares[0].ops
	if len(ops) != 1 || ops[0].kind != replaceRow || unimage(ops[0].image()) != (row{id: 5, u: 2}) || len(b.shares[0].stmts) != 2 { // the first opens the transaction
		t.Errorf("the batch that is executed has the ops %+v", ops)
	}
}
