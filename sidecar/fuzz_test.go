package sidecar

import (
	"bytes"
	"cmp"
	"encoding/binary"
	"errors"
	"fmt"
	"slices"
	"strings"
	"testing"

	"github.com/tarpack/tpk/sidecar/internal/layout"
)

// parseTree makes a model of a text, a line an entry: its kind and path, and after a > the target of a link. violated are the
// errors that the rules ask for.
func parseTree(text string) (m *model, violated []error) {
	m = &model{}
	kinds := map[string]Type{} // by path, of what came so far
	for line := range strings.Lines(text) {
		line = strings.TrimSuffix(line, "\n")
		if len(line) < 2 || len(m.items) == 1000 {
			continue
		}
		path, target, _ := strings.Cut(line[1:], ">")
		it := file(path)
		switch line[0] {
		case 'd':
			it = dir(path)
		case 'h':
			it = hard(path, target)
		case 's':
			it = soft(path, target)
		case 'p':
			it = Item{Path: path, Entry: Entry{Type: TypeFIFO, HeaderLen: 100}}
		case 'b':
			it = segmentedFile(func(*Item) {})
			it.Path = path
		}
		if ValidPath(path) != nil || it.check() != nil {
			continue
		}
		m.add(it)
		if i := strings.LastIndexByte(path, '/'); i >= 0 && kinds[path[:i]] != TypeDir {
			violated = append(violated, ErrNoParent)
		}
		if it.Type == TypeHardlink && kinds[target] != TypeFile {
			violated = append(violated, ErrNoTarget)
		}
		if kinds[path] != 0 {
			violated = append(violated, ErrDuplicate)
			continue // the first one stays in kinds, whichever it is the error is the same
		}
		kinds[path] = it.Type
	}
	if violated == nil {
		return m.finish(), nil
	}
	m.archive += layout.TrailerMember
	return m, violated
}

// FuzzBuild builds any tree, in memory and with runs on disk, and compares the sidecar with the model of the tree, or the
// error with the rules that the tree breaks.
func FuzzBuild(f *testing.F) {
	for _, text := range []string{
		"",
		"fa\nfb\n",
		"da\nfa/b\nsa/c>../x\nha/d>a/b\nda/e\nfa/e/f\nfb\np0\n",
		"da\nda!\nfa/b\nfa!/b\nfa0\nfa-\n",
		"ha>b\nfb",
		"fa\nfa\n",
		"fa/b\nda\n",
		"da\nha/b>a\n",
		"f\xff\nf\x01\nd\xfe\nf\xfe/\xfd",
		"f" + strings.Repeat("x", 255) + "\nd" + strings.Repeat("y", 250) + "\nf" + strings.Repeat("y", 250) + "/" + strings.Repeat("z", 250),
		strings.Join(strings.Split("fabcdefghijklmnopqrstuvwxyz", ""), "\nf"),
		"bbig\nbbigger\nfsmall\nhlink>small\nhother>big\n",
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		m, violated := parseTree(text)
		b, _, err := build(m.items, m.archive, BuilderOptions{})
		spilled, _, err2 := build(m.items, m.archive, BuilderOptions{TempDir: t.TempDir(), Memory: 1})
		if !bytes.Equal(b, spilled) || (err == nil) != (err2 == nil) || err != nil && err.Error() != err2.Error() {
			t.Fatalf("spilling makes a difference: %v, %v", err, err2)
		}
		if violated != nil {
			if !slices.ContainsFunc(violated, func(v error) bool { return errors.Is(err, v) }) {
				t.Fatalf("%v, want one of %v", err, violated)
			}
			return
		}
		if err != nil {
			t.Fatal(err)
		}
		for _, o := range openers {
			x, err := o.open(t, b)
			if err != nil {
				t.Fatal(err)
			}
			compare(t, x, m)
			x.Close()
		}
		if d, err := Digest(itemsOf(mustOpen(t, b)), len(m.items), m.archive); err != nil || d != binary.LittleEndian.Uint64(b[atDigest:]) {
			t.Fatalf("Digest: %016x, %v", d, err)
		}
	})
}

func mustOpen(t testing.TB, b []byte) *Index {
	t.Helper()
	x, err := OpenBytes(b)
	if err != nil {
		t.Fatal(err)
	}
	return x
}

// FuzzOpen asks everything of any bytes, changed so that the hashes are right, in memory and through an io.ReaderAt. Both must
// give the same answers, errors wrap ErrCorrupt, and what Verify accepts must be the very bytes that a Builder makes.
func FuzzOpen(f *testing.F) {
	good, _ := example(f)
	f.Add(good, uint32(0), []byte(nil))
	f.Add(good, uint32(atEntries), []byte{9})
	for at := uint32(layout.HeaderSize); at < uint32(len(good)); at += 37 {
		f.Add(good, at, []byte{0xff, 0xff, 0xff, 0xff, 0xff, 0xff, 0xff})
		f.Add(good, at, []byte{1})
	}
	empty, _, err := build(nil, layout.TrailerMember, BuilderOptions{})
	if err != nil {
		f.Fatal(err)
	}
	f.Add(empty, uint32(0), []byte(nil))
	f.Fuzz(func(t *testing.T, b []byte, at uint32, patch []byte) {
		if len(b) < layout.HeaderSize || len(b) > 1<<20 {
			return
		}
		b = bytes.Clone(b)
		copy(b[int(at)%len(b):], patch)
		reseal(b)
		x, err := OpenBytes(b)
		y, err2 := OpenReaderAt(bytes.NewReader(b), int64(len(b)))
		if (err == nil) != (err2 == nil) {
			t.Fatalf("opened from memory: %v, by reading: %v", err, err2)
		}
		if err != nil {
			if !errors.Is(err, ErrCorrupt) && !errors.Is(err, ErrVersion) {
				t.Fatal(err)
			}
			return
		}
		askBoth(t, x, y)
		if x.Verify() == nil {
			rebuild(t, x, b)
		}
	})
}

// askBoth compares two ways to read the same bytes.
func askBoth(t *testing.T, x, y *Index) {
	t.Helper()
	same := func(what string, i int, a, b any, err, err2 error) {
		t.Helper()
		if a != b || (err == nil) != (err2 == nil) {
			t.Fatalf("%s(%d): %v, %v from memory; %v, %v by reading", what, i, a, err, b, err2)
		}
		if err != nil && !errors.Is(err, ErrCorrupt) && !errors.Is(err, ErrRange) {
			t.Fatalf("%s(%d): %v", what, i, err)
		}
	}
	for i := range min(x.Len(), 200) {
		e, err := x.Entry(i)
		e2, err2 := y.Entry(i)
		same("Entry", i, e, e2, err, err2)
		if err == nil && e.Offset+e.Length() > x.ArchiveSize()-layout.TrailerMember {
			t.Fatalf("Entry(%d) = %+v in an archive of %d bytes", i, e, x.ArchiveSize())
		}
		p, err := x.Path(i)
		p2, err2 := y.Path(i)
		same("Path", i, p, p2, err, err2)
		l, err := x.Link(i)
		l2, err2 := y.Link(i)
		same("Link", i, l, l2, err, err2)
		j, ok, err := x.Lookup(p)
		j2, ok2, err2 := y.Lookup(p)
		same("Lookup", i, [2]any{j, ok}, [2]any{j2, ok2}, err, err2)
		s, err := x.Segments(i)
		s2, err2 := y.Segments(i)
		same("Segments", i, [2]int{int(s.Shift), s.NumSegments}, [2]int{int(s2.Shift), s2.NumSegments}, err, err2)
		for k := range min(s.NumSegments, 5) {
			end, err := s.End(k)
			end2, err2 := s2.End(k)
			same("End", i, end, end2, err, err2)
		}
		same("Children", i, listing(x, i), listing(y, i), nil, nil)
	}
	same("Children", Root, listing(x, Root), listing(y, Root), nil, nil)
	var a, b strings.Builder
	for row, err := range x.All(0, x.Len()) {
		a.WriteString(string(row.Path))
		same("All", row.I, 0, 0, err, err)
	}
	for row := range y.All(0, x.Len()) {
		b.WriteString(string(row.Path))
	}
	same("All", 0, a.String(), b.String(), nil, nil)
	err, err2 := x.Verify(), y.Verify()
	same("Verify", 0, 0, 0, err, err2)
}

// listing is all that Children and In give, as text.
func listing(x *Index, dir int) string {
	var list []byte
	for i, err := range x.Children(dir) {
		list = binary.AppendVarint(list, int64(i))
		if err != nil {
			list = append(list, 0xff)
		}
	}
	for row, err := range x.In(dir) {
		list = fmt.Appendf(list, "%d %s %v %v\n", row.I, row.Path, row.Entry, err)
	}
	return string(list)
}

// rebuild makes a sidecar of the entries of one, and compares the bytes.
func rebuild(t *testing.T, x *Index, want []byte) {
	t.Helper()
	var items []Item
	for it, err := range itemsOf(x) {
		if err != nil {
			t.Fatal(err)
		}
		items = append(items, *it)
	}
	slices.SortStableFunc(items, func(a, b Item) int { return cmp.Compare(a.Offset, b.Offset) })
	got, _, err := build(items, x.ArchiveSize(), BuilderOptions{})
	if err != nil || !bytes.Equal(got, want) {
		t.Fatalf("Verify accepts what a Builder does not make: %v", err)
	}
	for i, it := range slices.SortedFunc(slices.Values(items), func(a, b Item) int { return ComparePaths(a.Path, b.Path) }) {
		if j, ok, err := x.Lookup(it.Path); j != i || !ok || err != nil {
			t.Fatalf("Lookup(%q) = %d, %v, %v; want %d", it.Path, j, ok, err, i)
		}
	}
}

// FuzzSniff: the row never depends on what is beyond the first 512 bytes, and text stays text.
func FuzzSniff(f *testing.F) {
	for _, s := range []string{"", "<html>", "%PDF-", "\xef\xbb\xbf<?xml <svg", "BM\x00", strings.Repeat("ü", 300)} {
		f.Add([]byte(s))
	}
	f.Fuzz(func(t *testing.T, b []byte) {
		s := SniffContent(b)
		if len(b) >= SniffLen {
			if got := SniffContent(append(bytes.Clone(b[:SniffLen]), 0)); got != s {
				t.Fatalf("%d, and %d with another tail", s, got)
			}
		}
		if row := s &^ sniffUTF8; row > sniffText || s.UTF8() != (s != row) || (s.MediaType() == "") != (s == sniffUnknown) {
			t.Fatalf("%d: UTF-8 %v, media type %q", s, s.UTF8(), s.MediaType())
		}
		if (s == sniffUnknown) != (len(b) == 0) {
			t.Fatalf("%d for %d bytes", s, len(b))
		}
	})
}
