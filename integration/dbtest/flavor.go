package dbtest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"regexp"
	"strings"
	"syscall"
)

// Flavor names a server program this package can start.
type Flavor string

// The servers: MySQL 9.7, MariaDB 10.11 and MariaDB 11.8.
const (
	MySQL      Flavor = "mysql"
	MariaDB    Flavor = "mariadb"
	MariaDB118 Flavor = "mariadb118"
)

// Flavors lists every flavour.
var Flavors = []Flavor{MySQL, MariaDB, MariaDB118}

// Family is "mysql" or "mariadb": what a pipeline file calls the flavour.
func (f Flavor) Family() string {
	if f == MySQL {
		return "mysql"
	}
	return "mariadb"
}

// missingError says that a server program is not installed.
type missingError struct {
	flavor Flavor
	path   string
}

func (e *missingError) Error() string {
	return fmt.Sprintf("start %s: there is no %s", e.flavor, e.path)
}

// Hint says how to get the server.
func (e *missingError) Hint() string {
	return "run `make deps` (as root) to install the servers tests need"
}

// installation is where a flavour's programs are.
type installation struct {
	flavor Flavor
	root   string // directory it is chrooted into; "/" for the system's own
	base   string // where data directories go, as seen from inside root
}

// install finds the flavour's programs.
func install(f Flavor) (installation, error) {
	cache, err := cacheDir()
	if err != nil {
		return installation{}, err
	}
	in := installation{flavor: f, root: "/", base: filepath.Join(cache, "mariadb")}
	switch f {
	case MySQL:
		in.root, in.base = treeDir("TIDEGATE_MYSQL_ROOT", cache, "mysql"), "/srv/tidegate"
	case MariaDB:
		// Only made where the system's MariaDB is another version.
		if tree := filepath.Join(cache, "mariadb1011"); exists(tree) {
			in.root, in.base = tree, "/srv/tidegate"
		}
	case MariaDB118:
		in.root, in.base = treeDir("TIDEGATE_MARIADB118_ROOT", cache, "mariadb118"), "/srv/tidegate"
	default:
		return in, fmt.Errorf("unknown flavour %q: there are %v", f, Flavors)
	}
	if path := in.host(in.daemon()); !exists(path) {
		return in, &missingError{flavor: f, path: path}
	}
	if in.root != "/" && os.Geteuid() != 0 {
		return in, fmt.Errorf("start %s: it runs by chroot in %s, and only root may do that", f, in.root)
	}
	return in, os.MkdirAll(in.host(in.base), 0o755)
}

func treeDir(env, cache, name string) string {
	if dir := os.Getenv(env); dir != "" {
		return filepath.Clean(dir)
	}
	return filepath.Join(cache, name)
}

// daemon is the server program's path inside root.
func (in installation) daemon() string {
	if in.flavor == MySQL {
		return "/usr/sbin/mysqld"
	}
	return "/usr/sbin/mariadbd"
}

// host turns a path inside root into one of the host.
func (in installation) host(path string) string { return filepath.Join(in.root, path) }

// command prepares one of the installation's programs. It gets an environment
// of its own, so that nothing of the caller's (TZ, LANG, MYSQL_*) leaks in.
func (in installation) command(ctx context.Context, path string, args ...string) *exec.Cmd {
	attr := &syscall.SysProcAttr{Setpgid: true} // an interrupt from the keyboard is ours to handle
	switch {
	case in.root == "/":
	case in.flavor == MariaDB: // the scripts that copy a Galera node look for their processes
		path, args = "/usr/bin/unshare", append([]string{"--mount", "/bin/sh", "-c", withProc, in.root, path}, args...)
	default:
		attr.Chroot = in.root
	}
	cmd := exec.CommandContext(ctx, path, args...)
	cmd.Dir = "/"
	cmd.Env = []string{"PATH=/usr/sbin:/usr/bin:/sbin:/bin", "LC_ALL=C", "HOME=/nonexistent"}
	cmd.SysProcAttr = attr
	return cmd
}

// withProc gives a tree a /proc for as long as a program runs in it; the program
// keeps the pid that was started.
const withProc = `mount -t proc proc "$0/proc" && exec chroot "$0" "$@"`

var versionNumber = regexp.MustCompile(`\d+\.\d+\.\d+`)

// version asks the program, for example "9.7.4".
func (in installation) version(ctx context.Context) (string, error) {
	out, err := in.command(ctx, in.daemon(), "--no-defaults", "--version").CombinedOutput()
	if err != nil {
		return "", fmt.Errorf("ask %s for its version: %w: %s", in.daemon(), err, tail(string(out)))
	}
	v := versionNumber.FindString(string(out))
	if v == "" {
		return "", fmt.Errorf("ask %s for its version: no number in %q", in.daemon(), out)
	}
	return v, nil
}

func exists(path string) bool {
	_, err := os.Stat(path)
	return !errors.Is(err, os.ErrNotExist)
}

// tail keeps the end of a program's output, where its reason stands.
func tail(out string) string {
	const keep = 2000
	if len(out) > keep {
		out = out[len(out)-keep:]
	}
	return strings.TrimSpace(out)
}
