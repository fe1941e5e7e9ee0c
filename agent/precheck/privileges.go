package precheck

import (
	"context"
	"fmt"
	"slices"
	"strings"

	"github.com/tidegate-io/tidegate/internal/mysql"
	"github.com/tidegate-io/tidegate/internal/run"
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
					Remedy: fmt.Sprintf("GRANT %s ON %s.* TO %s;", n.names[0], mysql.Ident(strings.NewReplacer("_", `\_`, "%", `\%`).Replace(s)), g.toAccount())})
			}
		}
	}
	return out
}

func (e *Env) schemas(pick func(Object) string) []string {
	var out []string
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
	if slices.ContainsFunc(e.Objects, func(o Object) bool { return o.Kind == "view" }) {
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
	if !mariadb && (!e.Source.Conn.Server.GTID || slices.ContainsFunc(e.Objects, func(o Object) bool { return o.Keyless })) {
		out = append(out, need{names: []string{"LOCK TABLES"}, why: "a table without a key is locked for an instant so that its snapshot has one exact position"})
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
	return lacking(g, "source", sourceNeeds(e), e.schemas(func(o Object) string { return o.Source.Schema })), nil
}}

// targetPrivileges: the account on the target can make and change all that is
// selected, and the control tables.
var targetPrivileges = Check{ID: "target-privileges", Needs: target, Run: func(ctx context.Context, e *Env) ([]run.Finding, error) {
	g, err := readGrants(ctx, e.Target)
	if err != nil {
		return nil, err
	}
	var needs []need
	for _, p := range []string{"CREATE", "ALTER", "DROP", "INDEX", "SELECT", "INSERT", "UPDATE", "DELETE", "REFERENCES"} {
		needs = append(needs, need{names: []string{p}, why: "tables are made, filled and kept up to date"})
	}
	if slices.ContainsFunc(e.Objects, func(o Object) bool { return o.Kind == "view" }) {
		needs = append(needs, need{names: []string{"CREATE VIEW"}, why: "views are made"}, need{names: []string{"SHOW VIEW"}, why: "views are compared"})
	}
	out := lacking(g, "target", needs, e.schemas(func(o Object) string { return o.Target.Schema }))
	out = append(out, lacking(g, "target", needs[:8], []string{"_tidegate"})...)
	return append(out, lacking(g, "target", []need{{names: []string{"PROCESS"}, global: true, why: "the identity of InnoDB tables tells whether a DDL ran before a crash"}}, nil)...), nil
}}
