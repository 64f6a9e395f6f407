package sidecar_test

import (
	"encoding/binary"
	"encoding/hex"
	"flag"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tarpack/tpk/gzmember/coding"
	"github.com/tarpack/tpk/sidecar"
	"github.com/tarpack/tpk/sidecar/build"
	"github.com/tarpack/tpk/sidecar/internal/layout"
	"github.com/tarpack/tpk/sidecar/internal/sidecartest"
)

// go test ./sidecar -run TestGolden -update
var update = flag.Bool("update", false, "rewrite testdata/example.txt")

// TestGolden compares the bytes of the example with an annotated dump of them, so that a change of
// the format shows as a diff.
func TestGolden(t *testing.T) {
	b, m := sidecartest.Example(t)
	got := dumpSidecar(b, m)
	name := filepath.Join("testdata", "example.txt")
	if *update {
		if err := os.WriteFile(name, []byte(got), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	want, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	gotLines, wantLines := strings.Split(got, "\n"), strings.Split(string(want), "\n")
	for i := range min(len(gotLines), len(wantLines)) {
		if gotLines[i] != wantLines[i] {
			t.Fatalf("%s:%d:\n%s\nwant\n%s", name, i+1, gotLines[i], wantLines[i])
		}
	}
	if len(gotLines) != len(wantLines) {
		t.Fatalf("%s: %d lines, want %d", name, len(gotLines), len(wantLines))
	}
}

// dumper writes bytes with a description of each field.
type dumper struct {
	strings.Builder
	b  []byte
	at int
}

// note takes n bytes, 8 a line.
func (d *dumper) note(n int, format string, args ...any) {
	text := fmt.Sprintf(format, args...)
	for end := d.at + n; d.at < end; text = "" {
		line := d.b[d.at:min(d.at+8, end)]
		fmt.Fprintln(d, strings.TrimRight(fmt.Sprintf("%04x  %-24s %s", d.at, spaced(line), text), " "))
		d.at += len(line)
	}
}

// spaced is b in hexadecimal.
func spaced(b []byte) string {
	var parts []string
	for _, c := range b {
		parts = append(parts, hex.EncodeToString([]byte{c}))
	}
	return strings.Join(parts, " ")
}

// dumpSidecar annotates the sidecar of a model.
func dumpSidecar(b []byte, m *sidecartest.Model) string {
	le := binary.LittleEndian
	d := &dumper{b: b}
	u64 := func() uint64 { return le.Uint64(b[d.at:]) }
	d.WriteString(
		"# The sidecar of sidecartest.Example, by FORMAT.md 2.\n# Made by: go test ./sidecar " +
			"-run TestGolden -update\n\n")
	d.note(8, "magic")
	d.note(4, "version")
	d.note(2, "required features")
	d.note(2, "optional features")
	d.note(8, "archive of %d bytes", u64())
	d.note(8, "%d entries", u64())
	for _, what := range []string{"files", "directories", "symbolic links", "hard links",
		"specials", "duplicates"} {
		d.note(8, "%d %s", u64(), what)
	}
	for _, what := range []string{"files", "hard links", "members with content",
		"members that duplicates save"} {
		d.note(8, "%d bytes of %s", u64(), what)
	}
	d.note(4, "sections")
	d.note(4, "reserved")
	var ends [layout.NumSections]int
	for i, name := range layout.SectionNames[:layout.NumSections] {
		off := u64() & (1<<56 - 1)
		ends[i] = int(off + le.Uint64(b[d.at+8:]))
		d.note(7, "%s: offset %d", name, off)
		d.note(1, "  section %d", b[d.at])
		d.note(8, "  length %d", u64())
		d.note(8, "  hash")
	}
	for range layout.MaxSections - layout.NumSections {
		d.note(24, "unused")
	}
	d.note(8, "digest")
	for i, section := range []func(d *dumper, m *sidecartest.Model, end int){dumpRecords,
		dumpBlocks, dumpLinks, dumpSegments, dumpPaths, dumpTable} {
		fmt.Fprintf(d, "\n# %s\n", layout.SectionNames[i])
		section(d, m, ends[i])
		if i < layout.NumSections-1 {
			d.note(int(layout.Aligned(int64(ends[i])))-ends[i], "gap")
		}
	}
	return d.String()
}

func dumpRecords(d *dumper, m *sidecartest.Model, _ int) {
	for i, it := range m.Sorted {
		d.note(8, "%d %.40q: header member at %d, %d bytes", i, it.Path, it.Offset, it.HeaderLen)
		if it.Type == sidecar.TypeDir {
			dumpDir(d, m, &it)
			continue
		}
		d.note(8, "  size %d, padding member of %d bytes", it.Size, it.PadLen)
		switch it.Type {
		case sidecar.TypeFile:
			d.note(8, "  content member of %d bytes; sniff %d", it.ContentLen, it.Sniff)
		case sidecar.TypeSymlink:
			d.note(8, "  offset of the link target")
		case sidecar.TypeHardlink:
			d.note(8, "  sniff %d", it.Sniff)
		default:
			d.note(8, "  device %d, %d", it.DevMajor, it.DevMinor)
		}
		d.note(8, "  hash")
		switch it.Type {
		case sidecar.TypeFile:
			d.note(4, "  CRC-32")
		case sidecar.TypeHardlink:
			d.note(4, "  target is entry %d", it.Target)
		default:
			d.note(4, "  nothing")
		}
		d.note(8, "  time %d, mode %04o, %v, %v, duplicate %v", it.ModTime, it.Mode, it.Type,
			it.Coding, it.Duplicate)
	}
}

// dumpDir annotates the record of a directory, after its header member.
func dumpDir(d *dumper, m *sidecartest.Model, it *build.Item) {
	t := m.Totals(it.Path)
	d.note(8, "  %d bytes below it", t.Bytes)
	d.note(7, "  %d bytes of members with content", t.Members)
	d.note(1, "  high bits of the offset")
	d.note(4, "  %d names that are no directories", t.NonDirs)
	d.note(4, "  nothing")
	d.note(4, "  ends at entry %d", it.End)
	d.note(8, "  time %d, mode %04o, %v", it.ModTime, it.Mode, it.Type)
}

func dumpBlocks(d *dumper, m *sidecartest.Model, end int) {
	for k := 0; d.at < end; k++ {
		d.note(8, "block %d begins at %d", k, binary.LittleEndian.Uint64(d.b[d.at:]))
	}
}

func dumpLinks(d *dumper, m *sidecartest.Model, _ int) {
	for _, it := range m.Sorted {
		if it.Type == sidecar.TypeSymlink {
			d.note(len(it.Link), "%q of %q", it.Link, it.Path)
		}
	}
}

func dumpSegments(d *dumper, m *sidecartest.Model, end int) {
	d.note(8, "segmented files")
	for i, it := range m.Sorted {
		if it.Coding == coding.Segmented {
			d.note(8, "entry %d, shift %d", i, it.Shift)
			d.note(8, "  index of its first end")
		}
	}
	for d.at < end {
		d.note(8, "a segment ends at %d", binary.LittleEndian.Uint64(d.b[d.at:]))
	}
}

func dumpPaths(d *dumper, m *sidecartest.Model, _ int) {
	for first := 0; first < len(m.Sorted); first += layout.BlockPaths {
		lens := d.b[d.at : d.at+pathLens]
		d.note(layout.BlockPaths, "shared bytes")
		d.note(layout.BlockPaths, "further bytes")
		d.note(4, "number of the block")
		before, long := "", []int(nil)
		var texts []string
		for i := range min(layout.BlockPaths, len(m.Sorted)-first) {
			path := m.Sorted[first+i].Path
			shared := layout.CommonPrefix([]byte(before), []byte(path))
			if lens[i] == longLen {
				long = append(long, shared)
			}
			texts, before = append(texts, path[shared:]), path
		}
		for i, text := range texts {
			if lens[layout.BlockPaths+i] == longLen {
				long = append(long, len(text))
			}
		}
		for _, n := range long {
			d.note(2, "the number is %d", n)
		}
		for i, text := range texts {
			d.note(len(text), "%d %.40q", first+i, text)
		}
		d.note(-d.at&3, "up to a multiple of 4")
	}
}

func dumpTable(d *dumper, _ *sidecartest.Model, end int) {
	for k := 0; d.at < end; k++ {
		b := layout.Bucket(d.b[d.at : d.at+layout.BucketSize])
		for slot := range layout.BucketSlots {
			if slot >= b.Count() {
				d.note(placeSize, "")
				continue
			}
			off, path := layout.SplitPlace(b.Place(slot))
			d.note(placeSize, "bucket %d: slot %d: block at %d, path %d", k, slot, off, path)
		}
		d.note(layout.BucketSlots, "bucket %d: tags", k)
		d.note(1, "  %d slots in use", b.Count())
		d.note(1, "  reach %d", b.Reach())
		d.note(2, "  mark")
	}
}
