package stream

import (
	"bytes"
	"encoding/binary"
	"fmt"

	"github.com/tidegate-io/tidegate/internal/change"
)

// table is what a table map event announced for the row events after it.
type table struct {
	raw      []byte // the event's body, to recognise it when it comes again
	def      *change.TableMap
	selected bool
}

// tables knows the announced tables by id, and keeps one TableMap per shape, so
// that a shape seen before costs neither parsing nor memory.
type tables struct {
	byID     map[uint64]*table
	interned map[string]*change.TableMap
}

func newTables() tables {
	return tables{byID: map[uint64]*table{}, interned: map[string]*change.TableMap{}}
}

// maxInterned bounds what is kept: shapes change by DDL, and names come and go.
const maxInterned = 20000

// trim forgets everything if it has become much; between transactions only.
func (t *tables) trim() {
	if len(t.byID) > maxInterned {
		clear(t.byID)
	}
	if len(t.interned) > maxInterned {
		clear(t.interned)
	}
}

// announce takes a table map event. The selection is asked every time, since it
// changes with the log.
func (t *tables) announce(body []byte, sel func(schema, name string) bool) error {
	c := cursor{b: body}
	id := c.uint(6)
	if c.bad {
		return fmt.Errorf("table map event of %d bytes ends too early", len(body))
	}
	known := t.byID[id]
	if known == nil || !bytes.Equal(known.raw, body) {
		def, err := t.parse(body)
		if err != nil {
			return err
		}
		known = &table{raw: bytes.Clone(body), def: def}
		t.byID[id] = known
	}
	known.selected = sel(known.def.Schema, known.def.Name)
	return nil
}

func (t *tables) parse(body []byte) (*change.TableMap, error) {
	c := cursor{b: body}
	c.take(8) // id, flags
	schema := c.short()
	c.take(1)
	name := c.short()
	c.take(1)
	n := int(c.lenenc())
	types := c.take(n)
	meta := c.take(int(c.lenenc()))
	if c.bad {
		return nil, fmt.Errorf("table map event of %d bytes ends too early", len(body))
	}
	// Without the id, but with the names' lengths: one key per shape.
	key := string(body[8 : len(body)-len(c.b)])
	if def := t.interned[key]; def != nil {
		return def, nil
	}
	def := &change.TableMap{Schema: string(schema), Name: string(name), Types: bytes.Clone(types)}
	var err error
	if def.Meta, err = columnMeta(types, meta); err != nil {
		return nil, fmt.Errorf("table map of %s.%s: %w", schema, name, err)
	}
	t.interned[key] = def
	return def, nil
}

// columnMeta spreads the metadata over the columns, each type with its own
// number of bytes and byte order.
func columnMeta(types, data []byte) ([]uint16, error) {
	c := cursor{b: data}
	meta := make([]uint16, len(types))
	for i, code := range types {
		switch code {
		case change.TypeString, change.TypeNewDecimal, change.TypeEnum, change.TypeSet:
			if b := c.take(2); b != nil {
				meta[i] = binary.BigEndian.Uint16(b)
			}
		case change.TypeVarString, change.TypeVarchar, change.TypeBit, change.TypeVarcharCompressed:
			meta[i] = uint16(c.uint(2))
		case change.TypeBlob, change.TypeTinyBlob, change.TypeMediumBlob, change.TypeLongBlob, change.TypeBlobCompressed,
			change.TypeDouble, change.TypeFloat, change.TypeGeometry, change.TypeVector, change.TypeJSON,
			change.TypeTime2, change.TypeDatetime2, change.TypeTimestamp2:
			meta[i] = uint16(c.uint(1))
		case change.TypeDecimalOld, change.TypeTiny, change.TypeShort, change.TypeLong, change.TypeNull, change.TypeTimestamp,
			change.TypeLongLong, change.TypeInt24, change.TypeDate, change.TypeTime, change.TypeDatetime, change.TypeYear, change.TypeNewDate:
		default:
			return nil, fmt.Errorf("column %d has the type code %d, which is not known", i+1, code)
		}
	}
	if c.bad {
		return nil, fmt.Errorf("metadata of %d bytes is too short for %d columns", len(data), len(types))
	}
	return meta, nil
}

// compressedColumn returns the first column whose values the log carries
// compressed (MariaDB's COMPRESSED attribute), counted from 1, or 0.
func compressedColumn(def *change.TableMap) int {
	for i, code := range def.Types {
		if code == change.TypeBlobCompressed || code == change.TypeVarcharCompressed {
			return i + 1
		}
	}
	return 0
}
