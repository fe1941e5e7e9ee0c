// Package scale holds the tests and measurements of one daemon with many agents
// and pipelines. docs/scale.md has the figures.
package scale
