package literal

import (
	"errors"
	"regexp"
	"strings"
)

// PositionNow is the place in the log at the moment the run starts.
const PositionNow = "now"

var (
	// One source of a MySQL GTID set: uuid, then intervals and tags.
	mysqlGTID = regexp.MustCompile(`^[0-9a-fA-F]{8}(-[0-9a-fA-F]{4}){3}-[0-9a-fA-F]{12}(:([0-9]+(-[0-9]+)?|[a-z_][a-z0-9_]{0,31}:[0-9]+(-[0-9]+)?))+$`)
	// One domain of a MariaDB GTID position: domain, server, sequence.
	mariadbGTID = regexp.MustCompile(`^[0-9]{1,10}-[0-9]{1,10}-[0-9]{1,20}$`)
	fileOffset  = regexp.MustCompile(`^[^\s/:,]+\.[0-9]{6,}:[0-9]{1,19}$`)
)

// Position reads where an incremental run begins: "now", a GTID set, a log file
// with an offset, or a time. Blanks, which GTID sets carry when they are copied
// from a terminal, are taken out.
func Position(s string) (string, error) {
	if s == PositionNow || fileOffset.MatchString(s) {
		return s, nil
	}
	if t, err := Time(s); err == nil {
		return t.Format("2006-01-02T15:04:05Z07:00"), nil
	}
	set := strings.Join(strings.Fields(s), "")
	if allMatch(mysqlGTID, set) || allMatch(mariadbGTID, set) {
		return set, nil
	}
	return "", errors.New(`is no place in a log; write "now", a GTID set, "file:offset" such as "binlog.000042:157", or a time such as "2026-12-01T02:00:00Z"`)
}

func allMatch(p *regexp.Regexp, set string) bool {
	for part := range strings.SplitSeq(set, ",") {
		if !p.MatchString(part) {
			return false
		}
	}
	return true
}
