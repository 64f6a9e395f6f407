package edit

import (
	"archive/zip"
	"bytes"
	"encoding/binary"
	"fmt"
	"hash/crc32"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tarpack/tpk/compat/tools"
	"github.com/tarpack/tpk/compat/trees"
)

// A zipEntry is an entry of a zip, stored, or compressed by a program if it has a raw content.
type zipEntry struct {
	name, content string
	host          uint16
	attrs         uint32
	flags, method uint16
	extra         string
	raw           []byte
}

// forgeZip returns a zip of the entries.
func forgeZip(t *testing.T, entries ...zipEntry) []byte {
	t.Helper()
	var b bytes.Buffer
	w := zip.NewWriter(&b)
	for _, e := range entries {
		if e.raw == nil {
			e.raw = []byte(e.content)
		}
		f, err := w.CreateRaw(&zip.FileHeader{
			Name: e.name, CreatorVersion: e.host<<8 | 20, ExternalAttrs: e.attrs, Flags: e.flags,
			Method: e.method, Extra: []byte(e.extra), CRC32: crc32.ChecksumIEEE([]byte(e.content)),
			CompressedSize64: uint64(len(e.raw)), UncompressedSize64: uint64(len(e.content)),
		})
		if err != nil {
			t.Fatal(err)
		}
		if _, err := f.Write(e.raw); err != nil {
			t.Fatal(err)
		}
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// convertZip converts a zip without a message, and returns the archive.
func convertZip(t *testing.T, in []byte, flags ...string) string {
	t.Helper()
	out := filepath.Join(tools.Dir(t), "out.tar.gz")
	args := append([]string{"convert"}, append(flags, "-", out)...)
	cmd := exec.Command(tools.TPK(t), args...)
	cmd.Stdin = bytes.NewReader(in)
	if r := tools.Run(t, cmd); r.Code != 0 || len(r.Err) > 0 {
		t.Fatal(r)
	}
	return out
}

// TestConvertZipModes compares the modes with those of Info-ZIP's unzip with the umask 022, for
// zips of systems with and without Unix modes. Where unzip makes 0000 of an entry of Unix without
// attributes, the mode is that of the other systems.
func TestConvertZipModes(t *testing.T) {
	var entries []zipEntry
	for _, host := range []uint16{0, 3, 6, 7, 10, 11, 14, 19} {
		for i, attrs := range []uint32{0, 0x20, 0x21} { // none, archive, archive and read-only
			name := fmt.Sprintf("%d-%d", host, i)
			entries = append(entries, zipEntry{name: name, content: name, host: host, attrs: attrs})
		}
		for i, attrs := range []uint32{0, 0x10} {
			name := fmt.Sprintf("dir%d-%d/", host, i)
			entries = append(entries, zipEntry{name: name, host: host, attrs: attrs})
		}
	}
	for _, host := range []uint16{0, 2, 3, 5, 11, 18} { // not all heed a Unix mode
		for i, attrs := range []uint32{0o100600 << 16, 0o600 << 16, 0o100755 << 16, 0o100755<<16 | 0x21,
			0o100444<<16 | 1, 0o100400 << 16} {
			name := fmt.Sprintf("mode%d-%d", host, i)
			entries = append(entries, zipEntry{name: name, content: name, host: host, attrs: attrs})
		}
		for i, attrs := range []uint32{0o040700<<16 | 0x10, 0o700 << 16, 0o040750 << 16} {
			name := fmt.Sprintf("modedir%d-%d/", host, i)
			entries = append(entries, zipEntry{name: name, host: host, attrs: attrs})
		}
		name := fmt.Sprintf("content%d", host)
		entries = append(entries, zipEntry{name: name, content: name, host: host,
			attrs: 0o040755<<16 | 0x10})
	}
	entries = append(entries, zipEntry{name: "script", content: "#!", host: 3, attrs: 0o100751 << 16},
		zipEntry{name: "private/", host: 3, attrs: 0o040700 << 16})
	in := forgeZip(t, entries...)
	got := extracted(t, convertZip(t, in))
	dir := tools.Dir(t)
	if err := os.WriteFile(filepath.Join(dir, "in.zip"), in, 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command("sh", "-c", "umask 022 && exec "+tools.Path(t, "unzip")+" -q in.zip -d x")
	cmd.Dir = dir
	tools.Must(t, cmd)
	want, err := trees.Read(filepath.Join(dir, "x"))
	if err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"3-0", "3-1", "3-2", "dir3-0", "dir3-1"} {
		state, like := want[name], want[strings.Replace(name, "3-", "0-", 1)]
		if state.Mode&0o777 != 0 {
			t.Errorf("unzip gives %s the mode %o", name, state.Mode)
		}
		state.Mode = like.Mode
		want[name] = state
	}
	for _, line := range trees.Diff(want, got, trees.Rules{Merged: true, IgnoreTime: true}) {
		t.Error(line)
	}
}

// TestConvertZipMethods converts zips of 7z, and zips with what xz and zstd have compressed.
func TestConvertZipMethods(t *testing.T) {
	dir := tools.Dir(t)
	far := append(trees.NoiseBytes("far", 64_000), make([]byte, 300_000)...)
	far = append(far, far[:64_000]...)
	tree := trees.Tree{
		trees.File("small", "small"), trees.Text("text", 6<<20), trees.Noise("noise", 100_000),
		trees.Bytes("far", append(far, far[300_000:]...)), // matches of Deflate64 reach so far
	}
	if err := tree.Write(dir); err != nil {
		t.Fatal(err)
	}
	content := string(read(t, filepath.Join(dir, "text")))
	check := func(t *testing.T, archive string, names ...string) {
		t.Helper()
		for _, name := range names {
			want := read(t, filepath.Join(dir, name))
			if r := tpk(t, "cat", archive, name); !bytes.Equal(r.Out, want) {
				t.Errorf("%s differs: %s", name, r.Err)
			}
		}
	}
	for _, method := range []string{"Copy", "Deflate", "Deflate64", "BZip2", "LZMA"} {
		t.Run(method, func(t *testing.T) {
			in := filepath.Join(tools.Dir(t), "in.zip")
			cmd := exec.Command(tools.Path(t, "7z"), "a", "-tzip", "-mm="+method, in, "small", "text",
				"noise", "far")
			cmd.Dir = dir
			tools.Must(t, cmd)
			check(t, convertZip(t, read(t, in)), "small", "text", "noise", "far")
		})
	}
	for method, program := range map[uint16]string{95: "xz", 93: "zstd", 20: "zstd"} {
		t.Run(fmt.Sprint(method), func(t *testing.T) {
			raw := tools.Must(t, exec.Command(tools.Path(t, program), "-1c", filepath.Join(dir, "text")))
			check(t, convertZip(t, forgeZip(t, zipEntry{name: "text", content: content, host: 3,
				method: method, raw: raw})), "text")
		})
	}
}

// TestConvertZipNames converts names in other encodings (the reference is Python's codecs), the
// Unicode Path field (APPNOTE, section 4.6.9), and backslashes.
func TestConvertZipNames(t *testing.T) {
	unicodePath := func(name, utf8 string) string {
		b := binary.LittleEndian.AppendUint16(nil, 0x7075)
		b = binary.LittleEndian.AppendUint16(b, uint16(5+len(utf8)))
		b = append(b, 1)
		b = binary.LittleEndian.AppendUint32(b, crc32.ChecksumIEEE([]byte(name)))
		return string(append(b, utf8...))
	}
	encode := func(name, codec string) string {
		return string(tools.Must(t, exec.Command(tools.Path(t, "python3"), "-c",
			"import sys; sys.stdout.buffer.write(sys.argv[1].encode(sys.argv[2]))", name, codec)))
	}
	for _, c := range []struct {
		name, extra, encoding, want string
		flags                       uint16
	}{
		{name: encode("表示/ソース.txt", "shift_jis"), encoding: "shift_jis", want: "表示/ソース.txt"},
		{name: encode("表示\\ソース.txt", "shift_jis"), encoding: "Shift_JIS", want: "表示/ソース.txt"},
		{name: encode("表示.txt", "shift_jis"), want: encode("表示.txt", "shift_jis")},
		{name: encode("誠/目录.txt", "gbk"), encoding: "gbk", want: "誠/目录.txt"},
		{name: encode("é/ü", "cp437"), encoding: "cp437", want: "é/ü"},
		{name: encode("表示.txt", "cp932"), encoding: "cp932", want: "表示.txt"},
		{name: encode("한글.txt", "cp949"), encoding: "cp949", want: "한글.txt"},
		{name: encode("한글.txt", "euc_kr"), encoding: "euc_kr", want: "한글.txt"},
		{name: encode("表示.txt", "cp950"), encoding: "cp950", want: "表示.txt"},
		{name: encode("香港.txt", "big5hkscs"), encoding: "big5hkscs", want: "香港.txt"},
		{name: encode("目录.txt", "cp936"), encoding: "cp936", want: "目录.txt"},
		{name: encode("表示.txt", "euc_jp"), encoding: "euc_jp", want: "表示.txt"},
		{name: encode("表示.txt", "iso2022_jp"), encoding: "iso2022_jp", want: "表示.txt"},
		{name: encode("é", "cp850"), encoding: "cp850", want: "é"},
		{name: encode("файл", "cp866"), encoding: "cp866", want: "файл"},
		{name: encode("файл", "koi8_r"), encoding: "koi8_r", want: "файл"},
		{name: encode("é", "cp1252"), encoding: "cp1252", want: "é"},
		{name: encode("é", "latin_1"), encoding: "latin_1", want: "é"},
		{name: "é", flags: 0x800, encoding: "shift_jis", want: "é"},
		{name: "x\x82", extra: unicodePath("x\x82", "xé"), want: "xé"},
		{name: "x\x82", extra: unicodePath("x\x82", "xé"), encoding: "shift_jis", want: "xé"},
		{name: "x", extra: unicodePath("another name", "xé"), want: "x"},
		{name: `d\e\f`, want: "d/e/f"},
	} {
		t.Run(fmt.Sprintf("%q", c.name), func(t *testing.T) {
			var flags []string
			if c.encoding != "" {
				flags = []string{"--zip-encoding", c.encoding}
			}
			out := convertZip(t, forgeZip(t, zipEntry{name: c.name, content: "x", extra: c.extra,
				flags: c.flags}), flags...)
			if _, ok := extracted(t, out)[c.want]; !ok {
				t.Errorf("%q is missing; there are\n%s", c.want, tpk(t, "ls", out).Out)
			}
		})
	}
	out := convertZip(t, forgeZip(t, zipEntry{name: `folder\`},
		zipEntry{name: `folder\x`, content: "x"}))
	if got := tpk(t, "ls", out); string(got.Out) != "folder/\nfolder/x\n" {
		t.Error(got)
	}
	if r := tpk(t, "convert", "--zip-encoding", "none", "a", "b"); r.Code != 2 {
		t.Error(r)
	}
}

// TestConvertZipData converts zips behind other data, with Info-ZIP's owners (field "ux"), and with
// data descriptors that contradict the central directory, which unzip does not read.
func TestConvertZipData(t *testing.T) {
	big := strings.Repeat("content ", 1<<20)
	in := forgeZip(t, zipEntry{name: "small", content: "small", flags: 8, host: 3,
		extra: "\x75\x78\x0b\x00\x01\x04\xe8\x03\x00\x00\x04\xe9\x03\x00\x00"},
		zipEntry{name: "big", content: big, flags: 8})
	for _, of := range []string{"small", big} { // in the descriptors, not in the directory
		sum := binary.LittleEndian.AppendUint32([]byte("PK\x07\x08"), crc32.ChecksumIEEE([]byte(of)))
		at := bytes.Index(in, sum)
		if at < 0 {
			t.Fatal("there is no descriptor")
		}
		in[at+4] ^= 1
	}
	for _, before := range []string{"", "#!/usr/bin/env python3\n", "Cr24" + tarZeros(600),
		"MZ" + strings.Repeat("program", 1000), "BZh9xx", "\x1f\x8b\x08\x00\x00\x00\x00\x00\x00\x03xyz",
		"\x28\xb5\x2f\xfdxyz", tarZeros(1024)} {
		out := convertZip(t, append([]byte(before), in...))
		lines := strings.Join(tarListing(t, "-f", out), "\n")
		if !strings.Contains(lines, " 1000/1001 ") {
			t.Errorf("another owner:\n%s", lines)
		}
		if r := tpk(t, "cat", out, "small", "big"); string(r.Out) != "small"+big {
			t.Error(r)
		}
	}
}

// TestConvertAbsolute converts absolute names. GNU tar removes the leading slash of names and of
// targets of hard links, with a warning, and leaves symbolic links as they are.
func TestConvertAbsolute(t *testing.T) {
	work := tools.Dir(t)
	in, out := filepath.Join(work, "in.tar"), filepath.Join(work, "out.tar.gz")
	tar := tarBlock("/d/", '5', 0, "") + tarFile("/d/a", '0', "a") + tarBlock("//b", '1', 0, "/d/a") +
		tarBlock("/s", '2', 0, "/d/a") + tarZeros(1024)
	if err := os.WriteFile(in, []byte(tar), 0o600); err != nil {
		t.Fatal(err)
	}
	r := tpk(t, "convert", in, out)
	if r.Code != 0 || strings.Count(string(r.Err), "\n") != 1 {
		t.Fatal(r)
	}
	x := filepath.Join(work, "x")
	if err := os.Mkdir(x, 0o755); err != nil {
		t.Fatal(err)
	}
	tools.Must(t, exec.Command(tools.Path(t, "tar"), "-xpf", in, "-C", x))
	want, err := trees.Read(x)
	if err != nil {
		t.Fatal(err)
	}
	for _, line := range trees.Diff(want, extracted(t, out), trees.Rules{Merged: true,
		IgnoreDirTime: true}) {
		t.Error(line)
	}
}

// TestConvertZipSpecial: an entry with content is a regular file, even if its mode is that of a
// FIFO, as Info-ZIP's zip marks standard input, or of a device. Unzip extracts it so.
func TestConvertZipSpecial(t *testing.T) {
	dir := tools.Dir(t)
	cmd := exec.Command("sh", "-c", "echo content | "+tools.Path(t, "zip")+" -q - -")
	piped := tools.Must(t, cmd)
	entries := []zipEntry{}
	for i, mode := range []uint32{0o010644, 0o020644, 0o060644, 0o140644} {
		entries = append(entries, zipEntry{name: fmt.Sprint(i), content: "content\n", host: 3,
			attrs: mode << 16})
	}
	for i, in := range [][]byte{piped, forgeZip(t, entries...)} {
		name := filepath.Join(dir, fmt.Sprint(i))
		if err := os.WriteFile(name+".zip", in, 0o600); err != nil {
			t.Fatal(err)
		}
		tools.Must(t, exec.Command(tools.Path(t, "unzip"), "-q", name+".zip", "-d", name))
		want, err := trees.Read(name)
		if err != nil {
			t.Fatal(err)
		}
		rules := trees.Rules{Merged: true, IgnoreTime: true, ModeMask: 0o777}
		for _, line := range trees.Diff(want, extracted(t, convertZip(t, in)), rules) {
			t.Error(line)
		}
	}
}

// TestConvertZipWrongSize: no advice for archives is given about a damaged entry of a zip, which
// unzip reports as well.
func TestConvertZipWrongSize(t *testing.T) {
	work := tools.Dir(t)
	content := bytes.Repeat([]byte("f"), 1000)
	if err := os.WriteFile(filepath.Join(work, "f"), content, 0o600); err != nil {
		t.Fatal(err)
	}
	cmd := exec.Command(tools.Path(t, "zip"), "-qX", "in.zip", "f")
	cmd.Dir = work
	tools.Must(t, cmd)
	in := filepath.Join(work, "in.zip")
	b := read(t, in)
	b[14]++ // the CRC-32
	b[bytes.Index(b, []byte("PK\x01\x02"))+16]++
	if err := os.WriteFile(in, b, 0o600); err != nil {
		t.Fatal(err)
	}
	if r := tools.Run(t, exec.Command(tools.Path(t, "unzip"), "-tq", in)); r.Code == 0 {
		t.Fatal(r)
	}
	r := tpk(t, "convert", in, filepath.Join(work, "out.tar.gz"))
	if r.Code != 1 || !strings.Contains(string(r.Err), "CRC-32") ||
		strings.Contains(string(r.Err), "'tpk") {
		t.Error(r)
	}
}
