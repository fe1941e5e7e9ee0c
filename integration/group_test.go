package integration

import (
	"fmt"
	"net"
	"testing"
	"time"

	"github.com/tidegate-io/tidegate/integration/dbtest"
	"github.com/tidegate-io/tidegate/integration/site"
)

// groupMember starts a server and brings it into a group of two that both take
// writes; first says that it begins the group, whose members are at seeds.
func groupMember(t *testing.T, at, seeds string, first bool) *dbtest.Server {
	t.Helper()
	s := dbtest.Start(t, dbtest.Config{Args: []string{"--performance-schema=ON", "--loose-group-replication-group-name=7d5ad1b6-0000-11ee-9d3a-000000000001",
		"--plugin-load-add=group_replication.so", "--loose-group-replication-local-address=" + at, "--loose-group-replication-group-seeds=" + seeds,
		"--loose-group-replication-start-on-boot=OFF", "--loose-group-replication-single-primary-mode=OFF", "--loose-group-replication-enforce-update-everywhere-checks=ON",
		"--loose-group-replication-recovery-get-public-key=ON", "--loose-group-replication-ip-allowlist=127.0.0.1", "--report-host=127.0.0.1"}})
	// What a new server has logged of its own is not of the group.
	site.Execute(t, s, "RESET BINARY LOGS AND GTIDS", fmt.Sprintf("CHANGE REPLICATION SOURCE TO SOURCE_USER = '%s', SOURCE_PASSWORD = '%s' FOR CHANNEL 'group_replication_recovery'", s.User, s.Password))
	if first {
		site.Execute(t, s, "SET GLOBAL group_replication_bootstrap_group = ON", "START GROUP_REPLICATION", "SET GLOBAL group_replication_bootstrap_group = OFF")
	} else {
		site.Execute(t, s, "START GROUP_REPLICATION")
	}
	_, port, err := net.SplitHostPort(s.Addr)
	if err != nil {
		t.Fatal(err)
	}
	for begun := time.Now(); ; time.Sleep(200 * time.Millisecond) {
		state := site.Value(t, s, "SELECT COALESCE(MAX(MEMBER_STATE), '') FROM performance_schema.replication_group_members WHERE MEMBER_PORT = "+port)
		if state == "ONLINE" {
			return s
		}
		if time.Since(begun) > time.Minute {
			t.Fatalf("a member of the group is %q", state)
		}
	}
}

// TestGroupTarget: a group whose members all take writes refuses a transaction at
// its COMMIT because of what another member has committed (N-A6).
func TestGroupTarget(t *testing.T) {
	if testing.Short() {
		t.Skip("needs servers; not with -short")
	}
	var at [2]string
	for i := range at {
		var err error
		if at[i], err = dbtest.Address(); err != nil {
			t.Fatal(err)
		}
	}
	seeds := at[0] + "," + at[1]
	node := groupMember(t, at[0], seeds, true)
	other := groupMember(t, at[1], seeds, false)
	clusterTarget(t, node, other, func(others int) (n int, err error) { // a member counts those of all
		err = node.DB().QueryRow("SELECT MAX(COUNT_CONFLICTS_DETECTED) FROM performance_schema.replication_group_member_stats").Scan(&n)
		return n - others, err
	})
}
