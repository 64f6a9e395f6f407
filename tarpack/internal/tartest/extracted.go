package tartest

import (
	"bytes"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/tarpack/tpk/internal/filetest"
	"github.com/tarpack/tpk/tarpack"
)

// OpenUp makes the directories in dir removable.
func OpenUp(dir string) {
	_ = filepath.WalkDir(dir, func(name string, d fs.DirEntry, err error) error {
		if d != nil && d.IsDir() {
			_ = os.Chmod(name, 0o700)
		}
		return nil
	})
}

// Found describes everything in a directory, a line each: path, mode, time, and content or link
// text.
func Found(t testing.TB, dir string) []string {
	t.Helper()
	var lines []string
	err := filepath.WalkDir(dir, func(name string, d fs.DirEntry, err error) error {
		if err != nil || name == dir {
			return err
		}
		rel, err := filepath.Rel(dir, name)
		if err != nil {
			return err
		}
		fi, err := os.Lstat(name)
		if err != nil {
			return err
		}
		line := fmt.Sprintf("%s %v %d", rel, fi.Mode(), fi.ModTime().Unix())
		switch {
		case fi.Mode().IsRegular():
			b, err := os.ReadFile(name)
			if errors.Is(err, fs.ErrPermission) { // unless root reads it
				if err = os.Chmod(name, 0o600); err == nil {
					b, err = os.ReadFile(name)
					err = errors.Join(err, os.Chmod(name, fi.Mode()))
				}
			}
			if err != nil {
				return err
			}
			if len(b) > 20 {
				b = fmt.Appendf(nil, "%d bytes", len(b))
			}
			line += fmt.Sprintf(" %q", b)
		case fi.Mode()&fs.ModeSymlink != 0:
			text, err := os.Readlink(name)
			if err != nil {
				return err
			}
			line += " -> " + text
		}
		lines = append(lines, line)
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return lines
}

// SameAsFS compares an extracted directory with the archive as a file system, name by name.
func SameAsFS(t *testing.T, a *tarpack.Archive, dir string) {
	t.Helper()
	n := 0
	err := fs.WalkDir(a.FS(), ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil || name == "." {
			return err
		}
		n++
		want, err := d.Info()
		if err != nil {
			return err
		}
		got, err := os.Lstat(filepath.Join(dir, name))
		if err != nil {
			return err
		}
		if filetest.Mode(got.Mode()) != filetest.Mode(want.Mode()) ||
			!got.ModTime().Equal(want.ModTime()) {
			t.Errorf("%s: %v %v, want %v %v", name, got.Mode(), got.ModTime(), want.Mode(), want.ModTime())
		}
		if !want.Mode().IsRegular() {
			return nil
		}
		x, err := fs.ReadFile(a.FS(), name)
		if err != nil {
			return err
		}
		if y, err := os.ReadFile(filepath.Join(dir, name)); err != nil || !bytes.Equal(x, y) {
			t.Errorf("%s: other content (%v)", name, err)
		}
		return nil
	})
	if err != nil {
		t.Error(err)
	}
	if got := len(Found(t, dir)); got != n {
		t.Errorf("%d entries extracted, want %d", got, n)
	}
}
