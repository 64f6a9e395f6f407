package prefetch

import (
	"os"
	"runtime"
	"testing"

	"github.com/edsrzf/mmap-go"
)

// TestByte prefetches memory without a file behind it, which is no fault, and outside of the slice,
// which is a panic.
func TestByte(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("Windows truncates no file that is mapped")
	}
	f, err := os.CreateTemp(t.TempDir(), "")
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if err := f.Truncate(1 << 16); err != nil {
		t.Fatal(err)
	}
	m, err := mmap.Map(f, mmap.RDONLY, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer m.Unmap()
	if err := f.Truncate(0); err != nil {
		t.Fatal(err)
	}
	for i := 0; i < len(m); i += 512 {
		Byte(m, i)
	}
	for _, i := range []int{-1, len(m)} {
		func() {
			defer func() {
				if recover() == nil {
					t.Errorf("byte %d: no panic", i)
				}
			}()
			Byte(m, i)
		}()
	}
}
