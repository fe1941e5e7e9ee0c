package stream

import (
	"fmt"
	"math/bits"

	gomysql "github.com/go-mysql-org/go-mysql/mysql"

	"github.com/tidegate-io/tidegate/internal/change"
)

// Flags of a row event.
const (
	rowsStatementEnd  = 1 << 0
	rowsNoForeignKeys = 1 << 1
	rowsSQLForeignKey = 1 << 4 // MySQL only; MariaDB gives the bit no such meaning
)

// rowsForm says how a type of row event is laid out.
type rowsForm struct {
	op         change.Op
	extra      bool // version 2: extra data after the flags
	compressed bool // MariaDB: the images are deflated
	partial    bool // JSON columns hold differences
}

var rowsForms = map[eventType]rowsForm{
	evWriteRowsV1: {op: change.Insert}, evUpdateRowsV1: {op: change.Update}, evDeleteRowsV1: {op: change.Delete},
	evWriteRows: {op: change.Insert, extra: true}, evUpdateRows: {op: change.Update, extra: true}, evDeleteRows: {op: change.Delete, extra: true},
	evPartialUpdate: {op: change.Update, extra: true, partial: true},
	evWriteRowsV1Z:  {op: change.Insert, compressed: true}, evUpdateRowsV1Z: {op: change.Update, compressed: true}, evDeleteRowsV1Z: {op: change.Delete, compressed: true},
	evWriteRowsZ: {op: change.Insert, extra: true, compressed: true}, evUpdateRowsZ: {op: change.Update, extra: true, compressed: true},
	evDeleteRowsZ: {op: change.Delete, extra: true, compressed: true},
}

// cutter turns row events into changes.
type cutter struct {
	tables tables
	arena  arena
	maria  bool
}

// cut appends the event's changes and returns the memory they take. Rows of
// tables that are not selected are not looked at.
func (x *cutter) cut(form rowsForm, body []byte, dst []change.Change) ([]change.Change, int, error) {
	c := cursor{b: body}
	id, flags := c.uint(6), c.uint(2)
	if form.extra {
		c.take(int(c.uint(2)) - 2)
	}
	if c.bad {
		return dst, 0, fmt.Errorf("row event of %d bytes ends too early", len(body))
	}
	t := x.tables.byID[id]
	if t == nil {
		if flags&rowsStatementEnd != 0 && len(c.b) <= 2 {
			return dst, 0, nil // only says that the statement is over
		}
		return dst, 0, fatal("source_log", restartRemedy, "the log has rows for table id %d, which it did not announce", id)
	}
	if !t.selected {
		return dst, 0, nil
	}
	present, err := x.checkForm(form, t.def, &c)
	if err != nil {
		return dst, 0, err
	}
	images := c.b
	if form.compressed {
		if images, err = gomysql.DecompressMariadbData(images); err != nil {
			return dst, 0, fmt.Errorf("inflate rows of %s.%s: %w", t.def.Schema, t.def.Name, err)
		}
	} else {
		images = x.arena.keep(images)
	}
	if present != nil {
		var lacks []byte
		if images, lacks, err = x.complete(form.op, t.def, present, images); err != nil {
			return dst, 0, err
		}
		begun := len(dst)
		dst, size, err := x.images(form.op, uint(flags), t.def, images, dst)
		for i := begun; i < len(dst); i++ {
			dst[i].Lacks = lacks
		}
		return dst, size, err
	}
	return x.images(form.op, uint(flags), t.def, images, dst)
}

// checkForm refuses what is not a full image of every column. A MariaDB may
// leave out generated columns: then the bitmaps of the columns that are there,
// before and after, are returned.
func (x *cutter) checkForm(form rowsForm, def *change.TableMap, c *cursor) (present [][]byte, err error) {
	table := def.Schema + "." + def.Name
	if form.partial {
		return nil, misconfigured("row_value_options", "on the source: SET GLOBAL binlog_row_value_options = '' and end the sessions that set it; then the table must be copied again",
			"the log has partial JSON values for %s", table)
	}
	n := int(c.lenenc())
	first := c.take((n + 7) / 8)
	second := first
	if form.op == change.Update {
		second = c.take((n + 7) / 8)
	}
	if c.bad {
		return nil, fmt.Errorf("row event of %s ends too early", table)
	}
	if n != len(def.Types) {
		return nil, fmt.Errorf("row event of %s has %d columns, its table map %d", table, n, len(def.Types))
	}
	if whole := full(first, n) && full(second, n); !whole && x.maria {
		present = [][]byte{first, second}
	} else if !whole {
		return nil, lacking(def)
	}
	if i := compressedColumn(def); i > 0 {
		return nil, misconfigured("compressed_column", fmt.Sprintf("on the source: ALTER TABLE %s MODIFY the column without COMPRESSED, or leave the table out", table),
			"column %d of %s is COMPRESSED; such values are not supported in the log", i, table)
	}
	return present, nil
}

func lacking(def *change.TableMap) error {
	return misconfigured("row_image", "on the source: SET GLOBAL binlog_row_image = 'FULL' and end the sessions that set another value; then the table must be copied again",
		"the log has rows of %s.%s without all columns (binlog_row_image is not FULL)", def.Schema, def.Name)
}

// full reports whether the first n bits are all set.
func full(bitmap []byte, n int) bool {
	set := 0
	for i, b := range bitmap {
		if i == n/8 {
			b &= 1<<(n%8) - 1
		}
		set += bits.OnesCount8(b)
	}
	return set == n
}

// changeCost is the memory of a change beside its values.
const changeCost = 120

func (x *cutter) images(op change.Op, flags uint, def *change.TableMap, data []byte, dst []change.Change) ([]change.Change, int, error) {
	size := len(data)
	for len(data) > 0 {
		ch := change.Change{
			Op: op, Table: def,
			CascadeLogged: !x.maria && flags&rowsSQLForeignKey != 0,
			NoForeignKeys: flags&rowsNoForeignKeys != 0,
		}
		var err error
		if op != change.Insert {
			if ch.Before, data, err = x.row(def, data); err != nil {
				return dst, 0, err
			}
			size += 8 * len(def.Types)
		}
		if op != change.Delete {
			if ch.After, data, err = x.row(def, data); err != nil {
				return dst, 0, err
			}
			size += 8 * len(def.Types)
		}
		dst = append(dst, ch)
		size += changeCost
	}
	return dst, size, nil
}

// row cuts one image and returns what follows it.
func (x *cutter) row(def *change.TableMap, data []byte) (change.Row, []byte, error) {
	r, n, err := def.Cut(data, x.arena.span(len(def.Types)))
	return r, data[n:], err
}
