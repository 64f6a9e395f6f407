package spool

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"testing/iotest"

	"github.com/tarpack/tpk/sidecar"
	"github.com/tarpack/tpk/tarpack/format"
	"github.com/tarpack/tpk/tarpack/internal/packer"
)

// pack announces and packs entries, and returns what the archive of the spool holds, in path order,
// and what was refused. An entry is a path and a content: "/" is a directory, "-> x" a symbolic
// link, "=> x" a hard link.
func pack(t *testing.T, entries ...[2]string) (list, refused []string) {
	t.Helper()
	name := filepath.Join(t.TempDir(), "out.tar.gz")
	refuse := func(path string, err error) {
		refused = append(refused, fmt.Sprintf("%s: %v", path, err))
	}
	s, err := New(name, false, nil, func(pr *format.Problem) { refuse(pr.Path, pr.Err) })
	if err != nil {
		t.Fatal(err)
	}
	defer s.Close()
	p := packer.NewDry(packer.Options{Dedup: format.DedupOff})
	p.Out, p.Entries = s.W, s
	contents := NewContents(p, name)
	produce := func(ctx context.Context) error {
		for _, e := range entries {
			h := format.Header{Path: e[0], Type: sidecar.TypeFile, Mode: 0o644}
			if e[1] == "/" {
				h.Type = sidecar.TypeDir
			} else if to, ok := strings.CutPrefix(e[1], "-> "); ok {
				h.Type, h.Link, h.Mode = sidecar.TypeSymlink, to, format.LinkMode
			} else if to, ok := strings.CutPrefix(e[1], "=> "); ok {
				h.Type, h.Link = sidecar.TypeHardlink, to
			} else {
				h.Size = int64(len(e[1]))
			}
			if err := s.Announce(&h); err != nil {
				refuse(e[0], err)
				continue
			}
			it := packer.NewGivenItem(h)
			if h.Type == sidecar.TypeFile {
				var err error
				if it, err = contents.Item(ctx, h, strings.NewReader(e[1])); err != nil {
					return err
				}
			}
			if err := errors.Join(p.Submit(ctx, it), p.EndDir(ctx)); err != nil {
				return err
			}
		}
		return nil
	}
	if _, err := p.Run(context.Background(), produce, nil); err != nil {
		t.Fatal(err)
	}
	a, err := s.Archive(context.Background())
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	for row, err := range a.Index.All(0, a.Index.Len()) {
		if err != nil {
			t.Fatal(err)
		}
		line := string(row.Path)
		switch row.Entry.Type {
		case sidecar.TypeDir:
			line += "/"
		case sidecar.TypeFile:
			r, err := a.OpenContent(row.Ordinal)
			if err != nil {
				t.Fatal(err)
			}
			var b bytes.Buffer
			if _, err := b.ReadFrom(r); err != nil {
				t.Fatal(err)
			}
			line += " " + b.String()
		default:
			to, err := a.Index.Link(row.Ordinal)
			if err != nil {
				t.Fatal(err)
			}
			line += " > " + to
		}
		list = append(list, line)
	}
	return list, refused
}

func TestSpool(t *testing.T) {
	for name, c := range map[string]struct {
		entries       [][2]string
		list, refused []string
	}{
		"any order, the last entry of a path counts": {
			[][2]string{{"b", "1"}, {"a", "2"}, {"b", "three"}, {"l", "-> a"}},
			[]string{"a 2", "b three", "l > a"}, nil,
		},
		"missing parents": {
			[][2]string{{"a/b/c", "1"}, {"a", "/"}},
			[]string{"a/", "a/b/", "a/b/c 1"}, nil,
		},
		"hard links, to a link as well": {
			[][2]string{{"f", "1"}, {"g", "=> f"}, {"h", "=> g"}},
			[]string{"f 1", "g > f", "h > f"}, nil,
		},
		"a hard link becomes the file that was replaced": {
			[][2]string{{"f", "old"}, {"g", "=> f"}, {"h", "=> f"}, {"f", "new"}},
			[]string{"f new", "g old", "h > g"}, nil,
		},
		"a hard link to a symbolic link is a copy of it": {
			[][2]string{{"l", "-> x"}, {"m", "=> l"}},
			[]string{"l > x", "m > x"}, nil,
		},
		"a hard link to itself": {
			[][2]string{{"f", "1"}, {"f", "=> f"}, {"g", "=> f"}, {"f", "=> g"}},
			[]string{"f 1", "g > f"}, []string{"f: a hard link to itself", "f: a hard link to itself"},
		},
		"hard links to nothing and to a directory": {
			[][2]string{{"d", "/"}, {"a", "=> missing"}, {"b", "=> d"}},
			[]string{"d/"},
			[]string{"a: a hard link to missing, which is not there", "b: a hard link to d, a directory"},
		},
		"below a file, and a hard link to that": {
			[][2]string{{"f", "1"}, {"f/x", "2"}, {"g", "=> f/x"}},
			[]string{"f 1", "g 2"}, []string{"f/x: it is below f, a file"},
		},
	} {
		t.Run(name, func(t *testing.T) {
			list, refused := pack(t, c.entries...)
			if !slices.Equal(list, c.list) {
				t.Errorf("it holds %q, want %q", list, c.list)
			}
			if !slices.Equal(refused, c.refused) {
				t.Errorf("refused %q, want %q", refused, c.refused)
			}
		})
	}
}

func TestContents(t *testing.T) {
	p := packer.NewDry(packer.Options{})
	temp := filepath.Join(t.TempDir(), "out.tar.gz")
	c := NewContents(p, temp)
	failed := errors.New("failed")
	for _, size := range []int64{4, packer.InMemory + 4} {
		h := format.Header{Path: "f", Type: sidecar.TypeFile, Size: size}
		content := bytes.Repeat([]byte("c"), int(size))
		for i := range 2 * bigWaiting { // an error gives back what was reserved
			longer := bytes.NewReader(append(content, 'x'))
			if _, err := c.Item(t.Context(), h, longer); !errors.Is(err, ErrLonger) {
				t.Errorf("%d: a longer content: %v", i, err)
			}
			if _, err := c.Item(t.Context(), h, bytes.NewReader(content[1:])); err == nil {
				t.Errorf("%d: a shorter content: no error", i)
			}
			if _, err := c.Item(t.Context(), h, iotest.ErrReader(failed)); !errors.Is(err, failed) {
				t.Errorf("%d: a reader that fails: %v", i, err)
			}
		}
		it, err := c.Item(t.Context(), h, bytes.NewReader(content))
		if err != nil {
			t.Fatal(err)
		}
		it.Release()
	}
}
