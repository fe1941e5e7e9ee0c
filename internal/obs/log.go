package obs

import (
	"fmt"
	"io"
	"log/slog"
	"os"
	"strings"
	"time"

	"github.com/rs/zerolog"
	"golang.org/x/term"
)

// NewLogger writes to w: coloured lines if it is a terminal, JSON otherwise.
func NewLogger(w *os.File, level string) (zerolog.Logger, error) {
	lv, err := zerolog.ParseLevel(strings.ToLower(level))
	if err != nil {
		return zerolog.Nop(), fmt.Errorf("log level %q is none of trace, debug, info, warn, error", level)
	}
	zerolog.TimeFieldFormat = time.RFC3339Nano
	var out io.Writer = w
	if term.IsTerminal(int(w.Fd())) {
		out = zerolog.ConsoleWriter{Out: w, TimeFormat: "15:04:05.000"}
	}
	return zerolog.New(out).Level(lv).With().Timestamp().Logger(), nil
}

// Slog gives log to libraries that want slog, from warnings on: their info
// lines are about themselves.
func Slog(log zerolog.Logger) *slog.Logger {
	return slog.New(zerolog.NewSlogHandler(log.Level(max(log.GetLevel(), zerolog.WarnLevel))))
}
