package stream

import (
	"errors"
	"fmt"
	"strings"

	gomysql "github.com/go-mysql-org/go-mysql/mysql"

	"github.com/tidegate-io/tidegate/internal/mysql"
)

func fatal(code, remedy, format string, args ...any) error {
	return &mysql.Error{Class: mysql.Fatal, Code: code, Err: fmt.Errorf(format, args...), Remedy: remedy}
}

func misconfigured(code, remedy, format string, args ...any) error {
	return &mysql.Error{Class: mysql.Config, Code: code, Err: fmt.Errorf(format, args...), Remedy: remedy}
}

// number is the server's error number on the replication connection or an
// ordinary one, 0 if no server answered.
func number(err error) uint16 {
	if me, ok := errors.AsType[*gomysql.MyError](err); ok {
		return me.Code
	}
	return mysql.Number(err)
}

const restartRemedy = "the rows in between can only be had by copying again: delete this run and start a new one; raise the source's log retention first"

// dumpError gives an error of the replication connection its class. Number 1236
// stands for a dozen reasons; purged is what asking the server showed, the rest
// tells only the text, which for this number carries no row data.
func dumpError(err error, purged error) error {
	switch n := number(err); n {
	case 0:
		return err // no server answered: transient
	case 1236:
		return dump1236(err, purged)
	case 1045, 1044, 1227, 1130, 1698, 1820, 1862, 3118, 3159:
		return &mysql.Error{Class: mysql.Config, Code: "login", Err: err,
			Remedy: "on the source: GRANT REPLICATION SLAVE, REPLICATION CLIENT ON *.* to the endpoint's account (MariaDB also BINLOG MONITOR), and check its password and TLS"}
	case 4052: // ER_SLAVE_SAME_ID of MariaDB
		return serverIDInUse(err)
	case 1373: // ER_UNKNOWN_TARGET_BINLOG
		return fatal("position_purged", restartRemedy, "the source no longer has the log the run must read from: %w", err)
	case 1053, 1040, 1077, 1079, 1158, 1159, 1160, 1161, 1203, 1317, 2006, 2013, 1927, 3101, 1290, 1836:
		return &mysql.Error{Class: mysql.Transient, Code: "source", Err: err}
	default:
		return &mysql.Error{Class: mysql.Config, Code: "replication", Err: err, Remedy: "see the source's error above"}
	}
}

func dump1236(err, purged error) error {
	text := strings.ToLower(err.Error())
	has := func(parts ...string) bool {
		for _, p := range parts {
			if strings.Contains(text, p) {
				return true
			}
		}
		return false
	}
	switch {
	case purged != nil:
		return purged
	case has("same server_uuid", "same server_id", "same server id", "server_uuid/server_id"):
		return serverIDInUse(err)
	case has("max_allowed_packet"):
		return misconfigured("max_allowed_packet", "on the source: SET GLOBAL max_allowed_packet = 1073741824, then retry; if the answer is the same, the log file is damaged there: "+restartRemedy,
			"an event of the source's log is larger than its max_allowed_packet: %w", err)
	case has("purged", "could not find gtid state", "could not find first log", "not in the master's binlog", "could not find gtid_list"):
		return fatal("position_purged", restartRemedy, "the source no longer has the log the run must read from: %w", err)
	case has("impossible position"):
		return fatal("position_lost", restartRemedy, "the source's log ends before the place the run has read up to: it lost transactions, or is another server: %w", err)
	default:
		return fatal("source_log", "the source cannot read its own log at this place: see its error log; if the file is damaged, "+restartRemedy, "read the source's log: %w", err)
	}
}

func serverIDInUse(err error) error {
	return misconfigured("server_id_in_use", "two readers use one server id: stop the other one, or give this pipeline another server_id",
		"the source closed our replication connection because another reader has the same server id: %w", err)
}
