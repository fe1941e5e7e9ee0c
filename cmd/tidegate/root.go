package main

import (
	"io"
	"os"
	"os/user"

	"github.com/spf13/cobra"
)

// globals are what every command shares.
type globals struct {
	address string
	token   string
	json    bool
	out     io.Writer
	err     io.Writer
	begun   bool // the command line was understood
}

const defaultAddress = "http://127.0.0.1:7070"

func newRoot(g *globals) *cobra.Command {
	c := &cobra.Command{
		Use:   "tidegate",
		Short: "Move live MySQL and MariaDB databases",
		Long: `Move live MySQL and MariaDB databases: structure, a full copy, and every later
change, until the business is switched over.

Exit status: 0 done, 1 run failed, 2 bad configuration or usage, 3 check or
verification refused, 4 outcome needs a person, 5 timed out waiting.`,
		SilenceErrors: true, SilenceUsage: true,
		PersistentPreRun: func(*cobra.Command, []string) { g.begun = true },
	}
	f := c.PersistentFlags()
	f.StringVar(&g.address, "address", env("TIDEGATE_ADDRESS", defaultAddress), "the daemon: http://host:port, https://host:port or unix:/path (TIDEGATE_ADDRESS)")
	f.StringVar(&g.token, "token", "", "token for the daemon's API (TIDEGATE_TOKEN)")
	f.BoolVar(&g.json, "json", false, "print JSON, errors too")
	c.AddCommand(
		newDev(g), newDaemon(g), newAgent(g),
		newValidate(g), newFmt(g), newPlan(g), newApply(g),
		newStatus(g), newEvents(g), newAgents(g), newReport(g),
		newCheck(g), newVerify(g), newCutover(g), newComplete(g), newWait(g), newVersion(g), newReadStore(),
	)
	c.AddCommand(newOperations(g)...)
	return c
}

func env(name, otherwise string) string {
	if v := os.Getenv(name); v != "" {
		return v
	}
	return otherwise
}

// actor names who asks, for the events.
func actor() string {
	host, _ := os.Hostname()
	if u, err := user.Current(); err == nil {
		return u.Username + "@" + host
	}
	return "unknown@" + host
}
