package tarpack_test

import (
	"context"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"testing"

	"github.com/cespare/xxhash/v2"
	"github.com/tarpack/tpk/gzmember"
	"github.com/tarpack/tpk/gzmember/coding"
	"github.com/tarpack/tpk/sidecar"
	"github.com/tarpack/tpk/sidecar/build"
	"github.com/tarpack/tpk/tarpack"
	"github.com/tarpack/tpk/tarpack/format"
	"github.com/tarpack/tpk/tarpack/internal/tartest"
)

const (
	petaShards = 64
	petaFile   = 16_000_000_000_001 // bytes of the large file in each shard; ext4 takes 17.6 TB
	petaBlock  = 200_000_000        // a stored block in the last of these that has content
)

// TestPetabyte: a set of 1 PB, whose offsets have more than 48 bits, is indexed from its shards,
// opened, and read at its end. The shards are sparse files.
func TestPetabyte(t *testing.T) {
	dir := t.TempDir()
	name := func(i int) string {
		return filepath.Join(dir, fmt.Sprintf("p-%05d-of-%05d.tar.gz", i, petaShards))
	}
	for i := range petaShards {
		writeSparseShard(t, name(i), i)
	}
	ctx := context.Background()
	res, err := tarpack.Reindex(ctx, name(0), tarpack.ReindexOptions{})
	if err != nil || res.Entries != 1+2*petaShards {
		t.Fatalf("%+v, %v", res, err)
	}
	a, err := tarpack.Open(ctx, name(0), &tarpack.OpenOptions{RequireSidecar: true})
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	x := a.Index()
	if err := x.Verify(); err != nil {
		t.Error(err)
	}
	if x.ArchiveSize() < 1_000_000_000_000_000 {
		t.Errorf("a set of %d bytes", x.ArchiveSize())
	}
	small := fmt.Sprintf("d/small-%02d", petaShards-1)
	i, ok, err := x.Lookup(small)
	if err != nil || !ok {
		t.Fatal(ok, err)
	}
	if e, err := x.Entry(i); err != nil || e.Offset < 1<<48 {
		t.Errorf("%s: %+v, %v", small, e, err)
	}
	want := sidecar.Totals{NonDirs: 2 * petaShards}
	for i := range petaShards {
		want.Bytes += petaFile + uint64(len(petaContent(i)))
		want.Members += uint64(coding.StoredLength(petaFile)) + uint64(len(petaMember(i)))
	}
	if got, err := x.Totals(0); got != want || err != nil {
		t.Errorf("totals %+v, %v; want %+v", got, err, want)
	}
	for i := range petaShards {
		b, err := fs.ReadFile(a.FS(), fmt.Sprintf("d/small-%02d", i))
		if string(b) != petaContent(i) || err != nil {
			t.Fatalf("shard %d: %q, %v", i, b, err)
		}
	}
	f, err := a.FS().Open(fmt.Sprintf("d/big-%02d", petaShards-1))
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	b := make([]byte, 5)
	if _, err := f.(io.ReaderAt).ReadAt(b, petaBlock*coding.StoredBlock+100); err != nil ||
		string(b) != "here!" {
		t.Errorf("%q, %v", b, err)
	}
}

func petaContent(i int) string { return fmt.Sprintf("in shard %d\n", i) }

func petaMember(i int) []byte { return tartest.Member([]byte(petaContent(i)), nil) }

// writeSparseShard writes shard i: a directory, a stored file that is a hole but for one block, and
// a small file.
func writeSparseShard(t *testing.T, name string, i int) {
	t.Helper()
	f, err := os.Create(name)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	off := int64(0)
	put := func(at int64, b []byte) {
		t.Helper()
		if _, err := f.WriteAt(b, at); err != nil {
			t.Fatal(err)
		}
	}
	ix := build.New(build.Options{TempDir: t.TempDir()})
	defer ix.Close()
	ix.MarkShard()
	add := func(h format.Header, e sidecar.Entry) {
		t.Helper()
		member := gzmember.AppendTarHeader(nil, tartest.Blocks(h))
		put(off, member)
		e.Offset, e.HeaderLen = off, int32(len(member))
		e.Type, e.Mode, e.ModTime, e.Size = h.Type, h.Mode, h.ModTime, h.Size
		if err := ix.Add(build.Item{Entry: e, Path: h.Path}); err != nil {
			t.Fatal(err)
		}
		off += e.Length()
	}
	pad := func(size int64) int32 {
		return int32(len(gzmember.AppendZeros(nil, format.Padding(size), nil)))
	}
	add(tartest.DirHeader("d"), sidecar.Entry{})

	big := tartest.FileHeader(fmt.Sprintf("d/big-%02d", i), petaFile)
	c := off + int64(len(gzmember.AppendTarHeader(nil, tartest.Blocks(big))))
	block := append([]byte{0}, binary.LittleEndian.AppendUint16(nil, coding.StoredBlock)...)
	block = append(block, 0, 0) // the complement of the length
	put(c, gzmember.AppendMemberHeader(nil, nil))
	at := c + gzmember.HeaderSize + petaBlock*(coding.StoredBlock+5)
	put(at, append(block, make([]byte, 100)...))
	put(at+5+100, []byte("here!"))
	add(big, sidecar.Entry{
		ContentLen: coding.StoredLength(petaFile), Coding: coding.Stored, PadLen: pad(petaFile),
		Hash: uint64(i), CRC: 1,
	})

	content := petaContent(i)
	small := tartest.FileHeader(fmt.Sprintf("d/small-%02d", i), len(content))
	c = off + int64(len(gzmember.AppendTarHeader(nil, tartest.Blocks(small))))
	put(c, petaMember(i))
	put(c+int64(len(petaMember(i))), gzmember.AppendZeros(nil, format.Padding(small.Size), nil))
	add(small, sidecar.Entry{
		ContentLen: int64(len(petaMember(i))), Coding: coding.Deflate, PadLen: pad(small.Size),
		Hash: xxhash.Sum64String(content), CRC: crc32.ChecksumIEEE([]byte(content)),
	})

	side, err := os.Create(name + format.SidecarSuffix)
	if err != nil {
		t.Fatal(err)
	}
	defer side.Close()
	digest, _, err := ix.Finish(side, off+format.EndSize)
	if err != nil {
		t.Fatal(err)
	}
	trailer := format.Trailer{
		Entries: ix.Len(), Offset: off, Digest: digest, Features: ix.Features(),
	}
	put(off, trailer.Append(nil))
}
