//go:build linux || darwin

package mount

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"strings"
	"testing"

	"github.com/tarpack/tpk/tarpack/format"
	"github.com/tarpack/tpk/tarpack/internal/tartest"
	"github.com/tarpack/tpk/tarpack/pack"
	"github.com/tarpack/tpk/tarpack/source"
)

// TestOptions sets each field of the options, and checks its effect.
func TestOptions(t *testing.T) {
	name := tartest.Pack(t, tartest.Tree(t, [2]string{"d/f", "text"}), pack.Options{})
	var o Options
	k := newKernel(t, o, layerOf(t, name, ""))
	effects := map[string]func() bool{
		"Open": func() bool {
			failed := errors.New("failed")
			o := Options{Open: func(context.Context) ([]Layer, error) { return nil, failed }}
			_, err := Start(t.Context(), t.TempDir(), o)
			return errors.Is(err, failed)
		},
		"Source": func() bool { return k.f.mountOptions(&Options{Source: "x"}).FsName == "x" },
		"AllowOther": func() bool {
			return k.f.mountOptions(&Options{AllowOther: true}).AllowOther &&
				!k.f.mountOptions(&o).AllowOther
		},
		"Replace": func() bool {
			out, err := newKernel(t, Options{Replace: true}, layerOf(t, name, "")).walk("d/f")
			kept, keptErr := k.walk("d/f")
			return err == nil && keptErr == nil && out.EntryTimeout() == followEvery &&
				out.AttrTimeout() == followEvery && kept.EntryTimeout() == forever
		},
		"Log": func() bool {
			k.f.log.failure("f", errors.New("failed"))
			k.f.log.failure("f", errors.New("failed again"))
			return slices.Equal(k.log, []string{"f: failed"})
		},
	}
	for _, f := range reflect.VisibleFields(reflect.TypeFor[Options]()) {
		if has := effects[f.Name]; has == nil || !has() {
			t.Errorf("%s has no effect, or no test", f.Name)
		}
	}
}

// TestLayer sets each field of a layer.
func TestLayer(t *testing.T) {
	tree := tartest.Tree(t, [2]string{"d/f", "text"}, [2]string{"g", ""})
	name := tartest.Pack(t, tree, pack.Options{})
	closed := 0
	layer := func(dir string) Layer { // Archive
		l := layerOf(t, name, dir)
		l.Close = func() error {
			closed++
			return l.Archive.Close()
		}
		return l
	}
	k := newKernel(t, Options{}, layer("d"))
	if _, err := k.walk("f"); err != nil { // Dir
		t.Error(err)
	}
	k.f.trees.closeAll()
	for _, failed := range []error{nil, source.ErrChanged} { // Check
		l := layer("")
		l.Check = func() error { return failed }
		k := newKernel(t, Options{Replace: true}, l)
		if got := k.f.replaced(false); (got != "") != (failed != nil) {
			t.Errorf("%v: replaced is %q", failed, got)
		}
		closed--
		k.f.trees.closeAll()
	}
	if closed != 1 { // Close
		t.Errorf("closed %d times", closed)
	}
	for dir, want := range map[string]error{"none": format.ErrNoEntry, "g": ErrNotDirectory} {
		closed = 0
		if _, err := newTree(0, []Layer{layer(""), layer(dir)}); !errors.Is(err, want) || closed != 2 {
			t.Errorf("%s: %v, closed %d times", dir, err, closed)
		}
	}
}

// TestStart mounts where root may.
func TestStart(t *testing.T) {
	if _, err := os.Stat("/dev/fuse"); err != nil {
		t.Skip("this kernel has no /dev/fuse")
	}
	if os.Geteuid() != 0 {
		if os.Getenv("COMPAT") == "require" {
			t.Fatal("root is missing, and COMPAT=require")
		}
		t.Skip("root is missing")
	}
	name := tartest.Pack(t, tartest.Tree(t, [2]string{"d/f", "text"}), pack.Options{})
	o := Options{Source: "the source", Open: func(context.Context) ([]Layer, error) {
		return []Layer{layerOf(t, name, "")}, nil
	}}
	read := func(dir string) string {
		b, err := os.ReadFile(filepath.Join(dir, "d/f"))
		if err != nil {
			return err.Error()
		}
		return string(b)
	}
	dir := filepath.Join(t.TempDir(), `with "strange", \ name`)
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	m, err := Start(t.Context(), dir, o)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { _ = unmount(dir, true) }) // if the test fails
	if got := read(dir); got != "text" {
		t.Error(got)
	}
	if err := os.WriteFile(filepath.Join(dir, "x"), nil, 0o644); err == nil {
		t.Error("a file was written")
	}
	if err := m.Unmount(); err != nil {
		t.Error(err)
	}
	if err := Unmount(dir); !errors.Is(err, ErrNotMounted) {
		t.Errorf("a second time: %v", err)
	}
	ctx, stop := context.WithCancel(t.Context())
	if m, err = Start(ctx, dir, o); err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(filepath.Join(dir, "d/f"))
	if err != nil {
		t.Fatal(err)
	}
	if err := Unmount(dir); !errors.Is(err, ErrInUse) {
		t.Errorf("a mount in use: %v", err)
	}
	stop() // it is not found any more, and ends when f is closed
	f.Close()
	if err := m.Wait(); err != nil {
		t.Error(err)
	}
	if got := read(dir); !strings.Contains(got, "no such file") {
		t.Error(got)
	}
	if _, err := Start(t.Context(), filepath.Join(dir, "none"), o); !errors.Is(err, fs.ErrNotExist) {
		t.Error(err)
	}
}

// TestLogLimits: what is remembered is bounded.
func TestLogLimits(t *testing.T) {
	n := 0
	l := &log{say: func(string) { n++ }}
	for range 3 {
		for i := range maxSaid {
			l.failure(string(rune('a'+i)), fs.ErrInvalid)
		}
	}
	if n != maxSaid {
		t.Errorf("%d lines", n)
	}
	l.skipped("d", 3)
	if n != maxSaid+1 || len(l.said) != maxSaid {
		t.Errorf("%d lines, %d are remembered", n, len(l.said))
	}
}
