package tartest

import (
	"path/filepath"
	"testing"
)

// Mount puts a new file system with the file "f" on the directory "other" of a tree.
func Mount(t *testing.T, dir string) {
	t.Helper()
	other := filepath.Join(dir, "other")
	if err := mountTmpfs(other); err != nil {
		t.Skipf("%s: only root can mount: %v", other, err)
	}
	t.Cleanup(func() {
		if err := unmount(other); err != nil {
			t.Error(err)
		}
	})
	WriteFile(t, filepath.Join(other, "f"), nil)
}

// Unreadable makes the file "other/f" of a tree one that nobody can read, not even root, if that is
// wanted. What it returns undoes that.
func Unreadable(t *testing.T, dir string, wanted bool) (undo func()) {
	t.Helper()
	if !wanted {
		return func() {}
	}
	name := filepath.Join(dir, "other/f")
	if err := mountFile("/proc/self/mem", name); err != nil {
		t.Skipf("%s: only root can mount: %v", name, err)
	}
	return func() {
		if err := unmount(name); err != nil {
			t.Error(err)
		}
	}
}
