package pack_test

import (
	"context"
	"os"
	"path/filepath"
	"strconv"
	"testing"
	"time"

	"golang.org/x/sys/unix"

	"github.com/tarpack/tpk/tarpack/format"
	"github.com/tarpack/tpk/tarpack/pack"
)

// lowest is what getpriority(2) returns for a thread of the lowest priority.
const lowest = 1

// lowThreads returns how many threads of this process have the lowest priority.
func lowThreads(t *testing.T) (n int) {
	t.Helper()
	tasks, err := os.ReadDir("/proc/self/task")
	if err != nil {
		t.Fatal(err)
	}
	for _, task := range tasks {
		id, err := strconv.Atoi(task.Name())
		if err != nil {
			t.Fatal(err)
		}
		if p, err := unix.Getpriority(unix.PRIO_PROCESS, id); err == nil && p == lowest {
			n++
		}
	}
	return n
}

// TestWriterBackground: the workers have threads of the lowest priority while the archive is
// written.
func TestWriterBackground(t *testing.T) {
	for _, on := range []bool{false, true} {
		low := 0
		o := pack.WriterOptions{Workers: 3, Background: on,
			Progress: func(format.Progress) { low = max(low, lowThreads(t)) }}
		w, err := pack.NewWriter(context.Background(), filepath.Join(t.TempDir(), "a.tar.gz"), o)
		if err != nil {
			t.Fatal(err)
		}
		for i := range 200 {
			if err := w.WriteFile(strconv.Itoa(i), []byte("content"), 0o644, time.Time{}); err != nil {
				t.Fatal(err)
			}
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
		if (low > 0) != on {
			t.Errorf("background %v: %d threads of low priority", on, low)
		}
	}
}
