package tarpack_test

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"testing"
	"testing/fstest"

	"github.com/tarpack/tpk/internal/changetime"
	"github.com/tarpack/tpk/tarpack"
	"github.com/tarpack/tpk/tarpack/format"
	"github.com/tarpack/tpk/tarpack/internal/tartest"
	"github.com/tarpack/tpk/tarpack/pack"
	"github.com/tarpack/tpk/tarpack/source"
)

// TestOpenAt: an archive in memory reads as the one in a file does, with its sidecar and without,
// also when it lies inside a larger file.
func TestOpenAt(t *testing.T) {
	ctx := context.Background()
	name := tartest.Pack(t, tartest.Tree(t, [2]string{"a/b", "text"}, [2]string{"a/l", "-> b"},
		[2]string{"big", tartest.Noise("big", 300_000)}), pack.Options{})
	archive, index := tartest.Read(t, name), tartest.Read(t, name+format.SidecarSuffix)
	inside := append(append([]byte("before"), archive...), "after"...)
	part := func(b []byte, off, n int) *bytes.Reader { return bytes.NewReader(b[off : off+n]) }
	for _, c := range []struct {
		name  string
		bytes *bytes.Reader
		index *bytes.Reader
	}{
		{"with index", bytes.NewReader(archive), bytes.NewReader(index)},
		{"without", bytes.NewReader(archive), nil},
		{"inside", part(inside, len("before"), len(archive)), bytes.NewReader(index)},
	} {
		t.Run(c.name, func(t *testing.T) {
			open := func() (*tarpack.Archive, error) {
				if c.index == nil {
					return tarpack.OpenAt(ctx, c.bytes, c.bytes.Size(), nil, 0, nil)
				}
				return tarpack.OpenAt(ctx, c.bytes, c.bytes.Size(), c.index, c.index.Size(), nil)
			}
			a, err := open()
			if err != nil {
				t.Fatal(err)
			}
			defer a.Close()
			if a.IndexRebuilt() != (c.index == nil) || a.Size() != int64(len(archive)) {
				t.Errorf("rebuilt %v, %d bytes", a.IndexRebuilt(), a.Size())
			}
			if err := fstest.TestFS(a.FS(), "a/b", "a/l", "big"); err != nil {
				t.Error(err)
			}
			if b, err := fs.ReadFile(a.FS(), "big"); err != nil ||
				string(b) != tartest.Noise("big", 300_000) {
				t.Error(err)
			}
		})
	}
}

func TestOpenAtErrors(t *testing.T) {
	ctx := context.Background()
	name := tartest.Pack(t, tartest.Tree(t, [2]string{"a", "1"}), pack.Options{})
	other := tartest.Pack(t, tartest.Tree(t, [2]string{"b", "2"}), pack.Options{})
	archive, index := tartest.Read(t, name), tartest.Read(t, name+format.SidecarSuffix)
	foreign := tartest.Read(t, other+format.SidecarSuffix)
	damaged := slices.Clone(archive)
	damaged[len(damaged)/3] ^= 0x55
	for _, c := range []struct {
		name           string
		archive, index []byte
		o              *tarpack.OpenOptions
		want           error
	}{
		{"empty", nil, nil, nil, format.ErrNotArchive},
		{"no archive",
			[]byte(
				"hello, this is text and no archive at all, and long enough for a trailer"), nil,
			nil, format.ErrNotArchive},
		{"cut short", archive[:len(archive)-1], index, nil, format.ErrTruncated},
		{"index of another", archive, foreign, nil, format.ErrStale},
		{"index cut short", archive, index[:len(index)-1], nil, format.ErrStale},
		{"damaged, without an index", damaged, nil, nil, format.ErrCorrupt},
		{"no index", archive, nil, &tarpack.OpenOptions{RequireSidecar: true}, format.ErrNoSidecar},
	} {
		var a *tarpack.Archive
		var err error
		if c.index == nil {
			a, err = tarpack.OpenAt(ctx, bytes.NewReader(c.archive), int64(len(c.archive)), nil, 0, c.o)
		} else {
			a, err = tarpack.OpenAt(ctx, bytes.NewReader(c.archive), int64(len(c.archive)),
				bytes.NewReader(c.index), int64(len(c.index)), c.o)
		}
		if !errors.Is(err, c.want) || a != nil {
			t.Errorf("%s: %v, want %v", c.name, err, c.want)
		}
	}
}

// TestShardOfArchive: for an archive that is not a set, Shard returns an error.
func TestShardOfArchive(t *testing.T) {
	a := tartest.Open(t, tartest.Pack(t, tartest.Tree(t, [2]string{"a", "1"}), pack.Options{}))
	if _, _, err := a.Shard(0); !errors.Is(err, format.ErrShard) || a.Shards() != 0 {
		t.Error(err)
	}
}

// TestSourceCheck: a source notices that its file was replaced, changed or removed.
func TestSourceCheck(t *testing.T) {
	for change, do := range map[string]func(name string) error{
		"replaced": func(name string) error {
			if err := os.WriteFile(name+".new", []byte("new"), 0o644); err != nil {
				return err
			}
			return os.Rename(name+".new", name)
		},
		"written over": func(name string) error {
			f, err := os.OpenFile(name, os.O_WRONLY, 0)
			if err != nil {
				return err
			}
			_, err = f.WriteAt([]byte{0}, 5)
			return errors.Join(err, f.Close())
		},
		"removed": os.Remove,
	} {
		name := tartest.Pack(t, tartest.Tree(t, [2]string{"a", "1"}), pack.Options{})
		a := tartest.Open(t, name)
		if err := a.Source().Check(); err != nil {
			t.Fatal(err)
		}
		waitForTick(t, name)
		if err := do(name); err != nil {
			t.Fatal(err)
		}
		if err := a.Source().Check(); !errors.Is(err, source.ErrChanged) {
			t.Errorf("%s: %v", change, err)
		}
	}
}

// waitForTick waits until the file system gives a changed file a later time than the file name has.
func waitForTick(t *testing.T, name string) {
	t.Helper()
	was, err := os.Stat(name)
	if err != nil {
		t.Fatal(err)
	}
	later := filepath.Join(t.TempDir(), "later")
	for {
		if err := os.WriteFile(later, nil, 0o644); err != nil {
			t.Fatal(err)
		}
		if fi, err := os.Stat(later); err != nil {
			t.Fatal(err)
		} else if changetime.Of(fi) > changetime.Of(was) || // 0 on Windows
			changetime.Of(fi) == 0 && fi.ModTime().After(was.ModTime()) {
			return
		}
	}
}
