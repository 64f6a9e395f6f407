package edit

import (
	"archive/tar"
	"bytes"
	"errors"
	"fmt"
	"os"
	"os/exec"
	"path/filepath"
	"slices"
	"strings"
	"testing"
	"time"

	"github.com/tarpack/tpk/compat/tools"
	"github.com/tarpack/tpk/compat/trees"
)

// tarBlock returns a header block of ustar.
func tarBlock(name string, typ byte, size int, link string) string {
	b := make([]byte, 512)
	copy(b, name)
	copy(b[100:], fmt.Sprintf("%07o\x00%07o\x00%07o\x00%011o\x00%011o\x00", 0o644, 7, 8, size,
		1_000_000_000))
	b[156] = typ
	copy(b[157:], link)
	copy(b[257:], "ustar\x0000")
	return tarWithSum(string(b))
}

// tarWithSum returns an entry with the right checksum.
func tarWithSum(entry string) string {
	b := []byte(entry)
	copy(b[148:], "        ")
	sum := 0
	for _, c := range b[:512] {
		sum += int(c)
	}
	copy(b[148:], fmt.Sprintf("%06o\x00 ", sum))
	return string(b)
}

// tarFile returns an entry with content.
func tarFile(name string, typ byte, content string) string {
	return tarBlock(name, typ, len(content), "") + content + tarZeros(-len(content)&511)
}

func tarZeros(n int) string { return string(make([]byte, n)) }

// tarListing returns the lines of "tar -tv", sorted.
func tarListing(t *testing.T, args ...string) []string {
	t.Helper()
	cmd := exec.Command(tools.Path(t, "tar"), append([]string{"--numeric-owner", "--full-time",
		"-tv"}, args...)...)
	lines := strings.Split(strings.TrimSpace(string(tools.Run(t, cmd).Out)), "\n")
	lines = slices.DeleteFunc(lines, func(l string) bool { return strings.HasPrefix(l, "V") })
	slices.Sort(lines)
	return lines
}

// TestConvertForgedTar converts tars of unusual forms, and compares the listing of the result with
// what GNU tar lists of the original with --ignore-zeros. In this mode it reads tars that follow
// each other.
func TestConvertForgedTar(t *testing.T) {
	a, b, c := tarFile("a", '0', "content of a"), tarFile("b", '0', ""), tarFile("c", '0', "c")
	end := tarZeros(1024)
	for _, f := range []struct {
		name, tar string
		notice    string // a part of the only line on standard error
	}{
		{name: "two tars", tar: a + end + b + c + end},
		{name: "three tars with padding to 10,240 bytes",
			tar: a + end + tarZeros(8192) + b + end + tarZeros(8704) + c + end + tarZeros(8704)},
		{name: "zeros first", tar: end + a + end},
		{name: "lone zero block", tar: a + tarZeros(512) + b + end},
		{name: "lone zero block at the end", tar: a + tarZeros(512)},
		{name: "no end", tar: a + b},
		{name: "partial last block of zeros", tar: a + end[:1000]},
		{name: "partial first block of the end", tar: a + end[:100]},
		{name: "partial last block of a file", tar: b + a[:1000],
			notice: "ends in the padding of its last entry"},
		{name: "damaged second block of the end", tar: a + end[:900] + "junk" + end[:120],
			notice: "in.tar: 512 bytes behind the end"},
		{name: "volume label", tar: tarBlock("label", 'V', 0, "") + a + end},
		{name: "NUL in linkpath", tar: a + tarFile("p", 'x', "20 linkpath=a\x00other\n") +
			tarBlock("l", '2', 0, "short") + tarFile("p", 'x', "21 linkpath=a\x00others\n") +
			tarBlock("m", '2', 0, "short") + end},
		{name: "NUL in path and uname", tar: tarFile("p", 'x',
			"16 path=n\x00other\n20 uname=user\x00other\n") +
			a + end},
		{name: "NULs behind records", tar: tarFile("p", 'x', "13 mtime=500\n"+tarZeros(100)) + a + end},
		{name: "extended header of Solaris", tar: tarFile("p", 'X', "13 mtime=500\n") + a + end},
		{name: "long comment", tar: tarFile("p", 'x', "2000013 comment="+
			strings.Repeat("c", 2_000_000-4)+"\n") + a + end},
		{name: "directory of type 0", tar: tarFile("d/", '0', "") + tarFile("d/f", '0', "f") + end},
		{name: "directory of an old program", tar: tarFile("d/", 0, "") + tarFile("d/f", 0, "f") + end},
		{name: "hard link with a size", tar: a + tarBlock("l", '1', 12, "a") + b + end},
		{name: "global size", tar: tarFile("g", 'g', "11 size=12\n") + a + end},
		{name: "global owner and time", tar: tarFile("g", 'g',
			"11 uid=123\n12 gid=1234\n20 mtime=1500000000\n") + a + tarFile("p", 'x', "10 uid=55\n") +
			b + tarFile("g", 'g', "10 uid=44\n10 gid=33\n20 mtime=1600000000\n") + c + end},
		{name: "global comment", tar: tarFile("g", 'g', "13 comment=1\n") + a + end},
		{name: "first name of another format", tar: tarFile("BZh9", '0', "x") + end},
	} {
		t.Run(f.name, func(t *testing.T) {
			in := filepath.Join(tools.Dir(t), "in.tar")
			if err := os.WriteFile(in, []byte(f.tar), 0o600); err != nil {
				t.Fatal(err)
			}
			out := filepath.Join(tools.Dir(t), "out.tar.gz")
			r := tpk(t, "convert", in, out)
			if r.Code != 0 || strings.Count(string(r.Err), "\n") != min(len(f.notice), 1) ||
				!strings.Contains(string(r.Err), f.notice) {
				t.Fatal(r)
			}
			must(t, "verify", out)
			want, got := tarListing(t, "-if", in), tarListing(t, "-f", out)
			for i, line := range want { // the mode of a symbolic link is always 0777
				if _, rest, ok := strings.Cut(line, " "); ok && line[0] == 'l' {
					want[i] = "lrwxrwxrwx " + rest
				}
			}
			slices.Sort(want)
			if !slices.Equal(got, want) {
				t.Errorf("the result has\n%s\nwant\n%s", strings.Join(got, "\n"),
					strings.Join(want, "\n"))
			}
		})
	}
}

// TestConvertPaxOption converts global extended headers of GNU tar's own.
func TestConvertPaxOption(t *testing.T) {
	dir := tools.Dir(t)
	if err := (trees.Tree{trees.File("a", "a"), trees.File("d/b", "b")}).Write(dir); err != nil {
		t.Fatal(err)
	}
	work := tools.Dir(t)
	in, out := filepath.Join(work, "in.tar"), filepath.Join(work, "out.tar.gz")
	tools.Must(t, exec.Command(tools.Path(t, "tar"), "--format=posix",
		"--pax-option=uid=4321,gid=99,mtime=1234567890", "-C", dir, "-cf", in, "a", "d"))
	must(t, "convert", in, out)
	if got, want := tarListing(t, "-f", out), tarListing(t, "-f", in); !slices.Equal(got, want) {
		t.Errorf("the result has\n%s\nwant\n%s", strings.Join(got, "\n"), strings.Join(want, "\n"))
	}
}

// TestConvertRefusedTar converts tars that readers disagree about, or that are cut off.
func TestConvertRefusedTar(t *testing.T) {
	a := tarFile("a", '0', "content of a")
	old := strings.Replace(a, "ustar\x0000", tarZeros(8), 1)
	old = tarWithSum(old)
	end := tarZeros(1024)
	for name, in := range map[string]string{
		"cut off in a content":              a[:520],
		"cut off in a header":               a + a[:100],
		"a tar behind junk":                 a + end + strings.Repeat("junk", 150) + a + end,
		"an old tar behind junk":            a + end + strings.Repeat("junk", 150) + old + end,
		"a damaged zip behind a tar":        a + end + "PK\x03\x04 and no more",
		"a format that is not known behind": a + end + "LZIP\x01 and so on",
		"damaged gzip behind a tar":         a + end + "\x1f\x8b\x08\x00 and no more",
		"a global size":                     tarFile("g", 'g', "10 size=1\n") + a + end,
		"an extended header cut off":        tarFile("p", 'x', "10 uid=55\n")[:600],
	} {
		t.Run(name, func(t *testing.T) {
			work := tools.Dir(t)
			cmd := exec.Command(tools.TPK(t), "convert", "-", filepath.Join(work, "out.tar.gz"))
			cmd.Stdin = strings.NewReader(in)
			if r := tools.Run(t, cmd); r.Code != 1 || strings.Count(string(r.Err), "\n") != 1 {
				t.Error(r)
			}
			wantOnly(t, work)
		})
	}
}

// compressors write what they read from standard input, compressed.
var compressors = []struct{ program, command, decompress string }{
	{"gzip", "gzip", "gzip -d"},
	{"bzip2", "bzip2", "bzip2 -d"},
	{"zstd", "zstd", "zstd -d"},
	{"zstd", "zstd --no-check", "zstd -d"},
	{"lz4", "lz4", "lz4 -d"},
	{"lz4", "lz4 -BD --no-frame-crc", "lz4 -d"},
	{"lz4", "lz4 -l", "lz4 -d"},
	{"xz", "xz", "xz -d"},
	{"xz", "xz --check=sha256 -9", "xz -d"},
	{"xz", "xz --check=none", "xz -d"},
	{"xz", "xz --x86 --lzma2", "xz -d"},
	{"xz", "xz --arm --lzma2", "xz -d"},
	{"xz", "xz --powerpc --lzma2", "xz -d"},
	{"xz", "xz --delta=dist=4 --lzma2", "xz -d"},
	{"xz", "xz --x86 --delta=dist=1 --lzma2", "xz -d"},
	{"xz", "xz --arm64 --lzma2", "xz -d"},
	{"7z", "7z a -txz -mf=RISCV -si -so -- x #", "7z e -txz -si -so #"},
	{"xz", "xz --format=lzma", "xz -d --format=lzma"},
	{"xz", "xz --format=lzma -0", "xz -d --format=lzma"},
}

// TestConvertCompressed converts what other programs have compressed: one stream, two that follow
// each other, with zeros behind them as bsdtar writes, and with other bytes or cut off, which must
// be refused. The expected content is that of the tar that was compressed.
func TestConvertCompressed(t *testing.T) {
	dir := tools.Dir(t)
	tree := trees.Tree{trees.File("a", "a"), trees.Text("text", 50_000), trees.Noise("noise", 70_000)}
	if err := tree.Write(dir); err != nil {
		t.Fatal(err)
	}
	plain := tools.Must(t, exec.Command(tools.Path(t, "tar"), "-C", dir, "-cf", "-", "a", "text",
		"noise"))
	want, err := trees.Read(dir)
	if err != nil {
		t.Fatal(err)
	}
	for _, c := range compressors {
		t.Run(c.command, func(t *testing.T) {
			tools.Path(t, c.program)
			compress := func(b []byte) []byte {
				cmd := exec.Command("sh", "-c", c.command+" -c | cat")
				cmd.Stdin = bytes.NewReader(b)
				return tools.Must(t, cmd)
			}
			whole, first, rest := compress(plain), compress(plain[:1024]), compress(plain[1024:])
			decompress := exec.Command("sh", "-c", c.decompress+" -c")
			decompress.Stdin = bytes.NewReader(whole)
			if !bytes.Equal(tools.Must(t, decompress), plain) {
				t.Fatal("the program does not read what it has written")
			}
			for name, in := range map[string][]byte{
				"one":              whole,
				"two":              slices.Concat(first, rest),
				"padding":          slices.Concat(whole, make([]byte, -len(whole)&511)),
				"4 zeros":          slices.Concat(whole, make([]byte, 4)),
				"zeros in between": slices.Concat(first, make([]byte, 1024), rest, make([]byte, 8)),
			} {
				out := filepath.Join(tools.Dir(t), "out.tar.gz")
				cmd := exec.Command(tools.TPK(t), "convert", "-", out)
				cmd.Stdin = bytes.NewReader(in)
				if r := tools.Run(t, cmd); r.Code != 0 || len(r.Err) > 0 {
					t.Errorf("%s: %v", name, r)
					continue
				}
				for _, line := range trees.Diff(want, extracted(t, out), trees.Rules{Merged: true}) {
					t.Errorf("%s: %s", name, line)
				}
			}
			for name, in := range map[string][]byte{
				"cut off":              whole[:len(whole)-9],
				"cut off in the first": whole[:len(whole)/2],
				"other bytes":          slices.Concat(whole, []byte("other bytes")),
				"zeros, other bytes":   slices.Concat(whole, make([]byte, 64), []byte("other bytes")),
			} {
				work := tools.Dir(t)
				cmd := exec.Command(tools.TPK(t), "convert", "-", filepath.Join(work, "out.tar.gz"))
				cmd.Stdin = bytes.NewReader(in)
				if r := tools.Run(t, cmd); r.Code != 1 || strings.Count(string(r.Err), "\n") != 1 {
					t.Errorf("%s: %v", name, r)
				}
				wantOnly(t, work)
			}
		})
	}
}

// TestConvertStreams converts streams that begin or go on in an unusual way: gzip headers with all
// fields (RFC 1952, section 2.3), skippable frames (RFC 8878, section 3.1.2), and formats mixed.
func TestConvertStreams(t *testing.T) {
	var b bytes.Buffer
	w := tar.NewWriter(&b)
	h := &tar.Header{Typeflag: tar.TypeReg, Name: "a", Mode: 0o644, Size: 7}
	if err := w.WriteHeader(h); err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write([]byte("content")); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	pipe := func(in []byte, command string) []byte {
		cmd := exec.Command("sh", "-c", command)
		cmd.Stdin = bytes.NewReader(in)
		return tools.Must(t, cmd)
	}
	tools.Path(t, "zstd")
	tools.Path(t, "lz4")
	python := func(flags int) []byte {
		return pipe(b.Bytes(), fmt.Sprintf(`%s -c '
import sys, zlib, struct
d = sys.stdin.buffer.read(); f = %d
h = b"\x1f\x8b\x08" + bytes([f]) + b"\0\0\0\0\0\xff"
if f & 4: h += struct.pack("<H", 7) + b"AB\3\0xyz"
if f & 8: h += b"n\xe4me.tar" * (10000 if f & 1 else 1) + b"\0"
if f & 16: h += b"a comment" * (10000 if f & 1 else 1) + b"\0"
if f & 2: h += struct.pack("<H", zlib.crc32(h) & 0xffff)
z = zlib.compressobj(9, zlib.DEFLATED, -15)
d = z.compress(d) + z.flush() + struct.pack("<II", zlib.crc32(d), len(d))
sys.stdout.buffer.write(h + d)'`,
			tools.Path(t, "python3"), flags))
	}
	skippable := []byte("\x5a\x2a\x4d\x18\x05\x00\x00\x00any 5")
	cases := map[string][]byte{
		"zstd behind skippable frames": slices.Concat(skippable, skippable, pipe(b.Bytes(), "zstd -c")),
		"lz4 behind skippable frames":  slices.Concat(skippable, pipe(b.Bytes(), "lz4 -c")),
		"gzip, then zstd": slices.Concat(pipe(b.Bytes()[:512], "gzip -c"),
			pipe(b.Bytes()[512:], "zstd -c")),
	}
	for flags := range 32 { // 1 makes name and comment long
		cases[fmt.Sprintf("gzip with the flags %d", flags)] = python(flags)
	}
	for name, in := range cases {
		t.Run(name, func(t *testing.T) {
			if strings.HasPrefix(name, "gzip with") && !bytes.Equal(pipe(in, "gzip -dc"), b.Bytes()) {
				t.Fatal("gzip reads something else")
			}
			out := filepath.Join(tools.Dir(t), "out.tar.gz")
			cmd := exec.Command(tools.TPK(t), "convert", "-", out)
			cmd.Stdin = bytes.NewReader(in)
			if r := tools.Run(t, cmd); r.Code != 0 || len(r.Err) > 0 {
				t.Fatal(r)
			}
			if r := tpk(t, "cat", out, "a"); r.Code != 0 || string(r.Out) != "content" {
				t.Error(r)
			}
		})
	}
}

// TestConvertUnknownType: POSIX (pax, "ustar Interchange Format") and bsdtar take an entry of an
// unknown type for a regular file. There is one line for all of them.
func TestConvertUnknownType(t *testing.T) {
	work := tools.Dir(t)
	in, out := filepath.Join(work, "in.tar"), filepath.Join(work, "out.tar.gz")
	tar := tarFile("z", 'Z', "zz") + tarFile("b", '0', "b") + tarFile("q", 'q', "qqq") + tarZeros(1024)
	if err := os.WriteFile(in, []byte(tar), 0o600); err != nil {
		t.Fatal(err)
	}
	r := tpk(t, "convert", in, out)
	if r.Code != 0 || strings.Count(string(r.Err), "\n") != 1 ||
		!strings.Contains(string(r.Err), "in.tar: 2 entries of an unknown type become regular files,") {
		t.Fatal(r)
	}
	bsdtar := tools.Path(t, "bsdtar")
	for _, name := range []string{"z", "b", "q"} {
		want := tools.Must(t, exec.Command(bsdtar, "-xOf", in, name))
		if got := tools.Must(t, exec.Command(bsdtar, "-xOf", out, name)); !bytes.Equal(got, want) {
			t.Errorf("%s: %q, want %q", name, got, want)
		}
	}
}

// TestConvertThenUpdate: a file that was written again at once is read, as its time is not before
// that of the archive. The time of the archive is that of its input, as with gzip.
func TestConvertThenUpdate(t *testing.T) {
	work := tools.Dir(t)
	at := time.Now().Add(-time.Hour).Truncate(time.Second)
	dir, file := filepath.Join(work, "d"), filepath.Join(work, "d", "f")
	write := func(content string) {
		if err := errors.Join(os.MkdirAll(dir, 0o755), os.WriteFile(file, []byte(content), 0o600),
			os.Chtimes(file, at, at)); err != nil {
			t.Fatal(err)
		}
	}
	for _, c := range []struct{ name, pack, convert string }{
		{"tar", "tar -C d -cf in .", "$tpk convert in out.tar.gz"},
		{"zip", "cd d && " + tools.Path(t, "zip") + " -q ../in.zip f && mv ../in.zip ../in",
			"$tpk convert in out.tar.gz"},
		{"standard input", "tar -C d -czf in .", "$tpk convert - out.tar.gz < in"},
		{"pipe", "tar -C d -cf in .", "cat in | $tpk convert - out.tar.gz"},
	} {
		sh := func(command string) {
			cmd := exec.Command("sh", "-c", command)
			cmd.Dir, cmd.Env = work, append(os.Environ(), "tpk="+tools.TPK(t), "TZ=UTC")
			tools.Must(t, cmd)
		}
		write("AAAA")
		sh(c.pack)
		in, out := filepath.Join(work, "in"), filepath.Join(work, "out.tar.gz")
		if err := os.Chtimes(in, at, at); err != nil { // it was packed in that second
			t.Fatal(err)
		}
		write("BBBB")
		sh(c.convert)
		if fi, err := os.Stat(out); err != nil || !fi.ModTime().Equal(at) {
			t.Errorf("%s: the archive's time is %v %v, want %v", c.name, fi.ModTime(), err, at)
		}
		must(t, "update", out, dir)
		if r := tpk(t, "cat", out, "f"); string(r.Out) != "BBBB" {
			t.Errorf("%s: %v", c.name, r)
		}
		if err := os.Remove(out); err != nil {
			t.Fatal(err)
		}
	}
}
