package apply

import (
	"context"
	"errors"
	"fmt"
	"time"

	"github.com/tidegate-io/tidegate/agent/ledger"
	"github.com/tidegate-io/tidegate/internal/fault"
	"github.com/tidegate-io/tidegate/internal/mysql"
)

// farAway is the time of a question and its answer from which on packets are
// made larger than a statement: each waits that long. Near the target small ones
// are a tenth faster.
const (
	farAway    = 2 * time.Millisecond
	farPackets = 1 << 20
)

// measure finds out how far away the target is, and how large packets to it are.
// A node of a Galera cluster gets each statement by itself: when another node's
// transaction ends ours between two statements of one packet, it carries out the
// rest of them without a transaction.
func (l *lane) measure(ctx context.Context, cfg Config, server *mysql.Server) error {
	if server.Galera {
		return nil
	}
	l.packet = cfg.StatementBytes
	way := time.Hour
	for n := 0; n < 3 && way >= farAway; n++ {
		begun := time.Now()
		if err := l.execString(ctx, "DO 0"); err != nil {
			return err
		}
		way = min(way, time.Since(begun))
	}
	if limit := int(server.MaxPacket) - 4096; way >= farAway {
		l.packet = max(l.packet, min(farPackets, limit))
	}
	return nil
}

// errLedger says that the ledger's rows did not move: the lane is fenced.
var errLedger = errors.New("the ledger did not move")

// seal adds the statement that moves the ledger: which is the row's lane, -1 for
// all, and want how many that are.
func (s *share) seal(led *ledger.Ledger, step ledger.Step, which int, want int64) {
	s.text = append(s.text, ';')
	st := statement{start: len(s.text), want: want, ledger: true}
	s.text = led.AppendUpdate(s.text, step, which)
	st.end = len(s.text)
	s.stmts = append(s.stmts, st)
}

// unseal takes it away again.
func (s *share) unseal() {
	last := len(s.stmts) - 1
	s.text = s.text[:s.stmts[last].start-1]
	s.stmts = s.stmts[:last]
}

// runStatements sends statements of a share and holds them to their counts. Those
// that fit into one packet are sent together: between a lane and its target lies
// one way there and back for each packet, however many statements are in it.
func (a *Applier) runStatements(ctx context.Context, l *lane, s *share, stmts []statement) error {
	for len(stmts) > 0 {
		n := together(stmts, l.packet)
		if err := a.runPacket(ctx, l, s, stmts[:n]); err != nil {
			return err
		}
		stmts = stmts[n:]
	}
	return nil
}

// together is how many of the statements go into one packet of some bytes.
func together(stmts []statement, bytes int) int {
	n := 1
	for n < len(stmts) && !stmts[0].alone && !stmts[n].alone && stmts[n].end-stmts[0].start <= bytes {
		n++
	}
	return n
}

func (a *Applier) runPacket(ctx context.Context, l *lane, s *share, stmts []statement) error {
	if stmts[0].alone {
		return a.runAlone(ctx, l, s, &stmts[0])
	}
	if stmts[len(stmts)-1].ledger {
		fault.At("lane-ledger")
	}
	counts, err := l.several(ctx, s.text[stmts[0].start:stmts[len(stmts)-1].end])
	if err != nil {
		return fmt.Errorf("%s: %w", s.what(stmts), err)
	}
	if len(counts) != len(stmts) {
		return fmt.Errorf("%s: the target answered %d of %d statements", s.what(stmts), len(counts), len(stmts))
	}
	for i := range stmts {
		if err := s.check(&stmts[i], counts[i]); err != nil {
			return err
		}
	}
	return nil
}

// runAlone carries out what needs more than one statement of the target.
func (a *Applier) runAlone(ctx context.Context, l *lane, s *share, st *statement) error {
	first := &s.ops[st.lo]
	if first.kind == fireCascade {
		return a.cascade(ctx, l, first)
	}
	if first.kind == deleteMatch {
		return a.runMatches(ctx, l, s, st)
	}
	n, err := l.run(ctx, first.table, s.text[st.start:st.end], st.lax)
	if err != nil {
		return fmt.Errorf("%s: %w", s.what([]statement{*st}), err)
	}
	return s.check(st, n)
}

func (s *share) check(st *statement, n int64) error {
	switch {
	case st.any || n == st.want:
		return nil
	case st.ledger:
		return errLedger
	}
	return fmt.Errorf("%s: %d counted, not %d: %w", s.what([]statement{*st}), n, st.want, errCount)
}

// what says what statements do, by the first that writes rows.
func (s *share) what(stmts []statement) string {
	rows, first, more := 0, "", ""
	for i := range stmts {
		st := &stmts[i]
		if st.hi == st.lo {
			continue
		}
		rows += st.hi - st.lo
		switch name := s.ops[st.lo].table.name().String(); first {
		case "":
			first = name
		case name:
		default:
			more = " and others"
		}
	}
	if first == "" {
		return "begin, and move the ledger"
	}
	return fmt.Sprintf("write %d rows of %s%s", rows, first, more)
}
