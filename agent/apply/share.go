package apply

import (
	"fmt"

	"github.com/tidegate-io/tidegate/agent/apply/sqltext"
	"github.com/tidegate-io/tidegate/internal/change"
	"github.com/tidegate-io/tidegate/internal/mysql"
)

// share is what one lane does in one batch: its ops in order, and the
// statements that carry them out.
type share struct {
	ops   []op
	text  []byte
	stmts []statement
}

// statement covers ops[lo:hi]: none, if it opens the transaction or moves the
// ledger.
type statement struct {
	lo, hi     int
	start, end int // in the share's text
	want       int64
	any        bool
	lax        int  // values that only a session without strict mode stores
	alone      bool // it needs more than to be sent and counted
	ledger     bool
}

// maxDeleteKeys bounds the keys of one DELETE: a longer list makes servers give
// up on ranges.
const maxDeleteKeys = 1000

// renderer turns ops into statements.
type renderer struct {
	fill   int // statements are filled up to this many bytes
	packet int // the target takes no larger ones
}

// begin opens a share's transaction.
const begin = "START TRANSACTION"

// render makes the share's statements, of which the first opens the transaction.
// A semicolon is between each and the next, so that neighbours can be sent
// together as they stand in the text.
func (r renderer) render(s *share) error {
	s.text = append(s.text, begin...)
	s.stmts = append(s.stmts[:0], statement{end: len(s.text), any: true})
	for lo := 0; lo < len(s.ops); {
		hi, err := r.statement(s, lo)
		if err != nil {
			return err
		}
		lo = hi
	}
	return nil
}

// statement renders one statement that begins with ops[lo] and returns where
// the next one begins.
func (r renderer) statement(s *share, lo int) (int, error) {
	s.text = append(s.text, ';')
	st := statement{lo: lo, hi: lo + 1, start: len(s.text)}
	first := &s.ops[lo]
	each, any := first.kind.want()
	st.any = any
	var err error
	switch {
	case first.kind == fireCascade:
	case first.kind.many():
		st.hi, s.text, err = r.rows(s.text, s.ops, lo)
	case first.kind == deleteMatch:
		st.hi, s.text, err = r.matches(s.text, s.ops, lo)
	default:
		s.text, err = appendSingle(s.text, first)
	}
	if err != nil {
		return 0, err
	}
	st.end = len(s.text)
	if size := st.end - st.start; size >= r.packet {
		return 0, tooLarge(first.table, size, r.packet)
	}
	st.lax = first.lax()
	st.alone = st.lax > 0 || first.kind == fireCascade || !first.kind.many() && st.hi-st.lo > 1
	st.want = each * int64(st.hi-st.lo)
	s.stmts = append(s.stmts, st)
	return st.hi, nil
}

// rows renders as many ops of one kind and table as fit into one statement.
func (r renderer) rows(dst []byte, ops []op, lo int) (int, []byte, error) {
	first := &ops[lo]
	text := first.table.text
	start := len(dst)
	dst = appendHead(dst, first)
	var err error
	hi := lo
	for ; hi < len(ops); hi++ {
		o := &ops[hi]
		if o.kind != first.kind || o.table != first.table {
			break
		}
		if hi > lo && (o.lax() > 0 || first.lax() > 0) { // such a row has a statement of its own
			break
		}
		if first.deletes() && hi-lo == maxDeleteKeys {
			break
		}
		mark := len(dst)
		switch {
		case hi > lo && first.deletes():
			dst = text.AppendKeySeparator(dst)
		case hi > lo:
			dst = append(dst, ',')
		}
		if first.deletes() {
			dst, err = text.AppendKey(dst, *o.image())
		} else {
			dst, err = text.AppendRow(dst, *o.image())
		}
		if err != nil {
			return hi, dst, err
		}
		if hi > lo && len(dst)-start > r.fill {
			dst = dst[:mark]
			break
		}
	}
	return hi, appendTail(dst, first), nil
}

// lax counts the values of the row to be written that strict mode refuses.
func (o *op) lax() int {
	if len(o.table.enums) == 0 || o.kind == fireCascade || o.after == nil || o.deletes() {
		return 0
	}
	return o.table.lax(o.after)
}

func (o *op) deletes() bool { return o.kind == deleteKey || o.kind == deleteAny }

func appendHead(dst []byte, o *op) []byte {
	switch o.kind {
	case deleteKey, deleteAny:
		return o.table.text.AppendDeleteHead(dst)
	case replaceRow:
		return o.table.text.AppendHead(dst, sqltext.Replace)
	default:
		return o.table.text.AppendHead(dst, sqltext.Insert)
	}
}

func appendTail(dst []byte, o *op) []byte {
	switch o.kind {
	case deleteKey, deleteAny:
		return append(dst, ')')
	case upsertRow:
		return o.table.text.AppendUpsert(dst)
	default:
		return dst
	}
}

// appendSingle renders an op that has a statement of its own.
func appendSingle(dst []byte, o *op) ([]byte, error) {
	if o.kind == deleteMatch {
		return o.table.text.AppendDelete(dst, *o.before, 1)
	}
	return o.table.text.AppendUpdate(dst, *o.before, *o.after)
}

func tooLarge(t *table, size, limit int) error {
	return &mysql.Error{Class: mysql.Config, Code: "packet_too_small",
		Err:    fmt.Errorf("a row of %s needs a statement of %d bytes, the target takes %d", t.name(), size, limit),
		Remedy: fmt.Sprintf("on the target: SET GLOBAL max_allowed_packet = %d (and in its configuration file)", min(2*size, 1<<30))}
}

// firesOn reports whether a change has effects on child rows that the log does
// not show.
func (t *table) firesOn(c *change.Change) bool {
	if len(t.fires) == 0 || c.CascadeLogged || c.NoForeignKeys {
		return false
	}
	for i := range t.fires {
		if t.fires[i].fires(t, c) {
			return true
		}
	}
	return false
}
