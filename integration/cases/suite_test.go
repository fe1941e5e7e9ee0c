package cases

import (
	"context"
	"database/sql"
	"database/sql/driver"
	"flag"
	"fmt"
	"path/filepath"
	"regexp"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tidegate-io/tidegate/integration/dbtest"
	"github.com/tidegate-io/tidegate/integration/site"
)

var (
	suiteRoot  = flag.String("suite-root", "", "folder of a server's own tests (mysql-test)")
	suiteFiles = flag.String("suite", "", "patterns of test files in it, with blanks between them")
	suitePair  = flag.String("suite-pair", "mariadb", "which pair they are played on")
	suitePath  = flag.String("suite-path", streamed, "which way they cross")
)

// suiteSize is how many files share a pipeline.
const suiteSize = 12

// TestSuite plays test files of the servers themselves, which are not in this
// tree, on a source under a live pipeline, whatever their statements answer, and
// lists the files whose databases differ or stop the run. That is for people to
// judge: a test may do what is refused by name.
func TestSuite(t *testing.T) {
	if *suiteFiles == "" {
		t.Skip("no -suite: it plays files that somebody names")
	}
	list := loadSuite(t)
	for _, pair := range pairs {
		if pair.name != *suitePair || len(list) == 0 {
			continue
		}
		r := newRig(t, pair.name, site.SharedPair(t, pair.from, pair.to))
		r.carry(t.Context(), list)
		for _, c := range list {
			r.tell(t, c)
		}
		t.Logf("%d files", len(list))
		return
	}
	t.Fatalf("no pair %q, or no file of %q below %q", *suitePair, *suiteFiles, *suiteRoot)
}

func loadSuite(t *testing.T) []*testCase {
	t.Helper()
	var list []*testCase
	for _, pattern := range strings.Fields(*suiteFiles) {
		files, err := filepath.Glob(filepath.Join(*suiteRoot, pattern))
		if err != nil {
			t.Fatal(err)
		}
		for _, file := range files {
			steps := slices.DeleteFunc(readScript(*suiteRoot, file), func(s step) bool { return !plays.MatchString(s.sql) || outside.MatchString(s.sql) })
			name := notInNames.ReplaceAllString(strings.ToLower(strings.TrimSuffix(filepath.Base(file), ".test")), "_")
			if len(steps) > 2 {
				list = append(list, &testCase{group: fmt.Sprintf("suite%d", len(list)/suiteSize), name: fmt.Sprintf("%d_%s", len(list), name[:min(len(name), 32)]), paths: []string{*suitePath}, lenient: true, workload: steps})
			}
		}
	}
	return list
}

var notInNames = regexp.MustCompile(`[^a-z0-9_]`)

// plays finds the statements that change something; outside those that change
// more than the file's own database, what a run needs of its source, or how long
// the test takes.
var (
	plays = regexp.MustCompile(`(?is)^\s*(/\*.*?\*/\s*)*(create|insert|update|delete|replace|alter|drop|truncate|rename|set|begin|start|commit|rollback|savepoint|release|lock|unlock|call|prepare|execute|deallocate|analyze|optimize|repair|do|with|/\*m?!)`)

	outside = regexp.MustCompile(`(?is)\bglobal\b|sql_log_bin|binlog|log_bin|gtid_|server_id|pseudo_|debug|^\s*(reset|purge|flush|grant|revoke|shutdown|use|xa|(un)?install|change|stop|backup)\b|\bkill\b` +
		`|\b(create|drop|alter|rename)\s+(or\s+replace\s+)?(user|role|database|schema|server|tablespace|undo)\b|\brole\b|password|plugin|\bmysql\.|performance_schema|get_lock|sleep\s*\(|benchmark\s*\(` +
		`|max_allowed_packet|_timeout|lock_wait|max_statement_time|max_execution_time|into\s+(out|dump)file|load\s+data|(data|index)\s+directory|read_only|completion_type|skip_replication|general_log|slow_`)
)

// sessionLimits keep a statement of one file from holding up the others.
var sessionLimits = map[dbtest.Flavor]string{
	dbtest.MySQL:   "SET lock_wait_timeout = 3, innodb_lock_wait_timeout = 2, max_execution_time = 8000",
	dbtest.MariaDB: "SET lock_wait_timeout = 3, innodb_lock_wait_timeout = 2, max_statement_time = 8",
}

// playSuite runs statements and looks at no error. Tables that are dropped get
// other names instead, since a file that ends with an empty database shows little.
func (it *item) playSuite(ctx context.Context, s *dbtest.Server, steps []step) error {
	pool := s.Open(s.User, s.Password, it.base)
	defer pool.Close()
	sessions := map[string]*sql.Conn{}
	defer func() {
		for _, conn := range sessions {
			discard(conn)
		}
	}()
	temporary, kept, end := temporaryNames(steps), 0, time.Now().Add(100*time.Second)
	for _, st := range steps {
		if time.Now().After(end) {
			return nil
		}
		conn := sessions[st.connection]
		if conn == nil {
			var err error
			if conn, err = pool.Conn(ctx); err != nil {
				return err
			}
			sessions[st.connection] = conn
			if _, err := conn.ExecContext(ctx, sessionLimits[s.Flavor]); err != nil {
				return err
			}
		}
		for _, q := range keeping(ofTest.ReplaceAllString(st.sql, "`"+it.base+"`.$1"), temporary, &kept) {
			if err := within(ctx, conn, q); err == nil {
				break
			} else if conn.PingContext(ctx) != nil {
				discard(conn)
				delete(sessions, st.connection)
				break
			}
		}
	}
	return nil
}

func within(ctx context.Context, conn *sql.Conn, q string) error {
	ctx, cancel := context.WithTimeout(ctx, 12*time.Second)
	defer cancel()
	_, err := conn.ExecContext(ctx, q)
	return err
}

// discard ends a session, with what it has open or locked.
func discard(conn *sql.Conn) {
	_ = conn.Raw(func(any) error { return driver.ErrBadConn })
	_ = conn.Close()
}

var (
	ofTest    = regexp.MustCompile("(?i)(?:\\btest|`test`)\\s*\\.\\s*([`\\w])")
	dropOne   = regexp.MustCompile("(?is)^\\s*drop\\s+tables?\\s+(?:if\\s+exists\\s+)?`?([\\w$]+)`?\\s*$")
	makesTemp = regexp.MustCompile("(?is)temporary\\s+table\\s+(?:if\\s+not\\s+exists\\s+)?(?:[\\w`]+\\.)?`?([\\w$]+)")
)

// temporaryNames are those that a file ever gives to temporary tables.
func temporaryNames(steps []step) map[string]bool {
	out := map[string]bool{}
	for _, st := range steps {
		for _, m := range makesTemp.FindAllStringSubmatch(st.sql, -1) {
			out[strings.ToLower(m[1])] = true
		}
	}
	return out
}

// keeping returns what is tried for a statement until something succeeds.
func keeping(q string, temporary map[string]bool, kept *int) []string {
	m := dropOne.FindStringSubmatch(q)
	if m == nil || temporary[strings.ToLower(m[1])] || *kept == 60 {
		return []string{q}
	}
	*kept++
	return []string{fmt.Sprintf("RENAME TABLE `%s` TO `k%d_%s`", m[1], *kept, m[1]), q}
}
