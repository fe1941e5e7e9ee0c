package arch

// A rule bans dependencies of every package at or below from. Names starting
// with "/" are ours; "/" alone is all of ours.
type rule struct {
	from string

	// never may not be reached at all, even through other packages.
	never []string

	// direct may not be imported by the package itself: others that it needs
	// may well use them.
	direct []string

	// except is allowed although never or direct covers it. Packages at or below
	// from itself are always allowed.
	except []string
}

// stages are the parts of a run. None knows another; agent/pipeline joins them.
var stages = []string{
	"/agent/precheck", "/agent/structure", "/agent/snapshot", "/agent/stream",
	"/agent/apply", "/agent/verify", "/agent/cutover",
}

// Libraries whose types stay in one place.
const (
	hcl         = "github.com/hashicorp/hcl/v2"
	badger      = "github.com/dgraph-io/badger/v4"
	goMySQL     = "github.com/go-mysql-org/go-mysql"
	replication = "github.com/go-mysql-org/go-mysql/replication"
	systemd     = "github.com/coreos/go-systemd/v22"
)

var rules = []rule{
	// Leaves.
	{from: "/internal/spec", never: []string{"/", "external"}},
	{from: "/internal/change", never: []string{"/", "external"}, direct: []string{"net", "os", "database/sql"}},
	{from: "/internal/schema", direct: []string{"net", "os", "database/sql"}},
	{from: "/internal/run", never: []string{"/"}, except: []string{"/internal/spec"}},
	{from: "/internal/kv", never: []string{"/"}},
	{from: "/internal/obs", never: []string{"/"}},
	{from: "/internal/mysql", never: concat(stages, "/agent/pipeline", "/agent/worker", "/daemon", "/dsl")},
	{from: "/internal", never: []string{"/cmd", "/dsl", "/daemon", "/agent", "/checkpoint"}},

	// Contract, language, records.
	{from: "/api", never: []string{"/"}},
	{from: "/dsl", never: []string{"/"}, except: []string{"/internal/spec"}},
	{from: "/checkpoint", never: []string{"/agent", "/daemon", "/dsl", "/internal/mysql"}},

	// Daemon: it never touches a database and never sees a row.
	{from: "/daemon", never: []string{"/agent", "/internal/mysql", goMySQL}, direct: []string{"database/sql"}},
	{from: "/daemon/control", never: []string{"/daemon/api", "/daemon/console"}, direct: []string{"net/http"}},
	{from: "/daemon/store", never: []string{"/daemon/control", "/daemon/api"}},

	// Agent.
	{from: "/agent", never: []string{"/daemon", "/dsl", "/cmd"}},
	{from: "/agent/worker", direct: concat(stages, goMySQL, badger)},
	{from: "/agent/pipeline", direct: []string{"net/http"}},
	{from: "/agent/precheck", never: concat(stages, "/checkpoint")},
	{from: "/agent/structure", never: concat(stages, "/checkpoint")},
	{from: "/agent/snapshot", never: concat(stages, "/checkpoint", goMySQL)},
	{from: "/agent/stream", never: concat(stages, "/checkpoint")},
	{from: "/agent/apply", never: concat(stages, goMySQL)},
	{from: "/agent/verify", never: stages},
	{from: "/agent/cutover", never: stages},
	{from: "/agent/ledger", never: concat(stages, "/agent/pipeline", "/agent/worker", "/checkpoint", goMySQL)},
	{from: "/agent/gate", never: concat(stages, "/agent/pipeline", "/agent/worker", "/checkpoint", goMySQL)},

	// Nobody imports the tests' servers, nor a command.
	{from: "/", direct: []string{"/integration", "/cmd"}, except: []string{"/integration"}},

	// Library types stay home.
	{from: "/", direct: []string{hcl}, except: []string{"/dsl"}},
	{from: "/", direct: []string{badger}, except: []string{"/internal/kv"}},
	{from: "/", direct: []string{replication}, except: []string{"/agent/stream"}},
	{from: "/", direct: []string{systemd}, except: []string{"/internal/obs"}},
}

func concat(list []string, more ...string) []string {
	return append(list[:len(list):len(list)], more...)
}
