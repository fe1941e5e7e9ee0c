package stream

import (
	"bytes"
	"fmt"
	"time"

	gomysql "github.com/go-mysql-org/go-mysql/mysql"

	"github.com/tidegate-io/tidegate/internal/change"
	"github.com/tidegate-io/tidegate/internal/mysql"
)

// query is a statement event taken apart, its settings still numbers.
type query struct {
	schema string
	status []byte
	sql    []byte
	failed uint16    // the error it ended with on the source; 0: none
	at     time.Time // whole seconds; the status variables add the rest
}

// parseQuery reads a query event, or the one that ends a LOAD DATA logged as
// text, which has 13 bytes more in its head.
func parseQuery(e *event) (query, error) {
	c := cursor{b: e.body}
	c.take(8)
	schemaLen := int(c.uint(1))
	failed := uint16(c.uint(2))
	statusLen := int(c.uint(2))
	if e.kind == evExecuteLoad {
		c.take(13)
	}
	q := query{status: c.take(statusLen), schema: string(c.take(schemaLen)), failed: failed, at: e.time()}
	c.take(1)
	if c.bad {
		return q, fmt.Errorf("query event of %d bytes ends too early", len(e.body))
	}
	q.sql = c.b
	if e.kind == evQueryZ {
		var err error
		if q.sql, err = gomysql.DecompressMariadbData(c.b); err != nil {
			return q, fmt.Errorf("inflate a query event: %w", err)
		}
	}
	q.sql = bytes.TrimRight(q.sql, "\x00")
	return q, nil
}

// Status variables of a query event. They come in the order of their codes;
// after one that is not known nothing can be read.
const (
	statusFlags           = 0
	statusSQLMode         = 1
	statusCatalogOld      = 2
	statusAutoIncrement   = 3
	statusCharset         = 4
	statusTimeZone        = 5
	statusCatalog         = 6
	statusTimeNames       = 7
	statusCharsetDatabase = 8
	statusTableMap        = 9
	statusMasterData      = 10
	statusInvoker         = 11
	statusUpdatedDBs      = 12
	statusMicroseconds    = 13
	statusExplicitDefault = 16
	statusLoggedWithXID   = 17
	statusDefaultUTF8MB4  = 18
	statusRequireKey      = 19
	statusTableEncryption = 20
	statusMariaMicros     = 128
)

// Bits of statusFlags.
const (
	optionExplicitDefaults = 1 << 24 // MariaDB's; from 10.10 on, where it can be turned off
	optionNoForeignKeys    = 1 << 26
	optionRelaxedUniques   = 1 << 27
)

// statement turns the event into names. collations are the source's own.
func (q *query) statement(flavor mysql.Flavor, collations map[uint64]collation) *change.Statement {
	s := &change.Statement{SQL: string(q.sql), Schema: q.schema, Failed: q.failed, ForeignKeyChecks: true, UniqueChecks: true, Timestamp: q.at}
	r := statusReader{cursor: cursor{b: q.status}, s: s, flavor: flavor, collations: collations}
	for len(r.b) > 0 && r.next() {
	}
	return s
}

type statusReader struct {
	cursor
	s          *change.Statement
	flavor     mysql.Flavor
	collations map[uint64]collation
}

// next reads one variable; false if it is not known or not whole.
func (r *statusReader) next() bool {
	s := r.s
	switch code := r.uint(1); code {
	case statusFlags:
		v := r.uint(4)
		s.ForeignKeyChecks, s.UniqueChecks = v&optionNoForeignKeys == 0, v&optionRelaxedUniques == 0
		if explicit := v&optionExplicitDefaults != 0; r.flavor == mysql.MariaDB {
			s.ExplicitDefaults = &explicit
		}
	case statusSQLMode:
		s.SQLMode = modeNames(r.flavor, r.uint(8))
	case statusCatalogOld:
		r.short()
		r.take(1)
	case statusAutoIncrement:
		s.AutoIncrementInc, s.AutoIncrementOffset = int(r.uint(2)), int(r.uint(2))
	case statusCharset:
		s.CharsetClient = r.collations[r.uint(2)].charset
		s.CollationConnection = r.collations[r.uint(2)].name
		s.CollationServer = r.collations[r.uint(2)].name
	case statusTimeZone:
		s.TimeZone = string(r.short())
	case statusCatalog:
		r.short()
	case statusTimeNames:
		r.take(2)
	case statusCharsetDatabase:
		s.CollationDatabase = r.collations[r.uint(2)].name
	case statusTableMap, statusLoggedWithXID:
		r.take(8)
	case statusMasterData:
		r.take(4)
	case statusInvoker:
		r.short()
		r.short()
	case statusUpdatedDBs:
		r.databases()
	case statusMicroseconds, statusMariaMicros:
		s.Timestamp = s.Timestamp.Add(time.Duration(r.uint(3)) * time.Microsecond)
	case statusExplicitDefault:
		v := r.uint(1) != 0
		s.ExplicitDefaults = &v
	case statusDefaultUTF8MB4:
		s.DefaultUTF8MB4 = r.collations[r.uint(2)].name
	case statusRequireKey:
		v := r.uint(1) != 0
		s.SQLRequirePrimaryKey = &v
	case statusTableEncryption:
		r.take(1)
	default:
		return false
	}
	return !r.bad
}

// databases skips the list of databases a statement changes.
func (r *statusReader) databases() {
	n := r.uint(1)
	if n == 254 { // more than the event names
		return
	}
	for range n {
		i := bytes.IndexByte(r.b, 0)
		if i < 0 {
			r.bad = true
			return
		}
		r.take(i + 1)
	}
}
