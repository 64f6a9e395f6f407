package osfile

import (
	"os"
	"path/filepath"
	"strings"
	"syscall"
	"testing"

	"golang.org/x/sys/windows"
)

// TestIs: errors of the system have the meaning that they have on Unix, and no other one.
func TestIs(t *testing.T) {
	for number, same := range numbers {
		for _, n := range append(same, number) {
			if err := (&os.PathError{Op: "write", Path: "a", Err: n}); !Is(err, number) {
				t.Errorf("%d is not %d", n, number)
			}
		}
		if Is(windows.ERROR_FILE_NOT_FOUND, number) || Is(nil, number) {
			t.Errorf("a missing file is %d", number)
		}
	}
	dir := t.TempDir()
	if err := os.WriteFile(filepath.Join(dir, "a"), nil, 0o600); err != nil {
		t.Fatal(err)
	}
	if err := syscall.Rmdir(dir); !IsNotEmpty(err) {
		t.Errorf("removing a directory that is not empty: %v", err)
	}
}

// TestText: an error has the message of Unix, unless Windows is more precise.
func TestText(t *testing.T) {
	for n, want := range map[syscall.Errno]string{
		windows.ERROR_FILE_NOT_FOUND: "no such file or directory",
		windows.ERROR_ACCESS_DENIED:  "permission denied",
		windows.ERROR_DISK_FULL:      "no space left on device",
		windows.WSAECONNREFUSED:      "connection refused",
		syscall.EROFS:                "read-only file system",
		windows.ERROR_SHARING_VIOLATION: strings.TrimSuffix(
			windows.ERROR_SHARING_VIOLATION.Error(), "."),
	} {
		if got := Text(n); got != want {
			t.Errorf("%d: %q, want %q", n, got, want)
		}
	}
}

// TestClosedPipe: writing to a pipe that nobody reads has the error of Unix.
func TestClosedPipe(t *testing.T) {
	r, w, err := os.Pipe()
	if err != nil {
		t.Fatal(err)
	}
	defer w.Close()
	if err := r.Close(); err != nil {
		t.Fatal(err)
	}
	if _, err := w.WriteString("a"); !Is(err, syscall.EPIPE) {
		t.Errorf("writing to a closed pipe: %v", err)
	}
}
