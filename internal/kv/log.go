package kv

import (
	"strings"

	"github.com/rs/zerolog"
)

// logger gives Badger's lines to zerolog. Its info lines are about itself, so
// they are debug lines here.
type logger struct {
	log zerolog.Logger
}

func (l logger) Errorf(f string, a ...any)   { l.log.Error().Msgf(strings.TrimSpace(f), a...) }
func (l logger) Warningf(f string, a ...any) { l.log.Warn().Msgf(strings.TrimSpace(f), a...) }
func (l logger) Infof(f string, a ...any)    { l.log.Debug().Msgf(strings.TrimSpace(f), a...) }
func (l logger) Debugf(f string, a ...any)   { l.log.Trace().Msgf(strings.TrimSpace(f), a...) }
