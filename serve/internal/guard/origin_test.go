package guard

import (
	"errors"
	"os"
	"path/filepath"
	"testing"
	"time"
)

// TestOrigin changes a file that was converted in several ways. What is under the same name and may
// have another content has changed; a file that lost its name has not.
func TestOrigin(t *testing.T) {
	write := func(name, content string) error { return os.WriteFile(name, []byte(content), 0o644) }
	for _, c := range []struct {
		what   string
		change func(name string) error
		want   bool
	}{
		{"nothing", func(string) error { return nil }, false},
		{"written over", func(name string) error { return write(name, "other") }, true},
		{"the time set back", func(name string) error {
			return errors.Join(write(name, "tnetnoc"), os.Chtimes(name, time.Time{}, time.Unix(1e9, 0)))
		}, true},
		{"cut short", func(name string) error { return os.Truncate(name, 0) }, true},
		{"chmod", func(name string) error { return os.Chmod(name, 0o600) }, true}, // may be a write
		{"removed", os.Remove, false},
		{"renamed", func(name string) error { return os.Rename(name, name+"~") }, false},
		{"renamed over", func(name string) error {
			return errors.Join(write(name+"~", "other"), os.Rename(name+"~", name))
		}, false},
		{"kept under another name, and replaced", func(name string) error {
			return errors.Join(os.Rename(name, name+"~"), write(name, "other"))
		}, false},
	} {
		t.Run(c.what, func(t *testing.T) {
			name := filepath.Join(t.TempDir(), "a.zip")
			if err := write(name, "content"); err != nil {
				t.Fatal(err)
			}
			if err := os.Chtimes(name, time.Time{}, time.Unix(1e9, 0)); err != nil {
				t.Fatal(err)
			}
			if err := WaitUntilWritten(t.Context(), name, 0, func(error) {}); err != nil {
				t.Fatal(err)
			}
			was, err := os.Stat(name)
			if err != nil {
				t.Fatal(err)
			}
			o, err := OpenOrigin(name, was)
			if err != nil {
				t.Fatal(err)
			}
			defer o.Close()
			if err := c.change(name); err != nil {
				t.Fatal(err)
			}
			changed, first := o.Changed()
			again, second := o.Changed()
			if changed != c.want || first != c.want || again != c.want || second {
				t.Errorf("changed: %v, first %v; again: %v, %v", changed, first, again, second)
			}
			if _, err := OpenOrigin(name, was); c.want && !errors.Is(err, ErrBusy) {
				t.Errorf("opened as it was: %v", err)
			}
		})
	}
}
