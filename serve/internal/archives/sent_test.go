package archives

import (
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"testing"
	"time"

	"github.com/tarpack/tpk/serve/internal/guard"
	"github.com/tarpack/tpk/tarpack/source"
)

// TestPlainInDoubt: an answer from a plain file that has got a name or other permissions is in
// doubt, so that it is made again, and one from a file that was written to is not answered.
func TestPlainInDoubt(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("the time of the last change is not known")
	}
	dir := t.TempDir()
	name := filepath.Join(dir, "a")
	l, err := NewLibrary(Options{})
	if err == nil {
		err = l.Load(t.Context(), []Spec{{Path: dir}})
	}
	if err != nil {
		t.Fatal(err)
	}
	defer l.Close()
	for what, c := range map[string]struct {
		change  func() error
		doubt   bool
		accepts bool // after it was sent
	}{
		"nothing": {change: func() error { return nil }, accepts: true},
		"a link that ended": {doubt: true, change: func() error {
			return errors.Join(os.Link(name, name+".1"), os.Remove(name+".1"))
		}},
		"a link": {doubt: true, accepts: true, change: func() error {
			return os.Link(name, name+".2")
		}},
		"permissions": {doubt: true, change: func() error { return os.Chmod(name, 0o640) }},
		"other bytes": {change: func() error {
			return os.WriteFile(name, []byte("other"), 0o600)
		}},
		"another time": {change: func() error {
			return os.Chtimes(name, time.Time{}, time.Unix(1e9, 0))
		}},
	} {
		if err := errors.Join(os.RemoveAll(name), os.WriteFile(name, []byte("text"), 0o600)); err != nil {
			t.Fatal(err)
		}
		time.Sleep(20 * time.Millisecond) // a tick of the clock of files
		var v View
		if !l.View(&v) {
			t.Fatal("nothing is served")
		}
		n, err := v.Lookup("a")
		if err = errors.Join(err, c.change()); err != nil {
			t.Fatal(err)
		}
		err = v.Check()
		if (err == nil) != (what == "nothing") || errors.Is(err, guard.ErrDoubtful) != c.doubt ||
			err != nil && !errors.Is(err, source.ErrChanged) {
			t.Errorf("%s: %v", what, err)
		}
		if err := v.ProvePlain(&n); (err == nil) != c.accepts || c.accepts && v.Check() != nil {
			t.Errorf("%s, sent: %v, %v", what, err, v.Check())
		}
		v.Release()
	}
}
