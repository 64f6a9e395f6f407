package cache_test

import (
	"errors"
	"os"
	"path/filepath"
	"reflect"
	"slices"
	"testing"

	"github.com/tarpack/tpk/tarpack/cache"
	"github.com/tarpack/tpk/tarpack/format"
	"github.com/tarpack/tpk/tarpack/internal/tartest"
	"github.com/tarpack/tpk/tarpack/pack"
)

// Each field of the options has its effect.
func TestOptions(t *testing.T) {
	dir := t.TempDir()
	zipped := zipOf(t, filepath.Join(dir, "x.zip"), "a", "../b")
	archive := tartest.Pack(t, tartest.OptionsTree(t), pack.Options{})
	if err := os.Remove(archive + format.SidecarSuffix); err != nil {
		t.Fatal(err)
	}
	run := func(t *testing.T, name string, o cache.Options) (kept []string, err error) {
		c := &cache.Cache{Dir: filepath.Join(t.TempDir(), "cache")}
		a, err := c.Open(t.Context(), name, o)
		if err == nil {
			err = a.Close()
		}
		return left(t, c.Dir), err
	}
	checks := map[string]func(t *testing.T){
		"NoConvert": func(t *testing.T) {
			_, err := run(t, zipped, cache.Options{NoConvert: true})
			if !errors.Is(err, format.ErrNotArchive) {
				t.Error(err)
			}
		},
		"KeepIndex": func(t *testing.T) {
			if kept, err := run(t, archive, cache.Options{KeepIndex: true}); err != nil || len(kept) != 3 {
				t.Error(kept, err)
			}
			if kept, err := run(t, archive, cache.Options{}); err != nil || len(kept) != 0 {
				t.Error(kept, err)
			}
		},
		"Quick": func(t *testing.T) {
			for _, name := range []string{zipped, archive} {
				for _, keep := range []bool{false, true} {
					kept, err := run(t, name, cache.Options{Quick: true, KeepIndex: keep})
					if !errors.Is(err, cache.ErrSlow) || len(kept) > 0 {
						t.Error(kept, err)
					}
				}
			}
		},
		"Fresh": func(t *testing.T) {
			if kept, err := run(t, zipped, cache.Options{Fresh: true}); err != nil || len(kept) != 0 {
				t.Error(kept, err)
			}
		},
		"Workers": func(t *testing.T) {
			for _, name := range []string{zipped, archive} {
				if _, err := run(t, name, cache.Options{Workers: 1}); err != nil {
					t.Error(err)
				}
			}
		},
		"LoadIndex": func(t *testing.T) {
			checkDamaged(t, run, map[int64]error{0: nil, 1 << 20: cache.ErrSlow},
				func(o *cache.Options, limit int64) { o.LoadIndex = limit })
		},
		"CheckIndex": func(t *testing.T) {
			checkDamaged(t, run, map[int64]error{0: nil, 1: nil, 1 << 20: cache.ErrSlow},
				func(o *cache.Options, limit int64) { o.CheckIndex = limit })
		},
		"Trust": func(t *testing.T) { checkTrust(t, archive, zipped) },
		"Notice": func(t *testing.T) {
			var n notices
			if _, err := run(t, zipped, cache.Options{Notice: n.add}); err != nil || len(n.list) != 2 {
				t.Error(n.list, err)
			}
		},
		"Progress": func(t *testing.T) {
			for _, name := range []string{zipped, archive} {
				calls := 0
				_, err := run(t, name, cache.Options{Progress: func(format.Progress) { calls++ }})
				if err != nil || calls == 0 {
					t.Error(calls, err)
				}
			}
		},
		"Problem": func(t *testing.T) {
			var paths []string
			_, err := run(t, zipped, cache.Options{Problem: func(p *format.Problem) {
				paths = append(paths, p.Path)
			}})
			if err != nil || !slices.Equal(paths, []string{"../b"}) {
				t.Error(paths, err)
			}
		},
	}
	for i := range reflect.TypeFor[cache.Options]().NumField() {
		name := reflect.TypeFor[cache.Options]().Field(i).Name
		if checks[name] == nil {
			t.Errorf("%s has no check", name)
			continue
		}
		t.Run(name, checks[name])
	}
}

// checkDamaged opens an archive with an index whose last byte is wrong, with each of the limits.
// The errors must be these: ErrSlow means that the index is not used.
func checkDamaged(t *testing.T,
	open func(t *testing.T, name string, o cache.Options) ([]string, error),
	limits map[int64]error, set func(o *cache.Options, limit int64),
) {
	t.Helper()
	name := tartest.Pack(t, tartest.OptionsTree(t), pack.Options{})
	side := tartest.Read(t, name+format.SidecarSuffix)
	side[len(side)-1] ^= 1
	tartest.WriteFile(t, name+format.SidecarSuffix, side)
	for limit, want := range limits {
		o := cache.Options{Quick: true, KeepIndex: true}
		set(&o, limit)
		if _, err := open(t, name, o); !errors.Is(err, want) {
			t.Error(limit, err)
		}
	}
}
