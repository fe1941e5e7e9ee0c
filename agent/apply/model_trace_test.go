package apply

import (
	"flag"
	"fmt"
	"os"
	"strings"
	"testing"
)

var (
	traced = flag.Int64("model-trace", -1, "print the history of this seed")
	rule   = flag.String("model-rule", "", "the rule that the printed history breaks")
)

// TestModelTrace prints one history, for whoever wants to know what happened.
func TestModelTrace(t *testing.T) {
	if *traced < 0 {
		t.Skip("prints a history with -model-trace=seed")
	}
	tracing = true
	m := random(uint64(*traced), *rule)
	fmt.Fprintln(os.Stdout, strings.Join(m.trace, "\n"))
	t.Log(m.end)
}

var tracing bool

var stepNames = [...]string{"write", "show", "execute", "poll", "take", "close", "launch", "share", "fence", "land", "hand out", "chunk", "exact", "over", "zombie", "crash", "freeze", "thaw", "failover", "fall back", "nothing"}

func (m *model) note(s step) {
	if !tracing {
		return
	}
	var b strings.Builder
	fmt.Fprintf(&b, "%s %d %d", stepNames[s.kind], s.i, s.j)
	o := m.now
	switch s.kind {
	case stepWrite:
		l := m.src.log[len(m.src.log)-1]
		fmt.Fprintf(&b, " tx %d:", len(m.src.log)-1)
		for _, e := range l.edits {
			fmt.Fprintf(&b, " %s %v->%v", e.table, show(e.before), show(e.after))
		}
	case stepLaunch:
		f := o.flight[len(o.flight)-1]
		fmt.Fprintf(&b, " batch %d to %s single %v done %v:", f.b.seq, f.b.to.pos.GTID, f.b.single, f.b.done)
		for _, sh := range f.b.shares {
			for _, op := range sh.ops {
				fmt.Fprintf(&b, " %s/%d/%v", op.table.plan.Source.Name, op.kind, unimage(op.image()))
			}
			b.WriteString(" |")
		}
	}
	for _, w := range o.work {
		fmt.Fprintf(&b, "  [%s#%d stage %d rows %v]", w.c.name, w.seq, w.stage, w.rows)
	}
	if o.exact != nil {
		fmt.Fprintf(&b, " exact %d", o.exact.stage)
	}
	fmt.Fprintf(&b, "\n      src %v dst %v open %d epoch %d", m.src.rows.keyed["t"], m.dst.keyed["t"], len(m.dst.open), m.dst.epoch)
	m.trace = append(m.trace, b.String())
}

func show(r *row) string {
	if r == nil {
		return "-"
	}
	return fmt.Sprint(*r)
}
