package tarpack_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"runtime"
	"slices"
	"strings"
	"testing"
	"testing/fstest"

	"github.com/tarpack/tpk/sidecar"
	"github.com/tarpack/tpk/tarpack"
	"github.com/tarpack/tpk/tarpack/format"
	"github.com/tarpack/tpk/tarpack/internal/tartest"
	"github.com/tarpack/tpk/tarpack/pack"
	"github.com/tarpack/tpk/tarpack/shard"
)

// indexStart is how each member of an index begins.
const indexStart = "\x1f\x8b\x08\x04\x00\x00\x00\x00\x00\xff\xea\x3fTP\xe6\x3fI\x00\x00\x00\x00\x00"

// sparseEmbedded writes an archive that ends with the index of n files: a sparse file with F, the
// header of the sidecar, the beginning of the last member, and T. Opening it needs nothing else.
func sparseEmbedded(t *testing.T, n int64) string {
	t.Helper()
	le := binary.LittleEndian
	header := [sidecar.HeaderSize]byte{}
	copy(header[:], "TPKINDEX\x01\x00\x00\x00\x01\x00\x00\x00")
	le.PutUint64(header[24:], uint64(n)) // entries
	le.PutUint64(header[32:], uint64(n)) // regular files
	le.PutUint32(header[112:], 6)
	blocks := (n + 15) / 16
	size := int64(sidecar.HeaderSize)
	for i, length := range []int64{n * 44, blocks * 8, 0, 8, blocks*36 + n*4, (n + 7) / 8 * 64} {
		size = (size + 63) / 64 * 64
		le.PutUint64(header[120+24*i:], uint64(size)|uint64(i+1)<<56)
		le.PutUint64(header[120+24*i+8:], uint64(length))
		size += length
	}
	members := (size + 512 + 16_319) / 16_320
	trailer := format.Trailer{Entries: uint64(n), Offset: 1<<20 + members*16_384}
	trailer.Features.Required = sidecar.Final
	trailer.Digest = sidecar.SetArchiveSize(&header, trailer.Offset+format.EndSize)

	name := filepath.Join(t.TempDir(), "sparse.tar.gz")
	f, err := os.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	last := []byte(indexStart)
	for _, x := range []uint64{uint64(members - 1), uint64(members), uint64(size), trailer.Digest} {
		last = le.AppendUint64(last, x)
	}
	last = append(last, make([]byte, 16_384-len(last))...)
	copy(last[16_384-10-512:], header[:])
	last[16_384-10] = 3
	former := trailer
	former.Offset = 1<<20 - format.EndSize
	_, err1 := f.WriteAt(append(former.Append(nil)[:format.TrailerHead], format.FormerTail...),
		former.Offset)
	_, err = f.WriteAt(append(last, trailer.Append(nil)...), trailer.Offset-16_384)
	if err := errors.Join(err1, err, f.Close()); err != nil {
		t.Fatal(err)
	}
	return name
}

// countedReader counts reads and their bytes.
type countedReader struct {
	io.ReaderAt
	reads, bytes int
}

func (r *countedReader) ReadAt(b []byte, off int64) (int, error) {
	r.reads++
	r.bytes += len(b)
	return r.ReaderAt.ReadAt(b, off)
}

// countAllocs is false where allocations cannot be counted.
var countAllocs = true

// TestOpenEmbeddedCost: opening an archive that has its index in itself costs the same for 10^3 and
// for 10^8 entries, in reads, in system calls that read, and in memory.
func TestOpenEmbeddedCost(t *testing.T) {
	ctx := context.Background()
	type cost struct {
		reads, bytes  int
		calls, allocs int
		memory        uint64
	}
	var costs []cost
	for _, n := range []int64{1_000, 100_000_000} {
		name := sparseEmbedded(t, n)
		open := func() {
			a, err := tarpack.Open(ctx, name, &tarpack.OpenOptions{RequireSidecar: true})
			if err != nil {
				t.Fatal(err)
			}
			if a.Index().Len() != int(n) || !a.IndexEmbedded() || !a.Index().Mapped() {
				t.Errorf("%d entries, embedded %v, mapped %v", a.Index().Len(), a.IndexEmbedded(),
					a.Index().Mapped())
			}
			if err := a.Close(); err != nil {
				t.Error(err)
			}
		}
		c := cost{}
		if countAllocs {
			c.allocs = int(testing.AllocsPerRun(20, open))
		}
		before := readCalls(t)
		open()
		c.calls = readCalls(t) - before
		var m1, m2 runtime.MemStats
		runtime.ReadMemStats(&m1)
		open()
		runtime.ReadMemStats(&m2)
		c.memory = m2.TotalAlloc - m1.TotalAlloc

		f, err := os.Open(name)
		if err != nil {
			t.Fatal(err)
		}
		fi, err := f.Stat()
		if err != nil {
			t.Fatal(err)
		}
		r := &countedReader{ReaderAt: f}
		a, err := tarpack.OpenAt(ctx, r, fi.Size(), nil, 0, &tarpack.OpenOptions{RequireSidecar: true})
		if err != nil {
			t.Fatal(err)
		}
		c.reads, c.bytes = r.reads, r.bytes
		if err := errors.Join(a.Close(), f.Close()); err != nil {
			t.Error(err)
		}
		costs = append(costs, c)
	}
	t.Logf("%+v", costs)
	few, many := costs[0], costs[1]
	if few.reads != many.reads || few.bytes != many.bytes || few.calls != many.calls ||
		few.allocs != many.allocs || many.memory > few.memory+4096 || few.memory > many.memory+4096 {
		t.Errorf("for 10^3 entries %+v, for 10^8 %+v", few, many)
	}
	if many.reads != 4 || many.bytes != 64+54+64+512 {
		t.Errorf("%d reads of %d bytes", many.reads, many.bytes)
	}
}

// readCalls returns how often this process has called read or pread.
func readCalls(t *testing.T) int {
	t.Helper()
	b, err := os.ReadFile("/proc/self/io")
	if err != nil {
		t.Skip("no /proc/self/io: ", err)
	}
	n := 0
	for line := range strings.Lines(string(b)) {
		fmt.Sscanf(line, "syscr: %d", &n)
	}
	return n
}

// packEmbedded packs a tree with the index in the archive.
func packEmbedded(t *testing.T, files ...[2]string) string {
	t.Helper()
	return tartest.Pack(t, tartest.Tree(t, files...), pack.Options{EmbedIndex: true})
}

// someFiles is a tree whose index has several members.
func someFiles(extra ...[2]string) [][2]string {
	files := [][2]string{{"a/b", "text"}, {"a/l", "-> b"}, {"big", tartest.Noise("big", 300_000)}}
	for i := range 600 {
		files = append(files, [2]string{fmt.Sprintf("many/a-name-of-some-length-%04d", i), fmt.Sprint(i)})
	}
	return append(files, extra...)
}

// TestOpenEmbedded reads an archive with its index in itself, in a file and in memory.
func TestOpenEmbedded(t *testing.T) {
	ctx := context.Background()
	name := packEmbedded(t, someFiles()...)
	if _, err := os.Stat(name + format.SidecarSuffix); !errors.Is(err, fs.ErrNotExist) {
		t.Errorf("there is a sidecar: %v", err)
	}
	b := tartest.Read(t, name)
	required := &tarpack.OpenOptions{RequireSidecar: true}
	for what, open := range map[string]func() (*tarpack.Archive, error){
		"file": func() (*tarpack.Archive, error) { return tarpack.Open(ctx, name, required) },
		"loaded": func() (*tarpack.Archive, error) {
			return tarpack.Open(ctx, name, &tarpack.OpenOptions{RequireSidecar: true, LoadIndex: 1 << 20})
		},
		"memory": func() (*tarpack.Archive, error) {
			return tarpack.OpenAt(ctx, bytes.NewReader(b), int64(len(b)), nil, 0, required)
		},
	} {
		t.Run(what, func(t *testing.T) {
			a, err := open()
			if err != nil {
				t.Fatal(err)
			}
			defer a.Close()
			e, err := a.Embedded()
			if err != nil || e.Members() < 3 || !a.IndexEmbedded() || a.IndexRebuilt() {
				t.Errorf("%+v, %v, %v, %v", e, err, a.IndexEmbedded(), a.IndexRebuilt())
			}
			if err := a.Index().Verify(); err != nil {
				t.Error(err)
			}
			const long = "many/a-name-of-some-length-0599"
			if err := fstest.TestFS(a.FS(), "a/b", "a/l", "big", long); err != nil {
				t.Error(err)
			}
		})
	}
}

// TestSidecarPreferred: a sidecar beside the archive is used if it belongs to it, otherwise the
// index in the archive, without a notice.
func TestSidecarPreferred(t *testing.T) {
	ctx := context.Background()
	name := packEmbedded(t, someFiles()...)
	if _, err := tarpack.Reindex(ctx, name, tarpack.ReindexOptions{}); err != nil {
		t.Fatal(err)
	}
	side := tartest.Read(t, name+format.SidecarSuffix)
	other := tartest.Pack(t, tartest.Tree(t, [2]string{"x", "y"}), pack.Options{})
	for _, c := range []struct {
		what     string
		side     []byte
		embedded bool
	}{
		{"right", side, false}, {"empty", nil, true}, {"cut short", side[:len(side)-1], true},
		{"of another archive", tartest.Read(t, other+format.SidecarSuffix), true},
		{"damaged header", slices.Concat(side[:30], []byte{1}, side[31:]), true},
	} {
		tartest.WriteFile(t, name+format.SidecarSuffix, c.side)
		a, err := tarpack.Open(ctx, name, &tarpack.OpenOptions{
			Notice: func(err error) { t.Errorf("%s: %v", c.what, err) },
		})
		if err != nil {
			t.Fatal(err)
		}
		if a.IndexEmbedded() != c.embedded || a.IndexRebuilt() {
			t.Errorf("%s: embedded %v, rebuilt %v", c.what, a.IndexEmbedded(), a.IndexRebuilt())
		}
		a.Close()
	}
}

// TestEmbeddedDamage: an index in the archive that is damaged, cut short or of another archive is
// not used, or no reader looks at what is damaged. Verify finds all of it, and EmbedIndex repairs
// it.
func TestEmbeddedDamage(t *testing.T) {
	ctx := context.Background()
	good := tartest.Read(t, packEmbedded(t, someFiles()...))
	other := tartest.Read(t, packEmbedded(t, someFiles([2]string{"many/x", "other"})...))
	end, otherEnd := len(good)-format.EndSize, len(other)-format.EndSize
	const member = sidecar.PartSize
	flip := func(at int) []byte {
		b := bytes.Clone(good)
		b[at] ^= 0x10
		return b
	}
	cases := map[string][]byte{
		"swapped": slices.Concat(good[:end-member], other[otherEnd-member:otherEnd], good[end:]),
		"spliced": slices.Concat(good[:end-2*member], good[end-member:end], good[end-2*member:end-member],
			good[end:]),
		"one member of another": slices.Concat(good[:end-2*member],
			other[otherEnd-2*member:otherEnd-member], good[end-member:]),
		"the header of another": slices.Concat(good[:end-522], other[otherEnd-522:otherEnd-10],
			good[end-10:]),
		"digest":                    flip(end - member + 46),
		"number":                    flip(end - member + 22),
		"count":                     flip(end - member + 30),
		"size":                      flip(end - member + 38),
		"the header to use":         flip(end - 300),
		"the first header":          flip(end - 3*member + 54 + 100),
		"a record":                  flip(end - 3*member + 54 + 600),
		"the number of the first":   flip(end - 3*member + 22),
		"a bucket":                  flip(end - member + 54 + 64),
		"zeros before the header":   flip(end - 530),
		"the former trailer before": flip(end - 3*member - 64 + 40),
		"the end of that":           flip(end - 3*member - 1),
		"the beginning of that":     flip(end - 3*member - 64 + 14),
	}
	if testing.Short() {
		for at := end - 3*member; at < end; at += 2003 {
			cases[fmt.Sprint("flip at ", at)] = flip(at)
		}
	} else {
		for at := end - 3*member - 64; at < end; at += 101 {
			cases[fmt.Sprint("flip at ", at)] = flip(at)
		}
	}
	want := map[string]string{}
	a, err := tarpack.OpenAt(ctx, bytes.NewReader(good), int64(len(good)), nil, 0, nil)
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	paths(t, a, want)
	for what, b := range cases {
		name := tartest.WriteArchive(t, b, nil)
		res, err := tarpack.Verify(ctx, name, tarpack.VerifyOptions{})
		if err == nil && res.Failed == 0 && isHead(b, end) {
			t.Errorf("%s: verify finds nothing", what)
		}
		a, err := tarpack.Open(ctx, name, nil)
		if err != nil {
			if !errors.Is(err, format.ErrCorrupt) {
				t.Errorf("%s: %v", what, err)
			}
			continue // the member is no gzip member any more
		}
		sound, release, err := a.Sound(ctx, &tarpack.OpenOptions{})
		if err != nil {
			if !errors.Is(err, format.ErrCorrupt) {
				t.Errorf("%s: %v", what, err)
			}
			a.Close()
			continue
		}
		got := map[string]string{}
		paths(t, sound, got)
		if fmt.Sprint(got) != fmt.Sprint(want) {
			t.Errorf("%s: it has other entries", what)
		}
		if err := errors.Join(release(), a.Close()); err != nil {
			t.Error(err)
		}
		if slices.ContainsFunc(res.Problems, func(p *format.Problem) bool {
			return !errors.Is(p, format.ErrStale)
		}) {
			continue // a member is none any more
		}
		if _, err := tarpack.EmbedIndex(ctx, name, tarpack.EmbedOptions{}); err != nil {
			t.Errorf("%s: %v", what, err)
			continue
		}
		tartest.WantSound(t, name)
	}
}

// isHead reports whether the last member of an archive that ends at end is still one of an index,
// or a damaged one. Without it, the archive has none.
func isHead(b []byte, end int) bool {
	return string(b[end-sidecar.PartSize:][:len(indexStart)]) == indexStart
}

// paths adds all paths of an archive, with offset and size of each.
func paths(t *testing.T, a *tarpack.Archive, to map[string]string) {
	t.Helper()
	for row, err := range a.Index().All(0, a.Index().Len()) {
		if err != nil {
			t.Fatal(err)
		}
		to[string(row.Path)] = fmt.Sprint(row.Entry.Offset, row.Entry.Size, row.Entry.Hash)
	}
}

// TestVerifyEmbedded: verify compares the index in the archive also where a sidecar is used.
func TestVerifyEmbedded(t *testing.T) {
	ctx := context.Background()
	name := packEmbedded(t, someFiles()...)
	if _, err := tarpack.Reindex(ctx, name, tarpack.ReindexOptions{}); err != nil {
		t.Fatal(err)
	}
	tartest.WantSound(t, name)
	good := tartest.Read(t, name)
	end := len(good) - format.EndSize
	for what, at := range map[string]int{
		"a record": end - 3*sidecar.PartSize + 54 + 600, "the header": end - 300,
		"the digest of its last member": end - sidecar.PartSize + 46,
	} {
		b := bytes.Clone(good)
		b[at] ^= 4
		tartest.WriteFile(t, name, b)
		res, err := tarpack.Verify(ctx, name, tarpack.VerifyOptions{})
		if err != nil || res.Failed != 1 || !errors.Is(res.Problems[0], format.ErrEmbedded) {
			t.Errorf("%s: %v, %v", what, res.Problems, err)
		}
	}
}

// TestTakeOutErrors: an index that cannot be taken out stays where it is.
func TestTakeOutErrors(t *testing.T) {
	ctx := context.Background()
	name := packEmbedded(t, someFiles()...)
	good := tartest.Read(t, name)
	first := len(good) - format.EndSize - 3*sidecar.PartSize
	for what, change := range map[string]func(b []byte){
		"another former trailer": func(b []byte) { b[first-format.EndSize+40] ^= 1 },
		"damaged":                func(b []byte) { b[len(b)-format.EndSize-sidecar.PartSize+46] ^= 1 },
	} {
		b := bytes.Clone(good)
		change(b)
		tartest.WriteFile(t, name, b)
		_, err := tarpack.TakeOutIndex(ctx, name, tarpack.EmbedOptions{})
		if !errors.Is(err, format.ErrCorrupt) && !errors.Is(err, format.ErrStale) {
			t.Errorf("%s: %v", what, err)
		}
		if !bytes.Equal(tartest.Read(t, name), b) {
			t.Errorf("%s: the archive has changed", what)
		}
		if left, _ := filepath.Glob(filepath.Join(filepath.Dir(name), ".*")); len(left) > 0 {
			t.Errorf("%s: there is %v", what, left)
		}
		os.Remove(name + format.SidecarSuffix) // made for the damaged one
	}
	set := filepath.Join(t.TempDir(), "s.tar.gz")
	tree := tartest.Tree(t, [2]string{"a", "b"}, [2]string{"c", "d"})
	if _, err := shard.Pack(ctx, tree, set, shard.PackOptions{Shards: 2}); err != nil {
		t.Fatal(err)
	}
	shards, err := filepath.Glob(filepath.Join(filepath.Dir(set), "*.tar.gz"))
	if err != nil || len(shards) != 2 {
		t.Fatal(shards, err)
	}
	for _, name := range append(shards, set) {
		_, err := tarpack.EmbedIndex(ctx, name, tarpack.EmbedOptions{})
		if !errors.Is(err, format.ErrNotEmbeddable) {
			t.Errorf("%s: %v", filepath.Base(name), err)
		}
	}
	alone := filepath.Join(t.TempDir(), "alone.tar.gz")
	tartest.WriteFile(t, alone, tartest.Read(t, shards[0]))
	_, err = tarpack.EmbedIndex(ctx, alone, tarpack.EmbedOptions{})
	if !errors.Is(err, format.ErrNotEmbeddable) {
		t.Errorf("a shard with another name: %v", err)
	}
}
