package structure

import (
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strings"

	"github.com/tidegate-io/tidegate/agent/structure/sqltext"
	"github.com/tidegate-io/tidegate/internal/mysql"
	"github.com/tidegate-io/tidegate/internal/schema"
)

// refersToMissing are the errors of a view over tables, columns or functions
// that are not there: it is broken on the source too, or they are not selected.
var refersToMissing = map[uint16]bool{1049: true, 1054: true, 1146: true, 1305: true, 1356: true}

// views makes the views. A view may use another one, so those that fail are
// tried again as long as any other succeeds. One that refers to something that
// is not there is named and the others are carried; any other refusal stops the
// run.
func (c *Creator) views(ctx context.Context, conn *sql.Conn, m *Model, made *Made) error {
	left := slices.DeleteFunc(slices.Clone(m.Views), func(v *View) bool { return v.Broken != nil })
	failed := map[schema.ID]error{}
	for len(left) > 0 {
		var again []*View
		for _, v := range left {
			err := c.view(ctx, conn, v, made)
			if err != nil && (mysql.Number(err) == 0 || mysql.Classify(err) == mysql.Transient) {
				return err
			}
			if err != nil {
				failed[v.ID] = err
				again = append(again, v)
			}
		}
		if len(again) == len(left) {
			break
		}
		left = again
	}
	for _, v := range left {
		err := failed[v.ID]
		if !refersToMissing[mysql.Number(err)] {
			return &mysql.Error{Class: mysql.Config, Code: "create_view", Err: fmt.Errorf("the target does not take view %s: %w", v.ID, err),
				Remedy: "grant what the server's error names (a foreign DEFINER needs SET_ANY_DEFINER, on MariaDB SET USER; one that holds SYSTEM_USER needs that too), change the view on the source, or leave it out with except; then retry"}
		}
		made.Findings = append(made.Findings, Finding{Object: v.ID.String(), Reason: "the view refers to something that is not on the target: " + err.Error(),
			Remedy: "select what it refers to as well, or, if the view is broken on the source too, repair or drop it"})
	}
	for _, v := range m.Views {
		if v.Broken != nil {
			made.Findings = append(made.Findings, Finding{Object: v.ID.String(), Reason: "the view is broken on the source and is not carried: " + v.Broken.Error(), Remedy: "repair or drop it"})
		}
	}
	return nil
}

func (c *Creator) view(ctx context.Context, conn *sql.Conn, v *View, made *Made) error {
	target, ok := c.Selection.target(v.ID)
	if !ok {
		return nil
	}
	st, err := sqltext.Parse(v.Create, sqltext.Mode{})
	if err != nil || st.Verb != sqltext.CreateView {
		return fmt.Errorf("view %s: its definition cannot be read: %q", v.ID, v.Create)
	}
	r := &rewrite{Carrier: c.Carrier, text: st.Text, object: v.ID.String()}
	r.view(st, v.ID.Schema)
	if err := Refuse(r.findings); err != nil {
		return err
	}
	if err := c.definer(ctx, conn, r, st, made); err != nil {
		return err
	}
	r.e.Replace(st.Tokens[0].Start, st.Tokens[0].End, "CREATE OR REPLACE")
	settings := []setting{}
	if coll, ok := c.Facts.Collation(v.Coll); ok && coll != "" {
		settings = append(settings, setting{name: "collation_connection", value: coll})
	}
	return with(ctx, conn, settings, func() error {
		if _, err := conn.ExecContext(ctx, r.e.Apply(st.SQL)); err != nil {
			return fmt.Errorf("create view %s on the target: %w", target, err)
		}
		return nil
	})
}

// view replaces the names in a statement that makes a view.
func (r *rewrite) view(st *sqltext.Statement, schemaName string) {
	r.unwrap()
	r.charsets(st.Tokens[st.Rest:])
	rename := func(s, t string) (string, string) {
		if t == "" {
			if target, ok := r.Selection.Schema(s); ok {
				return target, ""
			}
			return s, ""
		}
		if target, ok := r.Selection.target(schema.ID{Schema: s, Name: t}); ok {
			return target.Schema, target.Name
		}
		return s, t
	}
	for _, ref := range st.Refs {
		s := ref.Schema
		if s == "" {
			s = schemaName
		}
		ts, tt := rename(s, ref.Name.Name)
		r.e.Replace(ref.Start, ref.End, mysql.Table(ts, tt))
	}
	st.ViewNames(&r.e, st.Rest, schemaName, rename, mysql.Table)
}

// definer keeps, replaces or refuses an account that the target lacks.
func (c *Creator) definer(ctx context.Context, q mysql.Querier, r *rewrite, st *sqltext.Statement, made *Made) error {
	user, host, start, end, ok := definerOf(st)
	if !ok {
		return nil
	}
	there, err := accountExists(ctx, q, user, host)
	if err != nil || there {
		return err
	}
	account := mysql.String(user) + "@" + mysql.String(host)
	switch c.Definer {
	case "migrator":
		r.e.Replace(start, end, "CURRENT_USER")
		made.Findings = append(made.Findings, Finding{Object: r.object, Reason: "its definer " + account + " is not on the target; the migrating account takes its place"})
	case "fail":
		return &mysql.Error{Class: mysql.Config, Code: "definer", Err: fmt.Errorf("%s: its definer %s is not on the target", r.object, account),
			Remedy: "CREATE USER " + account + " on the target, or set objects { definer = \"keep\" }"}
	default:
		made.Findings = append(made.Findings, Finding{Object: r.object, Reason: "its definer " + account + " is not on the target; it works once the account is there",
			Remedy: "CREATE USER " + account + " on the target before completion"})
	}
	return nil
}

// Definer is the account the view runs as, "" if its text names none.
func (v *View) Definer() string {
	st, err := sqltext.Parse(v.Create, sqltext.Mode{})
	if err != nil {
		return ""
	}
	user, host, _, _, ok := definerOf(st)
	if !ok {
		return ""
	}
	return user + "@" + host
}

// definerOf finds the account after DEFINER.
func definerOf(st *sqltext.Statement) (user, host string, start, end int, ok bool) {
	for i, t := range st.Tokens {
		if i+2 >= len(st.Tokens) || i >= st.Rest {
			break
		}
		if !t.Is("DEFINER") || !st.Tokens[i+1].Is("=") {
			continue
		}
		u := st.Tokens[i+2]
		if u.Is("CURRENT_USER") {
			return "", "", 0, 0, false
		}
		user, host, start, end = u.Text, "%", u.Start, u.End
		if i+3 < len(st.Tokens) && st.Tokens[i+3].Kind == sqltext.Var {
			at := st.Tokens[i+3]
			host, end = strings.TrimPrefix(at.Text, "@"), at.End
			if host == "" && i+4 < len(st.Tokens) {
				host, end = st.Tokens[i+4].Text, st.Tokens[i+4].End
			}
		}
		return user, host, start, end, true
	}
	return "", "", 0, 0, false
}

func accountExists(ctx context.Context, q mysql.Querier, user, host string) (bool, error) {
	var n int
	err := q.QueryRowContext(ctx, "SELECT COUNT(*) FROM mysql.user WHERE user = "+mysql.String(user)+" AND host = "+mysql.String(host)).Scan(&n)
	if mysql.Number(err) == 1142 { // accounts may not be read: what we can see decides
		grantee := mysql.String(mysql.String(user) + "@" + mysql.String(host))
		err = q.QueryRowContext(ctx, "SELECT COUNT(*) FROM information_schema.USER_PRIVILEGES WHERE GRANTEE = "+grantee).Scan(&n)
	}
	if err != nil {
		return false, fmt.Errorf("look for account %s@%s on the target: %w", user, host, err)
	}
	return n > 0, nil
}
