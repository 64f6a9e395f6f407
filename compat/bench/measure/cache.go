package measure

import (
	"io"
	"io/fs"
	"os"
	"path/filepath"

	"golang.org/x/sys/unix"
)

// DropCaches empties the kernel's caches of pages, names and inodes, and reports whether it could.
// Only root may do so.
func (b *Bench) DropCaches() bool {
	unix.Sync()
	err := os.WriteFile("/proc/sys/vm/drop_caches", []byte("3"), 0)
	if err != nil {
		b.Logf("  without a cold cache: %v", err)
	}
	return err == nil
}

// Evict removes a file from the page cache. Pages that a process has mapped stay.
func Evict(name string) error {
	f, err := os.Open(name)
	if err != nil {
		return err
	}
	defer f.Close()
	if err := f.Sync(); err != nil { // only clean pages leave
		return err
	}
	return unix.Fadvise(int(f.Fd()), 0, 0, unix.FADV_DONTNEED)
}

// Warm reads files, and all files in directories, into the page cache.
func Warm(names ...string) error {
	for _, name := range names {
		err := filepath.WalkDir(name, func(name string, d fs.DirEntry, err error) error {
			if err != nil || !d.Type().IsRegular() {
				return err
			}
			f, err := os.Open(name)
			if err != nil {
				return err
			}
			defer f.Close()
			_, err = io.Copy(io.Discard, f)
			return err
		})
		if err != nil {
			return err
		}
	}
	return nil
}
