package dbtest

import (
	"context"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
)

// templateRecipe changes when a template of the same server version must be
// made anew.
const templateRecipe = "1"

// template returns the flavour's initialised data directory on the host,
// making it if this is the first use of this server version.
func template(ctx context.Context, in installation) (string, error) {
	version, err := in.version(ctx)
	if err != nil {
		return "", err
	}
	dir := in.host(filepath.Join(in.base, "template-"+version+"-"+templateRecipe))
	if exists(dir) {
		return dir, nil
	}
	lock, err := waitLock(ctx, dir+".lock")
	if err != nil {
		return "", err
	}
	defer lock.remove()
	if exists(dir) { // made by the process we waited for
		return dir, nil
	}
	if err := buildTemplate(ctx, in, dir); err != nil {
		return "", fmt.Errorf("initialise a data directory of %s %s: %w", in.flavor, version, err)
	}
	return dir, nil
}

// buildTemplate initialises a data directory in a slot of its own, lets the
// server run once to make the account, and puts the directory in its place.
func buildTemplate(ctx context.Context, in installation, dir string) error {
	s, err := claim(in)
	if err != nil {
		return err
	}
	defer s.release()
	if err := os.MkdirAll(filepath.Join(s.dir(), "tmp"), 0o755); err != nil {
		return err
	}
	if out, err := initialise(ctx, s); err != nil {
		return fmt.Errorf("%w\n%s", err, tail(string(out)))
	}
	if err := os.WriteFile(filepath.Join(s.dir(), "init.sql"), []byte(accountSQL), 0o644); err != nil {
		return err
	}
	// No binary log: the account must not be part of any server's history.
	srv := &Server{Flavor: in.flavor, slot: s}
	srv.args = append(placeArgs(s.inner(), s.port), "--skip-log-bin", "--init-file="+s.inner()+"/init.sql")
	if err := srv.begin(ctx); err != nil {
		return err
	}
	if err := srv.end(); err != nil {
		return err
	}
	// Every copy must find its own server_uuid.
	if err := os.Remove(filepath.Join(s.dir(), "data", "auto.cnf")); err != nil && !errors.Is(err, os.ErrNotExist) {
		return err
	}
	return os.Rename(filepath.Join(s.dir(), "data"), dir)
}

// An init file holds one statement a line.
const accountSQL = `CREATE USER '` + User + `'@'127.0.0.1' IDENTIFIED BY '` + Password + `';
GRANT ALL PRIVILEGES ON *.* TO '` + User + `'@'127.0.0.1' WITH GRANT OPTION;
`

func initialise(ctx context.Context, s *slot) ([]byte, error) {
	data := "--datadir=" + s.inner() + "/data"
	user := []string(nil)
	if os.Geteuid() == 0 {
		user = []string{"--user=root"}
	}
	if s.in.flavor == MySQL {
		args := append([]string{"--no-defaults", "--initialize-insecure", data}, user...)
		return s.in.command(ctx, s.in.daemon(), args...).CombinedOutput()
	}
	// Without name resolution it does not insist on looking up the host's name,
	// which a bare tree cannot.
	args := append([]string{"--no-defaults", "--force", "--skip-name-resolve", "--auth-root-authentication-method=normal", "--skip-test-db", data}, user...)
	return s.in.command(ctx, "/usr/bin/mariadb-install-db", args...).CombinedOutput()
}

// copyTree copies a directory, sharing blocks where the file system can.
func copyTree(ctx context.Context, from, to string) error {
	out, err := exec.CommandContext(ctx, "cp", "-a", "--reflink=auto", from, to).CombinedOutput()
	if err != nil {
		return fmt.Errorf("copy %s to %s: %w: %s", from, to, err, tail(string(out)))
	}
	return nil
}
