package blocks

import (
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"testing"
	"testing/synctest"
)

// Each field of the options has its effect.
func TestOptions(t *testing.T) {
	checks := map[string]func(t *testing.T){
		"Dir": func(t *testing.T) {
			o := newObject(3 * blockSize)
			opts := inDir(t)
			o.read(t, o.open(t, opts), 0, 1)
			list, err := filepath.Glob(filepath.Join(opts.Dir, "blocks-*.data"))
			if err != nil || len(list) != 1 {
				t.Error(list, err)
			}
		},
		"Limit": func(t *testing.T) {
			o := newObject(100 * blockSize)
			opts := inDir(t)
			opts.Limit = 20 * blockSize
			g := o.open(t, opts)
			o.read(t, g, 0, 100*blockSize)
			if n := cachedBlocks(g); n > 20 || n < 10 {
				t.Errorf("%d blocks are kept", n)
			}
		},
		"Memory": func(t *testing.T) {
			o := newObject(100 * blockSize)
			g := o.open(t, Options{Memory: 20 * blockSize})
			o.read(t, g, 0, 100*blockSize)
			if n := cachedBlocks(g); n != 20 {
				t.Errorf("%d blocks are kept", n)
			}
		},
		"ReadAhead": func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				o := newObject(100 * blockSize)
				for ahead, want := range map[int64][2]int64{-1: {2, 1}, 0: {2, 1 + 3*grows}} {
					g := o.open(t, Options{ReadAhead: ahead})
					o.read(t, g, 0, blockSize)
					o.read(t, g, blockSize, blockSize)
					o.asked()
					o.read(t, g, 2*blockSize, blockSize)
					synctest.Wait()
					equal(t, o.asked(), want)
				}
			})
		},
		"Parallel": func(t *testing.T) {
			synctest.Test(t, func(t *testing.T) {
				for parallel, want := range map[int]int{0: 8, 2: 2} {
					o := newObject(100 * blockSize)
					g := o.open(t, Options{Parallel: parallel})
					gate := o.gated()
					for i := range int64(20) {
						go o.read(t, g, i*4*blockSize, 1)
					}
					synctest.Wait()
					close(gate)
					synctest.Wait()
					if o.most != want {
						t.Errorf("%d requests at once, want %d", o.most, want)
					}
				}
			})
		},
		"Notice": func(t *testing.T) {
			file := filepath.Join(t.TempDir(), "file")
			if err := os.WriteFile(file, nil, 0o600); err != nil {
				t.Fatal(err)
			}
			for _, dir := range []string{"", file, file + "/below"} {
				var notices []error
				o := newObject(10 * blockSize)
				g := o.open(t, Options{Dir: dir, Notice: func(err error) { notices = append(notices, err) }})
				o.read(t, g, 0, 10*blockSize)
				if len(notices) != 1 || !errors.Is(notices[0], ErrNotKept) {
					t.Errorf("%q: %q", dir, notices)
				}
			}
		},
	}
	fields := reflect.TypeFor[Options]()
	for i := range fields.NumField() {
		name := fields.Field(i).Name
		if checks[name] == nil {
			t.Errorf("no test of Options.%s", name)
			continue
		}
		t.Run(name, checks[name])
	}
}

// cachedBlocks returns how many blocks are in the cache.
func cachedBlocks(g *Generation) (n int) {
	for b := range g.blockEnd(g.size) {
		if g.cached(make([]byte, 1), b*blockSize, false) == 1 {
			n++
		}
	}
	return n
}
