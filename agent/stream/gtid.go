package stream

import (
	"encoding/hex"
	"fmt"
	"strconv"
	"time"

	"github.com/go-mysql-org/go-mysql/replication"

	"github.com/tidegate-io/tidegate/internal/change"
)

// opening is what a GTID event says about the group of events after it.
type opening struct {
	id     change.ID // zero where the position names the transaction
	time   time.Time // zero if the event does not say
	length uint64    // bytes of the group in the log, this event included; 0 if unknown

	standalone bool // MariaDB: one statement follows, and no commit
	begun      bool // MariaDB: stands for BEGIN as well
	prepares   bool // MariaDB: stands for XA START, and XA PREPARE ends it

	alterStart, alterRollback bool // MariaDB's ALTER in two phases
}

// sidNames makes a UUID's text once.
type sidNames map[[16]byte]string

func (s sidNames) text(sid []byte) string {
	var k [16]byte
	copy(k[:], sid)
	if t, ok := s[k]; ok {
		return t
	}
	h := hex.EncodeToString(k[:])
	t := h[:8] + "-" + h[8:12] + "-" + h[12:16] + "-" + h[16:20] + "-" + h[20:]
	s[k] = t
	return t
}

// mysqlOpening reads a GTID, tagged or not, or an anonymous one.
func mysqlOpening(kind eventType, body []byte, names sidNames) (opening, error) {
	var g replication.GTIDEvent
	if kind == evTaggedGTID {
		var tagged replication.GtidTaggedLogEvent
		if err := tagged.Decode(body); err != nil {
			return opening{}, fmt.Errorf("read a tagged GTID event: %w", err)
		}
		g = tagged.GTIDEvent
	} else {
		if len(body) < 25 {
			return opening{}, fmt.Errorf("GTID event of %d bytes ends too early", len(body))
		}
		if err := g.Decode(body); err != nil {
			return opening{}, fmt.Errorf("read a GTID event: %w", err)
		}
	}
	o := opening{length: g.TransactionLength}
	if g.ImmediateCommitTimestamp > 0 {
		o.time = time.UnixMicro(int64(g.ImmediateCommitTimestamp)).UTC()
	}
	if kind != evAnonymousGTID {
		source := names.text(g.SID)
		if tag := g.Tag.String(); tag != "" {
			source += ":" + tag
		}
		o.id = change.ID{Source: source, N: uint64(g.GNO)}
	}
	return o, nil
}

// Flags of a MariaDB GTID event.
const (
	mariaStandalone  = 1
	mariaGroupCommit = 2
	mariaPreparedXA  = 64
	mariaCompletedXA = 128

	mariaExtraStartAlter = 2
	mariaExtraRollback   = 8
)

// mariaOpening reads a MariaDB GTID event. It stands for BEGIN (or XA START)
// unless it is marked standalone.
func mariaOpening(e *event) (opening, error) {
	c := cursor{b: e.body}
	seq, domain, flags := c.uint(8), c.uint(4), c.uint(1)
	if flags&mariaGroupCommit != 0 {
		c.uint(8)
	}
	if flags&(mariaPreparedXA|mariaCompletedXA) != 0 {
		c.uint(4)
		n := c.uint(1)
		c.take(int(n + c.uint(1)))
	}
	if c.bad {
		return opening{}, fmt.Errorf("GTID event of %d bytes ends too early", len(e.body))
	}
	extra := c.uint(1) // absent in old versions: reads as 0
	o := opening{
		id:            change.ID{Source: strconv.FormatUint(domain, 10), Server: e.server, N: seq},
		time:          e.time(),
		standalone:    flags&mariaStandalone != 0,
		begun:         flags&mariaStandalone == 0,
		prepares:      flags&mariaPreparedXA != 0,
		alterStart:    extra&mariaExtraStartAlter != 0,
		alterRollback: extra&mariaExtraRollback != 0,
	}
	return o, nil
}
