// Package api serves the contract of api/tidegate/v1: it translates requests to
// calls of daemon/control and back, and decides nothing.
package api
