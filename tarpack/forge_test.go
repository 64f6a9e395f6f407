package tarpack

import (
	"bytes"
	"context"
	"encoding/binary"
	"hash/crc32"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/cespare/xxhash/v2"
	"github.com/tarpack/tpk/gzmember"
	"github.com/tarpack/tpk/gzmember/coding"
	"github.com/tarpack/tpk/sidecar"
	"github.com/tarpack/tpk/sidecar/build"
)

// A piece of a forged archive: any bytes, made with what is known of the bytes before.
type forgedPart func(off int64) []byte

// forge puts an archive together from parts and a trailer that counts the given entries and names the digest.
func forge(entries, digest uint64, parts ...forgedPart) []byte {
	var a []byte
	for _, p := range parts {
		a = append(a, p(int64(len(a)))...)
	}
	return Trailer{Entries: entries, Offset: int64(len(a)), Digest: digest}.Append(a)
}

// forgeRight is forge with the right number of entries and the right digest, if the parts follow the rules.
func forgeRight(t testing.TB, parts ...forgedPart) []byte {
	t.Helper()
	a := forge(0, 0, parts...)
	ix := newIndexer(IndexOptions{})
	defer ix.builder.Close()
	s := &archiveScan{src: bytes.NewReader(a), size: int64(len(a)), workers: 1, each: func(un *unit) error {
		if un.err != nil {
			return un.err
		}
		return ix.add(un)
	}}
	if err := s.run(context.Background()); err != nil {
		t.Fatal(err)
	}
	var m build.Memory
	digest, _, err := ix.builder.Finish(&m, int64(len(a)))
	if err != nil {
		t.Fatal(err)
	}
	return forge(ix.builder.Len(), digest, parts...)
}

// raw is a part with fixed bytes.
func raw(b []byte) forgedPart { return func(int64) []byte { return b } }

// blocks are the header blocks of entries.
func blocks(hs ...Header) []byte {
	var b []byte
	for i := range hs {
		var err error
		if b, err = AppendHeader(b, &hs[i]); err != nil {
			panic(err)
		}
	}
	return b
}

// member compresses at level 6.
func member(content, extra []byte) []byte {
	e, err := gzmember.NewEncoder(6)
	if err != nil {
		panic(err)
	}
	return e.AppendMember(nil, content, extra)
}

// fileHeader is a header of a regular file.
func fileHeader(path string, size int) Header {
	return Header{Path: path, Type: sidecar.TypeFile, Mode: 0o644, ModTime: 1e9, Size: int64(size)}
}

// aFile is H, C and P of a file, deflated.
func aFile(path, content string) forgedPart {
	b := gzmember.AppendTarHeader(nil, blocks(fileHeader(path, len(content))))
	return raw(append(b, tailOf(content)...))
}

// tailOf is C and P of a content, deflated.
func tailOf(content string) []byte {
	if content == "" {
		return nil
	}
	b := member([]byte(content), nil)
	if n := padding(int64(len(content))); n > 0 {
		b = gzmember.AppendZeros(b, n, nil)
	}
	return b
}

// aStored is a file whose content is stored.
func aStored(path, content string) forgedPart {
	b := gzmember.AppendTarHeader(nil, blocks(fileHeader(path, len(content))))
	b = gzmember.AppendStored(b, []byte(content))
	if n := padding(int64(len(content))); n > 0 {
		b = gzmember.AppendZeros(b, n, nil)
	}
	return raw(b)
}

// aSegmented is a file in segments of 1 MiB, whose table edit may change.
func aSegmented(path, content string, edit func(*gzmember.Segments)) forgedPart {
	e, err := gzmember.NewEncoder(1)
	if err != nil {
		panic(err)
	}
	b := gzmember.AppendTarHeader(nil, blocks(fileHeader(path, len(content))))
	b = gzmember.AppendMemberHeader(b, nil)
	table := gzmember.Segments{Shift: coding.MinShift}
	for rest := []byte(content); len(rest) > 0; {
		n := min(len(rest), 1<<coding.MinShift)
		before := len(b)
		b = e.AppendSegment(b, rest[:n], n == len(rest))
		table.Lengths = append(table.Lengths, uint32(len(b)-before))
		rest = rest[n:]
	}
	if edit != nil {
		edit(&table)
	}
	b = gzmember.AppendMemberTrailer(b, crc32.ChecksumIEEE([]byte(content)), int64(len(content)))
	return raw(gzmember.AppendZeros(b, padding(int64(len(content))), table.AppendExtra(nil)))
}

// aGroup is a group of entries. A duplicate is a hard link with mode 0 here.
func aGroup(hs ...Header) forgedPart {
	var items []build.Item
	for i := range hs {
		it := newItem(&hs[i], 0, 0)
		if it.Duplicate = it.Type == sidecar.TypeHardlink && it.Mode == 0; it.Duplicate {
			hs[i].Mode = 0o644
		}
		items = append(items, it)
	}
	return raw(member(blocks(hs...), duplicateBits(items)))
}

func dirHeader(path string) Header {
	return Header{Path: path, Type: sidecar.TypeDir, Mode: 0o755, ModTime: 1e9}
}

func symlinkHeader(path, text string) Header {
	return Header{Path: path, Type: sidecar.TypeSymlink, Mode: 0o777, Link: text, ModTime: 1e9}
}

func hardlinkHeader(path, target string) Header {
	return Header{Path: path, Type: sidecar.TypeHardlink, Mode: 0o644, Link: target, ModTime: 1e9}
}

// text is some content that deflate shrinks, n bytes of it.
func text(seed string, n int) string {
	var b strings.Builder
	for i := 0; b.Len() < n; i++ {
		b.WriteString(seed)
		b.WriteByte(byte('a' + i*i%23))
		b.WriteByte(byte('\n'))
	}
	return b.String()[:n]
}

// noise is content that deflate does not shrink.
func noise(seed string, n int) string {
	b := make([]byte, 0, n+8)
	for i := uint64(0); len(b) < n; i++ {
		b = binary.LittleEndian.AppendUint64(b, xxhash.Sum64String(seed+string(binary.LittleEndian.AppendUint64(nil, i))))
	}
	return string(b[:n])
}

// variety are parts with everything that an archive can hold.
func variety() []forgedPart {
	fifo := Header{Path: "pipe", Type: sidecar.TypeFIFO, Mode: 0o600, ModTime: 1e9}
	dup := hardlinkHeader("dir/dup", "text")
	dup.Mode = 0
	return []forgedPart{
		aFile("text", text("t", 3000)), aFile("empty", ""), aFile("512", text("5", 512)), aStored("noise", noise("n", 1000)),
		aGroup(symlinkHeader("link", "dir/inner"), hardlinkHeader("hard", "text"), fifo, dirHeader("dir")),
		aFile("dir/inner", "inner\n"), aFile("dir/grüße", "wide\n"),
		aGroup(dup, symlinkHeader("dir/up", "../text"), dirHeader("dir/sub")),
		aFile("dir/sub/deep", text("d", 700)),
		aGroup(symlinkHeader("dir/sub/a", ".."), symlinkHeader("dir/sub/nowhere", "missing")),
	}
}

// big are parts with contents that are segmented and stored.
func big() []forgedPart {
	return append(variety(),
		aSegmented("segments", text("s", 3<<20+5), nil), aSegmented("two", text("2", 2<<20), nil), aStored("stored", noise("big", 1<<20+7)))
}

// writeArchive writes an archive with its sidecar, or without one if side is nil, and returns its name.
func writeArchive(t testing.TB, archive, side []byte) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "a.tar.gz")
	writeFile(t, name, archive)
	if side != nil {
		writeFile(t, name+SidecarSuffix, side)
	}
	return name
}

func writeFile(t testing.TB, name string, b []byte) {
	t.Helper()
	if err := os.WriteFile(name, b, 0o644); err != nil {
		t.Fatal(err)
	}
}

// indexOf builds the sidecar of an archive.
func indexOf(t testing.TB, archive []byte) []byte {
	t.Helper()
	var m build.Memory
	if _, err := BuildIndex(context.Background(), bytes.NewReader(archive), int64(len(archive)), &m, IndexOptions{}); err != nil {
		t.Fatal(err)
	}
	return m.Bytes()
}

// openForged opens an archive of these parts.
func openForged(t testing.TB, parts ...forgedPart) *Archive {
	t.Helper()
	archive := forgeRight(t, parts...)
	a, err := Open(writeArchive(t, archive, indexOf(t, archive)), &OpenOptions{NoIndex: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { a.Close() })
	return a
}

// vouch makes the sidecar's hashes, and the digest in the archive's trailer, right again after one of its sections was changed.
func vouch(archive, side []byte) {
	le := binary.LittleEndian
	const sections, digestAt = 160, 304
	for i := range 6 {
		row := side[sections+24*i:]
		off, n := le.Uint64(row), le.Uint64(row[8:])
		le.PutUint64(row[16:], xxhash.Sum64(side[off:off+n]))
	}
	le.PutUint64(side[digestAt:], xxhash.Sum64(side[:digestAt]))
	le.PutUint64(archive[len(archive)-TrailerSize+gzmember.HeaderSize+6+22:], le.Uint64(side[digestAt:]))
}
