package snapshot

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"

	"github.com/tidegate-io/tidegate/internal/mysql"
	"github.com/tidegate-io/tidegate/internal/schema"
)

// aimedStatement is the size of one INSERT. Larger ones win nothing, and a
// chunk holds a few of them in memory.
const aimedStatement = 1 << 20

// layout is how rows of a table travel: which columns, how they are read, and
// the head of the statements that write them.
type layout struct {
	source  *schema.Table
	target  *schema.Table
	columns []*schema.Column  // of the source, those that are written
	targets []*schema.Column  // the same columns of the target
	texts   []schema.Selected // how what is read of them is rendered
	names   string            // their quoted names
	exprs   string            // what reads them
	limit   int               // bytes of one statement
	lines   bool              // rows are rendered for LOAD DATA
	apart   bool              // the servers may hold rows whose keys they find equal (schema.Table.CutsRanges)
}

func newLayout(source, target *schema.Table, d *Deps) (*layout, error) {
	if err := target.CheckWritten(); err != nil {
		return nil, err
	}
	l := &layout{source: source, target: target, limit: aimedStatement, apart: slices.ContainsFunc(source.Columns, func(c schema.Column) bool { return source.CutsRanges(&c) })}
	if p := d.Target.Server.MaxPacket; p > 0 {
		l.limit = int(min(int64(l.limit), p*3/4))
	}
	var names, exprs []string
	for i := range source.Columns {
		c := &source.Columns[i]
		if !c.Written() {
			continue
		}
		to, _ := target.Column(c.Name)
		if to == nil {
			return nil, &mysql.Error{Class: mysql.Config, Code: "target_column", Err: fmt.Errorf("%s: column %s is not on the target", source.ID(), c.Name),
				Remedy: "add the column to the target's table, or let the run create the table"}
		}
		text, err := schema.NewSelected(to)
		if err != nil {
			return nil, fmt.Errorf("%s: %w", source.ID(), err)
		}
		l.columns, l.targets, l.texts = append(l.columns, c), append(l.targets, to), append(l.texts, text)
		names = append(names, mysql.Ident(c.Name))
		exprs = append(exprs, schema.SelectExpr(c, d.Source.Server.Flavor))
	}
	l.names, l.exprs = strings.Join(names, ","), strings.Join(exprs, ",")
	return l, nil
}

// head begins a statement that writes rows; verb is INSERT or REPLACE.
func (l *layout) head(verb string) string {
	return verb + " INTO " + mysql.Table(l.target.Schema, l.target.Name) + " (" + l.names + ") VALUES "
}

// batch is the rows of one statement, rendered.
type batch struct {
	text  []byte  // "(1,'a'),(2,'b')"
	marks []int32 // per row: where each column's literal begins, and where the row ends
	width int     // marks per row
	read  int64   // bytes as they came from the source
	lax   int     // values of its one row that strict mode refuses (schema.LaxMode)
}

func (b *batch) rows() int { return len(b.marks) / b.width }

// part returns the rows from one to before another, without brackets cut.
func (b *batch) part(from, to int) []byte {
	start := int(b.marks[from*b.width]) - 1
	end := int(b.marks[to*b.width-1]) + 1
	return b.text[start:end]
}

// literal returns column i of a row.
func (b *batch) literal(row, i int) []byte {
	m := b.marks[row*b.width+i : row*b.width+i+2]
	end := int(m[1])
	if i < b.width-2 {
		end-- // the comma
	}
	return b.text[m[0]:end]
}

func (l *layout) appendRow(b *batch, values []sql.RawBytes) error {
	if len(b.text) > 0 {
		b.text = append(b.text, ',')
	}
	b.text = append(b.text, '(')
	var err error
	for i, v := range values {
		if i > 0 {
			b.text = append(b.text, ',')
		}
		b.marks = append(b.marks, int32(len(b.text)))
		b.text = slices.Grow(b.text, len(v)+16) // a large value is not moved as it grows
		if b.text, err = l.texts[i].AppendLiteral(b.text, v); err != nil {
			return fmt.Errorf("%s, column %s: %w", l.source.ID(), l.columns[i].Name, err)
		}
		b.read += int64(len(v))
	}
	b.marks = append(b.marks, int32(len(b.text)))
	b.text = append(b.text, ')')
	return nil
}

// read runs a SELECT made of exprs and tail, and gives its rows to emit,
// statement by statement. Neither the statements nor the rows are kept, so
// memory does not grow with the range.
func (l *layout) read(ctx context.Context, q mysql.Querier, tail string, emit func(*batch) error) error {
	rows, err := q.QueryContext(ctx, "SELECT "+l.exprs+tail)
	if err != nil {
		return fmt.Errorf("read %s: %w", l.source.ID(), err)
	}
	defer rows.Close()
	return l.render(rows, make([]sql.RawBytes, len(l.columns)), emit)
}

// render scans rows into statements.
func (l *layout) render(rows *sql.Rows, values []sql.RawBytes, emit func(*batch) error) error {
	dest := make([]any, len(values))
	for i := range values {
		dest[i] = &values[i]
	}
	b, size := l.empty(0), 0
	flush := func() error {
		if len(b.text) == 0 {
			return nil
		}
		full := b
		size = min(len(b.text)+len(b.text)/16, 2*l.limit)
		b = l.empty(size)
		return emit(full)
	}
	for rows.Next() {
		if err := rows.Scan(dest...); err != nil {
			return fmt.Errorf("read %s: %w", l.source.ID(), err)
		}
		lax := l.lax(values)
		if lax > 0 || b.lax > 0 || len(b.text)+width(values) > l.limit {
			if err := flush(); err != nil {
				return err
			}
		}
		if err := l.append(b, values); err != nil {
			return err
		}
		b.lax = lax
		if len(b.text) >= l.limit {
			if err := flush(); err != nil {
				return err
			}
		}
	}
	if err := rows.Err(); err != nil {
		return fmt.Errorf("read %s: %w", l.source.ID(), err)
	}
	return flush()
}

func (l *layout) empty(size int) *batch {
	b := &batch{width: len(l.columns) + 1, text: make([]byte, 0, size)}
	if l.lines {
		b.width = 1
	}
	return b
}

func (l *layout) append(b *batch, values []sql.RawBytes) error {
	if l.lines {
		l.appendLine(b, values)
		return nil
	}
	return l.appendRow(b, values)
}

// lax counts a row's values that strict mode refuses. LOAD DATA LOCAL warns of them.
func (l *layout) lax(values []sql.RawBytes) int {
	if l.lines {
		return 0
	}
	n := 0
	for i, v := range values {
		if l.texts[i].Lax(v) {
			n++
		}
	}
	return n
}

// width is the size of a row's values.
func width(values []sql.RawBytes) int {
	n := 0
	for _, v := range values {
		n += len(v)
	}
	return n
}

// isNull reports whether a literal is NULL.
func isNull(literal []byte) bool { return string(literal) == "NULL" }
