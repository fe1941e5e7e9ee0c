// Package kv is the embedded key-value store of daemon and agent: Badger with
// settings for kilobytes instead of its defaults for gigabytes, synced on every
// write, one process per directory.
//
// It is the only package that knows Badger. What an Update wrote is on disk
// when Update returns, all of it or nothing.
package kv
