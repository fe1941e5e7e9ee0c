package scale

import (
	"bytes"
	"context"
	"fmt"
	"io/fs"
	"net/http"
	"os"
	"os/exec"
	"path/filepath"
	"syscall"
	"testing"
	"time"

	"connectrpc.com/connect"
	"golang.org/x/sync/errgroup"

	pb "github.com/tidegate-io/tidegate/api/tidegate/v1"
	"github.com/tidegate-io/tidegate/api/tidegate/v1/tidegatev1connect"
	"github.com/tidegate-io/tidegate/integration/dbtest"
	"github.com/tidegate-io/tidegate/integration/site"
)

// daemon is a daemon process and its API.
type daemon struct {
	tidegatev1connect.PipelineServiceClient
	dir, address string
	cmd          *exec.Cmd
	began        time.Time
}

func startDaemon(t *testing.T) *daemon {
	t.Helper()
	address, err := dbtest.Address()
	if err != nil {
		t.Fatal(err)
	}
	d := &daemon{dir: t.TempDir(), address: address}
	d.PipelineServiceClient = tidegatev1connect.NewPipelineServiceClient(http.DefaultClient, "http://"+d.address)
	d.begin(t)
	t.Cleanup(func() {
		d.kill()
		if t.Failed() {
			b, _ := os.ReadFile(d.log())
			t.Logf("the end of the daemon's log:\n%s", b[max(0, len(b)-12000):])
		}
	})
	return d
}

func (d *daemon) log() string { return filepath.Join(d.dir, "daemon.log") }

// begin starts the process and waits for its API.
func (d *daemon) begin(t *testing.T) {
	t.Helper()
	log, err := os.OpenFile(d.log(), os.O_CREATE|os.O_APPEND|os.O_WRONLY, 0o600)
	if err != nil {
		t.Fatal(err)
	}
	defer log.Close()
	d.cmd = exec.Command(site.Program(), "daemon", "--listen", d.address, "--data-dir", d.data())
	d.cmd.Stdout, d.cmd.Stderr = log, log
	d.cmd.SysProcAttr = &syscall.SysProcAttr{Pdeathsig: syscall.SIGKILL}
	d.began = time.Now()
	if err := d.cmd.Start(); err != nil {
		t.Fatal(err)
	}
	for limit := time.Now().Add(30 * time.Second); ; {
		_, err := d.ListAgents(t.Context(), connect.NewRequest(&pb.ListAgentsRequest{}))
		if err == nil {
			return
		}
		if time.Now().After(limit) {
			t.Fatalf("the daemon does not come up: %v", err)
		}
		time.Sleep(20 * time.Millisecond)
	}
}

func (d *daemon) data() string { return filepath.Join(d.dir, "data") }

func (d *daemon) kill() {
	d.cmd.Process.Kill() // it has ended already, or ends now
	d.cmd.Wait()
}

// apply has the command line apply a file of n pipelines.
func (d *daemon) apply(t *testing.T, n int) {
	t.Helper()
	cmd := exec.Command(site.Program(), "--address", "http://"+d.address, "apply", "--yes", file(t, d.dir, n))
	var out bytes.Buffer
	cmd.Stdout, cmd.Stderr = &out, &out
	if err := cmd.Run(); err != nil {
		b := out.Bytes()
		t.Fatalf("apply: %v\n%s", err, b[max(0, len(b)-2000):])
	}
}

// operateAll asks for one operation on many pipelines, eight at a time.
func (d *daemon) operateAll(t *testing.T, op string, names []string) {
	t.Helper()
	var g errgroup.Group
	g.SetLimit(8)
	for _, name := range names {
		g.Go(func() error {
			_, err := d.Operate(context.Background(), connect.NewRequest(&pb.OperateRequest{Pipeline: name, Op: op, Actor: "test"}))
			if err != nil {
				return fmt.Errorf("%s %s: %w", op, name, err)
			}
			return nil
		})
	}
	if err := g.Wait(); err != nil {
		t.Fatal(err)
	}
}

func (d *daemon) usage(t *testing.T) usage {
	t.Helper()
	return usageOf(t, d.cmd.Process.Pid)
}

// stored is the size of the daemon's data on disk: what its files really take,
// since the store maps more than it fills.
func (d *daemon) stored(t *testing.T) uint64 {
	t.Helper()
	var n uint64
	err := filepath.WalkDir(d.data(), func(_ string, e fs.DirEntry, err error) error {
		if err != nil || e.IsDir() {
			return err
		}
		info, err := e.Info()
		if err != nil {
			return nil // compacted away meanwhile
		}
		if st, ok := info.Sys().(*syscall.Stat_t); ok {
			n += uint64(st.Blocks) * 512
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return n
}
