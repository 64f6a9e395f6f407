package remote_test

import (
	"errors"
	"io/fs"
	"net/http"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tarpack/tpk/tarpack/format"
	"github.com/tarpack/tpk/tarpack/internal/tartest"
	"github.com/tarpack/tpk/tarpack/remote"
	"github.com/tarpack/tpk/tarpack/remote/internal/remotetest"
	"github.com/tarpack/tpk/tarpack/shard"
	"github.com/tarpack/tpk/tarpack/source"
)

// A shard that is missing, or is not the one of the list, is one error that names it. The others
// can be read, and so can this one once it is right.
func TestSetWrongShard(t *testing.T) {
	s := serveSet(t, "x")
	right := s.Content(shardPath(1))
	other := serveSet(t, "y").Content(shardPath(1))
	for name, test := range map[string]struct {
		content []byte
		want    error
	}{
		"missing":     {nil, format.ErrShardMissing},
		"other place": {s.Content(shardPath(2)), format.ErrShardPlace},
		"other set":   {other, format.ErrShard},
		"cut off":     {right[:len(right)-100], format.ErrShard},
		"empty":       {[]byte{}, format.ErrShard},
		"page":        {[]byte("<html>" + tartest.Text("x", 5000)), format.ErrShard},
	} {
		t.Run(name, func(t *testing.T) {
			s.Put(shardPath(1), test.content)
			a := openSet(t, s, nil)
			file := fileIn(t, a, 1)
			for range 2 {
				_, err := fs.ReadFile(a.FS(), file)
				if !errors.Is(err, test.want) || !errors.Is(err, format.ErrShard) ||
					!strings.Contains(err.Error(), s.URL+shardPath(1)+": ") ||
					strings.Contains(err.Error(), "\n") {
					t.Error(err)
				}
			}
			if err := a.Source().Check(); err != nil { // the list is the same
				t.Error(err)
			}
			if _, err := fs.ReadFile(a.FS(), fileIn(t, a, 2)); err != nil {
				t.Error(err)
			}
			s.Put(shardPath(1), right)
			if _, err := check(t, a, "x"); err != nil {
				t.Error(err)
			}
		})
	}
}

// A set that is replaced while it is open: what was not read yet can't be read, until it is opened
// again.
func TestSetReplaced(t *testing.T) {
	older, newer := serveSet(t, "x"), packedSet(t, "y", shard.PackOptions{})
	o := &remote.Options{Blocks: newCache(t.TempDir())}
	a := openSet(t, older, o)
	read := fileIn(t, a, 1)
	if _, err := fs.ReadFile(a.FS(), read); err != nil {
		t.Fatal(err)
	}
	put(t, older, newer)
	right, err := check(t, a, "x")
	if !errors.Is(err, source.ErrChanged) {
		t.Errorf("%d files, %v", right, err)
	}
	if _, err := fs.ReadFile(a.FS(), read); err != nil { // in the cache
		t.Error(err)
	}
	if err := a.Source().Check(); !errors.Is(err, source.ErrChanged) {
		t.Error(err)
	}
	if err := openAndCheck(t, older.URL+listPath, "y", o); err != nil {
		t.Error(err)
	}
}

// A shard that is replaced by equal bytes is another generation of it. The set must be opened
// again, though its list is the same.
func TestShardReplaced(t *testing.T) {
	s := serveSet(t, "x")
	a := openSet(t, s, nil)
	if _, err := fs.ReadFile(a.FS(), fileIn(t, a, 0)); err != nil {
		t.Fatal(err)
	}
	s.Do(func(_ int, r *http.Request) remotetest.Fault {
		if r.URL.Path == shardPath(0) {
			return remotetest.Status(http.StatusPreconditionFailed, "")
		}
		return nil
	})
	if _, err := check(t, a, "x"); !errors.Is(err, source.ErrChanged) ||
		errors.Is(err, format.ErrShard) {
		t.Error(err)
	}
	if err := a.Source().Check(); !errors.Is(err, source.ErrChanged) {
		t.Error(err)
	}
}

// Sets whose list or sidecar is missing or wrong.
func TestSetWithoutIndex(t *testing.T) {
	other := serveSet(t, "y")
	for name, test := range map[string]struct {
		path    string
		content []byte
		want    error
		built   bool // with BuildIndex
	}{
		"no list":       {listPath, nil, fs.ErrNotExist, false},
		"bad list":      {listPath, []byte("tpk set 1\n"), format.ErrStale, false},
		"long list":     {listPath, make([]byte, 4<<20), format.ErrStale, false},
		"no sidecar":    {setSide, nil, format.ErrNoSidecar, true},
		"other sidecar": {setSide, other.Content(setSide), format.ErrStale, true},
		"page":          {setSide, []byte("<html>"), format.ErrStale, true},
	} {
		t.Run(name, func(t *testing.T) {
			s := serveSet(t, "x")
			s.Put(test.path, test.content)
			url := s.URL + listPath
			if err := openAndCheck(t, url, "x", nil); !errors.Is(err, test.want) ||
				!strings.HasPrefix(err.Error(), url) || strings.Contains(err.Error(), "\n") {
				t.Error(err)
			}
			var notices []error
			o := &remote.Options{BuildIndex: true,
				Notice: func(err error) { notices = append(notices, err) }}
			s.Put(shardPath(1)+format.SidecarSuffix, nil) // it is indexed
			err := openAndCheck(t, url, "x", o)
			if (err == nil) != test.built || test.built != (len(notices) > 0) {
				t.Error(err, notices)
			}
		})
	}
}

// Whatever a server does to the requests for a shard, what is read is right or there is one error.
func TestHostileShard(t *testing.T) {
	s := serveSet(t, "x")
	content := map[string][]byte{}
	for _, path := range []string{listPath, setSide, shardPath(0), shardPath(1), shardPath(2)} {
		content[path] = s.Content(path)
	}
	cases := append([]remotetest.Case{{Name: "flip", Fault: remotetest.Flip}}, remotetest.Cases...)
	for i, test := range cases {
		if testing.Short() && i%4 > 0 {
			continue
		}
		for _, path := range []string{listPath, shardPath(1)} {
			t.Run(test.Name+filepath.Ext(path), func(t *testing.T) {
				t.Parallel()
				s := remotetest.New(t, nil)
				for path, b := range content {
					s.Put(path, b)
				}
				s.Do(func(_ int, r *http.Request) remotetest.Fault {
					if r.URL.Path == path {
						return test.Fault
					}
					return nil
				})
				o := quick()
				o.Blocks = newCache(t.TempDir())
				err := openAndCheck(t, s.URL+listPath, "x", o)
				if err != nil && strings.Contains(err.Error(), "\n") {
					t.Errorf("several lines: %v", err)
				}
			})
		}
	}
}
