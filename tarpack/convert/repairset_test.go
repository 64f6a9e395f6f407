package convert_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"maps"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/tarpack/tpk/tarpack/convert"
	"github.com/tarpack/tpk/tarpack/format"
	"github.com/tarpack/tpk/tarpack/internal/shardset"
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

// A shard of which nothing is left is lost, and the others are saved, to another archive only. The
// index of the shard or of the set has its paths.
func TestRepairSetLosesShard(t *testing.T) {
	write := func(content string) func(name string) error {
		return func(name string) error { return os.WriteFile(name, []byte(content), 0o644) }
	}
	noIndex := func(s format.SetName, i int) error {
		return os.Remove(s.Shard(i) + format.SidecarSuffix)
	}
	for _, c := range []struct {
		name  string
		spoil func(name string) error
		more  func(s format.SetName, i int) error // also spoils an index
	}{
		{"missing", os.Remove, nil},
		{"empty", write(""), nil},
		{"truncated", func(name string) error { return os.Truncate(name, 30) }, nil},
		{"text", write("<p>503 Service Unavailable"), nil},
		{"missing, without its index", os.Remove, noIndex},
		{"empty, without its index", write(""), noIndex},
		{"with the index of another", os.Remove, func(s format.SetName, i int) error {
			other, err := os.ReadFile(s.Shard((i+1)%s.N) + format.SidecarSuffix)
			return errors.Join(err, os.WriteFile(s.Shard(i)+format.SidecarSuffix, other, 0o644))
		}},
		{"without a list", os.Remove, func(s format.SetName, _ int) error { return os.Remove(s.List()) }},
	} {
		// Directory d is in the last two shards.
		for i, want := range []struct{ saved, lost string }{
			{"d d/c d/e", "a b"}, {"a b d d/e", "d/c"}, {"a b d d/c", "d/e"},
		} {
			t.Run(fmt.Sprint(c.name, " ", i), func(t *testing.T) {
				s := packThree(t)
				err := c.spoil(s.Shard(i))
				if c.more != nil {
					err = errors.Join(err, c.more(s, i))
				}
				if err != nil {
					t.Fatal(err)
				}
				before := filesIn(t, filepath.Dir(s.Stem))
				saved := filepath.Join(t.TempDir(), "saved.tar.gz")
				var lost []string
				o := convert.RepairOptions{Lost: func(p *format.Problem) {
					lost = append(lost, p.Path)
					if !strings.Contains(p.Error(), filepath.Base(s.Shard(i))) {
						t.Errorf("%v does not name the shard", p)
					}
				}}
				res, err := convert.Repair(t.Context(), s.Archive(), saved, o)
				if got := strings.Join(lost, " "); err != nil || got != want.lost || !res.Written ||
					res.Lost != int64(len(lost)) || res.Saved != int64(len(strings.Fields(want.saved))) {
					t.Fatalf("%+v, lost %q, want %q, %v", res, got, want.lost, err)
				}
				if got := pathsOf(t, saved); got != want.saved {
					t.Errorf("saved %q, want %q", got, want.saved)
				}
				tartest.WantSound(t, saved)
				o.DryRun = true
				other := filepath.Join(t.TempDir(), "other.tar.gz")
				dry, err := convert.Repair(t.Context(), s.Archive(), other, o)
				if err != nil || dry.Lost != res.Lost || dry.Saved != res.Saved {
					t.Errorf("dry run: %+v, %v", dry, err)
				}
				// In place nothing of it would be left to restore.
				_, err = convert.Repair(t.Context(), s.Archive(), s.Archive(), convert.RepairOptions{})
				if !errors.Is(err, format.ErrShardMissing) && !errors.Is(err, format.ErrNotArchive) {
					t.Errorf("in place: %v", err)
				}
				if after := filesIn(t, filepath.Dir(s.Stem)); !maps.Equal(before, after) {
					t.Error("the set has changed")
				}
			})
		}
	}
}

// Without any index a lost shard counts as one entry, without a path. If all are lost, nothing is
// written.
func TestRepairSetLosesAll(t *testing.T) {
	s := packThree(t)
	saved := filepath.Join(t.TempDir(), "saved.tar.gz")
	if err := errors.Join(os.Remove(s.Shard(1)), os.Remove(s.Shard(1)+format.SidecarSuffix),
		os.Remove(s.List()+format.SidecarSuffix)); err != nil {
		t.Fatal(err)
	}
	lost := ""
	res, err := convert.Repair(t.Context(), s.Archive(), saved,
		convert.RepairOptions{Lost: func(p *format.Problem) { lost += p.Error() }})
	if err != nil || res.Lost != 1 || res.Saved != 4 || !strings.Contains(lost, "no index") {
		t.Errorf("%+v, %q, %v", res, lost, err)
	}
	err = errors.Join(os.Remove(saved), os.Truncate(s.Shard(0), 0), os.Truncate(s.Shard(2), 9))
	if err != nil {
		t.Fatal(err)
	}
	_, err = convert.Repair(t.Context(), s.Archive(), saved, convert.RepairOptions{})
	if !errors.Is(err, format.ErrNotArchive) {
		t.Error(err)
	}
	if _, err := os.Stat(saved); err == nil {
		t.Error("an archive of nothing was written")
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

// One shard alone is not repaired while its set is edited, nor over another shard.
func TestRepairSingleShard(t *testing.T) {
	s := packThree(t)
	o := convert.RepairOptions{Single: true}
	writer, err := shardset.Create(s.Archive())
	if err != nil {
		t.Fatal(err)
	}
	if _, err := convert.Repair(t.Context(), s.Shard(1), s.Shard(1), o); !errors.Is(err,
		format.ErrLocked) {
		t.Errorf("while the set is locked: %v", err)
	}
	if err := writer.Unlock(); err != nil {
		t.Fatal(err)
	}
	before := filesIn(t, filepath.Dir(s.Stem))
	if _, err := convert.Repair(t.Context(), s.Shard(0), s.Shard(1), o); !errors.Is(err,
		format.ErrShardName) {
		t.Errorf("over another shard: %v", err)
	}
	if _, err := convert.Repair(t.Context(), s.Shard(1), s.Shard(1), o); err != nil {
		t.Error(err)
	}
	if after := filesIn(t, filepath.Dir(s.Stem)); !maps.Equal(before, after) {
		t.Error("the files have changed")
	}
}
