package convert_test

import (
	"bytes"
	"context"
	"errors"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/tarpack/tpk/tarpack/convert"
	"github.com/tarpack/tpk/tarpack/format"
	"github.com/tarpack/tpk/tarpack/internal/tartest"
	"github.com/tarpack/tpk/tarpack/shard"
)

// packThree packs a tree into a set of three shards. Directory d is in the last two.
func packThree(t *testing.T) format.SetName {
	t.Helper()
	dir := tartest.Tree(t, [2]string{"a", "first"}, [2]string{"b", "second"},
		[2]string{"d/c", "third one"}, [2]string{"d/e", "fourth of them"})
	out := filepath.Join(t.TempDir(), "out.tar.gz")
	if _, err := shard.Pack(context.Background(), dir, out, shard.PackOptions{Shards: 3}); err != nil {
		t.Fatal(err)
	}
	return format.SetNameOf(out, 3)
}

// pathsOf returns the paths of an archive.
func pathsOf(t *testing.T, name string) string {
	t.Helper()
	a := tartest.Open(t, name)
	var paths []string
	for row, err := range a.Index().All(0, a.Index().Len()) {
		if err != nil {
			t.Fatal(err)
		}
		paths = append(paths, string(row.Path))
	}
	return strings.Join(paths, " ")
}

// filesIn returns the contents of the files in a directory, by name.
func filesIn(t *testing.T, dir string) map[string]string {
	t.Helper()
	files := map[string]string{}
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, e := range entries {
		files[e.Name()] = string(tartest.Read(t, filepath.Join(dir, e.Name())))
	}
	return files
}

// Bytes of another program behind a shard are never removed.
func TestRepairSetAdded(t *testing.T) {
	s := packThree(t)
	shard := append(tartest.Read(t, s.Shard(1)), "more"...)
	tartest.WriteFile(t, s.Shard(1), shard)
	_, err := convert.Repair(t.Context(), s.Shard(0), s.Shard(0), convert.RepairOptions{})
	if !errors.Is(err, format.ErrAdded) || !strings.Contains(err.Error(), s.Shard(1)) {
		t.Errorf("%v", err)
	}
	saved := filepath.Join(t.TempDir(), "saved.tar.gz")
	res, err := convert.Repair(t.Context(), s.Shard(0), saved, convert.RepairOptions{})
	if err != nil || res.CutOff != 4 {
		t.Fatalf("%+v, %v", res, err)
	}
	if got := pathsOf(t, saved); got != "a b d d/c d/e" {
		t.Errorf("saved %s", got)
	}
	if !bytes.Equal(tartest.Read(t, s.Shard(1)), shard) {
		t.Error("the shard was changed")
	}
}

// Repair replaces the shards that are damaged, and what of the set's own files does not fit. The
// others keep their files. It saves the same entries to another archive.
func TestRepairSet(t *testing.T) {
	cut := func(s format.SetName) error {
		b, err := os.ReadFile(s.Shard(2))
		if err != nil {
			return err
		}
		return os.WriteFile(s.Shard(2), b[:len(b)-90], 0o644)
	}
	for _, c := range []struct {
		name   string
		damage func(s format.SetName) error
		shards []int  // that are replaced
		paths  string // that are saved
		lost   string
	}{
		{"nothing", func(format.SetName) error { return nil }, nil, "a b d d/c d/e", ""},
		{"a shard", cut, []int{2}, "a b d d/c", "d/e"},
		{"zeros behind a shard", func(s format.SetName) error {
			b, err := os.ReadFile(s.Shard(1))
			if err != nil {
				return err
			}
			return os.WriteFile(s.Shard(1), append(b, make([]byte, 4)...), 0o644)
		}, []int{1}, "a b d d/c d/e", ""},
		{"the list", func(s format.SetName) error { return os.Truncate(s.List(), 20) },
			nil, "a b d d/c d/e", ""},
		{"no list", func(s format.SetName) error { return os.Remove(s.List()) },
			nil, "a b d d/c d/e", ""},
		{"the list and a shard", func(s format.SetName) error {
			return errors.Join(os.Truncate(s.List(), 20), cut(s))
		}, []int{2}, "a b d d/c", "d/e"},
		{"the set's index", func(s format.SetName) error {
			return os.Remove(s.List() + format.SidecarSuffix)
		}, nil, "a b d d/c d/e", ""},
		{"the index of a shard", func(s format.SetName) error {
			return os.Remove(s.Shard(1) + format.SidecarSuffix)
		}, nil, "a b d d/c d/e", ""},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := packThree(t)
			if err := c.damage(s); err != nil {
				t.Fatal(err)
			}
			var before []os.FileInfo
			for i := range s.N {
				fi, err := os.Stat(s.Shard(i))
				if err != nil {
					t.Fatal(err)
				}
				before = append(before, fi)
			}
			saved, lost := filepath.Join(t.TempDir(), "saved.tar.gz"), ""
			o := convert.RepairOptions{Lost: func(p *format.Problem) { lost += p.Path }}
			other, err := convert.Repair(t.Context(), s.Shard(0), saved, o)
			if err != nil || lost != c.lost || other.Written != (len(c.shards) > 0) {
				t.Fatalf("%+v, %q, %v", other, lost, err)
			}
			if other.Written {
				if got := pathsOf(t, saved); got != c.paths {
					t.Errorf("saved %s, want %s", got, c.paths)
				}
				tartest.WantSound(t, saved)
			}
			lost = ""
			res, err := convert.Repair(t.Context(), s.Shard(0), s.Shard(0), o)
			if err != nil || lost != c.lost || res.Written != other.Written ||
				res.Saved != int64(len(strings.Fields(c.paths))) || res.Saved != other.Saved {
				t.Fatalf("%+v, %q, %v", res, lost, err)
			}
			var replaced []int
			for i := range s.N {
				if fi, err := os.Stat(s.Shard(i)); err != nil || !os.SameFile(fi, before[i]) {
					replaced = append(replaced, i)
				}
			}
			if !slices.Equal(replaced, c.shards) {
				t.Errorf("shards %v were replaced, want %v", replaced, c.shards)
			}
			tartest.WantSound(t, s.Shard(0))
			if got := pathsOf(t, s.Shard(0)); got != c.paths {
				t.Errorf("the set has %s, want %s", got, c.paths)
			}
			if names, err := os.ReadDir(filepath.Dir(s.Stem)); err != nil || len(names) != 2*s.N+2 {
				t.Errorf("the files are %v, %v", names, err)
			}
		})
	}
}

// What Repair can't bring to a whole set is refused, and stays as it was.
func TestRepairSetRefuses(t *testing.T) {
	for _, c := range []struct {
		name   string
		damage func(s format.SetName) error
		shard  int // that Repair is called with
		want   error
	}{
		{"no shard", func(s format.SetName) error { return os.Remove(s.Shard(1)) }, 0,
			format.ErrShardMissing},
		{"nothing of a shard", func(s format.SetName) error {
			return os.WriteFile(s.Shard(1), bytes.Repeat([]byte("x"), 1000), 0o644)
		}, 0, format.ErrNotArchive},
		{"another shard", func(format.SetName) error { return nil }, 1, format.ErrPart},
		{"a shard that is not in the list", func(s format.SetName) error {
			b, err := os.ReadFile(s.Shard(0))
			return errors.Join(err, os.WriteFile(s.Shard(1), b, 0o644))
		}, 0, format.ErrShard},
		{"not of one set", func(s format.SetName) error {
			if err := os.Remove(s.List()); err != nil {
				return err
			}
			b, err := os.ReadFile(s.Shard(0))
			side, sideErr := os.ReadFile(s.Shard(0) + format.SidecarSuffix)
			return errors.Join(err, sideErr, os.WriteFile(s.Shard(1), b, 0o644),
				os.WriteFile(s.Shard(1)+format.SidecarSuffix, side, 0o644))
		}, 0, format.ErrNotOneSet},
	} {
		t.Run(c.name, func(t *testing.T) {
			s := packThree(t)
			if err := c.damage(s); err != nil {
				t.Fatal(err)
			}
			before := filesIn(t, filepath.Dir(s.Stem))
			_, err := convert.Repair(t.Context(), s.Shard(c.shard), s.Shard(c.shard),
				convert.RepairOptions{})
			if !errors.Is(err, c.want) {
				t.Errorf("%v, want %v", err, c.want)
			}
			if after := filesIn(t, filepath.Dir(s.Stem)); !maps.Equal(before, after) {
				t.Error("the files have changed")
			}
		})
	}
}
