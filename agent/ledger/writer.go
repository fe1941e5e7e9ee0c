package ledger

import (
	"context"
	"database/sql"
	"fmt"
)

// Writers is how many connections of a run can be registered.
const Writers = 128

// MarkWriter marks a connection as one of the run's writers, so that whoever takes
// the run over can end it: an owner that is cut off leaves its transaction open
// on the server, and the takeover would wait for its locks until the server
// notices. Slots are counted from 0; a slot's older holder, which can only be
// one of our own lost connections, is ended.
func (l *Ledger) MarkWriter(ctx context.Context, conn *sql.Conn, slot int) error {
	k := &Lock{Conn: conn, l: l, name: l.writerName(slot)}
	return k.acquire(ctx)
}

func (l *Ledger) writerName(slot int) string { return l.lockName(fmt.Sprintf(".w%d", slot)) }

// endWriters ends the connections that the run's owners have registered. A
// COMMIT that runs already runs to its end.
func (l *Ledger) endWriters(ctx context.Context, conn *sql.Conn) error {
	names := make([]string, Writers)
	for i := range names {
		names[i] = l.writerName(i)
	}
	_, err := l.end(ctx, conn, names)
	return err
}
