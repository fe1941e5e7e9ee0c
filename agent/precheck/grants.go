package precheck

import (
	"context"
	"fmt"
	"regexp"
	"strings"

	"github.com/tidegate-io/tidegate/internal/mysql"
)

// grants are the privileges of the account we are logged in as.
type grants struct {
	account string
	global  map[string]bool
	schemas []schemaGrant
}

// schemaGrant holds privileges on databases that match a grant's pattern.
type schemaGrant struct {
	pattern string
	privs   map[string]bool
}

var grantLine = regexp.MustCompile("(?is)^GRANT (.+?) ON (.+?) TO ")
var roleLine = regexp.MustCompile("(?is)^GRANT (.+?) TO ")

// readGrants reads the account's privileges, those of its active roles
// included.
func readGrants(ctx context.Context, s *Side) (*grants, error) {
	g := &grants{global: map[string]bool{}}
	if err := s.DB.QueryRowContext(ctx, "SELECT CURRENT_USER()").Scan(&g.account); err != nil {
		return nil, fmt.Errorf("read the account's name: %w", err)
	}
	lines, err := showGrants(ctx, s, "SHOW GRANTS")
	if err != nil {
		return nil, err
	}
	if roles := g.add(lines); len(roles) > 0 && s.Conn.Server.Flavor == mysql.MySQL {
		if lines, err = showGrants(ctx, s, "SHOW GRANTS FOR CURRENT_USER() USING "+strings.Join(roles, ",")); err != nil {
			return nil, err
		}
		g.add(lines)
	}
	return g, nil
}

func showGrants(ctx context.Context, s *Side, query string) ([]string, error) {
	rows, err := s.DB.QueryContext(ctx, query)
	if err != nil {
		return nil, fmt.Errorf("read the account's grants: %w", err)
	}
	defer rows.Close()
	var out []string
	for rows.Next() {
		var line string
		if err := rows.Scan(&line); err != nil {
			return nil, err
		}
		out = append(out, line)
	}
	return out, rows.Err()
}

// add takes grants in and returns the roles among them.
func (g *grants) add(lines []string) (roles []string) {
	for _, line := range lines {
		m := grantLine.FindStringSubmatch(line)
		if m == nil {
			if r := roleLine.FindStringSubmatch(line); r != nil {
				roles = append(roles, r[1])
			}
			continue
		}
		privs := map[string]bool{}
		for p := range strings.SplitSeq(m[1], ",") {
			privs[strings.ToUpper(strings.TrimSpace(p))] = true
		}
		schema, object := splitObject(m[2])
		switch {
		case schema == "*" && object == "*":
			for p := range privs {
				g.global[p] = true
			}
		case object == "*":
			g.schemas = append(g.schemas, schemaGrant{schema, privs})
		}
	}
	return roles
}

// splitObject takes `db`.* apart; the quotes are dropped, escapes of the
// pattern stay.
func splitObject(text string) (schema, object string) {
	text = strings.TrimSpace(text)
	i := strings.LastIndexByte(text, '.')
	if i < 0 {
		return "", ""
	}
	unquote := func(s string) string { return strings.ReplaceAll(strings.Trim(s, "`"), "``", "`") }
	return unquote(text[:i]), unquote(text[i+1:])
}

// has reports whether a privilege is held on a database; "" asks globally. Any
// of the alternatives will do.
func (g *grants) has(schema string, alternatives ...string) bool {
	for _, p := range alternatives {
		if g.global[p] || g.global["ALL PRIVILEGES"] || g.global["ALL"] || g.global["SUPER"] && p != "SELECT" && isAdmin(p) {
			return true
		}
		if schema == "" {
			continue
		}
		for _, s := range g.schemas {
			if (s.privs[p] || s.privs["ALL PRIVILEGES"]) && matchPattern(s.pattern, schema) {
				return true
			}
		}
	}
	return false
}

// isAdmin reports whether MySQL's old SUPER includes the privilege.
func isAdmin(p string) bool {
	switch p {
	case "REPLICATION CLIENT", "CONNECTION_ADMIN", "CONNECTION ADMIN", "SYSTEM_VARIABLES_ADMIN", "READ_ONLY ADMIN", "READ ONLY ADMIN":
		return true
	}
	return false
}

// matchPattern matches a database name with a grant's pattern: '_' and '%' are
// wildcards unless escaped.
func matchPattern(pattern, name string) bool {
	var re strings.Builder
	re.WriteString("(?is)^")
	for i := 0; i < len(pattern); i++ {
		switch c := pattern[i]; {
		case c == '\\' && i+1 < len(pattern):
			i++
			re.WriteString(regexp.QuoteMeta(pattern[i : i+1]))
		case c == '_':
			re.WriteByte('.')
		case c == '%':
			re.WriteString(".*")
		default:
			re.WriteString(regexp.QuoteMeta(pattern[i : i+1]))
		}
	}
	re.WriteByte('$')
	ok, err := regexp.MatchString(re.String(), name)
	return err == nil && ok
}

// toAccount is the grantee in the form GRANT wants it.
func (g *grants) toAccount() string {
	i := strings.LastIndexByte(g.account, '@')
	if i < 0 {
		return mysql.String(g.account)
	}
	return mysql.String(g.account[:i]) + "@" + mysql.String(g.account[i+1:])
}
