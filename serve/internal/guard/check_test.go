package guard

import (
	"context"
	"errors"
	"os"
	"path/filepath"
	"runtime"
	"sync"
	"testing"
	"testing/fstest"
	"testing/synctest"
	"time"

	"github.com/tarpack/tpk/internal/changetime"
	"github.com/tarpack/tpk/tarpack"
	"github.com/tarpack/tpk/tarpack/pack"
)

// watched packs an archive and returns its name and a Guard that watches it. What the Guard begins
// in the background is in begun, and is not run.
func watched(t *testing.T) (name string, g *Guard, begun *[]func(context.Context)) {
	t.Helper()
	name = filepath.Join(t.TempDir(), "a.tar.gz")
	files := fstest.MapFS{"a": {Data: []byte("text"), Mode: 0o644}}
	if _, err := pack.FS(t.Context(), files, name, pack.FSOptions{}); err != nil {
		t.Fatal(err)
	}
	a, err := tarpack.Open(t.Context(), name, nil)
	if err != nil {
		t.Fatal(err)
	}
	f, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() {
		if err := errors.Join(a.Close(), f.Close()); err != nil {
			t.Error(err)
		}
	})
	stamp, err := changetime.Stat(f)
	if err != nil {
		t.Fatal(err)
	}
	begun = new([]func(context.Context))
	begin := func(work func(context.Context)) { *begun = append(*begun, work) }
	g = New(Config{Name: name, Archive: a, Notice: func(string) {}, Begin: begin,
		Later:       func(_ time.Duration, work func(context.Context)) { begin(work) },
		Overwritten: func() { t.Error("it is taken off") }})
	g.WatchFile(f, stamp)
	return name, g, begun
}

// TestOneCheck: however often the attributes of an archive change, one check of it is begun, and
// that checks it as it is after the last change.
func TestOneCheck(t *testing.T) {
	if runtime.GOOS == "windows" {
		t.Skip("the time of the last change is not known")
	}
	name, g, begun := watched(t)
	touch := func() {
		t.Helper()
		time.Sleep(changetime.Tick)
		if err := os.Chmod(name, 0o600); err != nil {
			t.Fatal(err)
		}
		if err := g.Check(g.Proof(), 0, 1); !errors.Is(err, ErrDoubtful) {
			t.Fatal(err)
		}
	}
	for range 5 {
		touch()
	}
	if len(*begun) != 1 {
		t.Errorf("%d checks for 5 changes", len(*begun))
	}
	g.Proof().began = time.Now().Add(time.Minute) // as if it had just changed
	(*begun)[0](t.Context())
	if p := g.Proof(); len(*begun) != 2 || p.all.Load() {
		t.Errorf("%d checks after the first, which came too early: %t", len(*begun), p.all.Load())
	}
	g.Proof().began = time.Now().Add(-checkAfter)
	(*begun)[1](t.Context())
	if p := g.Proof(); len(*begun) != 2 || !p.all.Load() {
		t.Errorf("%d checks after the second: %t", len(*begun), p.all.Load())
	}
	touch()
	if len(*begun) != 3 {
		t.Errorf("%d checks after a change that came later", len(*begun))
	}
	touch()
	ctx, end := context.WithCancel(t.Context())
	end()
	if (*begun)[2](ctx); len(*begun) != 3 {
		t.Error("the server ends, and a check is begun")
	}
}

// TestCheckOfAll: all that wait while the archive can't be read get the result of one check, and
// what comes later tries again.
func TestCheckOfAll(t *testing.T) {
	synctest.Test(t, func(t *testing.T) {
		g := New(Config{})
		p := &Proof{guard: g}
		g.proof.Store(p)
		checks := 0
		failing := func(context.Context) {
			checks++
			time.Sleep(time.Minute)
		}
		var all sync.WaitGroup
		for range 5 {
			all.Go(func() { p.check(t.Context(), failing) })
		}
		all.Wait()
		if checks != 1 {
			t.Errorf("%d checks for 5 that wait", checks)
		}
		if p.check(t.Context(), failing); checks != 2 {
			t.Errorf("%d checks, one of them later", checks)
		}
		p.all.Store(true)
		if p.check(t.Context(), failing); checks != 2 {
			t.Error("a check of what is known")
		}
	})
}
