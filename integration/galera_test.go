package integration

import (
	"cmp"
	"context"
	"fmt"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
	"sync/atomic"
	"testing"
	"time"

	"golang.org/x/sync/errgroup"

	"github.com/tidegate-io/tidegate/integration/dbtest"
	"github.com/tidegate-io/tidegate/integration/site"
	"github.com/tidegate-io/tidegate/internal/mysql"
)

// galeraNode starts a node of a cluster; peer is the group address of one that is
// in it, "" for the first. It returns the node's own.
func galeraNode(t *testing.T, peer string) (*dbtest.Server, string) {
	t.Helper()
	var at [3]string // of the group, of transfers of the log, of the first copy
	for i := range at {
		var err error
		if at[i], err = dbtest.Address(); err != nil {
			t.Fatal(err)
		}
	}
	s := dbtest.Start(t, dbtest.Config{Flavor: dbtest.MariaDB})
	if err := s.Halt(); err != nil {
		t.Fatal(err)
	}
	// A server that root runs receives another node's files as nobody.
	err := filepath.WalkDir(s.Dir, func(path string, _ fs.DirEntry, err error) error { return cmp.Or(err, os.Chmod(path, 0o777)) })
	if err != nil {
		t.Fatal(err)
	}
	args := []string{"--wsrep-on=ON", "--wsrep-provider=/usr/lib/galera/libgalera_smm.so", "--wsrep-cluster-name=tidegate", "--innodb-autoinc-lock-mode=2",
		"--wsrep-provider-options=gmcast.listen_addr=tcp://" + at[0] + ";ist.recv_addr=" + at[1], "--wsrep-node-address=127.0.0.1", "--wsrep-sst-method=rsync", "--wsrep-sst-receive-address=" + at[2], "--wsrep-cluster-address=gcomm://" + peer}
	if peer == "" {
		args = append(args, "--wsrep-new-cluster")
	}
	if err := s.Restart(args...); err != nil {
		t.Fatal(err)
	}
	for begun := time.Now(); ; time.Sleep(200 * time.Millisecond) {
		state, err := wsrep(s, "local_state_comment") // it ends connections as it joins
		if state == "Synced" {
			return s, at[0]
		}
		if time.Since(begun) > time.Minute {
			t.Fatalf("a Galera node on port %d is %s: %v", s.Port, state, err)
		}
	}
}

func wsrep(s *dbtest.Server, name string) (value string, err error) {
	err = s.DB().QueryRow("SELECT VARIABLE_VALUE FROM information_schema.GLOBAL_STATUS WHERE VARIABLE_NAME = 'wsrep_" + name + "'").Scan(&value)
	return value, err
}

// TestGaleraTarget: such a cluster refuses transactions at their COMMIT, or ends
// them before, because of what another node has committed (N-A6).
func TestGaleraTarget(t *testing.T) {
	if testing.Short() {
		t.Skip("needs servers; not with -short")
	}
	node, group := galeraNode(t, "")
	other, _ := galeraNode(t, group)
	clusterTarget(t, node, other, func(int) (n int, err error) {
		for _, name := range []string{"local_cert_failures", "local_bf_aborts"} {
			text, err := wsrep(node, name)
			if err != nil {
				return 0, err
			}
			v, err := strconv.Atoi(text)
			if err != nil {
				return 0, err
			}
			n += v
		}
		return n, nil
	})
}

// clusterTarget moves a database to one of two nodes, while somebody changes a
// column of the target's own on the other one, in the rows that are being replayed.
// Each transaction that the cluster refuses for it is applied again as a whole,
// once. conflicts counts them; it is told how many of the other node's it refused.
func clusterTarget(t *testing.T, node, other *dbtest.Server, conflicts func(others int) (int, error)) {
	t.Helper()
	s, p := site.New(t), site.Pair{Src: dbtest.Start(t, dbtest.Config{Flavor: node.Flavor}), Dst: node}
	const rows = 40
	site.Execute(t, p.Src, "CREATE DATABASE bank", "CREATE TABLE bank.account (id INT PRIMARY KEY, sum BIGINT NOT NULL, times INT NOT NULL)", "CREATE TABLE bank.note (id INT AUTO_INCREMENT PRIMARY KEY, what VARCHAR(60))")
	for id := range rows {
		site.Execute(t, p.Src, fmt.Sprintf("INSERT INTO bank.account VALUES (%d, 1000, 0)", id))
	}
	s.Dev()
	s.Apply(s.Write("p.hcl", p.File("objects {\n    database \"bank\" {}\n  }")))
	s.CaughtUpTo(t, p)
	site.Execute(t, node, "ALTER TABLE bank.account ADD COLUMN own INT NOT NULL DEFAULT 0")

	s.Until(time.Minute, "the other node's column", func() (bool, string) { // a group's member follows
		n := site.Value(t, other, "SELECT COUNT(*) FROM information_schema.COLUMNS WHERE TABLE_SCHEMA = 'bank' AND COLUMN_NAME = 'own'")
		return n == "1", n
	})

	running, stop := context.WithCancel(t.Context())
	g, ctx := errgroup.WithContext(running)
	for w := range 3 {
		g.Go(func() error { return transfer(ctx, p.Src, rows, uint64(w)) })
	}
	var refused atomic.Int64
	g.Go(func() error {
		for n := 0; ctx.Err() == nil; n++ {
			_, err := other.DB().Exec(fmt.Sprintf("UPDATE bank.account SET own = own + 1 WHERE id %% 4 = %d", n%4))
			switch mysql.Number(err) {
			case 0:
				if err != nil {
					return err
				}
			case 3101: // at its COMMIT: a member of a group counts it
				refused.Add(1)
			case 1213: // before
			default:
				return err
			}
		}
		return nil
	})
	s.Until(4*time.Minute, "conflicts", func() (bool, string) {
		time.Sleep(time.Second)
		n, err := conflicts(int(refused.Load()))
		return n >= 5 || ctx.Err() != nil, fmt.Sprint(n, err) // an error of theirs is told below
	})
	stop()
	if err := g.Wait(); err != nil {
		t.Fatal(err)
	}
	s.CaughtUpTo(t, p)
	if a := s.Call("verify", "p", "--wait"); a.Code != 0 {
		t.Errorf("verify: %s", a)
	}
	n, err := conflicts(int(refused.Load()))
	t.Logf("%d conflicts (%v), %s transfers", n, err, site.Value(t, p.Src, "SELECT COUNT(*) FROM bank.note"))
	site.Execute(t, node, "ALTER TABLE bank.account DROP COLUMN own")
	site.Equal(t, p, "bank", "bank")
	s.Until(time.Minute, "the other node", func() (bool, string) {
		text, err := site.Differences(t.Context(), site.Pair{Src: p.Src, Dst: other}, "bank", "bank")
		return err == nil && len(text) == 0, fmt.Sprint(text, err)
	})
}

// transfer moves money between accounts until the context ends.
func transfer(ctx context.Context, s *dbtest.Server, accounts int, seed uint64) error {
	rng := rand.New(rand.NewPCG(seed, 1))
	for ctx.Err() == nil {
		a, b := rng.IntN(accounts), rng.IntN(accounts)
		if a == b {
			continue
		}
		tx, err := s.DB().BeginTx(context.WithoutCancel(ctx), nil)
		if err != nil {
			return err
		}
		for _, q := range []string{
			fmt.Sprintf("UPDATE bank.account SET sum = sum - 1, times = times + 1 WHERE id = %d", min(a, b)),
			fmt.Sprintf("UPDATE bank.account SET sum = sum + 1, times = times + 1 WHERE id = %d", max(a, b)),
			"INSERT INTO bank.note (what) VALUES ('a transfer')",
		} {
			if _, err := tx.Exec(q); err != nil {
				tx.Rollback()
				return err
			}
		}
		if err := tx.Commit(); err != nil {
			return err
		}
		time.Sleep(time.Millisecond)
	}
	return nil
}
