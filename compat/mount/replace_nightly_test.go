//go:build nightly && unix

package mount

import (
	"testing"
	"time"
)

// TestReplaceLong is TestReplace for ten minutes.
func TestReplaceLong(t *testing.T) {
	until := time.Now().Add(10 * time.Minute)
	testReplace(t, func(int) bool { return time.Now().Before(until) })
}
