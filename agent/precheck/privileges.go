package precheck

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/tidegate-io/tidegate/internal/mysql"
	"github.com/tidegate-io/tidegate/internal/run"
	"github.com/tidegate-io/tidegate/internal/schema"
	"github.com/tidegate-io/tidegate/internal/spec"
)

// need is one privilege, in any of its names, on everything or per database.
type need struct {
	names  []string // the first is the one we print
	global bool
	why    string
}

// lacking lists the needs that are not met, as findings with the GRANT text.
func lacking(g *grants, object string, needs []need, schemas []string) []run.Finding {
	var out []run.Finding
	for _, n := range needs {
		if n.global {
			if !g.has("", n.names...) {
				out = append(out, run.Finding{Level: run.LevelError, Object: object, Found: fmt.Sprintf("%s lacks %s", g.account, n.names[0]), Why: n.why,
					Remedy: fmt.Sprintf("GRANT %s ON *.* TO %s;", n.names[0], g.toAccount())})
			}
			continue
		}
		for _, s := range schemas {
			if !g.has(s, n.names...) {
				out = append(out, run.Finding{Level: run.LevelError, Object: object, Found: fmt.Sprintf("%s lacks %s on %s", g.account, n.names[0], s), Why: n.why,
					Remedy: fmt.Sprintf("GRANT %s ON %s.* TO %s;", n.names[0], schemaPattern(s), g.toAccount())})
			}
		}
	}
	return out
}

// schemas lists the databases of the objects, and those the file names: what an
// account may not see is not among the objects.
func (e *Env) schemas(pick func(Object) string) []string {
	var out []string
	for _, d := range e.Spec.Objects.Databases {
		if strings.ContainsAny(d.Name, "*?") {
			continue
		}
		rename := d.Name
		if d.Rename != "" {
			rename = d.Rename
		}
		id := Object{Source: schema.ID{Schema: d.Name}, Target: schema.ID{Schema: rename}}
		if s := pick(id); !slices.Contains(out, s) {
			out = append(out, s)
		}
	}
	for _, o := range e.Objects {
		if s := pick(o); !slices.Contains(out, s) {
			out = append(out, s)
		}
	}
	return out
}

// SourceNeeds are the least privileges on the source for these options.
func sourceNeeds(e *Env) []need {
	mariadb := e.Source.Conn.Server.Flavor == mysql.MariaDB
	out := []need{{names: []string{"SELECT"}, why: "rows and definitions are read"}}
	hidden := len(e.Objects) == 0 && slices.ContainsFunc(e.Spec.Objects.Databases, func(d spec.Database) bool { return d.Views })
	if hidden || slices.ContainsFunc(e.Objects, func(o Object) bool { return o.Kind == "view" }) {
		out = append(out, need{names: []string{"SHOW VIEW"}, why: "a view's definition is hidden without it"})
	}
	if !e.streams() {
		return out
	}
	out = append(out, need{names: []string{"REPLICATION SLAVE", "REPLICATION REPLICA"}, global: true, why: "the log is read as a replica reads it"})
	if mariadb {
		out = append(out, need{names: []string{"BINLOG MONITOR", "REPLICATION CLIENT"}, global: true, why: "log positions are read"})
	} else {
		out = append(out, need{names: []string{"REPLICATION CLIENT"}, global: true, why: "log positions are read"})
	}
	if !mariadb && !e.Source.Conn.Server.GTID || slices.ContainsFunc(e.Objects, func(o Object) bool { return o.Locked }) {
		out = append(out, need{names: []string{"LOCK TABLES"}, why: "a table without a key, or reached by cascades that are not logged, is locked for an instant so that its snapshot has one exact position"})
	}
	if e.Spec.Cutover.FenceSource && e.follows() {
		out = append(out, fenceNeeds(mariadb)...)
	}
	return out
}

// fenceNeeds are the privileges with which cutover.fence_source makes the source
// read-only and ends the transactions that are still open.
func fenceNeeds(mariadb bool) []need {
	readOnly, kill := []string{"SYSTEM_VARIABLES_ADMIN", "SUPER"}, []string{"CONNECTION_ADMIN", "SUPER"}
	if mariadb {
		readOnly, kill = []string{"READ_ONLY ADMIN", "READ ONLY ADMIN", "SUPER"}, []string{"CONNECTION ADMIN", "SUPER"}
	}
	return []need{
		{names: readOnly, global: true, why: "cutover.fence_source makes the source read-only"},
		{names: kill, global: true, why: "cutover.fence_source ends transactions that are still open"},
		{names: []string{"PROCESS"}, global: true, why: "cutover.fence_source looks for transactions that are still open"},
	}
}

// sourcePrivileges: the account on the source can read all that is selected.
var sourcePrivileges = Check{ID: "source-privileges", Needs: source, Run: func(ctx context.Context, e *Env) ([]run.Finding, error) {
	g, err := readGrants(ctx, e.Source)
	if err != nil {
		return nil, err
	}
	return lacking(g, "source", sourceNeeds(e), e.schemas(sourceSchema)), nil
}}

// targetNeeds are the least privileges on the target for these options.
func targetNeeds(e *Env) []need {
	out := controlNeeds()
	out = append(out, need{names: []string{"REFERENCES"}, why: "foreign keys are made"},
		need{names: []string{"PROCESS"}, global: true, why: "the identity of InnoDB tables tells whether a DDL ran before a crash"})
	if slices.ContainsFunc(e.Objects, func(o Object) bool { return o.Kind == "view" }) {
		out = append(out, need{names: []string{"CREATE VIEW"}, why: "views are made"}, need{names: []string{"SHOW VIEW"}, why: "views are compared"})
	}
	return append(out, definerNeeds(e)...)
}

// definerNeeds are the privileges to make views that run as another account.
func definerNeeds(e *Env) []need {
	foreign := slices.ContainsFunc(e.Objects, func(o Object) bool {
		user, _, _ := strings.Cut(o.Definer, "@")
		return o.Definer != "" && user != e.Spec.To.User
	})
	why := "a view keeps the DEFINER it has on the source"
	server := e.Target.Conn.Server
	switch {
	case !foreign:
		return nil
	case server.Flavor == mysql.MariaDB:
		return []need{{names: []string{"SET USER", "SUPER"}, global: true, why: why}}
	case server.AtLeast(8, 2, 0):
		return []need{{names: []string{"SET_ANY_DEFINER", "SUPER"}, global: true, why: why},
			{names: []string{"ALLOW_NONEXISTENT_DEFINER", "SUPER"}, global: true, why: why + ", which the target may not have yet"}}
	default:
		return []need{{names: []string{"SET_USER_ID", "SUPER"}, global: true, why: why}}
	}
}

// controlNeeds are the privileges on the control tables.
func controlNeeds() []need {
	var out []need
	for _, p := range []string{"CREATE", "ALTER", "DROP", "INDEX", "SELECT", "INSERT", "UPDATE", "DELETE"} {
		out = append(out, need{names: []string{p}, why: "tables are made, filled and kept up to date"})
	}
	return out
}

// targetPrivileges: the account on the target can make and change all that is
// selected, and the control tables.
var targetPrivileges = Check{ID: "target-privileges", Needs: target, Run: func(ctx context.Context, e *Env) ([]run.Finding, error) {
	g, err := readGrants(ctx, e.Target)
	if err != nil {
		return nil, err
	}
	out := lacking(g, "target", targetNeeds(e), e.schemas(targetSchema))
	return append(out, lacking(g, "target", controlNeeds(), []string{controlSchema})...), nil
}}

// controlSchema holds the control tables on the target.
const controlSchema = "_tidegate"

func sourceSchema(o Object) string { return o.Source.Schema }
func targetSchema(o Object) string { return o.Target.Schema }

// Grants is the text that gives the accounts of both endpoints the least
// privileges for this pipeline, for the servers' versions. A side that cannot
// be reached is left out.
func Grants(e *Env) []string {
	var out []string
	if e.Source != nil {
		out = append(out, grantText("on the source", e.Spec.From.User, sourceNeeds(e), e.schemas(sourceSchema))...)
	}
	if e.Target != nil {
		out = append(out, grantText("on the target", e.Spec.To.User, targetNeeds(e), e.schemas(targetSchema))...)
		out = append(out, grantText("on the target", e.Spec.To.User, controlNeeds(), []string{controlSchema})...)
	}
	return out
}

// grantText is one GRANT per database, and one for what is global.
func grantText(where, user string, needs []need, schemas []string) []string {
	var global, local []string
	for _, n := range needs {
		if n.global {
			global = append(global, n.names[0])
		} else {
			local = append(local, n.names[0])
		}
	}
	account := mysql.String(user) + "@'%'"
	var out []string
	if len(global) > 0 {
		out = append(out, fmt.Sprintf("GRANT %s ON *.* TO %s; -- %s", strings.Join(global, ", "), account, where))
	}
	for _, s := range schemas {
		out = append(out, fmt.Sprintf("GRANT %s ON %s.* TO %s; -- %s", strings.Join(local, ", "), schemaPattern(s), account, where))
	}
	return out
}

// schemaPattern quotes a database's name for GRANT, where '_' and '%' are
// wildcards.
func schemaPattern(name string) string {
	return mysql.Ident(strings.NewReplacer("_", `\_`, "%", `\%`).Replace(name))
}
