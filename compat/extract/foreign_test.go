package extract

import (
	"archive/tar"
	"bytes"
	"compress/bzip2"
	"compress/gzip"
	"encoding/base64"
	"encoding/binary"
	"io"
	"os"
	"os/exec"
	"path"
	"path/filepath"
	"regexp"
	"slices"
	"strconv"
	"strings"
	"testing"

	"github.com/tarpack/tpk/compat/fixture"
	"github.com/tarpack/tpk/compat/forge"
	"github.com/tarpack/tpk/compat/tools"
	"github.com/tarpack/tpk/sidecar"
	"github.com/tarpack/tpk/tarpack/format"
)

// goTars returns the tars of archive/tar's tests by name.
func goTars(t testing.TB) map[string][]byte {
	t.Helper()
	out := tools.Must(t, exec.Command("go", "env", "GOROOT"))
	dir := filepath.Join(strings.TrimSpace(string(out)), "src", "archive", "tar", "testdata")
	names, err := filepath.Glob(filepath.Join(dir, "*.tar*"))
	if err != nil || len(names) == 0 {
		t.Fatalf("no tars in %s (%v)", dir, err)
	}
	tars := map[string][]byte{}
	for _, name := range names {
		f, err := os.Open(name)
		if err != nil {
			t.Fatal(err)
		}
		var r io.Reader = f
		switch filepath.Ext(name) {
		case ".bz2":
			r = bzip2.NewReader(f)
		case ".base64":
			r = base64.NewDecoder(base64.StdEncoding, f)
		}
		// Some are sparse and huge; 8 MiB of them are enough.
		b, err := io.ReadAll(io.LimitReader(r, 8<<20))
		f.Close()
		if err != nil {
			t.Fatalf("%s: %v", name, err)
		}
		tars[filepath.Base(name)] = b
	}
	return tars
}

// TestForeign gives tpk .tar.gz files that tpk did not write, and that it may not convert. It must
// refuse them in one line, in little memory, and write nothing.
func TestForeign(t *testing.T) {
	dir := tools.Dir(t)
	tars := goTars(t)
	files := map[string][]byte{
		"empty":     {},
		"one byte":  {0},
		"text":      []byte("this is no archive\n"),
		"zeros":     make([]byte, 100_000),
		"gzip":      gzipped(t, []byte("hello")),
		"bomb":      bomb(t),
		"plain tar": tars["gnu.tar"],
	}
	for name, raw := range tars {
		files[name] = gzipped(t, raw)
	}
	for name, b := range files {
		archive := filepath.Join(dir, name+".tar.gz")
		if err := os.WriteFile(archive, b, 0o644); err != nil {
			t.Fatal(err)
		}
		x := filepath.Join(dir, "x")
		for _, args := range readingCommands {
			if strings.Contains(name, ".tar") && !slices.Contains([]string{"ls", "verify", "index"},
				args[0]) {
				continue // there are many, so not every command
			}
			given := reading(args, archive, x)
			if args[0] != "index" { // which never converts
				given = slices.Insert(given, 1, "--no-convert")
			}
			refused(t, fixture.RunLean(t, given...), args[0], name)
		}
		if _, err := os.Lstat(archive + ".tpi"); err == nil {
			t.Errorf("%s: an index was written", name)
		}
		if _, err := os.Lstat(x); err == nil {
			t.Errorf("%s: something was extracted", name)
			os.RemoveAll(x)
		}
		if now, err := os.ReadFile(archive); err != nil || !bytes.Equal(now, b) {
			t.Errorf("%s: it has changed (%v)", name, err)
		}
	}
}

func gzipped(t testing.TB, content []byte) []byte {
	t.Helper()
	var b bytes.Buffer
	z := gzip.NewWriter(&b)
	if _, err := z.Write(content); err != nil {
		t.Fatal(err)
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// bomb returns 256 MiB of zeros, compressed.
func bomb(t testing.TB) []byte {
	t.Helper()
	var b bytes.Buffer
	z, err := gzip.NewWriterLevel(&b, gzip.BestSpeed)
	if err != nil {
		t.Fatal(err)
	}
	zeros := make([]byte, 1<<20)
	for range 1 << 8 {
		if _, err := z.Write(zeros); err != nil {
			t.Fatal(err)
		}
	}
	if err := z.Close(); err != nil {
		t.Fatal(err)
	}
	return b.Bytes()
}

// TestMemberLists divides the tars of archive/tar's tests into members as FORMAT.md requires,
// unchanged and with their headers rewritten by tpk. For each archive that tpk accepts, GNU tar and
// bsdtar must list the same entries.
func TestMemberLists(t *testing.T) {
	dir := tools.Dir(t)
	accepted, refused, uncut := 0, 0, 0
	for name, raw := range goTars(t) {
		if again := canonical(raw); len(again) > 0 {
			archive := filepath.Join(dir, "canonical-"+name+".tar.gz")
			if forgeIndexed(t, archive, again) {
				sameLists(t, archive)
				accepted++
			} else {
				t.Errorf("%s: refused, written as tpk would", name)
			}
		}
		entries, err := forge.Cut(raw)
		if err != nil {
			uncut++
			continue
		}
		archive := filepath.Join(dir, name+".tar.gz")
		if !forgeIndexed(t, archive, entries) {
			refused++
			continue
		}
		accepted++
		t.Logf("%s is accepted as it is", name)
		sameLists(t, archive)
	}
	t.Logf("%d accepted, %d refused, %d cannot be cut into entries", accepted, refused, uncut)
	if accepted < 20 {
		t.Error("hardly anything was accepted")
	}
}

// forgeIndexed writes an archive of the entries with the right digest, and reports whether tpk
// indexes it.
func forgeIndexed(t testing.TB, archive string, entries []forge.Entry) bool {
	t.Helper()
	raw := forge.Archive(entries, 0)
	if sidecar, err := forge.Index(raw); err == nil {
		raw = forge.Archive(entries, binary.LittleEndian.Uint64(sidecar[504:]))
	}
	fixture.WriteFiles(t, map[string][]byte{archive: raw})
	r := fixture.Run(t, "index", archive)
	if r.Code != 0 {
		fixture.Failed(t, r, filepath.Base(archive))
	}
	return r.Code == 0
}

// canonical returns the entries of a tar with headers as in FORMAT.md, and with missing directories
// added. It leaves out what an archive cannot hold.
func canonical(raw []byte) []forge.Entry {
	var entries []forge.Entry
	known := map[string]bool{}
	add := func(h *format.Header, content []byte) {
		if known[h.Path] {
			return
		}
		if blocks, err := format.AppendHeader(nil, h); err == nil {
			known[h.Path] = true
			entries = append(entries, forge.Entry{Header: blocks, Content: content,
				File: h.Type == sidecar.TypeFile})
		}
	}
	types := map[byte]sidecar.Type{tar.TypeReg: sidecar.TypeFile, tar.TypeDir: sidecar.TypeDir,
		tar.TypeSymlink: sidecar.TypeSymlink,
		tar.TypeLink:    sidecar.TypeHardlink, tar.TypeChar: sidecar.TypeChar,
		tar.TypeBlock: sidecar.TypeBlock, tar.TypeFifo: sidecar.TypeFIFO}
	for r := tar.NewReader(bytes.NewReader(raw)); ; {
		th, err := r.Next()
		if err != nil {
			return entries
		}
		content, err := io.ReadAll(io.LimitReader(r, 1<<20))
		if err != nil {
			return entries
		}
		h := format.Header{Path: path.Clean("x/" + th.Name), Type: types[th.Typeflag],
			Mode: uint16(th.Mode & 0o7777), ModTime: th.ModTime.Unix(),
			Uname: th.Uname, Gname: th.Gname, UID: th.Uid, GID: th.Gid, Size: int64(len(content))}
		switch h.Type {
		case sidecar.TypeHardlink:
			if h.Link = path.Clean("x/" + th.Linkname); !known[h.Link] {
				continue
			}
		case sidecar.TypeSymlink:
			h.Link = th.Linkname
		case sidecar.TypeChar, sidecar.TypeBlock:
			h.DevMajor, h.DevMinor = uint32(th.Devmajor), uint32(th.Devminor)
		}
		for i := range h.Path {
			if h.Path[i] == '/' {
				add(&format.Header{Path: h.Path[:i], Type: sidecar.TypeDir, Mode: 0o755}, nil)
			}
		}
		add(&h, content)
	}
}

// sameLists compares the lists of tpk, GNU tar and bsdtar.
func sameLists(t testing.TB, archive string) {
	t.Helper()
	var ours []string
	for _, l := range fixture.List(t, archive) {
		name := l.Path
		if l.Type == "dir" {
			name += "/"
		}
		ours = append(ours, name)
	}
	slices.Sort(ours)
	for _, args := range [][]string{{"tar", "--quoting-style=literal", "--show-transformed-names",
		"-tzf"}, {"bsdtar", "-tzf"}} {
		cmd := exec.Command(tools.Path(t, args[0]), append(args[1:], archive)...)
		cmd.Env = append(os.Environ(), "LC_ALL=C.UTF-8")
		theirs := strings.Split(strings.TrimSuffix(string(tools.Must(t, cmd)), "\n"), "\n")
		if len(theirs) == 1 && theirs[0] == "" {
			theirs = nil
		}
		if args[0] == "bsdtar" {
			for i := range theirs {
				theirs[i] = unescape(theirs[i])
			}
		}
		slices.Sort(theirs)
		if strings.Join(ours, "\n") != strings.Join(theirs, "\n") {
			t.Errorf("%s: tpk lists %q, %s %q", filepath.Base(archive), ours, args[0], theirs)
		}
	}
}

// unescape replaces the \ooo that bsdtar prints for bytes that are not printable.
func unescape(s string) string {
	return regexp.MustCompile(`\\[0-7]{3}`).ReplaceAllStringFunc(s, func(oct string) string {
		n, err := strconv.ParseUint(oct[1:], 8, 8)
		if err != nil {
			return oct
		}
		return string([]byte{byte(n)})
	})
}
