package scan_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tarpack/tpk/internal/filetest"

	"github.com/tarpack/tpk/gzmember"
	"github.com/tarpack/tpk/sidecar/build"
	"github.com/tarpack/tpk/tarpack"
	"github.com/tarpack/tpk/tarpack/format"
	"github.com/tarpack/tpk/tarpack/internal/durable"
	"github.com/tarpack/tpk/tarpack/internal/scan"
	"github.com/tarpack/tpk/tarpack/internal/tartest"
	"github.com/tarpack/tpk/tarpack/pack"
)

// Reindex writes the bytes that pack wrote, from the archive alone.
func TestBuildIndexIsPacks(t *testing.T) {
	dir := t.TempDir()
	for name, content := range map[string]string{
		"text": tartest.Text("t", 3000), "noise": tartest.Noise("n", 5000), "empty": "",
		"copy": tartest.Text("t", 3000), "d/segments": tartest.Text("s", 3<<20+1),
		"d/stored": tartest.Noise("b", 2<<20), "d/big": tartest.Text("b", 9<<20), "d/e/f": "f",
		"d/e/g": "f", "h": "f",
	} {
		name = filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		tartest.WriteFile(t, name, []byte(content))
	}
	filetest.NeedSymlinks(t)
	if err := os.Symlink("text", filepath.Join(dir, "link")); err != nil {
		t.Fatal(err)
	}
	name := filepath.Join(t.TempDir(), "a.tar.gz")
	if _, err := pack.Dir(context.Background(), dir, name, pack.Options{}); err != nil {
		t.Fatal(err)
	}
	packed, err := os.ReadFile(name + format.SidecarSuffix)
	if err != nil {
		t.Fatal(err)
	}
	if err := os.Remove(name + format.SidecarSuffix); err != nil {
		t.Fatal(err)
	}
	var last format.Progress
	res, err := tarpack.Reindex(
		context.Background(),
		name,
		tarpack.ReindexOptions{Progress: func(p format.Progress) { last = p }},
	)
	if err != nil {
		t.Fatal(err)
	}
	again, err := os.ReadFile(name + format.SidecarSuffix)
	if err != nil || !bytes.Equal(again, packed) {
		t.Errorf("Reindex writes another sidecar (%v)", err)
	}
	if res.SidecarBytes != int64(len(packed)) || int64(res.Entries) != last.Entries ||
		last.Bytes == 0 {
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

// A Reindex that fails or is stopped leaves the old sidecar.
func TestReindexFails(t *testing.T) {
	archive := tartest.ForgeRight(t, tartest.Variety()...)
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
		{"damaged", context.Background(), damaged, format.ErrCorrupt},
		{"truncated", context.Background(), archive[:1000], format.ErrTruncated},
		{"stopped", canceled, archive, context.Canceled},
		{"foreign", context.Background(), tartest.ForeignTar(t, "x"), format.ErrNotArchive},
	} {
		name := tartest.WriteArchive(t, c.bytes, []byte("old"))
		if _, err := tarpack.Reindex(c.ctx, name, tarpack.ReindexOptions{}); !errors.Is(err, c.err) {
			t.Errorf("%s: %v", c.name, err)
		}
		if b, err := os.ReadFile(name + format.SidecarSuffix); err != nil || string(b) != "old" {
			t.Errorf("%s: %q, %v", c.name, b, err)
		}
		wantFiles(t, filepath.Dir(name), "a.tar.gz", "a.tar.gz.tpi")
	}
}

func TestReindexLocked(t *testing.T) {
	name := tartest.WriteArchive(t, tartest.ForgeRight(t, tartest.Variety()...), nil)
	f, lock, err := durable.LockedTemp(name)
	if err != nil {
		t.Fatal(err)
	}
	defer lock.Close()
	defer f.Close()
	if _, err := tarpack.Reindex(context.Background(), name, tarpack.ReindexOptions{}); !errors.Is(
		err,
		format.ErrLocked,
	) {
		t.Error(err)
	}
}

// A scan finds the same with any number of readers and any size of chunks, also if contents are
// archives.
func TestScanInChunks(t *testing.T) {
	inner := tartest.ForgeRight(t, tartest.Big()...)
	parts := tartest.Variety()
	inners := 40
	if testing.Short() {
		inners = 8
	}
	for i := range inners {
		parts = append(
			parts,
			tartest.AStored(fmt.Sprintf("inner%d", i), string(inner[:len(inner)*i/inners+1])),
			tartest.AFile(fmt.Sprintf("f%d", i), tartest.Text("x", i*100)),
		)
	}
	archive := tartest.ForgeRight(t, parts...)
	var want []string
	for _, workers := range []int{1, 2, 5} {
		for _, chunk := range []int64{1 << 10, 10_000, 1 << 20} {
			var got []string
			s := &scan.Scan{
				Src:     bytes.NewReader(archive),
				Size:    int64(len(archive)),
				Workers: workers,
				Chunk:   chunk,
				Each: func(un *scan.Unit) error {
					got = append(got,
						fmt.Sprintf("%d-%d %v %v %v", un.Off, un.End, un.Items, un.Trailer, un.Err))
					return nil
				},
			}
			if err := s.Run(context.Background()); err != nil {
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
	archive := tartest.ForgeRight(t, tartest.Variety()...)
	units := scanUnits(t, archive, 1, 0)
	for i, un := range units {
		for _, at := range []int64{un.Off, un.Off + 3, (un.Off + un.End) / 2, un.End - 1} {
			damaged := bytes.Clone(archive)
			damaged[at] ^= 0xff
			for _, chunk := range []int64{0, 100, 1000} {
				got := scanUnits(t, damaged, 3, chunk)
				seen := map[int64]bool{}
				for _, g := range got {
					seen[g.Off] = g.Err == nil
				}
				for k, u := range units {
					if seen[u.Off] != (k != i) && k != i {
						t.Errorf("byte %d of unit %d: unit %d at %d is lost", at, i, k, u.Off)
					}
				}
				if seen[un.Off] {
					t.Errorf("byte %d of unit %d: nothing is wrong", at, i)
				}
			}
		}
	}
}

func scanUnits(t *testing.T, archive []byte, workers int, chunk int64) []scan.Unit {
	t.Helper()
	var units []scan.Unit
	s := &scan.Scan{
		Src:     bytes.NewReader(archive),
		Size:    int64(len(archive)),
		Workers: workers,
		Chunk:   chunk,
		Each: func(un *scan.Unit) error {
			units = append(units, *un)
			return nil
		},
	}
	if err := s.Run(context.Background()); err != nil {
		t.Fatal(err)
	}
	return units
}

// Every rule of FORMAT.md about archives is checked.
func TestScanRules(t *testing.T) {
	type parts = []tartest.ForgedPart
	raw, member, blocks, group := tartest.Raw, tartest.Member, tartest.Blocks, tartest.AGroup
	file, link := tartest.FileHeader("f", 0), tartest.SymlinkHeader("l", "f")
	hard := tartest.HardlinkHeader("h", "f")
	header := func(h format.Header) []byte { return gzmember.AppendTarHeader(nil, blocks(h)) }
	var many []format.Header
	for i := range 129 {
		many = append(many, tartest.SymlinkHeader(fmt.Sprint(i), "x"))
	}
	three := tartest.Text("3", 3<<20)
	type segments = gzmember.Segments
	tableOf := func(edit func(*segments)) tartest.ForgedPart {
		return tartest.ASegmented("s", three, edit)
	}
	rest := uint32(len(member([]byte(three), nil))) - 1018
	inOne := segments{Shift: 20, Lengths: []uint32{500, 500, rest}}
	trailer := func(off int64) []byte { return format.Trailer{Offset: off}.Append(nil) }
	foreignHeader := blocks(file)
	foreignHeader[265] = 'r' // a user name, which the checksum does not have
	content := []byte("content")
	c := header(tartest.FileHeader("f", len(content)))
	plain := member(content, nil)
	for _, tc := range []struct {
		name  string
		parts parts
		says  string
	}{
		{"a file in a group", parts{raw(member(blocks(link, file), nil))},
			"the header of a file stands in a group"},
		{"a group behind a file's header", parts{raw(member(blocks(file, link), nil))},
			"does not stand alone"},
		{"a group field on H", parts{raw(member(blocks(file), []byte("G\x00")))},
			"does not stand alone"},
		{"a segment table on H", parts{raw(member(blocks(file),
			[]byte("S\x14\x01\x00\x00\x00\x01\x00\x00\x00")))}, "a member of kind 'S'"},
		{"an unknown kind on H", parts{raw(member(blocks(file), []byte("X")))},
			"a member of kind 'X'"},
		{"an unknown kind on G", parts{raw(member(blocks(link), []byte("X")))},
			"a member of kind 'X'"},
		{"an empty member that is too long", parts{raw(emptyMember(format.MaxMember+1, 'X'))},
			"a header member of 65536 bytes"},
		{"an empty member before C", parts{raw(c), raw(member(nil, nil)), raw(plain)},
			"length 0, its header says 7"},
		{"an empty member before P", parts{raw(c), raw(plain), raw(member(nil, nil)),
			raw(gzmember.AppendZeros(nil, 505, nil))}, "padding member"},
		{"G of half a block", parts{raw(member(blocks(link)[:256], nil))}, "tar header"},
		{"G of too many blocks", parts{raw(member(blocks(many...), nil))}, "more than 65536 bytes"},
		{"a header that is not canonical", parts{raw(member(foreignHeader, nil))}, "tar header"},
		{"the end of a tar in the middle", parts{raw(gzmember.AppendZeros(nil, 1024, nil))},
			"tar header"},
		{"a group field for nothing", parts{raw(member(blocks(hard), []byte("G\x00")))},
			"field of duplicates"},
		{"a group field that is too short",
			parts{raw(member(blocks(many[:9]...), []byte("G\x00")))}, "field of duplicates"},
		{"a group field with a bit too many", parts{raw(member(blocks(hard), []byte("G\x03")))},
			"field of duplicates"},
		{"a symbolic link as a duplicate", parts{raw(member(blocks(link), []byte("G\x01")))},
			"is said to be a duplicate"},
		{"content that is too short", parts{raw(header(tartest.FileHeader("f", 8))), raw(plain)},
			"length 7, its header says 8"},
		{"content that is too long", parts{raw(header(tartest.FileHeader("f", 6))), raw(plain)},
			"longer than its header says, 6"},
		{"content in two members", parts{raw(header(tartest.FileHeader("f", 14))), raw(plain),
			raw(plain)}, "length 7, its header says 14"},
		{"no content", parts{raw(c), group(link)}, "longer than its header says, 7"},
		{"content with an extra field", parts{raw(c), raw(member(content, []byte("G\x01")))},
			"another member stands where its content should"},
		{"no padding", parts{raw(c), raw(plain), group(link)}, "padding member"},
		{"padding that is too short",
			parts{raw(c), raw(plain), raw(gzmember.AppendZeros(nil, 504, nil))}, "padding member"},
		{"padding that is not zeros",
			parts{raw(c), raw(plain), raw(member([]byte(strings.Repeat("x", 505)), nil))},
			"padding member"},
		{"padding that is deflated otherwise",
			parts{raw(c), raw(plain), raw(gzmember.AppendStored(nil, make([]byte, 505)))},
			"padding member"},
		{"segments that are too long", parts{tableOf(func(s *segments) { s.Lengths[0]++ })},
			"its segments have"},
		{"segments cut elsewhere",
			parts{tableOf(func(s *segments) { s.Lengths[0]++; s.Lengths[1]-- })}, "segment"},
		{"a segment too many",
			parts{tableOf(func(s *segments) { s.Lengths[2]--; s.Lengths = append(s.Lengths, 1) })},
			"4 segments instead of 3"},
		{"larger segments", parts{tableOf(func(s *segments) { s.Shift++ })},
			"3 segments instead of 2"},
		{"segments in content of one piece",
			parts{raw(header(tartest.FileHeader("s", len(three)))), raw(member([]byte(three), nil)),
				raw(gzmember.AppendZeros(nil, 0, inOne.AppendExtra(nil)))}, "segment"},
		{"bytes that are no member", parts{group(link), raw([]byte("what is this?"))},
			"byte 0 of the header"},
		{"a second trailer", parts{group(link), trailer}, "64 bytes follow its end"},
		{"a path twice", parts{tartest.AFile("f", "x"), tartest.AFile("f", "x")}, "duplicate path"},
		{"no directory", parts{tartest.AFile("d/f", "x")}, "no parent"},
		{"a directory later", parts{tartest.AFile("d/f", "x"), group(tartest.DirHeader("d"))},
			"no parent"},
		{"a hard link to nothing", parts{group(hard)}, "no target"},
		{"a hard link to a file later", parts{group(hard), tartest.AFile("f", "x")}, "no target"},
		{"a hard link to a symbolic link", parts{group(tartest.SymlinkHeader("f", "x"), hard)},
			"no target"},
		{"a file below a file", parts{tartest.AFile("f", "x"), tartest.AFile("f/g", "x")},
			"no parent"},
	} {
		t.Run(tc.name, func(t *testing.T) {
			a := tartest.Forge(2, 0, tc.parts...)
			for _, workers := range []int{1, 2} {
				var m build.Memory
				_, err := scan.BuildIndex(
					context.Background(),
					bytes.NewReader(a),
					int64(len(a)),
					&m,
					scan.Options{Workers: workers},
				)
				if err == nil || !strings.Contains(err.Error(), tc.says) || !errors.Is(err, format.ErrCorrupt) {
					t.Errorf("%d workers: got %v, want %q", workers, err, tc.says)
				}
			}
		})
	}
}

// A trailer that was written for another archive is refused.
func TestScanTrailer(t *testing.T) {
	parts := tartest.Variety()
	right := tartest.ForgeRight(t, parts...)
	tr, err := format.ParseTrailer(right[len(right)-format.EndSize:])
	if err != nil {
		t.Fatal(err)
	}
	for name, a := range map[string][]byte{
		"entries": tartest.Forge(tr.Entries+1, tr.Digest, parts...),
		"digest":  tartest.Forge(tr.Entries, tr.Digest+1, parts...),
		"none":    right[:tr.Offset],
	} {
		var m build.Memory
		_, err := scan.BuildIndex(
			context.Background(),
			bytes.NewReader(a),
			int64(len(a)),
			&m,
			scan.Options{},
		)
		if !errors.Is(err, format.ErrCorrupt) && !errors.Is(err, format.ErrTruncated) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A content that inflates to far more than the size in its header is not inflated to its end.
func TestScanBomb(t *testing.T) {
	bomb := tartest.Member(make([]byte, 64<<20), nil)
	a := tartest.Forge(
		1,
		0,
		tartest.Raw(gzmember.AppendTarHeader(nil, tartest.Blocks(tartest.FileHeader("bomb", 1000)))),
		tartest.Raw(bomb),
	)
	src := &countingReaderAt{r: bytes.NewReader(a)}
	var m build.Memory
	_, err := scan.BuildIndex(context.Background(), src, int64(len(a)), &m, scan.Options{Workers: 1})
	if !errors.Is(err, format.ErrCorrupt) {
		t.Error(err)
	}
	// BuildIndex does not search for the next unit.
	if src.n > int64(len(a))+format.SearchWindow {
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
