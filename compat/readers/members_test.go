package readers

import (
	"bytes"
	"compress/gzip"
	"crypto/sha256"
	"encoding/hex"
	"fmt"
	"io"
	"os"
	"os/exec"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tarpack/tpk/compat/fixture"
	"github.com/tarpack/tpk/compat/tools"
	"github.com/tarpack/tpk/compat/trees"
)

// TestList compares the list of each archive with its tree.
func TestList(t *testing.T) {
	kinds := map[string]trees.Kind{"file": trees.KindFile, "hardlink": trees.KindFile,
		"dir": trees.KindDir, "symlink": trees.KindSymlink}
	for _, c := range fixture.Catalogue() {
		t.Run(c.Name, func(t *testing.T) {
			f := fixture.Packed(t, c)
			lines := fixture.List(t, f.Archive)
			if len(lines) != len(f.Snap) {
				t.Errorf("%d lines, want %d", len(lines), len(f.Snap))
			}
			targets := map[string]string{}
			for i, l := range lines {
				st, ok := f.Snap[l.Path]
				if !ok {
					t.Errorf("%q is listed and not there", l.Path)
					continue
				}
				want := fixture.Entry{Path: l.Path, Type: l.Type, Mode: fmt.Sprintf("%04o", st.Mode),
					Size: st.Size}
				if st.Kind == trees.KindSymlink {
					want.Link, want.Size = st.Target, int64(len(st.Target))
				}
				if kinds[l.Type] != st.Kind || l.Mode != want.Mode || l.Size != want.Size ||
					l.ModTime.Unix() != st.Time ||
					l.Link != want.Link && l.Type != "hardlink" || (l.Hash == "") != (st.Kind != trees.KindFile) {
					t.Errorf("%q: listed as %+v, is %+v", l.Path, l, st)
				}
				if l.Type == "hardlink" {
					targets[l.Path] = l.Link
				}
				if i > 0 && strings.ReplaceAll(lines[i-1].Path, "/", "\x00") >= strings.ReplaceAll(l.Path, "/",
					"\x00") {
					t.Errorf("%q comes before %q", lines[i-1].Path, l.Path)
				}
			}
			for p, target := range targets {
				if f.Snap[p].Sum != f.Snap[target].Sum || f.Snap[p].Mode != f.Snap[target].Mode ||
					targets[target] != "" {
					t.Errorf("%q is listed as a link to %q", p, target)
				}
			}
		})
	}
}

// inPython checks members with zlib.decompressobj(31), which reads one gzip member. Its input has a
// line "offset length sum" for each.
const inPython = `
import hashlib, sys, zlib
raw = open(sys.argv[1], "rb").read()
for line in sys.stdin:
    offset, length, want = line.split()
    z = zlib.decompressobj(31)
    got = z.decompress(raw[int(offset):int(offset) + int(length)]) + z.flush()
    if hashlib.sha256(got).hexdigest() != want or not z.eof or z.unused_data:
        sys.exit(f"the member at {offset}: {len(got)} bytes, "
                 f"end reached: {z.eof}, {len(z.unused_data)} bytes unused")
`

// TestMembers cuts each content member out of the archive, at the place that tpk ls prints. A
// reader of single members must inflate it to its file and nothing more.
func TestMembers(t *testing.T) {
	for _, c := range fixture.Catalogue() {
		t.Run(c.Name, func(t *testing.T) {
			f := fixture.Packed(t, c)
			raw, err := os.ReadFile(f.Archive)
			if err != nil {
				t.Fatal(err)
			}
			var python strings.Builder
			seen := 0
			for _, l := range fixture.List(t, f.Archive) {
				st := f.Snap[l.Path]
				if st.Kind != trees.KindFile {
					continue
				}
				seen++
				if (l.Member == nil) != (st.Size == 0) {
					t.Errorf("%q of %d bytes: member %v", l.Path, st.Size, l.Member)
				}
				if l.Member == nil {
					continue
				}
				m := raw[l.Member.Offset:][:l.Member.Length]
				if err := single(m, st); err != nil {
					t.Errorf("%q: %v", l.Path, err)
				}
				if stored := isStored(m, st.Size); stored != (l.Member.Encoding == "stored") {
					t.Errorf("%q: listed as %s, in stored blocks of 65,535 bytes: %v", l.Path, l.Member.Encoding,
						stored)
				}
				fmt.Fprintln(&python, l.Member.Offset, l.Member.Length, hex.EncodeToString(st.Sum[:]))
			}
			if seen == 0 && len(f.Snap) > 1 {
				t.Error("no file was looked at")
			}
			cmd := exec.Command(tools.Path(t, "python3"), "-c", inPython, f.Archive)
			cmd.Stdin = strings.NewReader(python.String())
			tools.Must(t, cmd)
		})
	}
}

// isStored reports whether a member of size bytes consists of stored blocks as in FORMAT.md 1.3.
func isStored(m []byte, size int64) bool {
	if int64(len(m)) != size+5*((size+65534)/65535)+18 {
		return false
	}
	for i := int64(0); i < size; i += 65535 {
		n := min(size-i, 65535)
		head := m[10+i+5*(i/65535):]
		if head[0]&6 != 0 || int64(head[1])|int64(head[2])<<8 != n || (head[0]&1 == 1) != (i+n == size) {
			return false
		}
	}
	return true
}

// single inflates m as one member with compress/gzip and compares the result with want.
func single(m []byte, want trees.State) error {
	r := bytes.NewReader(m)
	z, err := gzip.NewReader(r)
	if err != nil {
		return err
	}
	z.Multistream(false)
	h := sha256.New()
	n, err := io.Copy(h, z)
	if err != nil {
		return err
	}
	if n != want.Size || [sha256.Size]byte(h.Sum(nil)) != want.Sum || r.Len() > 0 {
		return fmt.Errorf("%d bytes, want %d; %d of the member are left", n, want.Size, r.Len())
	}
	if len(z.Header.Extra) > 0 || z.Header.Name != "" || z.Header.Comment != "" ||
		!z.Header.ModTime.IsZero() {
		return fmt.Errorf("there is something in the gzip header: %+v", z.Header)
	}
	return nil
}

// TestMembersByPrograms lets programs inflate single members of two trees with many sizes.
func TestMembersByPrograms(t *testing.T) {
	programs := [][]string{{"gzip", "-dc"}, {"pigz", "-dc"}, {"libdeflate-gunzip", "-c"},
		{"igzip", "-d", "-c"}}
	for _, c := range []trees.Named{{Name: "sizes", Tree: trees.Sizes()},
		{Name: "big", Tree: trees.Big()}} {
		f := fixture.Packed(t, c)
		raw, err := os.ReadFile(f.Archive)
		if err != nil {
			t.Fatal(err)
		}
		for i, l := range fixture.List(t, f.Archive) {
			if l.Member == nil || l.Type != "file" {
				continue
			}
			// Each member goes to one of the programs in turn; all members with all programs would
			// take minutes.
			p := programs[i%len(programs)]
			name := filepath.Join(tools.Dir(t), "member.gz")
			if err := os.WriteFile(name, raw[l.Member.Offset:][:l.Member.Length], 0o644); err != nil {
				t.Fatal(err)
			}
			cmd := exec.Command(tools.Path(t, p[0]), append(p[1:len(p):len(p)], name)...)
			out := tools.Must(t, cmd)
			if sha256.Sum256(out) != f.Snap[l.Path].Sum {
				t.Errorf("%s: %s gives %d bytes, want %d", p[0], l.Path, len(out), l.Size)
			}
		}
	}
}
