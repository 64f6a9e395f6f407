package changetime

import (
	"os"
	"path/filepath"
	"testing"
)

// TestWritten expects what fcntl(2) promises for F_SETLEASE. This user owns the file.
func TestWritten(t *testing.T) {
	name := filepath.Join(t.TempDir(), "f")
	if err := os.WriteFile(name, []byte("content"), 0o644); err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	leases, err := os.ReadFile("/proc/sys/fs/leases-enable")
	if err != nil || string(leases) != "1\n" {
		t.Skipf("the system has no leases: %q, %v", leases, err)
	}
	for range 3 {
		if written, known := Written(f); !known || written {
			t.Fatalf("nothing writes: %v, %v", written, known)
		}
		w, err := os.OpenFile(name, os.O_WRONLY, 0)
		if err != nil {
			t.Fatal(err)
		}
		if written, known := Written(f); !known || !written {
			t.Fatalf("open for writing: %v, %v", written, known)
		}
		if err := w.Close(); err != nil {
			t.Fatal(err)
		}
	}
}

// TestStatAllocatesNothing: it is called for each request.
func TestStatAllocatesNothing(t *testing.T) {
	f, err := os.Open(os.DevNull)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if n := testing.AllocsPerRun(100, func() { _, _ = Stat(f) }); n != 0 {
		t.Errorf("%v allocations", n)
	}
}

func BenchmarkStat(b *testing.B) {
	f, err := os.Open(os.Args[0])
	if err != nil {
		b.Fatal(err)
	}
	defer f.Close()
	for b.Loop() {
		if _, err := Stat(f); err != nil {
			b.Fatal(err)
		}
	}
}
