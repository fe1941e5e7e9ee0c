package dbtest

import (
	"context"
	"database/sql"
	"fmt"
	"net"
	"os/exec"
	"strconv"
	"time"

	"github.com/go-sql-driver/mysql"

	"github.com/tidegate-io/tidegate/internal/spec"
)

func clientConfig(port int, user, password, schema string) *mysql.Config {
	c := mysql.NewConfig()
	c.User, c.Passwd, c.DBName = user, password, schema
	c.Net, c.Addr = "tcp", net.JoinHostPort("127.0.0.1", strconv.Itoa(port))
	c.Params = map[string]string{"time_zone": "'+00:00'"}
	c.InterpolateParams = true
	c.Timeout = 5 * time.Second
	c.Logger = &mysql.NopLogger{} // servers are killed under open connections on purpose
	return c
}

func openDB(port int, user, password, schema string) *sql.DB {
	conn, err := mysql.NewConnector(clientConfig(port, user, password, schema))
	if err != nil {
		panic(fmt.Sprintf("dbtest: client configuration: %v", err)) // it holds constants only
	}
	return sql.OpenDB(conn)
}

// DB is a pool of the admin account with no default schema and its session in
// UTC. Stop closes it.
func (s *Server) DB() *sql.DB { return s.db }

// Open makes a pool of any account, with a default schema unless it is empty.
// The caller closes it.
func (s *Server) Open(user, password, schema string) *sql.DB {
	return openDB(s.Port, user, password, schema)
}

// DSN is the admin account's data source name for go-sql-driver/mysql.
func (s *Server) DSN() string { return clientConfig(s.Port, s.User, s.Password, "").FormatDSN() }

// Endpoint is the server as a pipeline's endpoint, logged in as the admin.
func (s *Server) Endpoint() spec.Endpoint {
	return spec.Endpoint{
		Name:     fmt.Sprintf("%s_%d", s.Flavor, s.Port),
		Address:  s.Addr,
		User:     s.User,
		Password: spec.Secret{Value: s.Password},
		Flavor:   s.Flavor.Family(),
		TLS:      spec.TLS{Mode: spec.TLSPreferred},
	}
}

// Tool prepares one of the client programs that came with the server, such as
// mysqldump; the options that log it in come first.
func (s *Server) Tool(ctx context.Context, name string, args ...string) *exec.Cmd {
	login := []string{"--no-defaults", "--host=127.0.0.1", "--protocol=tcp", fmt.Sprintf("--port=%d", s.Port), "--user=" + s.User, "--password=" + s.Password}
	return s.slot.in.command(ctx, "/usr/bin/"+name, append(login, args...)...)
}
