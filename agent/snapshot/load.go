package snapshot

import (
	"context"
	"database/sql"
	"errors"
	"fmt"
	"io"
	"strings"
	"sync/atomic"

	driver "github.com/go-sql-driver/mysql"

	"github.com/tidegate-io/tidegate/internal/mysql"
	"github.com/tidegate-io/tidegate/internal/schema"
)

// errLenient says that a chunk cannot be written by LOAD DATA LOCAL, which
// turns duplicates and bad values into warnings: it is written by INSERT.
var errLenient = errors.New("LOAD DATA LOCAL would change the rows")

var lastLoad atomic.Uint64

// loadable reports whether the rows may travel by LOAD DATA LOCAL.
func (c *Copier) loadable(l *layout) bool {
	if !c.LoadData || !c.Target.Server.LocalInfile {
		return false
	}
	for _, col := range l.targets {
		if !schema.Loadable(col) {
			return false
		}
	}
	return true
}

// loadStatement is the statement that reads the lines of a reader.
func (l *layout) loadStatement(reader string, flavor mysql.Flavor) string {
	var into, set []string
	for _, col := range l.targets {
		usesVar, clause := schema.LoadExpr(col, flavor)
		if !usesVar {
			into = append(into, mysql.Ident(col.Name))
			continue
		}
		into, set = append(into, schema.Variable(col)), append(set, clause)
	}
	if len(set) > 0 && flavor == mysql.MariaDB {
		// A SET clause makes MariaDB forget that the file gave the counting column
		// its value, and number a row anew whose value is 0.
		for i, col := range l.targets {
			if col.AutoInc && into[i] == mysql.Ident(col.Name) {
				into[i], set = schema.Variable(col), append(set, mysql.Ident(col.Name)+" = "+schema.Variable(col))
			}
		}
	}
	s := "LOAD DATA LOCAL INFILE 'Reader::" + reader + "' INTO TABLE " + mysql.Table(l.target.Schema, l.target.Name) +
		` CHARACTER SET binary FIELDS TERMINATED BY '\t' ESCAPED BY '\\' LINES TERMINATED BY '\n' (` + strings.Join(into, ",") + ")"
	if len(set) > 0 {
		s += " SET " + strings.Join(set, ", ")
	}
	return s
}

// load writes all rows of a chunk by one LOAD DATA LOCAL, and returns
// errLenient unless every row went in as it was.
func (l *layout) load(ctx context.Context, tx *sql.Tx, flavor mysql.Flavor, in <-chan *batch) error {
	name := fmt.Sprintf("tidegate-%d", lastLoad.Add(1))
	lines := &lineReader{ctx: ctx, in: in}
	driver.RegisterReaderHandler(name, func() io.Reader { return lines })
	defer driver.DeregisterReaderHandler(name)
	res, err := tx.ExecContext(ctx, l.loadStatement(name, flavor))
	if err != nil {
		return fmt.Errorf("load rows into %s: %w", l.target.ID(), err)
	}
	var warnings int
	if err := tx.QueryRowContext(ctx, "SELECT @@warning_count").Scan(&warnings); err != nil {
		return fmt.Errorf("load rows into %s: %w", l.target.ID(), err)
	}
	n, err := res.RowsAffected()
	if err != nil || n != lines.rows || warnings > 0 {
		return fmt.Errorf("load rows into %s: %d of %d rows, %d warnings: %w", l.target.ID(), n, lines.rows, warnings, errLenient)
	}
	return nil
}

// lineReader gives the batches of a chunk as one stream. An error must not be
// told to the driver, which would end the stream as if it were whole: the
// reader's own result is asked for before the commit.
type lineReader struct {
	ctx  context.Context
	in   <-chan *batch
	left []byte
	rows int64
}

// Read implements io.Reader.
func (r *lineReader) Read(p []byte) (int, error) {
	for len(r.left) == 0 {
		select {
		case b, ok := <-r.in:
			if !ok {
				return 0, io.EOF
			}
			r.left = b.text
			r.rows += int64(b.rows())
		case <-r.ctx.Done():
			return 0, context.Cause(r.ctx)
		}
	}
	n := copy(p, r.left)
	r.left = r.left[n:]
	return n, nil
}

// appendLine renders a row as a line for LOAD DATA. The server warns of a value for
// which an INSERT would need LaxMode.
func (l *layout) appendLine(b *batch, values []sql.RawBytes) {
	for i, v := range values {
		if i > 0 {
			b.text = append(b.text, '\t')
		}
		b.text = l.texts[i].AppendLoad(b.text, v)
		b.read += int64(len(v))
	}
	b.text = append(b.text, '\n')
	b.marks = append(b.marks, int32(len(b.text)))
}
