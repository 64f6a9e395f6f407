package pack_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"math/bits"
	"math/rand/v2"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/cespare/xxhash/v2"
	"github.com/tarpack/tpk/sidecar"
	"github.com/tarpack/tpk/tarpack/edit"
	"github.com/tarpack/tpk/tarpack/exclude"
	"github.com/tarpack/tpk/tarpack/format"
	"github.com/tarpack/tpk/tarpack/internal/dedup"
	"github.com/tarpack/tpk/tarpack/internal/durable"
	"github.com/tarpack/tpk/tarpack/internal/packer"
	"github.com/tarpack/tpk/tarpack/internal/tartest"
	"github.com/tarpack/tpk/tarpack/pack"
)

// The order of the entries lets GNU tar restore directories: a directory's files, then its links,
// then its subdirectories (FORMAT.md 1.1).
func TestPackOrder(t *testing.T) {
	dir := tartest.Tree(t, [2]string{"z", "last"}, [2]string{"a/x", "in a"},
		[2]string{"a/same", "in a"}, [2]string{"a/b/", ""},
		[2]string{"a-b/y", "in a"}, [2]string{"l", "-> nowhere"},
		[2]string{"empty", ""}, [2]string{"B", "upper"})
	tartest.WantListing(t, tartest.Pack(t, dir, pack.Options{}),
		"0 B 5", "0 empty", "0 z 4", "2 l > nowhere",
		"5 a/", "0 a/same 4", "1 a/x > a/same", "5 a/b/",
		"5 a-b/", "1 a-b/y > a/same")
}

func TestPackDedup(t *testing.T) {
	dir := tartest.Tree(t, [2]string{"a", "content"}, [2]string{"b", "content"},
		[2]string{"c", "content"}, [2]string{"d", "content"},
		[2]string{"e", "=> a"}, [2]string{"f", "CONTENT"})
	if err := os.Chmod(filepath.Join(dir, "b"), 0o600); err != nil {
		t.Fatal(err)
	}
	old := time.Unix(1600000000, 0)
	if err := os.Chtimes(filepath.Join(dir, "c"), old, old); err != nil {
		t.Fatal(err)
	}
	for mode, want := range map[format.DedupMode][]string{
		format.DedupContent: {"0 a 7", "0 b 7", "0 f 7", "1 c > a", "1 d > a", "1 e > a"},
		format.DedupStrict:  {"0 a 7", "0 b 7", "0 c 7", "0 f 7", "1 d > a", "1 e > a"},
		format.DedupOff:     {"0 a 7", "0 b 7", "0 c 7", "0 d 7", "0 f 7", "1 e > a"},
	} {
		tartest.WantListing(t, tartest.Pack(t, dir, pack.Options{Dedup: mode}), want...)
	}
}

// Several names of one file stay one file: they do not become duplicates of another one, which they
// would no longer be apart from. What links there are outside of the tree does not matter.
func TestPackGenuineLinks(t *testing.T) {
	dir := tartest.Tree(t, [2]string{"a", "content"}, [2]string{"b", "content"},
		[2]string{"c", "=> b"}, [2]string{"d", "content"},
		[2]string{"e", ""}, [2]string{"f", "=> e"})
	if err := os.Link(filepath.Join(dir, "d"), filepath.Join(t.TempDir(), "outside")); err != nil {
		t.Fatal(err)
	}
	out := tartest.Pack(t, dir, pack.Options{})
	tartest.WantListing(t, out, "0 a 7", "0 b 7", "0 e", "1 c > b", "1 d > a", "1 f > e")
	x, err := sidecar.Open(out + format.SidecarSuffix)
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
	dir := tartest.Tree(t, [2]string{"a/x/f", "content"}, [2]string{"b", "content"},
		[2]string{"c/g", "content"}, [2]string{"c/h", "content"})
	if os.Getuid() != 0 {
		t.Skip("only root can pack such a directory")
	}
	if err := os.Chmod(filepath.Join(dir, "a"), 0o600); err != nil {
		t.Fatal(err)
	}
	if err := os.Rename(filepath.Join(dir, "b"), filepath.Join(dir, "c/b")); err != nil {
		t.Fatal(err)
	}
	tartest.WantListing(t, tartest.Pack(t, dir, pack.Options{}), "5 a/", "5 a/x/", "0 a/x/f 7",
		"5 c/", "0 c/b 7", "1 c/g > c/b", "1 c/h > c/b")
}

// After 1,000 links a fresh copy is written.
func TestPackManyLinks(t *testing.T) {
	files := make([][2]string, 2*dedup.MaxLinks+3)
	for i := range files {
		files[i] = [2]string{fmt.Sprintf("%04d", i), "tile"}
	}
	links := map[string]int{}
	out := tartest.Pack(t, tartest.Tree(t, files...), pack.Options{})
	for _, line := range tartest.Listing(t, out) {
		if _, target, ok := strings.Cut(line, " > "); ok {
			links[target]++
		} else {
			links[strings.Fields(line)[1]] += 0
		}
	}
	want := map[string]int{"0000": dedup.MaxLinks, "1001": dedup.MaxLinks, "2002": 0}
	if fmt.Sprint(links) != fmt.Sprint(want) {
		t.Errorf("copies and their links: %v, want %v", links, want)
	}
}

// Big files are compared as a whole before they become one.
// Files of equal size and xxHash64 are not duplicates if their bytes differ, whether they are held
// in memory or not. An update does not take one for the other.
func TestPackHashCollision(t *testing.T) {
	one, other := collision()
	if one == other || xxhash.Sum64String(one) != xxhash.Sum64String(other) {
		t.Fatalf("%x and %x do not collide", one, other)
	}
	tail := strings.Repeat("0123456789abcdef", (packer.InMemory+1<<20)/16)
	dir := tartest.Tree(t, [2]string{"a", one}, [2]string{"b", other},
		[2]string{"c", one + tail}, [2]string{"d", other + tail})
	name := tartest.Pack(t, dir, pack.Options{})
	n := len(one + tail)
	tartest.WantListing(t, name, "0 a 64", "0 b 64", fmt.Sprintf("0 c %d", n),
		fmt.Sprintf("0 d %d", n))

	now := map[string]string{"a": other, "b": one, "c": other + tail, "d": one + tail}
	for path, content := range now {
		if err := os.WriteFile(filepath.Join(dir, path), []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	_, err := edit.Update(context.Background(), name, dir, edit.UpdateOptions{})
	if err != nil {
		t.Fatal(err)
	}
	a := tartest.Open(t, name)
	for path, content := range now {
		if b, err := fs.ReadFile(a.FS(), path); err != nil || string(b) != content {
			t.Errorf("%s after an update: %d bytes, %.64x, %v", path, len(b), b, err)
		}
	}
}

// collision returns two contents of 64 bytes with the same xxHash64, which stays the same if equal
// bytes follow both.
//
// The hash reads stripes of 32 bytes. The first 8 bytes of a stripe change an accumulator in a way
// that can be undone: bytes that differ there in the first stripe are made up for in the second.
func collision() (one, other string) {
	prime1, prime2 := uint64(0x9E3779B185EBCA87), uint64(0xC2B2AE3D27D4EB4F)
	inverse := prime2
	for range 5 { // Newton's method modulo 2^64: the number of correct bits doubles from 3
		inverse *= 2 - prime2*inverse
	}
	content := func(first uint64) string {
		acc := bits.RotateLeft64(prime1+prime2+first*prime2, 31) * prime1
		var b [64]byte
		binary.LittleEndian.PutUint64(b[:], first)
		binary.LittleEndian.PutUint64(b[32:], -acc*inverse) // acc + this × prime2 = 0
		return string(b[:])
	}
	return content(1), content(2)
}

func TestPackBigDuplicates(t *testing.T) {
	content := bytes.Repeat([]byte("0123456789abcdef"), (packer.InMemory+1<<20)/16)
	other := bytes.Clone(content)
	other[len(other)-1] = 'X'
	dir := tartest.Tree(t, [2]string{"a", string(content)}, [2]string{"b", string(content)},
		[2]string{"c", string(other)}, [2]string{"d", string(other)})
	n := len(content)
	tartest.WantListing(t, tartest.Pack(t, dir, pack.Options{}),
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
	lastPiece := strings.Repeat("x", packer.InMemory+1<<20+1)
	files = append(files, [2]string{"last piece of 1 byte", lastPiece})
	files = append(files, [2]string{"big", strings.Repeat("segment ", 1<<20)},
		[2]string{"film", string(tartest.RandomBytes(rng, packer.InMemory+5))})
	dir := tartest.Tree(t, files...)
	var want, wantIndex []byte
	for _, workers := range []int{1, 2, 7} {
		out := tartest.Pack(t, dir, pack.Options{Workers: workers, Level: 3})
		got, err := os.ReadFile(out)
		if err != nil {
			t.Fatal(err)
		}
		index, err := os.ReadFile(out + format.SidecarSuffix)
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
	if _, err := pack.Stream(context.Background(), dir, &stream,
		pack.StreamOptions{Level: 3}); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(stream.Bytes(), want) {
		t.Error("the stream has other bytes than the file")
	}
}

func TestPackClampsTime(t *testing.T) {
	dir := tartest.Tree(t, [2]string{"a/b", "x"})
	out := tartest.Pack(t, dir, pack.Options{LatestModTime: time.Unix(1000, 0)})
	x, err := sidecar.Open(out + format.SidecarSuffix)
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
	dir := tartest.Tree(t, [2]string{"a", "x"})
	outDir := t.TempDir()
	out := filepath.Join(outDir, "out.tar.gz")
	if err := os.WriteFile(out, []byte("precious"), 0o644); err != nil {
		t.Fatal(err)
	}
	ctx, cancel := context.WithCancel(context.Background())
	cancel()
	if _, err := pack.Dir(ctx, dir, out, pack.Options{}); !errors.Is(err, context.Canceled) {
		t.Errorf("canceled: %v", err)
	}
	if _, err := pack.Dir(context.Background(), filepath.Join(dir, "missing"), out,
		pack.Options{}); !errors.Is(err, os.ErrNotExist) {
		t.Errorf("missing: %v", err)
	}
	if _, err := pack.Dir(context.Background(), filepath.Join(dir, "a"), out,
		pack.Options{}); err == nil {
		t.Error("a file was packed as a directory")
	}
	if _, err := pack.Dir(context.Background(), dir, out, pack.Options{Level: 10}); err == nil {
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
	dir := tartest.Tree(t, [2]string{"a", "x"})
	out := filepath.Join(dir, "out.tar.gz")
	for i := range 2 {
		var notices []error
		_, err := pack.Dir(context.Background(), dir, out,
			pack.Options{Notice: func(err error) { notices = append(notices, err) }})
		if err != nil {
			t.Fatal(err)
		}
		tartest.WantListing(t, out, "0 a 1")
		if i == 1 && len(notices) != 2 { // the archive that is replaced, and its sidecar
			t.Errorf("said of the archive itself: %q", notices)
		}
	}
}

func TestPackLocked(t *testing.T) {
	out := filepath.Join(t.TempDir(), "out.tar.gz")
	first, err := durable.Create(out)
	if err != nil {
		t.Fatal(err)
	}
	dir := tartest.Tree(t, [2]string{"a", "x"})
	_, err = pack.Dir(context.Background(), dir, out, pack.Options{})
	if !errors.Is(err, format.ErrLocked) || strings.Contains(err.Error(), format.TempSuffix) {
		t.Errorf("second writer: %v, want ErrLocked of the archive", err)
	}
	if err := first.Abort(); err != nil {
		t.Fatal(err)
	}
	if _, err := pack.Dir(context.Background(), dir, out, pack.Options{}); err != nil {
		t.Errorf("after the first has gone: %v", err)
	}
}

// Of many files that appear while the others are packed, only the first are named.
func TestPackRemoveFilesMany(t *testing.T) {
	for came, want := range map[int]string{10: "", 11: "1 more: ", 5000: "4990 more: "} {
		dir := tartest.Tree(t, [2]string{"packed", "x"})
		late := false
		_, err := pack.Dir(context.Background(), dir, filepath.Join(t.TempDir(), "out.tar.gz"),
			pack.Options{
				RemoveFiles: true,
				Progress: func(p format.Progress) {
					if p.Entries == 1 && !late {
						late = true
						for i := range came {
							tartest.WriteFile(t, filepath.Join(dir, fmt.Sprintf("came%04d", i)), nil)
						}
					}
				},
			})
		if !errors.Is(err, format.ErrChanged) {
			t.Errorf("%d came: %v", came, err)
			continue
		}
		lines := strings.Split(err.Error(), "\n")
		if len(lines) != min(came, 11) || !strings.Contains(lines[9], "came0009") ||
			len(lines) > 10 && !strings.Contains(lines[10], want) {
			t.Errorf("%d came, it says %q", came, lines)
		}
	}
}

func TestPackRemoveFiles(t *testing.T) {
	dir := tartest.Tree(t, [2]string{"a/b/c", "x"}, [2]string{"a/d", "x"}, [2]string{"l", "-> a"},
		[2]string{"keep.tmp", "x"}, [2]string{"z/late", "x"})
	out := filepath.Join(t.TempDir(), "out.tar.gz")
	var x exclude.Patterns
	if err := x.Add("*.tmp"); err != nil {
		t.Fatal(err)
	}
	late := false
	res, err := pack.Dir(context.Background(), dir, out, pack.Options{
		Exclude: &x, RemoveFiles: true,
		Progress: func(p format.Progress) { // a file changes after it was packed
			if p.Entries == 7 && !late {
				late = true
				if err := os.WriteFile(filepath.Join(dir, "z/late"), []byte("changed"), 0o644); err != nil {
					t.Error(err)
				}
			}
		},
	})
	if !errors.Is(err, format.ErrChanged) || !strings.Contains(err.Error(), "z/late") {
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
