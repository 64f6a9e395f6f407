//go:build unix

package live

import (
	"fmt"
	"strings"
	"syscall"
	"testing"
)

// The system's text for the limit of watches is "no space left on device".
func TestWhyNoEvents(t *testing.T) {
	limit := fmt.Errorf("watch: %w", syscall.ENOSPC)
	if why := whyNoEvents(limit); !strings.Contains(why, "max_user_watches") ||
		strings.Contains(why, "space") {
		t.Error(why)
	}
	if why := whyNoEvents(syscall.EACCES); why != syscall.EACCES.Error() {
		t.Error(why)
	}
}
