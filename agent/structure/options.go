package structure

import (
	"slices"
	"strings"

	"github.com/tidegate-io/tidegate/agent/structure/sqltext"
	"github.com/tidegate-io/tidegate/internal/mysql"
)

// Table options that never travel: they name places of the source's host.
var places = []string{"DATA DIRECTORY", "INDEX DIRECTORY", "TABLESPACE", "SECONDARY_ENGINE"}

// Options that engines other than MERGE, which is refused, do not read.
var ofMerge = []string{"UNION", "INSERT_METHOD"}

// Options of one flavour that the other does not read.
var onlyMariaDB = []string{"PAGE_CHECKSUM", "TRANSACTIONAL", "PAGE_COMPRESSED", "PAGE_COMPRESSION_LEVEL", "ENCRYPTED", "ENCRYPTION_KEY_ID", "IETF_QUOTES", "SEQUENCE"}
var onlyMySQL = []string{"COMPRESSION", "ENCRYPTION", "AUTOEXTEND_SIZE", "ENGINE_ATTRIBUTE", "SECONDARY_ENGINE_ATTRIBUTE"}

// Options that mean something to the engine the table leaves only.
var ofEngine = []string{"ROW_FORMAT", "KEY_BLOCK_SIZE", "CHECKSUM", "TABLE_CHECKSUM", "DELAY_KEY_WRITE", "PACK_KEYS", "PAGE_CHECKSUM", "TRANSACTIONAL"}

// options rewrites what follows a table's body: options and partitions, or the
// tokens of an ALTER's clause that sets options.
func (r *rewrite) options(tokens []sqltext.Token) {
	r.charsets(tokens)
	drop := slices.Concat(places, ofMerge)
	if r.engineChanges {
		drop = append(drop, ofEngine...)
	}
	if r.cross() && r.Target.Flavor == mysql.MySQL {
		drop = append(drop, onlyMariaDB...)
	} else if r.cross() {
		drop = append(drop, onlyMySQL...)
	}
	c := &sqltext.Cursor{T: tokens}
	for !c.Done() {
		at := c.At
		switch {
		case c.Accept("ENGINE"):
			r.engineOption(c)
		case c.Accept("START TRANSACTION"):
			r.e.Replace(c.T[at].Start, c.T[at+1].End, "")
		case c.AcceptAny("WITH SYSTEM VERSIONING", "ADD SYSTEM VERSIONING", "BY SYSTEM_TIME") != "":
			r.refuse(exclude, "the table is system-versioned: its log has rows of the past too, which are not told from those of the present")
		case c.Peek(0).Kind == sqltext.Quoted && c.Peek(1).Is("=") && r.cross():
			r.dropOption(c, at, c.Peek(0).Text)
		default:
			if name := c.AcceptAny(drop...); name != "" {
				c.At = at
				r.dropOption(c, at, name)
			}
		}
		if c.At == at {
			c.At++
		}
	}
}

func (r *rewrite) engineOption(c *sqltext.Cursor) {
	c.Accept("=")
	t := c.Peek(0)
	if !t.Name() && t.Kind != sqltext.String {
		return
	}
	if r.ddl {
		r.engine(t.Text)
	}
	if !strings.EqualFold(t.Text, "InnoDB") {
		r.e.Replace(t.Start, t.End, "InnoDB")
	}
	c.At++
}

// quiet options change nothing a person would look for when they go.
var quiet = []string{"ROW_FORMAT", "KEY_BLOCK_SIZE", "CHECKSUM", "TABLE_CHECKSUM", "DELAY_KEY_WRITE", "PACK_KEYS", "PAGE_CHECKSUM", "TRANSACTIONAL", "UNION", "INSERT_METHOD"}

// dropOption takes out "NAME [=] value" at the cursor.
func (r *rewrite) dropOption(c *sqltext.Cursor, at int, name string) {
	start := c.T[at].Start
	c.At += max(1, len(strings.Fields(name)))
	c.Accept("=")
	if c.Done() {
		return
	}
	value := c.Peek(0)
	if value.Is("(") {
		c.At = sqltext.Close(c.T, c.At)
	}
	end := c.Peek(0).End
	c.At++
	r.e.Replace(start, end, "")
	if !slices.Contains(quiet, name) && !strings.EqualFold(value.Text, "innodb_file_per_table") {
		r.note("set it on the target by hand if it is wanted there", "table option %s=%s is not carried", name, value.Text)
	}
}
