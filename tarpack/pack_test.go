package tarpack

import (
	"archive/tar"
	"bytes"
	"compress/gzip"
	"context"
	"errors"
	"fmt"
	"io"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tarpack/tpk/sidecar"
)

// tree writes files for a test and returns their directory. A name that ends in "/" is a directory, content that starts with
// "-> " makes a symbolic link, "=> " a hard link.
func tree(t testing.TB, files ...[2]string) string {
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

// mustPack packs dir and returns the archive's name.
func mustPack(t testing.TB, dir string, o PackOptions) string {
	t.Helper()
	out := filepath.Join(t.TempDir(), "out.tar.gz")
	if _, err := Pack(context.Background(), dir, out, o); err != nil {
		t.Fatal(err)
	}
	return out
}

// listing is what archive/tar and compress/gzip read, a line an entry in archive order: type, path, link, size.
func listing(t testing.TB, name string) []string {
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

// wantListing compares a listing with lines.
func wantListing(t testing.TB, name string, want ...string) {
	t.Helper()
	if got := listing(t, name); !slices.Equal(got, want) {
		t.Errorf("the archive holds\n  %s\nwant\n  %s", strings.Join(got, "\n  "), strings.Join(want, "\n  "))
	}
}

// The order of the entries lets GNU tar restore directories: a directory's files, then its links, then its
// subdirectories (FORMAT.md 1.1).
func TestPackOrder(t *testing.T) {
	dir := tree(t, [2]string{"z", "last"}, [2]string{"a/x", "in a"}, [2]string{"a/same", "in a"}, [2]string{"a/b/", ""},
		[2]string{"a-b/y", "in a"}, [2]string{"l", "-> nowhere"}, [2]string{"empty", ""}, [2]string{"B", "upper"})
	wantListing(t, mustPack(t, dir, PackOptions{}),
		"0 B 5", "0 empty", "0 z 4", "2 l > nowhere",
		"5 a/", "0 a/same 4", "1 a/x > a/same", "5 a/b/",
		"5 a-b/", "1 a-b/y > a/same")
}

func TestPackDedup(t *testing.T) {
	dir := tree(t, [2]string{"a", "content"}, [2]string{"b", "content"}, [2]string{"c", "content"}, [2]string{"d", "content"},
		[2]string{"e", "=> a"}, [2]string{"f", "CONTENT"})
	if err := os.Chmod(filepath.Join(dir, "b"), 0o600); err != nil {
		t.Fatal(err)
	}
	old := time.Unix(1600000000, 0)
	if err := os.Chtimes(filepath.Join(dir, "c"), old, old); err != nil {
		t.Fatal(err)
	}
	for mode, want := range map[DedupMode][]string{
		DedupContent: {"0 a 7", "0 b 7", "0 f 7", "1 c > a", "1 d > a", "1 e > a"},
		DedupStrict:  {"0 a 7", "0 b 7", "0 c 7", "0 f 7", "1 d > a", "1 e > a"},
		DedupOff:     {"0 a 7", "0 b 7", "0 c 7", "0 d 7", "0 f 7", "1 e > a"},
	} {
		wantListing(t, mustPack(t, dir, PackOptions{Dedup: mode}), want...)
	}
}

// Several names of one file stay one file: they do not become duplicates of another one, which they would no longer be apart
// from. What links there are outside of the tree does not matter.
func TestPackGenuineLinks(t *testing.T) {
	dir := tree(t, [2]string{"a", "content"}, [2]string{"b", "content"}, [2]string{"c", "=> b"}, [2]string{"d", "content"},
		[2]string{"e", ""}, [2]string{"f", "=> e"})
	if err := os.Link(filepath.Join(dir, "d"), filepath.Join(t.TempDir(), "outside")); err != nil {
		t.Fatal(err)
	}
	out := mustPack(t, dir, PackOptions{})
	wantListing(t, out, "0 a 7", "0 b 7", "0 e", "1 c > b", "1 d > a", "1 f > e")
	x, err := sidecar.Open(out + SidecarSuffix)
	if err != nil {
		t.Fatal(err)
	}
	defer x.Close()
	if s := x.Stats(); s.Hardlinks != 3 || s.Duplicates != 1 {
		t.Errorf("%d hard links, %d of them duplicates; want 3 and 1", s.Hardlinks, s.Duplicates)
	}
}

// A link to a file below a directory that its owner may not enter could not be restored.
func TestPackClosedDirectory(t *testing.T) {
	dir := tree(t, [2]string{"a/x/f", "content"}, [2]string{"b", "content"}, [2]string{"c/g", "content"}, [2]string{"c/h", "content"})
	if os.Getuid() != 0 {
		t.Skip("only root can pack such a directory")
	}
	if err := os.Chmod(filepath.Join(dir, "a"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(filepath.Join(dir, "b"), filepath.Join(dir, "c/b")); err != nil {
		t.Fatal(err)
	}
	wantListing(t, mustPack(t, dir, PackOptions{}), "5 a/", "5 a/x/", "0 a/x/f 7", "5 c/", "0 c/b 7", "1 c/g > c/b", "1 c/h > c/b")
}

// After 1,000 links a fresh copy is written.
func TestPackManyLinks(t *testing.T) {
	files := make([][2]string, 2*maxLinks+3)
	for i := range files {
		files[i] = [2]string{fmt.Sprintf("%04d", i), "tile"}
	}
	links := map[string]int{}
	for _, line := range listing(t, mustPack(t, tree(t, files...), PackOptions{})) {
		if _, target, ok := strings.Cut(line, " > "); ok {
			links[target]++
		} else {
			links[strings.Fields(line)[1]] += 0
		}
	}
	want := map[string]int{"0000": maxLinks, "1001": maxLinks, "2002": 0}
	if fmt.Sprint(links) != fmt.Sprint(want) {
		t.Errorf("copies and their links: %v, want %v", links, want)
	}
}

// Big files are compared as a whole before they become one.
func TestPackBigDuplicates(t *testing.T) {
	content := bytes.Repeat([]byte("0123456789abcdef"), (inMemory+1<<20)/16)
	other := bytes.Clone(content)
	other[len(other)-1] = 'X'
	dir := tree(t, [2]string{"a", string(content)}, [2]string{"b", string(content)}, [2]string{"c", string(other)}, [2]string{"d", string(other)})
	n := len(content)
	wantListing(t, mustPack(t, dir, PackOptions{}),
		fmt.Sprintf("0 a %d", n), fmt.Sprintf("0 c %d", n), "1 b > a", "1 d > c")
}

// The same tree gives the same bytes with any number of workers, into a file or a stream.
func TestPackDeterministic(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	var files [][2]string
	for i := range 400 {
		content := strings.Repeat(fmt.Sprint(i%150, " some words "), rng.IntN(3000))
		files = append(files, [2]string{fmt.Sprintf("%d/%d.txt", i%7, i), content})
	}
	files = append(files, [2]string{"last piece of 1 byte", strings.Repeat("x", inMemory+1<<20+1)})
	files = append(files, [2]string{"big", strings.Repeat("segment ", 1<<20)}, [2]string{"film", string(randomBytes(rng, inMemory+5))})
	dir := tree(t, files...)
	var want, wantIndex []byte
	for _, workers := range []int{1, 2, 7} {
		out := mustPack(t, dir, PackOptions{Workers: workers, Level: 3})
		got, err := os.ReadFile(out)
		if err != nil {
			t.Fatal(err)
		}
		index, err := os.ReadFile(out + SidecarSuffix)
		if err != nil {
			t.Fatal(err)
		}
		if want == nil {
			want, wantIndex = got, index
		}
		if !bytes.Equal(got, want) || !bytes.Equal(index, wantIndex) {
			t.Errorf("%d workers: other bytes", workers)
		}
	}
	var stream bytes.Buffer
	if _, err := PackStream(context.Background(), dir, &stream, PackOptions{Level: 3}); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(stream.Bytes(), want) {
		t.Error("the stream has other bytes than the file")
	}
}

func randomBytes(rng *rand.Rand, n int) []byte {
	b := make([]byte, n)
	for i := range b {
		b[i] = byte(rng.Uint32())
	}
	return b
}

func TestPackClampsTime(t *testing.T) {
	dir := tree(t, [2]string{"a/b", "x"})
	out := mustPack(t, dir, PackOptions{LatestModTime: time.Unix(1000, 0)})
	x, err := sidecar.Open(out + SidecarSuffix)
	if err != nil {
		t.Fatal(err)
	}
	defer x.Close()
	for i := range x.Len() {
		e, err := x.Entry(i)
		if err != nil || e.ModTime != 1000 {
			t.Errorf("entry %d has time %d, %v; want 1000", i, e.ModTime, err)
		}
	}
}

// An error leaves what was there before, and nothing else.
func TestPackFailureLeavesNothing(t *testing.T) {
	dir := tree(t, [2]string{"a", "x"})
	outDir := t.TempDir()
	out := filepath.Join(outDir, "out.tar.gz")
	if err := os.WriteFile(out, []byte("precious"), 0o644); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := Pack(ctx, dir, out, PackOptions{}); !errors.Is(err, context.Canceled) {
		t.Errorf("canceled: %v", err)
	}
	if _, err := Pack(context.Background(), filepath.Join(dir, "missing"), out, PackOptions{}); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("missing: %v", err)
	}
	if _, err := Pack(context.Background(), filepath.Join(dir, "a"), out, PackOptions{}); err == nil {
		t.Error("a file was packed as a directory")
	}
	if _, err := Pack(context.Background(), dir, out, PackOptions{Level: 10}); err == nil {
		t.Error("level 10 was accepted")
	}
	if b, _ := os.ReadFile(out); string(b) != "precious" {
		t.Errorf("the old archive is now %q", b)
	}
	if names, _ := filepath.Glob(filepath.Join(outDir, ".*")); len(names) > 0 {
		t.Errorf("left behind: %v", names)
	}
}

// The archive may be written into the tree that is packed.
func TestPackIntoTree(t *testing.T) {
	dir := tree(t, [2]string{"a", "x"})
	out := filepath.Join(dir, "out.tar.gz")
	for i := range 2 {
		var notices []error
		_, err := Pack(context.Background(), dir, out, PackOptions{Notice: func(err error) { notices = append(notices, err) }})
		if err != nil {
			t.Fatal(err)
		}
		wantListing(t, out, "0 a 1")
		if i == 1 && len(notices) != 2 { // the archive that is replaced, and its sidecar
			t.Errorf("said of the archive itself: %q", notices)
		}
	}
}

func TestPackLocked(t *testing.T) {
	out := filepath.Join(t.TempDir(), "out.tar.gz")
	first, err := createOutput(out)
	if err != nil {
		t.Fatal(err)
	}
	dir := tree(t, [2]string{"a", "x"})
	if _, err := Pack(context.Background(), dir, out, PackOptions{}); !errors.Is(err, ErrLocked) || strings.Contains(err.Error(), tempSuffix) {
		t.Errorf("second writer: %v, want ErrLocked of the archive", err)
	}
	if err := first.abort(); err != nil {
		t.Fatal(err)
	}
	if _, err := Pack(context.Background(), dir, out, PackOptions{}); err != nil {
		t.Errorf("after the first has gone: %v", err)
	}
}

// TestPackRemoveFilesMany: of many files that come while the others are packed only the first are named.
func TestPackRemoveFilesMany(t *testing.T) {
	for came, want := range map[int]string{10: "", 11: "1 more: ", 5000: "4990 more: "} {
		dir := tree(t, [2]string{"packed", "x"})
		late := false
		_, err := Pack(context.Background(), dir, filepath.Join(t.TempDir(), "out.tar.gz"), PackOptions{
			RemoveFiles: true,
			Progress: func(p Progress) {
				if p.Entries == 1 && !late {
					late = true
					for i := range came {
						writeFile(t, filepath.Join(dir, fmt.Sprintf("came%04d", i)), nil)
					}
				}
			},
		})
		if !errors.Is(err, ErrChanged) {
			t.Errorf("%d came: %v", came, err)
			continue
		}
		lines := strings.Split(err.Error(), "\n")
		if len(lines) != min(came, 11) || !strings.Contains(lines[9], "came0009") || len(lines) > 10 && !strings.Contains(lines[10], want) {
			t.Errorf("%d came, it says %q", came, lines)
		}
	}
}

func TestPackRemoveFiles(t *testing.T) {
	dir := tree(t, [2]string{"a/b/c", "x"}, [2]string{"a/d", "x"}, [2]string{"l", "-> a"}, [2]string{"keep.tmp", "x"}, [2]string{"z/late", "x"})
	out := filepath.Join(t.TempDir(), "out.tar.gz")
	var x Excluder
	if err := x.Add("*.tmp"); err != nil {
		t.Fatal(err)
	}
	late := false
	res, err := Pack(context.Background(), dir, out, PackOptions{
		Exclude: &x, RemoveFiles: true,
		Progress: func(p Progress) { // a file changes after it was packed
			if p.Entries == 7 && !late {
				late = true
				if err := os.WriteFile(filepath.Join(dir, "z/late"), []byte("changed"), 0o644); err != nil {
					t.Error(err)
				}
			}
		},
	})
	if !errors.Is(err, ErrChanged) || !strings.Contains(err.Error(), "z/late") {
		t.Errorf("the change was not named: %v", err)
	}
	if res.Removed != 5 {
		t.Errorf("%d removed, want 5: two directories, two files, a link", res.Removed)
	}
	var left []string
	err = filepath.WalkDir(dir, func(name string, _ os.DirEntry, err error) error {
		rel, _ := filepath.Rel(dir, name)
		left = append(left, rel)
		return err
	})
	if want := []string{".", "keep.tmp", "z", "z/late"}; err != nil || !slices.Equal(left, want) {
		t.Errorf("left %v, %v; want %v", left, err, want)
	}
}
