package stream

import (
	"encoding/binary"
	"fmt"
	"time"
)

// eventType is the type byte of a log event.
type eventType byte

// The event types that matter here. Numbers below 160 are shared by both
// flavours, those above belong to MariaDB.
const (
	evQuery            eventType = 2
	evStop             eventType = 3
	evRotate           eventType = 4
	evIntvar           eventType = 5
	evAppendBlock      eventType = 9
	evDeleteFile       eventType = 11
	evRand             eventType = 13
	evUserVar          eventType = 14
	evFormat           eventType = 15
	evXID              eventType = 16
	evBeginLoad        eventType = 17
	evExecuteLoad      eventType = 18
	evTableMap         eventType = 19
	evWriteRowsV1      eventType = 23
	evUpdateRowsV1     eventType = 24
	evDeleteRowsV1     eventType = 25
	evIncident         eventType = 26
	evHeartbeat        eventType = 27
	evIgnorable        eventType = 28
	evRowsQuery        eventType = 29
	evWriteRows        eventType = 30
	evUpdateRows       eventType = 31
	evDeleteRows       eventType = 32
	evGTID             eventType = 33
	evAnonymousGTID    eventType = 34
	evPreviousGTIDs    eventType = 35
	evTxContext        eventType = 36 // Group Replication's certification data
	evViewChange       eventType = 37
	evXAPrepare        eventType = 38
	evPartialUpdate    eventType = 39
	evPayload          eventType = 40
	evHeartbeatV2      eventType = 41
	evTaggedGTID       eventType = 42
	evAnnotateRows     eventType = 160
	evBinlogCheckpoint eventType = 161
	evMariaGTID        eventType = 162
	evGTIDList         eventType = 163
	evStartEncryption  eventType = 164
	evQueryZ           eventType = 165 // the same, compressed
	evWriteRowsV1Z     eventType = 166
	evUpdateRowsV1Z    eventType = 167
	evDeleteRowsV1Z    eventType = 168
	evWriteRowsZ       eventType = 169
	evUpdateRowsZ      eventType = 170
	evDeleteRowsZ      eventType = 171
)

// Flags of an event's header.
const (
	flagArtificial = 0x20 // made by the dump thread, not in the log
	flagIgnorable  = 0x80 // may be skipped by those who do not know it
)

const headerSize = 19

// event is one log event. The body is valid only until the next is read.
type event struct {
	seconds uint32
	kind    eventType
	server  uint32
	size    uint32
	logPos  uint32
	flags   uint16
	body    []byte
}

func parseEvent(data []byte) (event, error) {
	if len(data) < headerSize {
		return event{}, fmt.Errorf("log event of %d bytes has no header", len(data))
	}
	e := event{
		seconds: binary.LittleEndian.Uint32(data),
		kind:    eventType(data[4]),
		server:  binary.LittleEndian.Uint32(data[5:]),
		size:    binary.LittleEndian.Uint32(data[9:]),
		logPos:  binary.LittleEndian.Uint32(data[13:]),
		flags:   binary.LittleEndian.Uint16(data[17:]),
		body:    data[headerSize:],
	}
	if int(e.size) != len(data) {
		return event{}, fmt.Errorf("log event of type %d says %d bytes and has %d", e.kind, e.size, len(data))
	}
	return e, nil
}

func (e *event) artificial() bool { return e.flags&flagArtificial != 0 }

func (e *event) time() time.Time { return time.Unix(int64(e.seconds), 0).UTC() }

// harmless are events that carry no rows, end nothing and change nothing here.
// Values of user variables and the like belong to statements logged as text.
var harmless = map[eventType]bool{
	evStop: true, evIntvar: true, evAppendBlock: true, evDeleteFile: true, evRand: true, evUserVar: true, evBeginLoad: true,
	evHeartbeat: true, evHeartbeatV2: true, evIgnorable: true, evRowsQuery: true, evPreviousGTIDs: true, evTxContext: true,
	evViewChange: true, evAnnotateRows: true, evBinlogCheckpoint: true, evGTIDList: true, evStartEncryption: true,
}

// cursor reads a body's fields one after the other. After the first field that
// is not there, everything reads as zero and bad is set: check it at the end.
type cursor struct {
	b   []byte
	bad bool
}

func (c *cursor) take(n int) []byte {
	if c.bad || n < 0 || n > len(c.b) {
		c.bad = true
		return nil
	}
	v := c.b[:n:n]
	c.b = c.b[n:]
	return v
}

// uint reads a little-endian number of n bytes.
func (c *cursor) uint(n int) uint64 {
	var v uint64
	for i, b := range c.take(n) {
		v |= uint64(b) << (8 * i)
	}
	return v
}

// lenenc reads a length-encoded number.
func (c *cursor) lenenc() uint64 {
	switch b := c.uint(1); b {
	case 0xfc:
		return c.uint(2)
	case 0xfd:
		return c.uint(3)
	case 0xfe:
		return c.uint(8)
	default:
		return b
	}
}

// short reads a string after its one-byte length.
func (c *cursor) short() []byte { return c.take(int(c.uint(1))) }
