package website

import (
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"golang.org/x/sys/unix"
)

// TestFull: on a full file system nothing is left, neither files nor the directories that were
// created for them. A directory that was there stays.
func TestFull(t *testing.T) {
	root := t.TempDir()
	if err := unix.Mount("tmpfs", root, "tmpfs", 0, "size=4k,mode=0700"); err != nil {
		if os.Getenv("COMPAT") == "require" {
			t.Fatal(err)
		}
		t.Skip("no right to mount a tmpfs:", err)
	}
	t.Cleanup(func() { _ = unix.Unmount(root, 0) })
	there := filepath.Join(root, "there")
	if err := os.Mkdir(there, 0o777); err != nil {
		t.Fatal(err)
	}
	for _, dir := range []string{there, filepath.Join(there, "a/b"), filepath.Join(root, "c") + "/"} {
		if err := Write(dir, &Options{}); !errors.Is(err, unix.ENOSPC) {
			t.Errorf("%s: %v", dir, err)
		}
		if got := names(t, there); len(got) != 0 {
			t.Errorf("%s: %q is left in %s", dir, got, there)
		}
		if _, err := os.Lstat(filepath.Join(root, "c")); !errors.Is(err, fs.ErrNotExist) {
			t.Errorf("%s: %v", dir, err)
		}
	}
}
