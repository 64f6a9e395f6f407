package tarpack

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tarpack/tpk/gzmember"
	"github.com/tarpack/tpk/sidecar/build"
)

// What pack wrote is what the archive alone gives.
func TestBuildIndexIsPacks(t *testing.T) {
	dir := t.TempDir()
	for name, content := range map[string]string{
		"text": text("t", 3000), "noise": noise("n", 5000), "empty": "", "copy": text("t", 3000), "d/segments": text("s", 3<<20+1),
		"d/stored": noise("b", 2<<20), "d/big": text("b", 9<<20), "d/e/f": "f", "d/e/g": "f", "h": "f",
	} {
		name = filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		writeFile(t, name, []byte(content))
	}
	if err := os.Symlink("text", filepath.Join(dir, "link")); err != nil {
		t.Fatal(err)
	}
	name := filepath.Join(t.TempDir(), "a.tar.gz")
	if _, err := Pack(context.Background(), dir, name, PackOptions{}); err != nil {
		t.Fatal(err)
	}
	packed, err := os.ReadFile(name + SidecarSuffix)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(name + SidecarSuffix); err != nil {
		t.Fatal(err)
	}
	var last Progress
	res, err := Reindex(context.Background(), name, IndexOptions{Progress: func(p Progress) { last = p }})
	if err != nil {
		t.Fatal(err)
	}
	again, err := os.ReadFile(name + SidecarSuffix)
	if err != nil || !bytes.Equal(again, packed) {
		t.Errorf("Reindex writes another sidecar (%v)", err)
	}
	if res.SidecarBytes != int64(len(packed)) || int64(res.Entries) != last.Entries || last.Bytes == 0 {
		t.Errorf("%+v, %+v", res, last)
	}
	wantFiles(t, filepath.Dir(name), "a.tar.gz", "a.tar.gz.tpi")
}

// wantFiles fails the test when a directory holds anything else.
func wantFiles(t *testing.T, dir string, want ...string) {
	t.Helper()
	list, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var got []string
	for _, e := range list {
		got = append(got, e.Name())
	}
	if fmt.Sprint(got) != fmt.Sprint(want) {
		t.Errorf("%s holds %q, want %q", dir, got, want)
	}
}

// A Reindex that fails, or is stopped, leaves the sidecar that was there.
func TestReindexFails(t *testing.T) {
	archive := forgeRight(t, variety()...)
	canceled, cancel := context.WithCancel(context.Background())
	cancel()
	damaged := bytes.Clone(archive)
	damaged[300] ^= 0x10
	for _, c := range []struct {
		name  string
		ctx   context.Context
		bytes []byte
		err   error
	}{
		{"damaged", context.Background(), damaged, ErrCorrupt},
		{"truncated", context.Background(), archive[:1000], ErrTruncated},
		{"stopped", canceled, archive, context.Canceled},
		{"foreign", context.Background(), foreignTar(t, "x"), ErrNotArchive},
	} {
		name := writeArchive(t, c.bytes, []byte("old"))
		if _, err := Reindex(c.ctx, name, IndexOptions{}); !errors.Is(err, c.err) {
			t.Errorf("%s: %v", c.name, err)
		}
		if b, err := os.ReadFile(name + SidecarSuffix); err != nil || string(b) != "old" {
			t.Errorf("%s: %q, %v", c.name, b, err)
		}
		wantFiles(t, filepath.Dir(name), "a.tar.gz", "a.tar.gz.tpi")
	}
}

func TestReindexLocked(t *testing.T) {
	name := writeArchive(t, forgeRight(t, variety()...), nil)
	f, lock, err := lockedTemp(name)
	if err != nil {
		t.Fatal(err)
	}
	defer lock.Close()
	defer f.Close()
	if _, err := Reindex(context.Background(), name, IndexOptions{}); !errors.Is(err, ErrLocked) {
		t.Error(err)
	}
}

// With any number of readers and any size of chunks a scan finds the same, also where contents are archives themselves.
func TestScanInChunks(t *testing.T) {
	inner := forgeRight(t, big()...)
	parts := variety()
	inners := 40
	if testing.Short() {
		inners = 8
	}
	for i := range inners {
		parts = append(parts, aStored(fmt.Sprintf("inner%d", i), string(inner[:len(inner)*i/inners+1])), aFile(fmt.Sprintf("f%d", i), text("x", i*100)))
	}
	archive := forgeRight(t, parts...)
	var want []string
	for _, workers := range []int{1, 2, 5} {
		for _, chunk := range []int64{1 << 10, 10_000, 1 << 20} {
			var got []string
			s := &archiveScan{src: bytes.NewReader(archive), size: int64(len(archive)), workers: workers, chunk: chunk, each: func(un *unit) error {
				got = append(got, fmt.Sprintf("%d-%d %v %v %v", un.off, un.end, un.items, un.trailer, un.err))
				return nil
			}}
			if err := s.run(context.Background()); err != nil {
				t.Fatal(err)
			}
			if want == nil {
				want = got
			}
			if strings.Join(got, "\n") != strings.Join(want, "\n") {
				t.Errorf("%d workers, chunks of %d: %d units, want %d", workers, chunk, len(got), len(want))
			}
		}
	}
}

// After damage a scan goes on with the next entry, wherever the chunks begin.
func TestScanGoesOn(t *testing.T) {
	archive := forgeRight(t, variety()...)
	units := scanUnits(t, archive, 1, 0)
	for i, un := range units {
		for _, at := range []int64{un.off, un.off + 3, (un.off + un.end) / 2, un.end - 1} {
			damaged := bytes.Clone(archive)
			damaged[at] ^= 0xff
			for _, chunk := range []int64{0, 100, 1000} {
				got := scanUnits(t, damaged, 3, chunk)
				seen := map[int64]bool{}
				for _, g := range got {
					seen[g.off] = g.err == nil
				}
				for k, u := range units {
					if seen[u.off] != (k != i) && k != i {
						t.Errorf("byte %d of unit %d: unit %d at %d is lost", at, i, k, u.off)
					}
				}
				if seen[un.off] {
					t.Errorf("byte %d of unit %d: nothing is wrong", at, i)
				}
			}
		}
	}
}

func scanUnits(t *testing.T, archive []byte, workers int, chunk int64) []unit {
	t.Helper()
	var units []unit
	s := &archiveScan{src: bytes.NewReader(archive), size: int64(len(archive)), workers: workers, chunk: chunk, each: func(un *unit) error {
		units = append(units, *un)
		return nil
	}}
	if err := s.run(context.Background()); err != nil {
		t.Fatal(err)
	}
	return units
}

// Everything that FORMAT.md demands of an archive is demanded.
func TestScanRules(t *testing.T) {
	file, link := fileHeader("f", 0), symlinkHeader("l", "f")
	hard := hardlinkHeader("h", "f")
	header := func(h Header) []byte { return gzmember.AppendTarHeader(nil, blocks(h)) }
	var many []Header
	for i := range 129 {
		many = append(many, symlinkHeader(fmt.Sprint(i), "x"))
	}
	three := text("3", 3<<20)
	tableOf := func(edit func(*gzmember.Segments)) forgedPart { return aSegmented("s", three, edit) }
	foreignHeader := blocks(file)
	foreignHeader[265] = 'r' // a user name that is not told by the checksum
	content := []byte("content")
	c := header(fileHeader("f", len(content)))
	plain := member(content, nil)
	for _, tc := range []struct {
		name  string
		parts []forgedPart
		says  string
	}{
		{"a file in a group", []forgedPart{raw(member(blocks(link, file), nil))}, "the header of a file stands in a group"},
		{"a group behind a file's header", []forgedPart{raw(member(blocks(file, link), nil))}, "does not stand alone"},
		{"a group field on H", []forgedPart{raw(member(blocks(file), []byte("G\x00")))}, "does not stand alone"},
		{"a segment table on H", []forgedPart{raw(member(blocks(file), []byte("S\x14\x01\x00\x00\x00\x01\x00\x00\x00")))}, "segment table"},
		{"an empty G", []forgedPart{raw(member(nil, nil))}, "empty header member"},
		{"G of half a block", []forgedPart{raw(member(blocks(link)[:256], nil))}, "tar header"},
		{"G of too many blocks", []forgedPart{raw(member(blocks(many...), nil))}, "more than 65536 bytes"},
		{"a header that is not canonical", []forgedPart{raw(member(foreignHeader, nil))}, "tar header"},
		{"the end of a tar in the middle", []forgedPart{raw(gzmember.AppendZeros(nil, 1024, nil))}, "tar header"},
		{"a group field for nothing", []forgedPart{raw(member(blocks(hard), []byte("G\x00")))}, "field of duplicates"},
		{"a group field that is too short", []forgedPart{raw(member(blocks(many[:9]...), []byte("G\x00")))}, "field of duplicates"},
		{"a group field with a bit too many", []forgedPart{raw(member(blocks(hard), []byte("G\x03")))}, "field of duplicates"},
		{"a symbolic link as a duplicate", []forgedPart{raw(member(blocks(link), []byte("G\x01")))}, "is said to be a duplicate"},
		{"content that is too short", []forgedPart{raw(header(fileHeader("f", 8))), raw(plain)}, "has 7 of the 8 bytes"},
		{"content that is too long", []forgedPart{raw(header(fileHeader("f", 6))), raw(plain)}, "longer than the 6 bytes"},
		{"content in two members", []forgedPart{raw(header(fileHeader("f", 14))), raw(plain), raw(plain)}, "has 7 of the 14 bytes"},
		{"no content", []forgedPart{raw(c), aGroup(link)}, "longer than the 7 bytes"},
		{"content with an extra field", []forgedPart{raw(c), raw(member(content, []byte("G\x01")))}, "another member stands where its content should"},
		{"no padding", []forgedPart{raw(c), raw(plain), aGroup(link)}, "padding member"},
		{"padding that is too short", []forgedPart{raw(c), raw(plain), raw(gzmember.AppendZeros(nil, 504, nil))}, "padding member"},
		{"padding that is not zeros", []forgedPart{raw(c), raw(plain), raw(member([]byte(strings.Repeat("x", 505)), nil))}, "padding member"},
		{"padding that is deflated otherwise", []forgedPart{raw(c), raw(plain), raw(gzmember.AppendStored(nil, make([]byte, 505)))}, "padding member"},
		{"padding where none is due", []forgedPart{raw(header(fileHeader("f", 512))), raw(member(make([]byte, 512), nil)), raw(gzmember.AppendZeros(nil, 0, nil))}, "empty header member"},
		{"segments that are too long", []forgedPart{tableOf(func(s *gzmember.Segments) { s.Lengths[0]++ })}, "its segments have"},
		{"segments cut elsewhere", []forgedPart{tableOf(func(s *gzmember.Segments) { s.Lengths[0]++; s.Lengths[1]-- })}, "segment"},
		{"a segment too many", []forgedPart{tableOf(func(s *gzmember.Segments) { s.Lengths[2]--; s.Lengths = append(s.Lengths, 1) })}, "4 segments instead of 3"},
		{"larger segments", []forgedPart{tableOf(func(s *gzmember.Segments) { s.Shift++ })}, "3 segments instead of 2"},
		{"segments in content of one piece", []forgedPart{raw(header(fileHeader("s", len(three)))), raw(member([]byte(three), nil)),
			raw(gzmember.AppendZeros(nil, 0, gzmember.Segments{Shift: 20, Lengths: []uint32{500, 500, uint32(len(member([]byte(three), nil))) - 1018}}.AppendExtra(nil)))}, "segment"},
		{"bytes that are no member", []forgedPart{aGroup(link), raw([]byte("what is this?"))}, "byte 0 of the header"},
		{"a second trailer", []forgedPart{aGroup(link), func(off int64) []byte { return Trailer{Offset: off}.Append(nil) }}, "64 bytes follow its end"},
		{"a path twice", []forgedPart{aFile("f", "x"), aFile("f", "x")}, "duplicate path"},
		{"no directory", []forgedPart{aFile("d/f", "x")}, "no parent"},
		{"a directory later", []forgedPart{aFile("d/f", "x"), aGroup(dirHeader("d"))}, "no parent"},
		{"a hard link to nothing", []forgedPart{aGroup(hard)}, "no target"},
		{"a hard link to a file later", []forgedPart{aGroup(hard), aFile("f", "x")}, "no target"},
		{"a hard link to a symbolic link", []forgedPart{aGroup(symlinkHeader("f", "x"), hard)}, "no target"},
		{"a file below a file", []forgedPart{aFile("f", "x"), aFile("f/g", "x")}, "no parent"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			a := forge(2, 0, tc.parts...)
			for _, workers := range []int{1, 2} {
				var m build.Memory
				_, err := BuildIndex(context.Background(), bytes.NewReader(a), int64(len(a)), &m, IndexOptions{Workers: workers})
				if err == nil || !strings.Contains(err.Error(), tc.says) || !errors.Is(err, ErrCorrupt) {
					t.Errorf("%d workers: got %v, want %q", workers, err, tc.says)
				}
			}
		})
	}
}

// The trailer must be that of the archive.
func TestScanTrailer(t *testing.T) {
	parts := variety()
	right := forgeRight(t, parts...)
	tr, err := ParseTrailer(right[len(right)-TrailerSize:])
	if err != nil {
		t.Fatal(err)
	}
	for name, a := range map[string][]byte{
		"entries": forge(tr.Entries+1, tr.Digest, parts...),
		"digest":  forge(tr.Entries, tr.Digest+1, parts...),
		"none":    right[:tr.Offset],
	} {
		var m build.Memory
		_, err := BuildIndex(context.Background(), bytes.NewReader(a), int64(len(a)), &m, IndexOptions{})
		if !errors.Is(err, ErrCorrupt) && !errors.Is(err, ErrTruncated) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A content that inflates to far more than its header says is not inflated to its end.
func TestScanBomb(t *testing.T) {
	bomb := member(make([]byte, 64<<20), nil)
	a := forge(1, 0, raw(gzmember.AppendTarHeader(nil, blocks(fileHeader("bomb", 1000)))), raw(bomb))
	src := &countingReaderAt{r: bytes.NewReader(a)}
	var m build.Memory
	_, err := BuildIndex(context.Background(), src, int64(len(a)), &m, IndexOptions{Workers: 1})
	if !errors.Is(err, ErrCorrupt) {
		t.Error(err)
	}
	// Looking for the next unit is not what an index does.
	if src.n > int64(len(a))+searchWindow {
		t.Errorf("%d bytes read of an archive of %d", src.n, len(a))
	}
}

type countingReaderAt struct {
	r *bytes.Reader
	n int64
}

func (c *countingReaderAt) ReadAt(b []byte, off int64) (int, error) {
	n, err := c.r.ReadAt(b, off)
	c.n += int64(n)
	return n, err
}

// findUnit finds a unit across the borders of its windows.
func TestFindUnit(t *testing.T) {
	rng := rand.New(rand.NewPCG(1, 2))
	u := aFile("some/path", "content")(0)
	for range 200 {
		before := rng.IntN(3 * searchWindow)
		b := append([]byte(strings.Repeat("\x1f\x8b\x08", before/3+1)[:before]), u...)
		b = append(b, make([]byte, rng.IntN(searchWindow))...)
		got, err := findUnit(context.Background(), bytes.NewReader(b), int64(len(b)), int64(rng.IntN(before+1)), int64(len(b)))
		if err != nil || got != int64(before) {
			t.Fatalf("a unit at %d is found at %d, %v", before, got, err)
		}
	}
}
