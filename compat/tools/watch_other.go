//go:build !linux

package tools

import (
	"errors"
	"testing"
)

// What a Watch reports, as in package unix for Linux.
const (
	WatchRead    = 1 << iota // a file was read
	WatchCreated             // a file was created
	WatchMovedTo             // a file was moved here
)

// A Watch is for Linux only.
type Watch struct{}

// NewWatch fails the test.
func NewWatch(t testing.TB, _ string, _ uint32) *Watch {
	t.Helper()
	t.Fatal("files are watched with inotify, which only Linux has")
	return nil
}

// Next returns an error.
func (*Watch) Next() (string, error) { return "", errors.ErrUnsupported }

// Stop does nothing.
func (*Watch) Stop() {}
