package background

import (
	"testing"

	"golang.org/x/sys/unix"
)

// TestLower: the goroutine's thread alone changes. The system call returns 20 − nice
// (getpriority(2)).
func TestLower(t *testing.T) {
	before, err := unix.Getpriority(unix.PRIO_PROCESS, 0)
	if err != nil {
		t.Fatal(err)
	}
	lowered := make(chan int)
	go func() {
		Lower()
		p, _ := unix.Getpriority(unix.PRIO_PROCESS, 0)
		lowered <- p
	}()
	if p := <-lowered; p != 20-lowest {
		t.Errorf("priority %d, want %d", p, 20-lowest)
	}
	if after, err := unix.Getpriority(unix.PRIO_PROCESS, 0); err != nil || after != before {
		t.Errorf("another thread: %d, was %d; %v", after, before, err)
	}
}
