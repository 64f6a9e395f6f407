package tartest

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tarpack/tpk/internal/filetest"

	"github.com/tarpack/tpk/tarpack/pack"
)

// Tree writes files and returns their directory. Each is a name and its content. A name that ends
// in "/" is a directory. Content that begins with "-> " makes a symbolic link, "=> " a hard link.
func Tree(t testing.TB, files ...[2]string) string {
	t.Helper()
	dir := t.TempDir()
	stamp := time.Unix(1700000000, 0)
	for _, f := range files {
		name := filepath.Join(dir, f[0])
		var err error
		link, isLink := strings.CutPrefix(f[1], "-> ")
		other, isHard := strings.CutPrefix(f[1], "=> ")
		switch {
		case strings.HasSuffix(f[0], "/"):
			err = os.MkdirAll(name, 0o755)
		case isLink:
			filetest.NeedSymlinks(t)
			err = os.Symlink(link, name)
		case isHard:
			err = os.Link(filepath.Join(dir, other), name)
		default:
			if err = os.MkdirAll(filepath.Dir(name), 0o755); err == nil {
				err = os.WriteFile(name, []byte(f[1]), 0o644)
			}
		}
		if err != nil {
			t.Fatal(err)
		}
		if !isLink {
			if err := os.Chtimes(name, stamp, stamp); err != nil {
				t.Fatal(err)
			}
		}
	}
	return dir
}

// Pack packs dir and returns the archive's name.
func Pack(t testing.TB, dir string, o pack.Options) string {
	t.Helper()
	out := filepath.Join(t.TempDir(), "out.tar.gz")
	if _, err := pack.Dir(context.Background(), dir, out, o); err != nil {
		t.Fatal(err)
	}
	return out
}

// Listing returns what archive/tar and compress/gzip read, a line an entry in archive order: type,
// path, link target, size.
func Listing(t testing.TB, name string) []string {
	t.Helper()
	f, err := os.Open(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	z, err := gzip.NewReader(f)
	if err != nil {
		t.Fatal(err)
	}
	var lines []string
	for r := tar.NewReader(z); ; {
		h, err := r.Next()
		if err == io.EOF {
			return lines
		}
		if err != nil {
			t.Fatal(err)
		}
		line := fmt.Sprintf("%c %s", h.Typeflag, h.Name)
		if h.Linkname != "" {
			line += " > " + h.Linkname
		}
		if h.Size > 0 {
			line += fmt.Sprintf(" %d", h.Size)
		}
		lines = append(lines, line)
	}
}

// WantListing compares a Listing with lines.
func WantListing(t testing.TB, name string, want ...string) {
	t.Helper()
	if got := Listing(t, name); !slices.Equal(got, want) {
		t.Errorf(
			"the archive holds\n  %s\nwant\n  %s",
			strings.Join(got, "\n  "),
			strings.Join(want, "\n  "),
		)
	}
}

// RandomBytes returns n bytes from rng.
func RandomBytes(rng *rand.Rand, n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(rng.Uint32())
	}
	return b
}

// ShardTree returns a tree with duplicates, empty files and directories, links and large files.
func ShardTree(t *testing.T) string {
	var files [][2]string
	for i := range 120 {
		files = append(
			files,
			[2]string{
				fmt.Sprintf("d%d/s%d/f%03d", i%3, i%7, i),
				fmt.Sprintf("%d %s", i%50, bytes.Repeat([]byte{byte('a' + i%50)}, 3000*(i%5))),
			},
		)
	}
	files = append(
		files,
		[2]string{"empty/", ""},
		[2]string{"d1/zero", ""},
		[2]string{"link", "-> d0"},
		[2]string{"d0/s0/back", "-> ../../d1"},
		[2]string{"noise", Noise("big", 5<<20)},
		[2]string{"text", Text("big", 5<<20)},
	)
	return Tree(t, files...)
}
