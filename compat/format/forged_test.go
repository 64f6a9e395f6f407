package format

import (
	"bytes"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/tarpack/tpk/compat/fixture"
	"github.com/tarpack/tpk/compat/forge"
	"github.com/tarpack/tpk/compat/tools"
	"github.com/tarpack/tpk/compat/trees"
)

// forgedItems returns an archive with everything that FORMAT.md allows, in an order that tpk pack
// would not choose.
func forgedItems() []forge.Item {
	long := strings.Repeat("l", 120)
	items := []forge.Item{
		{Path: "z", Type: forge.File, Mode: 0o644, Time: 1, Content: []byte("z comes first\n")},
		{Path: "dir", Type: forge.Dir, Mode: 0o755, Time: -5},
		{Path: "dir/stored", Type: forge.File, Mode: 0o600, Content: trees.NoiseBytes("s", 150_000),
			Stored: true},
		{Path: "dir/segmented", Type: forge.File, Mode: 0o600, Content: trees.TextBytes("s", 3<<20+1),
			Shift: 20},
		{Path: "dir/two", Type: forge.File, Mode: 0o600, Content: trees.TextBytes("2", 2<<20), Shift: 20},
		{Path: "dir/hard", Type: forge.Hardlink, Mode: 0o600, Link: "dir/stored"},
		{Path: "dir/copy", Type: forge.Hardlink, Mode: 0o644, Link: "z", Duplicate: true},
		{Path: "a", Type: forge.Symlink, Mode: 0o777, Link: "dir"},
		{Path: "b", Type: forge.Symlink, Mode: 0o777, Link: long},
		{Path: "empty", Type: forge.File, Mode: 0o4755},
		{Path: "dir/sub", Type: forge.Dir, Mode: 0o700, Time: 1 << 33},
		{Path: "dir/sub/" + long, Type: forge.File, Mode: 0o644, Content: []byte("long")},
		{Path: "Grüße", Type: forge.File, Mode: 0o644, Content: []byte("wide")},
		{Path: strings.Repeat("\xe4", 130), Type: forge.File, Mode: 0o644, Content: []byte("raw")},
		{Path: "fifo", Type: forge.FIFO, Mode: 0o644},
		{Path: "null", Type: forge.Char, Mode: 0o666, Major: 1, Minor: 3},
		{Path: "disk", Type: forge.Block, Mode: 0o660, Major: 8, Minor: 1},
	}
	for i, extra := range [][]byte{nil, []byte("X"), append([]byte("I"), make([]byte, 16_320)...)} {
		// An addition to the format, before the first entry and between two.
		items = slices.Insert(items, 5*i, forge.Item{Member: forge.Member(nil, extra)})
	}
	deep := strings.Repeat("component/", 40)
	for i := range strings.Count(deep, "/") {
		items = append(items, forge.Item{Path: deep[:10*i+9], Type: forge.Dir, Mode: 0o755})
	}
	for i, content := range sniffable {
		items = append(items, forge.Item{Path: "dir/sub/" + string(rune('A'+i/26)) +
			string(rune('a'+i%26)), Type: forge.File, Mode: 0o644, Content: []byte(content)})
	}
	return items
}

// sniffable are contents for each row of FORMAT.md 2.3, and some that narrowly fail to match a row.
var sniffable = []string{
	"%PDF-1.7", "%PDF", "\x89PNG\r\n\x1a\n", "\x89PNG", "\xff\xd8\xff\xe0", "GIF87a", "GIF89a",
	"GIF88a", "RIFF1234WEBPVP8 ", "RIFF1234WAVEfmt ", "RIFF1234AVI ",
	"\x00\x00\x00\x20ftypisom", "\x1a\x45\xdf\xa3", "OggS\x00", "OggS", "ID3\x04", "\x1f\x8b\x08\x00",
	"PK\x03\x04", "PK\x05\x06", "\x00asm\x01\x00\x00\x00", "wOFF", "wOF2",
	"\x00\x00\x01\x00", "BM\x00", "BMW is a car", "a\x00b", "a\x0bb", "esc \x1b[31m", "del \x7f",
	"<!DOCTYPE HTML>", "<!doctype htmlx", " \n<html>", "<html", "<htmlx>", "<Body class=x>",
	"\xef\xbb\xbf  <head>", " \xef\xbb\xbf<head>", "<svg xmlns=", "<SVG>",
	"<?xml version='1.0'?><svg>", "<?xml version='1.0'?>\n<rss>", "<?XML?>", "text", "caf\xe9",
	"Grüße", "cut \xc3",
	strings.Repeat("x", 511) + "é", strings.Repeat("x", 510) + "é\x00", strings.Repeat("x", 512) +
		"\x00", "\xed\xa0\x80", "\n", " <?xml" + strings.Repeat(" ", 600) + "<svg>",
}

// TestForged makes an archive and its sidecar from FORMAT.md alone. tpk must verify both and
// rebuild the same sidecar, and two tars must extract the archive.
func TestForged(t *testing.T) {
	for name, build := range map[string]func(...forge.Item) (archive, sidecar []byte){
		"without sums": forge.Build, "with sums": forge.BuildWithSums,
	} {
		t.Run(name, func(t *testing.T) {
			a, s := build(forgedItems()...)
			testForged(t, a, s)
		})
	}
}

func testForged(t *testing.T, a, s []byte) {
	dir := tools.Dir(t)
	archive := filepath.Join(dir, "forged.tar.gz")
	fixture.WriteFiles(t, map[string][]byte{archive: a, archive + ".tpi": s})
	if r := fixture.Run(t, "verify", archive); r.Code != 0 {
		t.Error(r)
	}
	if err := os.Remove(archive + ".tpi"); err != nil {
		t.Fatal(err)
	}
	if r := fixture.Run(t, "index", archive); r.Code != 0 {
		t.Fatal(r)
	}
	if got := fixture.ReadPair(t, archive).Sidecar; !bytes.Equal(got, s) {
		t.Errorf("tpk makes another sidecar, of %d bytes instead of %d, first at byte %d", len(got),
			len(s), firstDifference(got, s))
	}
	x := filepath.Join(dir, "tpk")
	if r := fixture.Run(t, "extract", "--hard-links", "--special", "-C", x, archive); r.Code != 0 &&
		os.Getuid() == 0 {
		t.Error(r)
	}
	if os.Getuid() != 0 {
		return // only root can make devices
	}
	for _, program := range []string{"tar", "bsdtar"} {
		other := tools.Dir(t)
		fixture.Untar(t, program, archive, other)
		// this order changes them
		fixture.Diff(t, fixture.ReadTree(t, other), x, trees.Rules{IgnoreDirTime: true})
	}
}

func firstDifference(a, b []byte) int {
	for i := range min(len(a), len(b)) {
		if a[i] != b[i] {
			return i
		}
	}
	return min(len(a), len(b))
}

// TestPackedSidecars rebuilds the sidecars of packed archives from FORMAT.md alone, and compares
// them with tpk's.
func TestPackedSidecars(t *testing.T) {
	for _, c := range fixture.Catalogue() {
		t.Run(c.Name, func(t *testing.T) {
			packed := fixture.Packed(t, c).Archive
			testPackedSidecar(t, packed)
			sums := filepath.Join(tools.Dir(t), "sums.tar.gz")
			fixture.WriteFiles(t, map[string][]byte{sums: fixture.ReadPair(t, packed).Archive})
			if r := fixture.Run(t, "compact", "--sha256", sums); r.Code != 0 {
				t.Fatal(r)
			}
			testPackedSidecar(t, sums)
		})
	}
}

func testPackedSidecar(t *testing.T, archive string) {
	t.Helper()
	p := fixture.ReadPair(t, archive)
	got, err := forge.Index(p.Archive)
	if err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(got, p.Sidecar) {
		t.Errorf("of %d bytes instead of %d, first at byte %d", len(p.Sidecar), len(got),
			firstDifference(got, p.Sidecar))
	}
}
