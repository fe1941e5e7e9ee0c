package mysql

import (
	"context"
	"errors"

	"github.com/go-sql-driver/mysql"
)

// Class says what an error means for a run (ENGINE §8). It is decided by the
// error's number, never by its text: servers echo row data in messages.
type Class string

// The classes.
const (
	Transient      Class = "transient" // retried with backoff inside the retry window
	OutcomeUnknown Class = "unknown"   // a COMMIT was sent and no answer came
	Data           Class = "data"      // a row cannot be written as it is
	Config         Class = "config"    // a person must change a setting or a grant
	Fatal          Class = "fatal"     // going on would lose rows
)

// ErrOutcomeUnknown marks a commit whose answer was lost on the way: the ledger
// must be fenced and read before anything is done again.
var ErrOutcomeUnknown = errors.New("commit outcome unknown")

// Error is an error whose class is known where it arises, with the remedy.
type Error struct {
	Class  Class
	Code   string // short, stable: "fenced", "position_purged", "conflict", ...
	Err    error
	Remedy string
}

func (e *Error) Error() string { return e.Err.Error() }

// Unwrap gives the cause.
func (e *Error) Unwrap() error { return e.Err }

// Hint says what a person can do.
func (e *Error) Hint() string { return e.Remedy }

// Number returns the server's error number, 0 if no server answered.
func Number(err error) uint16 {
	if me, ok := errors.AsType[*mysql.MySQLError](err); ok {
		return me.Number
	}
	return 0
}

// transient numbers: too many connections, shutdown, aborted, lock wait,
// deadlock, read-only (a failover in progress), killed, certification failures,
// idle time-outs, query time limits, a table that a MariaDB is about to rebuild.
var transient = map[uint16]bool{
	1040: true, 1053: true, 1077: true, 1079: true, 1152: true, 1158: true, 1159: true, 1160: true, 1161: true,
	1184: true, 1203: true, 1205: true, 1213: true, 1226: true, 1290: true, 1317: true, 1836: true, 1927: true,
	1932: true, 1969: true, 2002: true, 2003: true, 2006: true, 2013: true, 2055: true, 3024: true, 3101: true, 3169: true,
	3572: true, 4031: true, 1021: true, 1114: true, 1180: true, 1412: true,
}

// data numbers: a row that cannot be stored as it is.
var data = map[uint16]bool{
	1062: true, 1048: true, 1136: true, 1264: true, 1292: true, 1366: true, 1364: true, 1406: true, 1411: true, 1416: true,
	1451: true, 1452: true, 3140: true, 3141: true, 3143: true, 3144: true, 3156: true, 3819: true, 4025: true, 1690: true,
	1526: true, 1748: true, 3617: true, 3643: true, 1265: true, 1300: true, 1365: true, 1441: true, 3751: true, 3752: true, 3903: true,
}

// duplicates are the numbers that say another row has this key already.
var duplicates = map[uint16]bool{1022: true, 1062: true, 1586: true, 1859: true}

// Duplicate reports whether a server refused a row since another has its key.
func Duplicate(err error) bool { return duplicates[Number(err)] }

// Refused reports whether a server refused a row for a value.
func Refused(err error) bool { return data[Number(err)] && !Duplicate(err) }

// config numbers: privileges, log-in, limits a person set.
var config = map[uint16]bool{
	1044: true, 1045: true, 1049: true, 1102: true, 1130: true, 1131: true, 1132: true, 1133: true, 1142: true, 1143: true,
	1146: true, 1153: true, 1197: true, 1227: true, 1236: true, 1410: true, 1419: true, 1524: true, 1698: true, 1785: true,
	1820: true, 1862: true, 1054: true, 1118: true, 1231: true, 1273: true, 1115: true, 3118: true, 3159: true, 3948: true,
}

// Classify returns the class of any error of the data path. What no server
// answered (lost connections, time-outs) is transient.
func Classify(err error) Class {
	if errors.Is(err, ErrOutcomeUnknown) {
		return OutcomeUnknown
	}
	if e, ok := errors.AsType[*Error](err); ok {
		return e.Class
	}
	n := Number(err)
	switch {
	case n == 0:
		if errors.Is(err, context.Canceled) {
			return Fatal
		}
		return Transient
	case transient[n]:
		return Transient
	case data[n]:
		return Data
	case config[n]:
		return Config
	default:
		return Config
	}
}
