package tartest

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
	"github.com/tarpack/tpk/tarpack"
	"github.com/tarpack/tpk/tarpack/format"
	"github.com/tarpack/tpk/tarpack/internal/scan"
)

// ForgedPart returns the bytes of a part of an archive that begins at off.
type ForgedPart func(off int64) []byte

// Features are those of every forged archive.
var Features = sidecar.Features{Required: sidecar.Final}

// Forge returns an archive of parts. Its trailer has the given number of entries and digest.
func Forge(entries, digest uint64, parts ...ForgedPart) []byte {
	var a []byte
	for _, p := range parts {
		a = append(a, p(int64(len(a)))...)
	}
	return format.Trailer{
		Entries: entries, Offset: int64(len(a)), Digest: digest, Features: Features,
	}.Append(a)
}

// ForgeRight is Forge with the right number of entries and digest. The parts must follow the rules.
func ForgeRight(t testing.TB, parts ...ForgedPart) []byte {
	t.Helper()
	a := Forge(0, 0, parts...)
	ix := scan.NewIndexer(scan.Options{}, false)
	defer ix.Builder.Close()
	s := &scan.Scan{
		Src:     bytes.NewReader(a),
		Size:    int64(len(a)),
		Workers: 1,
		Each: func(un *scan.Unit) error {
			if un.Err != nil {
				return un.Err
			}
			return ix.Add(un)
		},
	}
	if err := s.Run(context.Background()); err != nil {
		t.Fatal(err)
	}
	var m build.Memory
	digest, _, err := ix.Builder.Finish(&m, int64(len(a)))
	if err != nil {
		t.Fatal(err)
	}
	return Forge(ix.Builder.Len(), digest, parts...)
}

// Raw returns a part with fixed bytes.
func Raw(b []byte) ForgedPart { return func(int64) []byte { return b } }

// Blocks returns the header blocks of entries.
func Blocks(hs ...format.Header) []byte {
	var b []byte
	for i := range hs {
		var err error
		if b, err = format.AppendHeader(b, &hs[i]); err != nil {
			panic(err)
		}
	}
	return b
}

// Member returns a member of level 6. Extra is the payload of its TP subfield; nil: none.
func Member(content, extra []byte) []byte {
	e, err := gzmember.NewEncoder(6)
	if err != nil {
		panic(err)
	}
	return e.AppendMember(nil, content, extra)
}

// FileHeader returns the header of a regular file.
func FileHeader(path string, size int) format.Header {
	return format.Header{
		Path:    path,
		Type:    sidecar.TypeFile,
		Mode:    0o644,
		ModTime: 1e9,
		Size:    int64(size),
	}
}

// AFile returns H, C and P of a file, deflated.
func AFile(path, content string) ForgedPart {
	b := gzmember.AppendTarHeader(nil, Blocks(FileHeader(path, len(content))))
	return Raw(append(b, TailOf(content)...))
}

// TailOf returns C and P of a content, deflated.
func TailOf(content string) []byte {
	if content == "" {
		return nil
	}
	b := Member([]byte(content), nil)
	if n := format.Padding(int64(len(content))); n > 0 {
		b = gzmember.AppendZeros(b, n, nil)
	}
	return b
}

// AStored returns H, C and P of a file, stored.
func AStored(path, content string) ForgedPart {
	b := gzmember.AppendTarHeader(nil, Blocks(FileHeader(path, len(content))))
	b = gzmember.AppendStored(b, []byte(content))
	if n := format.Padding(int64(len(content))); n > 0 {
		b = gzmember.AppendZeros(b, n, nil)
	}
	return Raw(b)
}

// ASegmented returns H, C and P of a file in segments of 1 MiB. Edit may change its segment table;
// nil leaves it.
func ASegmented(path, content string, edit func(*gzmember.Segments)) ForgedPart {
	e, err := gzmember.NewEncoder(1)
	if err != nil {
		panic(err)
	}
	b := gzmember.AppendTarHeader(nil, Blocks(FileHeader(path, len(content))))
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
	return Raw(gzmember.AppendZeros(b, format.Padding(int64(len(content))), table.AppendExtra(nil)))
}

// AGroup returns the group of entries. A hard link with mode 0 is a duplicate, with mode 0644.
func AGroup(hs ...format.Header) ForgedPart {
	duplicates := format.DuplicateBits(len(hs), func(i int) bool {
		return hs[i].Type == sidecar.TypeHardlink && hs[i].Mode == 0
	})
	for i := range hs {
		if hs[i].Type == sidecar.TypeHardlink && hs[i].Mode == 0 {
			hs[i].Mode = 0o644
		}
	}
	return Raw(Member(Blocks(hs...), duplicates))
}

// DirHeader returns the header of a directory.
func DirHeader(path string) format.Header {
	return format.Header{Path: path, Type: sidecar.TypeDir, Mode: 0o755, ModTime: 1e9}
}

// SymlinkHeader returns the header of a symbolic link with this text.
func SymlinkHeader(path, text string) format.Header {
	return format.Header{Path: path, Type: sidecar.TypeSymlink, Mode: 0o777, Link: text, ModTime: 1e9}
}

// HardlinkHeader returns the header of a hard link to the path target.
func HardlinkHeader(path, target string) format.Header {
	return format.Header{
		Path:    path,
		Type:    sidecar.TypeHardlink,
		Mode:    0o644,
		Link:    target,
		ModTime: 1e9,
	}
}

// Text returns n bytes that deflate shrinks. Other seeds give other bytes.
func Text(seed string, n int) string {
	var b strings.Builder
	for i := 0; b.Len() < n; i++ {
		b.WriteString(seed)
		b.WriteByte(byte('a' + i*i%23))
		b.WriteByte(byte('\n'))
	}
	return b.String()[:n]
}

// Noise returns n bytes that deflate does not shrink. Other seeds give other bytes.
func Noise(seed string, n int) string {
	b := make([]byte, 0, n+8)
	for i := uint64(0); len(b) < n; i++ {
		b = binary.LittleEndian.AppendUint64(
			b,
			xxhash.Sum64String(seed+string(binary.LittleEndian.AppendUint64(nil, i))),
		)
	}
	return string(b[:n])
}

// Variety returns parts with everything that an archive can have, except large files.
func Variety() []ForgedPart {
	fifo := format.Header{Path: "pipe", Type: sidecar.TypeFIFO, Mode: 0o600, ModTime: 1e9}
	dup := HardlinkHeader("dir/dup", "text")
	dup.Mode = 0
	return []ForgedPart{
		AFile(
			"text",
			Text("t", 3000),
		), AFile("empty", ""), AFile("512", Text("5", 512)), AStored("noise", Noise("n", 1000)),
		AGroup(
			SymlinkHeader("link", "dir/inner"),
			HardlinkHeader("hard", "text"),
			fifo,
			DirHeader("dir"),
		),
		AFile("dir/inner", "inner\n"), AFile("dir/grüße", "wide\n"),
		AGroup(dup, SymlinkHeader("dir/up", "../text"), DirHeader("dir/sub")),
		AFile("dir/sub/deep", Text("d", 700)),
		AGroup(SymlinkHeader("dir/sub/a", ".."), SymlinkHeader("dir/sub/nowhere", "missing")),
	}
}

// Big returns Variety and large files, segmented and stored.
func Big() []ForgedPart {
	return append(
		Variety(),
		ASegmented(
			"segments",
			Text("s", 3<<20+5),
			nil,
		),
		ASegmented("two", Text("2", 2<<20), nil),
		AStored("stored", Noise("big", 1<<20+7)),
	)
}

// WriteArchive writes an archive, and its sidecar unless side is nil. It returns the archive's
// name.
func WriteArchive(t testing.TB, archive, side []byte) string {
	t.Helper()
	name := filepath.Join(t.TempDir(), "a.tar.gz")
	WriteFile(t, name, archive)
	if side != nil {
		WriteFile(t, name+format.SidecarSuffix, side)
	}
	return name
}

// WriteFile writes a file.
func WriteFile(t testing.TB, name string, b []byte) {
	t.Helper()
	if err := os.WriteFile(name, b, 0o644); err != nil {
		t.Fatal(err)
	}
}

// IndexOf returns the sidecar of an archive, made from it alone.
func IndexOf(t testing.TB, archive []byte) []byte {
	t.Helper()
	var m build.Memory
	src := bytes.NewReader(archive)
	if _, err := scan.BuildIndex(t.Context(), src, src.Size(), &m, scan.Options{}); err != nil {
		t.Fatal(err)
	}
	return m.Bytes()
}

// OpenForged opens an archive of these parts until the end of the test.
func OpenForged(t testing.TB, parts ...ForgedPart) *tarpack.Archive {
	t.Helper()
	archive := ForgeRight(t, parts...)
	a, err := tarpack.Open(
		context.Background(),
		WriteArchive(t, archive, IndexOf(t, archive)),
		&tarpack.OpenOptions{RequireSidecar: true},
	)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { a.Close() })
	return a
}

// Vouch corrects the hashes in a sidecar whose sections were changed, and the digest in the
// archive's trailer.
func Vouch(archive, side []byte) {
	le := binary.LittleEndian
	const sections, digestAt = 120, 504
	for i := range 6 {
		row := side[sections+24*i:]
		off, n := le.Uint64(row)&(1<<56-1), le.Uint64(row[8:])
		le.PutUint64(row[16:], xxhash.Sum64(side[off:off+n]))
	}
	le.PutUint64(side[digestAt:], xxhash.Sum64(side[:digestAt]))
	le.PutUint64(
		archive[len(archive)-format.EndSize+gzmember.HeaderSize+6+22:],
		le.Uint64(side[digestAt:]),
	)
}
