package dbtest

import (
	"fmt"
	"os"
	"sync/atomic"
)

// The account every server has: all privileges, over TCP from loopback.
const (
	User     = "tidegate"
	Password = "tidegate"
)

// Config says which server to start and how. The zero value is a MySQL with
// GTIDs and relaxed durability.
type Config struct {
	Flavor Flavor // default MySQL

	// NoGTID turns gtid_mode off. MariaDB always has GTIDs.
	NoGTID bool

	// Durable flushes the redo and binary log to disk with every commit. Without
	// it a commit survives SIGKILL of the server, but not a power cut.
	Durable bool

	// ServerID is unique among this process's servers if 0.
	ServerID uint32

	// Args are given to the server after this package's own, so they win.
	Args []string
}

var lastServerID atomic.Uint32

func (c Config) withDefaults() Config {
	if c.Flavor == "" {
		c.Flavor = MySQL
	}
	if c.ServerID == 0 {
		c.ServerID = 100 + lastServerID.Add(1)
	}
	return c
}

// placeArgs says where a server lives; the template is made with these alone.
func placeArgs(inner string, port int) []string {
	args := []string{
		"--no-defaults",
		"--datadir=" + inner + "/data",
		"--socket=" + inner + "/s.sock",
		"--pid-file=" + inner + "/pid",
		"--tmpdir=" + inner + "/tmp", // a MariaDB that starts removes temporary tables from it, whoever made them
		"--bind-address=127.0.0.1",
		fmt.Sprintf("--port=%d", port),
		"--skip-name-resolve",
		"--secure-file-priv=",
		"--innodb-buffer-pool-size=128M",
		"--character-set-server=utf8mb4",
	}
	if os.Geteuid() == 0 {
		args = append(args, "--user=root")
	}
	return args
}

// args is the server's whole command line.
func (c Config) args(s *slot) []string {
	args := append(placeArgs(s.inner(), s.port),
		fmt.Sprintf("--server-id=%d", c.ServerID),
		"--log-bin="+s.inner()+"/binlog",
		"--binlog-format=ROW",
		"--binlog-row-image=FULL",
		"--max-connections=300",
		"--max-allowed-packet=64M",
		"--local-infile=ON",
		// Costs MySQL half of its memory and a third of its start. Its tables are
		// there, but most are empty: a test of them asks for ON in Args.
		"--performance-schema=OFF",
	)
	if c.Durable {
		args = append(args, "--innodb-flush-log-at-trx-commit=1", "--sync-binlog=1")
	} else {
		args = append(args, "--innodb-flush-log-at-trx-commit=2", "--sync-binlog=0")
	}
	if c.Flavor == MySQL {
		args = append(args, "--mysqlx=OFF")
		if c.NoGTID {
			args = append(args, "--gtid-mode=OFF")
		} else {
			args = append(args, "--gtid-mode=ON", "--enforce-gtid-consistency=ON")
		}
	}
	return append(args, c.Args...)
}
