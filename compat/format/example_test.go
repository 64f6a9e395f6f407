package format

import (
	"bytes"
	"compress/gzip"
	"encoding/binary"
	"flag"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tarpack/tpk/compat/fixture"
	"github.com/tarpack/tpk/compat/tools"
	"github.com/tarpack/tpk/compat/trees"
)

var update = flag.Bool("update", false,
	"make missing golden archives, and rewrite the example of FORMAT.md")

// exampleTree is the tree of the example in FORMAT.md.
var exampleTree = trees.Tree{
	trees.Dir("d").At(1_000_000_002),
	trees.File("d/a", strings.Repeat("a tar in a gzip ", 8)).At(1_000_000_000),
	trees.File("d/b", strings.Repeat("a tar in a gzip ", 8)).At(1_000_000_001),
}

const (
	exampleBegin = "<!-- The dumps are generated: " +
		"go test ./compat/format -run TestExample -update -->\n"
	exampleEnd = "<!-- End of the dumps -->\n"
)

// TestExample compares the dumps in FORMAT.md with the archive that tpk writes.
func TestExample(t *testing.T) {
	base := tools.Dir(t)
	archive := filepath.Join(base, "x.tar.gz")
	fixture.WriteTree(t, exampleTree, filepath.Join(base, "x"))
	fixture.Pack(t, filepath.Join(base, "x"), archive)
	p := fixture.ReadPair(t, archive)
	want := "```\n" + dumpArchive(t, p.Archive) + "```\n\nAnd its sidecar, of " +
		fmt.Sprint(len(p.Sidecar)) + " bytes:\n\n```\n" + dumpSidecar(p.Sidecar) + "```\n"

	name := filepath.Join(tools.Repo(t), "FORMAT.md")
	doc, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	before, rest, ok1 := strings.Cut(string(doc), exampleBegin)
	got, after, ok2 := strings.Cut(rest, exampleEnd)
	if !ok1 || !ok2 {
		t.Fatalf("FORMAT.md has no section between %q and %q", exampleBegin, exampleEnd)
	}
	if got == want {
		return
	}
	if !*update {
		t.Fatalf("the dumps in FORMAT.md are not what tpk writes; should be\n%s", want)
	}
	if err := os.WriteFile(name, []byte(before+exampleBegin+want+exampleEnd+after),
		0o644); err != nil {
		t.Fatal(err)
	}
}

// A dump is an annotated list of bytes.
type dump struct {
	strings.Builder
	data []byte
	at   int
}

// title writes a line without bytes.
func (d *dump) title(format string, args ...any) { fmt.Fprintf(d, format+"\n", args...) }

// take writes the next n bytes with a note. A long run of zeros takes one line.
func (d *dump) take(n int, format string, args ...any) {
	note := fmt.Sprintf(format, args...)
	b := d.data[d.at : d.at+n]
	if n > 16 && len(bytes.Trim(b, "\x00")) == 0 {
		d.title("%s", strings.TrimRight(fmt.Sprintf("%04x  %-49s%s", d.at, fmt.Sprintf("00 × %d", n),
			note), " "))
		d.at += n
		return
	}
	for len(b) > 0 {
		k := min(16, len(b))
		line := fmt.Sprintf("%04x  %-49s%s", d.at, fmt.Sprintf("% x", b[:k]), note)
		d.title("%s", strings.TrimRight(line, " "))
		d.at, b, note = d.at+k, b[k:], ""
	}
}

// dumpArchive returns the dump of an archive, divided as in FORMAT.md 1.
func dumpArchive(t *testing.T, archive []byte) string {
	t.Helper()
	d := &dump{data: archive}
	names := []string{"G, a group of one entry", "H, the header of a file", "C, its content",
		"P, its padding", "G, a group of one entry", "T, the trailer"}
	for _, name := range names {
		d.title("%s", name)
		flags := archive[d.at+3]
		d.take(10, "gzip header")
		if flags == 4 {
			d.extra()
		}
		content, length := inflateOne(t, archive, d.at, flags == 4)
		d.take(length, "deflate stream")
		d.take(4, "CRC-32")
		d.take(4, "ISIZE = %d", len(content))
		d.inflated(content)
		if name[0] != 'T' {
			d.title("")
		}
	}
	if d.at != len(archive) {
		t.Errorf("%d bytes of the example are not explained", len(archive)-d.at)
	}
	return d.String()
}

// extra writes the extra field of G or T.
func (d *dump) extra() {
	le := binary.LittleEndian
	d.take(2, "XLEN = %d", le.Uint16(d.data[d.at:]))
	d.take(2, "subfield TP")
	n := int(le.Uint16(d.data[d.at:]))
	d.take(2, "of %d bytes", n)
	if d.data[d.at] == 'G' {
		d.take(1, "kind G")
		d.take(n-1, "bit 0: the first entry is a duplicate")
		return
	}
	d.take(1, "kind T")
	d.take(1, "format version")
	d.take(2, "required features: bit 0, the final format")
	d.take(2, "optional features")
	d.take(8, "%d entries", le.Uint64(d.data[d.at:]))
	d.take(8, "offset of T")
	d.take(8, "digest of the sidecar")
}

// inflateOne returns the content of the member whose deflate stream starts at offset at, and the
// length of this stream.
func inflateOne(t *testing.T, archive []byte, at int, extra bool) ([]byte, int) {
	t.Helper()
	start := at - 10
	if extra {
		n := bytes.LastIndex(archive[:at], []byte{0x1f, 0x8b, 8, 4})
		start = n
	}
	r := bytes.NewReader(archive[start:])
	z, err := gzip.NewReader(r)
	if err != nil {
		t.Fatal(err)
	}
	z.Multistream(false)
	content, err := io.ReadAll(z)
	if err != nil {
		t.Fatal(err)
	}
	return content, len(archive) - r.Len() - 8 - at
}

// inflated writes the content of a member: text, or the fields of a tar header that are not zero.
func (d *dump) inflated(content []byte) {
	if len(content) == 0 {
		return
	}
	if len(bytes.Trim(content, "\x00")) == 0 {
		d.title("      inflates to %d zero bytes", len(content))
		return
	}
	if len(content)%512 != 0 {
		d.title("      inflates to %q", content)
		return
	}
	d.title("      inflates to a tar header, zero but for")
	fields := []struct {
		name    string
		at, len int
	}{
		{"name", 0, 100}, {"mode", 100, 8}, {"uid", 108, 8}, {"gid", 116, 8}, {"size", 124, 12},
		{"mtime", 136, 12}, {"chksum", 148, 8},
		{"typeflag", 156, 1}, {"linkname", 157, 100}, {"magic", 257, 8},
	}
	for _, f := range fields {
		if b := bytes.TrimRight(content[f.at:f.at+f.len], "\x00"); len(b) > 0 {
			d.title("        %-9s at %3d  %q", f.name, f.at, b)
		}
	}
}

// dumpSidecar returns the dump of a sidecar, divided as in FORMAT.md 2.
func dumpSidecar(data []byte) string {
	d := &dump{data: data}
	u64 := func(at int) int { return int(binary.LittleEndian.Uint64(data[at:])) }
	d.title("Header")
	d.take(8, "TPKINDEX")
	d.take(4, "version")
	d.take(2, "required features, as in T")
	d.take(2, "optional features, as in T")
	d.take(8, "size of the archive = %d", u64(16))
	n := u64(24)
	d.take(8, "N = %d entries", n)
	for _, what := range []string{"files", "directories", "symbolic links", "hard links",
		"FIFOs and devices", "of the hard links, duplicates"} {
		d.take(8, "%d %s", u64(d.at), what)
	}
	for _, what := range []string{"files", "hard links", "all C", "C that duplicates save"} {
		d.take(8, "%d bytes of %s", u64(d.at), what)
	}
	d.take(4, "sections")
	d.take(4, "")
	names := []string{"records", "path blocks", "link targets", "segments", "paths", "table"}
	for _, name := range names {
		d.take(7, "%s: offset %d", name, u64(d.at)&(1<<56-1))
		d.take(1, "  section %d", d.data[d.at])
		d.take(8, "  length %d", u64(d.at))
		d.take(8, "  xxHash64")
	}
	d.take(10*24, "room for 10 more sections")
	d.take(8, "digest, the same as in T")
	for i, name := range names {
		offset, length := u64(120+24*i)&(1<<56-1), u64(128+24*i)
		if offset > d.at {
			d.take(offset-d.at, "gap")
		}
		d.title("")
		d.title("Section %d: %s", i+1, name)
		d.section(i+1, length, n)
	}
	if d.at != len(data) {
		d.take(len(data)-d.at, "not explained")
	}
	return d.String()
}

// section writes one section of the sidecar.
func (d *dump) section(number, length, n int) {
	switch number {
	case 1:
		for i := range n {
			d.record(i)
		}
	case 2:
		d.take(8, "block 0 is at 0 of section 5")
	case 3:
		d.title("      empty: there are no symbolic links")
	case 4:
		d.take(8, "K = 0 segmented files")
	case 5:
		d.take(16, "shared bytes of each of 16 paths")
		further := d.data[d.at : d.at+16]
		d.take(16, "further bytes of each")
		d.take(4, "block %d", d.data[d.at])
		for i := range n {
			d.take(int(further[i]), "%d: %q", i, d.data[d.at:d.at+int(further[i])])
		}
		d.take(-d.at&3, "")
	case 6:
		for end := d.at + length; d.at < end; {
			d.bucket()
		}
	}
}

func (d *dump) bucket() {
	used := int(d.data[d.at+60])
	for i := range used {
		d.take(5, "slot %d: block at %d, path %d", i, d.data[d.at]>>4<<2, d.data[d.at]&15)
	}
	d.take(5*(10-used), "unused")
	d.take(used, "tags")
	d.take(10-used, "")
	d.take(1, "slots in use")
	d.take(1, "reach")
	d.take(2, "TP")
}

// record writes the record of a directory, a file or a hard link.
func (d *dump) record(i int) {
	b := d.data[d.at:]
	u := func(at, n int) uint64 {
		var x [8]byte
		copy(x[:], b[at:at+n])
		return binary.LittleEndian.Uint64(x[:])
	}
	typ := b[43] & 15
	kind := map[byte]string{1: "file", 2: "directory", 4: "hard link"}[typ]
	header := map[byte]string{1: "H", 2: "G", 4: "G"}[typ]
	d.take(6, "%d: %s; offset of %s = %d", i, kind, header, u(0, 6))
	d.take(2, "  length of %s = %d", header, u(6, 2))
	if typ == 2 {
		d.take(8, "  %d bytes of files and hard links below it", u(8, 8))
		d.take(7, "  %d bytes of their C", u(16, 7))
		d.take(1, "  high byte of the offset")
		d.take(4, "  %d names that are not directories", u(24, 4))
		d.take(4, "")
		d.take(4, "  end = %d", u(32, 4))
		d.attributes(b)
		return
	}
	d.take(6, "  size = %d", u(8, 6))
	d.take(2, "  length of P = %d", u(14, 2))
	d.take(6, "  length of C = %d", u(16, 6))
	d.take(1, "  sniff = %d", b[22])
	d.take(1, "  high byte of the offset")
	d.take(8, "  xxHash64")
	switch typ {
	case 1:
		d.take(4, "  CRC-32")
	default:
		d.take(4, "  target = %d", u(32, 4))
	}
	d.attributes(b)
}

// attributes writes the end of the record b.
func (d *dump) attributes(b []byte) {
	le := binary.LittleEndian
	d.take(5, "  mtime = %d", uint64(le.Uint32(b[36:]))|uint64(b[40])<<32)
	d.take(2, "  mode = %04o", le.Uint16(b[41:]))
	d.take(1, "  type = %d, coding = %d, duplicate = %d", b[43]&15, b[43]>>4&3, b[43]>>6)
}
