package main

import (
	"fmt"
	"strings"

	"github.com/tidegate-io/tidegate/internal/run"
)

func joined(s []string) string { return strings.Join(s, ", ") }

func positionText(p run.Position) string {
	switch {
	case p.GTID != "" && p.File != "":
		return fmt.Sprintf("%s (%s:%d)", p.GTID, p.File, p.Offset)
	case p.File != "":
		return fmt.Sprintf("%s:%d", p.File, p.Offset)
	}
	return p.GTID
}
