package structure

import (
	"context"
	"database/sql"
	"fmt"
	"regexp"
	"strings"

	"github.com/tidegate-io/tidegate/agent/ledger"
	"github.com/tidegate-io/tidegate/internal/mysql"
	"github.com/tidegate-io/tidegate/internal/schema"
)

// observe reads what the target holds under names; identified, also InnoDB's
// numbers of it.
func observe(ctx context.Context, q mysql.Querier, server *mysql.Server, ids []schema.ID, identified bool) ([]ledger.Object, error) {
	out := make([]ledger.Object, len(ids))
	for i, id := range ids {
		o, err := observeOne(ctx, q, server, id, identified)
		if err != nil {
			return nil, err
		}
		out[i] = o
	}
	return out, nil
}

func observeOne(ctx context.Context, q mysql.Querier, server *mysql.Server, id schema.ID, identified bool) (ledger.Object, error) {
	o := ledger.Object{Schema: id.Schema, Name: id.Name}
	if id.Name == "" {
		var name, text string
		err := q.QueryRowContext(ctx, "SHOW CREATE DATABASE "+mysql.Ident(id.Schema)).Scan(&name, &text)
		if mysql.Number(err) == noSuchDB {
			return o, nil
		}
		if err != nil {
			return o, fmt.Errorf("look at database %s on the target: %w", id.Schema, err)
		}
		o.Exists, o.Fingerprint = true, Fingerprint(text)
		return o, nil
	}
	text, err := showAny(ctx, q, id)
	if n := mysql.Number(err); n == noSuchTable || n == noSuchDB {
		return o, nil
	}
	if err != nil {
		return o, err
	}
	o.Exists, o.Fingerprint = true, Fingerprint(text)
	if !identified {
		return o, nil
	}
	o.Identity, err = identity(ctx, q, server, id)
	return o, err
}

// showAny is SHOW CREATE TABLE, which answers for a view with more columns.
func showAny(ctx context.Context, q mysql.Querier, id schema.ID) (string, error) {
	rows, err := q.QueryContext(ctx, "SHOW CREATE TABLE "+quoteID(id))
	if err != nil {
		return "", fmt.Errorf("look at %s on the target: %w", id, err)
	}
	defer rows.Close()
	cols, err := rows.Columns()
	if err != nil {
		return "", err
	}
	dest := make([]any, len(cols))
	values := make([]sql.NullString, len(cols))
	for i := range dest {
		dest[i] = &values[i]
	}
	text := ""
	for rows.Next() {
		if err := rows.Scan(dest...); err != nil {
			return "", err
		}
		text = values[1].String
	}
	if err := rows.Err(); err != nil {
		return "", fmt.Errorf("look at %s on the target: %w", id, err)
	}
	return text, nil
}

// identity reads InnoDB's numbers of a table and its partitions. It is nil
// where names cannot be told apart in InnoDB's own spelling of them.
func identity(ctx context.Context, q mysql.Querier, server *mysql.Server, id schema.ID) (map[string]uint64, error) {
	view := "INNODB_TABLES"
	if server.Flavor == mysql.MariaDB {
		view = "INNODB_SYS_TABLES"
	}
	name := fileName(id.Schema) + "/" + fileName(id.Name)
	pattern, err := regexp.Compile("(?i)^" + name + "(#p#.*)?$")
	if err != nil {
		return nil, err
	}
	coarse := literalPrefix(id.Schema)
	rows, err := q.QueryContext(ctx, "SELECT TABLE_ID, NAME FROM information_schema."+view+" WHERE LEFT(NAME, "+fmt.Sprint(len(coarse))+") = "+mysql.String(coarse))
	if mysql.Number(err) == 1227 {
		return nil, &mysql.Error{Class: mysql.Config, Code: "privilege", Err: fmt.Errorf("read the identity of %s on the target: %w", id, err),
			Remedy: "GRANT PROCESS ON *.* to the target's account"}
	}
	if err != nil {
		return nil, fmt.Errorf("read the identity of %s on the target: %w", id, err)
	}
	defer rows.Close()
	out := map[string]uint64{}
	exact := server.LowerCase == 0
	for rows.Next() {
		var n uint64
		var found string
		if err := rows.Scan(&n, &found); err != nil {
			return nil, err
		}
		m := pattern.FindStringSubmatch(found)
		if m == nil || exact && !strings.HasPrefix(found, literalPrefix(id.Schema)) || exact && !caseFits(found, id) {
			continue
		}
		key := strings.ToLower(m[1])
		if _, twice := out[key]; twice {
			return nil, nil
		}
		out[key] = n
	}
	return out, rows.Err()
}

// caseFits compares the plain characters of a name with their case.
func caseFits(found string, id schema.ID) bool {
	ok, err := regexp.MatchString("^"+fileName(id.Schema)+"/"+fileName(id.Name)+"(#[pP]#.*)?$", found)
	return err == nil && ok
}

// fileName is a pattern for InnoDB's spelling of a name: letters, digits and
// "_" as they are, "@" and four hex digits for other characters, and two
// letters instead for those of some alphabets.
func fileName(name string) string {
	var b strings.Builder
	for _, r := range name {
		switch {
		case r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r == '_':
			b.WriteRune(r)
		case r < 0x80:
			fmt.Fprintf(&b, "@%04x", r)
		default:
			fmt.Fprintf(&b, "@(?:%04x|[0-9a-zA-Z]{2})", r)
		}
	}
	return b.String()
}

// literalPrefix is what of InnoDB's spelling is certain at the name's begin.
func literalPrefix(name string) string {
	for i, r := range name {
		if !(r >= '0' && r <= '9' || r >= 'a' && r <= 'z' || r >= 'A' && r <= 'Z' || r == '_') {
			return name[:i]
		}
	}
	return name + "/"
}
