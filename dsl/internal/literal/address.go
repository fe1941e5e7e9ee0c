package literal

import (
	"errors"
	"net"
	"net/netip"
	"regexp"
	"strconv"
	"strings"
)

const defaultPort = "3306"

var hostPattern = regexp.MustCompile(`^[A-Za-z0-9_]([A-Za-z0-9_.-]*[A-Za-z0-9_.])?$`)

// Address brings a server's address into one form: host:port with the port
// always there and IPv6 in brackets, or unix:/path.
func Address(s string) (string, error) {
	switch {
	case strings.TrimSpace(s) != s || s == "":
		return "", errors.New(`is empty or has blanks around it; write for example "10.0.0.5:3306"`)
	case strings.Contains(s, "://"):
		return "", errors.New(`is a URL; write host:port only, and the account in user and password`)
	case strings.Contains(s, "@"):
		return "", errors.New(`has an account in it; write host:port only, and the account in user and password`)
	case strings.HasPrefix(s, "/"):
		return "", errors.New(`is a path; a socket is written "unix:/run/mysqld/mysqld.sock"`)
	}
	if path, ok := strings.CutPrefix(s, "unix:"); ok {
		if !strings.HasPrefix(path, "/") {
			return "", errors.New(`names a socket without its full path; write for example "unix:/run/mysqld/mysqld.sock"`)
		}
		return s, nil
	}
	return hostPort(s)
}

func hostPort(s string) (string, error) {
	if a, err := netip.ParseAddr(s); err == nil && a.Is6() {
		return "", errors.New(`is an IPv6 address without brackets; write for example "[2001:db8::5]:3306"`)
	}
	host, port := s, defaultPort
	if bare, ok := strings.CutPrefix(s, "["); ok && strings.HasSuffix(bare, "]") {
		host = strings.TrimSuffix(bare, "]")
	} else if strings.Contains(s, ":") {
		var err error
		if host, port, err = net.SplitHostPort(s); err != nil {
			return "", errors.New(`is not an address; write "host:port", "host", "[IPv6]:port" or "unix:/path"`)
		}
	}
	if n, err := strconv.Atoi(port); err != nil || n < 1 || n > 65535 {
		return "", errors.New("has no port between 1 and 65535")
	}
	if strings.HasPrefix(s, "[") {
		if a, err := netip.ParseAddr(host); err != nil || !a.Is6() {
			return "", errors.New("has no IPv6 address between its brackets")
		}
	} else if !hostPattern.MatchString(host) {
		return "", errors.New(`has no host name or IP address before the port; write for example "db.example:3306"`)
	}
	return net.JoinHostPort(strings.ToLower(host), port), nil
}
