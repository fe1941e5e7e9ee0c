package structure

import (
	"cmp"
	"context"
	"database/sql"
	"fmt"
	"slices"
	"strconv"
	"strings"

	"github.com/tidegate-io/tidegate/internal/change"
	"github.com/tidegate-io/tidegate/internal/mysql"
	"github.com/tidegate-io/tidegate/internal/schema"
)

// setting is one session variable for the time of a statement.
type setting struct {
	name, value string // value is SQL text
	reset       string // what it is put back to
	optional    bool   // a server that lacks it, or keeps it to itself, goes on
}

// definitionSettings hold for all that makes or changes definitions. What the
// source accepted is not refused for a row that might become too long, or a
// foreign key to columns that are not unique; and no default decides an engine.
func definitionSettings(target *mysql.Server) []setting {
	out := []setting{
		{name: "innodb_strict_mode", value: "OFF", reset: "ON", optional: true},
		{name: "default_storage_engine", value: "'InnoDB'", reset: "DEFAULT"},
	}
	if target.Flavor == mysql.MySQL {
		out = append(out, setting{name: "restrict_fk_on_non_standard_key", value: "OFF", reset: "DEFAULT", optional: true})
	}
	return out
}

// laxSettings are for what reads values that the source computed without strict
// mode.
func laxSettings(target *mysql.Server) []setting {
	return append(definitionSettings(target), setting{name: "sql_mode", value: mysql.String(schema.LaxMode), reset: mysql.String(mysql.SQLMode)})
}

// Numbers of SET errors that mean "not on this server, or not for you".
var unsettable = []uint16{1193, 1227, 1229, 1231, 1238, 3090, 3683}

// with runs f under settings and puts them back. A connection on which that
// fails is of no more use; its owner closes it.
func with(ctx context.Context, conn *sql.Conn, settings []setting, f func() error) error {
	undo, err := assign(ctx, conn, settings)
	if err != nil {
		return err
	}
	err = f()
	return cmp.Or(err, setAll(ctx, conn, undo))
}

// assign sets variables and returns what puts them back. The target may be far away:
// one statement has them all, unless the server lacks an optional one.
func assign(ctx context.Context, conn *sql.Conn, settings []setting) (undo []string, err error) {
	var all []string
	for _, s := range settings {
		all, undo = append(all, s.set()), append(undo, s.putBack())
	}
	err = setAll(ctx, conn, all)
	if !slices.Contains(unsettable, mysql.Number(err)) {
		return undo, err
	}
	all, undo = nil, nil
	for _, s := range settings {
		if s.optional {
			err := setAll(ctx, conn, []string{s.set()})
			if slices.Contains(unsettable, mysql.Number(err)) {
				continue
			}
			if err != nil {
				return nil, err
			}
		} else {
			all = append(all, s.set())
		}
		undo = append(undo, s.putBack())
	}
	return undo, setAll(ctx, conn, all)
}

func (s *setting) set() string { return "SESSION " + s.name + " = " + s.value }

func (s *setting) putBack() string {
	if s.name == "collation_connection" { // the default collation, whatever it is
		return "SESSION character_set_connection = 'utf8mb4'"
	}
	return "SESSION " + s.name + " = " + s.reset
}

func setAll(ctx context.Context, conn *sql.Conn, all []string) error {
	if len(all) == 0 {
		return nil
	}
	text := "SET " + strings.Join(all, ", ")
	if _, err := conn.ExecContext(ctx, text); err != nil {
		return fmt.Errorf("%s on the target: %w", text, err)
	}
	return nil
}

// modes known to all supported versions of a flavour; numbers mean different
// modes in each, so only names travel.
var modes = map[mysql.Flavor]map[string]bool{
	mysql.MySQL: set("REAL_AS_FLOAT PIPES_AS_CONCAT ANSI_QUOTES IGNORE_SPACE ONLY_FULL_GROUP_BY NO_UNSIGNED_SUBTRACTION NO_DIR_IN_CREATE" +
		" NO_BACKSLASH_ESCAPES STRICT_TRANS_TABLES STRICT_ALL_TABLES NO_ZERO_IN_DATE NO_ZERO_DATE ALLOW_INVALID_DATES ERROR_FOR_DIVISION_BY_ZERO" +
		" HIGH_NOT_PRECEDENCE NO_ENGINE_SUBSTITUTION PAD_CHAR_TO_FULL_LENGTH TIME_TRUNCATE_FRACTIONAL NO_AUTO_VALUE_ON_ZERO"),
	mysql.MariaDB: set("REAL_AS_FLOAT PIPES_AS_CONCAT ANSI_QUOTES IGNORE_SPACE IGNORE_BAD_TABLE_OPTIONS ONLY_FULL_GROUP_BY NO_UNSIGNED_SUBTRACTION" +
		" NO_DIR_IN_CREATE POSTGRESQL ORACLE MSSQL DB2 MAXDB NO_KEY_OPTIONS NO_TABLE_OPTIONS NO_FIELD_OPTIONS MYSQL323 MYSQL40 NO_AUTO_VALUE_ON_ZERO" +
		" NO_BACKSLASH_ESCAPES STRICT_TRANS_TABLES STRICT_ALL_TABLES NO_ZERO_IN_DATE NO_ZERO_DATE ALLOW_INVALID_DATES ERROR_FOR_DIVISION_BY_ZERO" +
		" NO_AUTO_CREATE_USER HIGH_NOT_PRECEDENCE NO_ENGINE_SUBSTITUTION PAD_CHAR_TO_FULL_LENGTH EMPTY_STRING_IS_NULL SIMULTANEOUS_ASSIGNMENT TIME_ROUND_FRACTIONAL"),
}

func set(words string) map[string]bool {
	m := map[string]bool{}
	for w := range strings.FieldsSeq(words) {
		m[w] = true
	}
	return m
}

// sqlMode returns the modes of a statement that the target knows, and what the
// source does without a mode: MariaDB cuts digits of seconds that do not fit,
// MySQL rounds them.
func sqlMode(names []string, source, target *mysql.Server) string {
	var keep []string
	has := map[string]bool{}
	for _, n := range names {
		n = strings.ToUpper(n)
		if has[n] = true; modes[target.Flavor][n] {
			keep = append(keep, n)
		}
	}
	switch {
	case source.Flavor == mysql.MariaDB && target.Flavor == mysql.MySQL && target.AtLeast(8, 0, 0) && !has["TIME_ROUND_FRACTIONAL"]:
		keep = append(keep, "TIME_TRUNCATE_FRACTIONAL")
	case source.Flavor == mysql.MySQL && target.Flavor == mysql.MariaDB && !has["TIME_TRUNCATE_FRACTIONAL"]:
		keep = append(keep, "TIME_ROUND_FRACTIONAL")
	}
	return strings.Join(keep, ",")
}

// eventSettings is the context in which the source ran a statement.
func (c *Carrier) eventSettings(st *change.Statement) []setting {
	out := definitionSettings(c.Target)
	add := func(name, value, reset string, optional bool) {
		out = append(out, setting{name, value, reset, optional})
	}
	add("sql_mode", mysql.String(sqlMode(st.SQLMode, c.Source, c.Target)), "'"+mysql.SQLMode+"'", false)
	if coll, ok := c.Facts.Collation(st.CollationConnection); ok && coll != "" {
		add("collation_connection", coll, "", false)
	}
	if !st.Timestamp.IsZero() {
		us := st.Timestamp.UnixMicro()
		add("timestamp", fmt.Sprintf("%d.%06d", us/1e6, us%1e6), "DEFAULT", false)
	}
	if st.TimeZone != "" {
		add("time_zone", mysql.String(st.TimeZone), "'+00:00'", false)
	}
	add("explicit_defaults_for_timestamp", onOff(c.explicitDefaults(st)), "ON", true)
	add("foreign_key_checks", onOff(st.ForeignKeyChecks), "OFF", false)
	if st.AutoIncrementInc > 0 {
		add("auto_increment_increment", strconv.Itoa(st.AutoIncrementInc), "1", false)
		add("auto_increment_offset", strconv.Itoa(max(1, st.AutoIncrementOffset)), "1", false)
	}
	if c.Target.Flavor == mysql.MySQL && st.DefaultUTF8MB4 == "utf8mb4_general_ci" {
		add("default_collation_for_utf8mb4", "utf8mb4_general_ci", "DEFAULT", true)
	}
	return out
}

// explicitDefaults is what an event says, else the server's default.
func (c *Carrier) explicitDefaults(st *change.Statement) bool {
	if st.ExplicitDefaults != nil {
		return *st.ExplicitDefaults
	}
	return c.Source.Flavor == mysql.MySQL && c.Source.AtLeast(8, 0, 0) || c.Source.Flavor == mysql.MariaDB && c.Source.AtLeast(10, 10, 0)
}

func onOff(b bool) string {
	if b {
		return "ON"
	}
	return "OFF"
}
