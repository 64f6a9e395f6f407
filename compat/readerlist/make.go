package readerlist

import (
	"archive/tar"
	"bytes"
	"cmp"
	"compress/gzip"
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"os"
	"path/filepath"
	"slices"
	"strings"

	"github.com/tarpack/tpk/gzmember/coding"
	"github.com/tarpack/tpk/tarpack"
)

// Make writes the archives and the list to a directory, testdata/readers of the repository.
func Make(dir string) error {
	files, list := goodFiles()
	write := func(sub string, files map[string][]byte) error {
		for name, b := range files {
			if err := os.WriteFile(filepath.Join(dir, sub, name), b, 0o644); err != nil {
				return err
			}
		}
		return nil
	}
	for _, sub := range []string{"good", "hostile"} {
		if err := os.RemoveAll(filepath.Join(dir, sub)); err != nil {
			return err
		}
		if err := os.MkdirAll(filepath.Join(dir, sub), 0o755); err != nil {
			return err
		}
	}
	if err := write("good", files); err != nil {
		return err
	}
	var l List
	for _, g := range goldens {
		l.Good = append(l.Good, Good{Name: g.name, Note: g.note, Archive: "../golden/v1/" + g.file})
	}
	l.Good = append(l.Good, list...)
	for i := range l.Good {
		if err := l.Good[i].describe(dir); err != nil {
			return fmt.Errorf("%s: %w", l.Good[i].Name, err)
		}
	}
	for _, h := range hostileFiles() {
		l.Hostile = append(l.Hostile, h.Hostile)
		for suffix, b := range h.files {
			if err := write("hostile", map[string][]byte{h.Name + suffix: b}); err != nil {
				return err
			}
		}
	}
	b, err := json.MarshalIndent(l, "", " ")
	if err != nil {
		return err
	}
	return os.WriteFile(filepath.Join(dir, "list.json"), append(b, '\n'), 0o644)
}

// describe sets the entries of a good archive: what archive/tar reads of it, and the codings, which
// no tar has.
func (g *Good) describe(dir string) error {
	name := filepath.Join(dir, g.Archive)
	shards := []string{name}
	if g.Name == "torn" { // no tar reader gets over its end; the entries are the same
		shards[0] = filepath.Join(dir, "good", "growing.tar.gz")
	}
	if prefix, ok := strings.CutSuffix(name, "-of-00003.tar.gz.tps"); ok {
		var err error
		if shards, err = filepath.Glob(prefix + "-0*-of-00003.tar.gz"); err != nil {
			return err
		}
		moved := filepath.Join(filepath.Dir(name), "."+filepath.Base(prefix)+"-00002-of-set.tar.gz.tpk-tmp")
		if _, err := os.Stat(moved); err == nil {
			shards = append(shards, moved)
		}
	}
	for _, shard := range shards {
		entries, err := tarEntries(shard)
		if err != nil {
			return err
		}
		for _, e := range entries {
			same := func(o Entry) bool { return o.Path == e.Path }
			if e.Type != "dir" || !slices.ContainsFunc(g.Entries, same) {
				g.Entries = append(g.Entries, e)
			}
		}
	}
	key := func(e Entry) string { return strings.ReplaceAll(Unescape(e.Path), "/", "\x00") }
	slices.SortFunc(g.Entries, func(a, b Entry) int { return cmp.Compare(key(a), key(b)) })
	if g.Entries == nil {
		g.Entries = []Entry{}
	}
	return g.codings(name)
}

// codings sets the codings, as tpk reads them.
func (g *Good) codings(name string) error {
	a, err := tarpack.Open(context.Background(), name, &tarpack.OpenOptions{RequireSidecar: true})
	if err != nil {
		return err
	}
	defer a.Close()
	for i := range g.Entries {
		e, err := a.Index().Entry(i)
		if err != nil {
			return err
		}
		g.Entries[i].Coding = map[coding.Coding]string{coding.Deflate: "deflate",
			coding.Stored: "stored", coding.Segmented: "segmented"}[e.Coding]
	}
	return nil
}

// tarEntries lists a .tar.gz in its order.
func tarEntries(name string) ([]Entry, error) {
	b, err := os.ReadFile(name)
	if err != nil {
		return nil, err
	}
	z, err := gzip.NewReader(bytes.NewReader(b))
	if err != nil {
		return nil, err
	}
	files := map[string]Entry{}
	var all []Entry
	for r := tar.NewReader(z); ; {
		h, err := r.Next()
		if err == io.EOF {
			return all, nil
		}
		if err != nil {
			return nil, err
		}
		content, err := io.ReadAll(r)
		if err != nil {
			return nil, err
		}
		e := Entry{Path: Escape(strings.TrimSuffix(h.Name, "/")), Type: typeNames[h.Typeflag],
			Mode: h.Mode, MTime: h.ModTime.Unix(), Target: Escape(h.Linkname), Major: h.Devmajor,
			Minor: h.Devminor}
		switch e.Type {
		case "file":
			sum := sha256.Sum256(content)
			e.Size, e.SHA256 = int64(len(content)), hex.EncodeToString(sum[:])
			files[e.Path] = e
		case "hardlink":
			e.Size, e.SHA256 = files[e.Target].Size, files[e.Target].SHA256
		}
		all = append(all, e)
	}
}

var typeNames = map[byte]string{tar.TypeReg: "file", tar.TypeDir: "dir", tar.TypeSymlink: "symlink",
	tar.TypeLink: "hardlink", tar.TypeChar: "char", tar.TypeBlock: "block", tar.TypeFifo: "fifo"}

// Escape writes each byte but letters, digits and "-./_" as "%" and two hexadecimal digits.
func Escape(s string) string {
	var b strings.Builder
	for i := range len(s) {
		switch c := s[i]; {
		case c >= 'a' && c <= 'z', c >= 'A' && c <= 'Z', c >= '-' && c <= '9', c == '_':
			b.WriteByte(c)
		default:
			fmt.Fprintf(&b, "%%%02x", c)
		}
	}
	return b.String()
}

// Unescape is the inverse of Escape.
func Unescape(s string) string {
	var out []byte
	for i := 0; i < len(s); i++ {
		if s[i] != '%' {
			out = append(out, s[i])
			continue
		}
		b, err := hex.DecodeString(s[i+1 : i+3])
		if err != nil {
			panic(err) // the list is ours
		}
		out, i = append(out, b...), i+2
	}
	return string(out)
}
