package build_test

import (
	"bytes"
	"errors"
	"slices"
	"strings"
	"testing"

	"github.com/tarpack/tpk/sidecar"
	"github.com/tarpack/tpk/sidecar/build"
	"github.com/tarpack/tpk/sidecar/internal/layout"
	"github.com/tarpack/tpk/sidecar/internal/sidecartest"
)

// parseTree makes a model of a text with a line for each entry: its kind and path, and after a >
// the target of a link. It also returns the errors for the rules that the tree breaks.
func parseTree(text string) (m *sidecartest.Model, violated []error) {
	m = &sidecartest.Model{}
	kinds := map[string]sidecar.Type{} // by path, of what came so far
	for line := range strings.Lines(text) {
		line = strings.TrimSuffix(line, "\n")
		if len(line) < 2 || len(m.Items) == 1000 {
			continue
		}
		path, target, _ := strings.Cut(line[1:], ">")
		it := sidecartest.File(path)
		switch line[0] {
		case 'd':
			it = sidecartest.Dir(path)
		case 'h':
			it = sidecartest.Hard(path, target)
		case 's':
			it = sidecartest.Soft(path, target)
		case 'p':
			it = build.Item{Path: path, Entry: sidecar.Entry{Type: sidecar.TypeFIFO, HeaderLen: 100}}
		case 'b':
			it = sidecartest.SegmentedFile(func(*build.Item) {})
			it.Path = path
		}
		if !valid(it) {
			continue
		}
		m.Add(it)
		if i := strings.LastIndexByte(path, '/'); i >= 0 && kinds[path[:i]] != sidecar.TypeDir {
			violated = append(violated, build.ErrNoParent)
		}
		if it.Type == sidecar.TypeHardlink && kinds[target] != sidecar.TypeFile {
			violated = append(violated, build.ErrNoTarget)
		}
		if kinds[path] != 0 {
			violated = append(violated, build.ErrDuplicate)
			continue // the first one stays in kinds, whichever it is the error is the same
		}
		kinds[path] = it.Type
	}
	if violated == nil {
		return m.Finish(), nil
	}
	m.Archive += layout.TrailerMember
	return m, violated
}

// valid reports whether a Builder accepts an item.
func valid(it build.Item) bool {
	b := build.New(build.Options{Memory: 1})
	defer b.Close()
	return b.Add(it) == nil
}

// FuzzBuild builds any tree, in memory and with runs on disk. It compares the sidecar with the
// model of the tree, or the error with the rules that the tree breaks.
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
		"f" + strings.Repeat("x", 255) + "\nd" + strings.Repeat("y", 250) + "\nf" +
			strings.Repeat("y", 250) + "/" + strings.Repeat("z", 250),
		strings.Join(strings.Split("fabcdefghijklmnopqrstuvwxyz", ""), "\nf"),
		"bbig\nbbigger\nfsmall\nhlink>small\nhother>big\n",
	} {
		f.Add(text)
	}
	f.Fuzz(func(t *testing.T, text string) {
		m, violated := parseTree(text)
		b, _, err := sidecartest.Build(m.Items, m.Archive, build.Options{})
		spilled, _, err2 := sidecartest.Build(m.Items, m.Archive,
			build.Options{TempDir: t.TempDir(), Memory: 1})
		if !bytes.Equal(b, spilled) || (err == nil) != (err2 == nil) || err != nil &&
			err.Error() != err2.Error() {
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
		for _, o := range sidecartest.Openers {
			x, err := o.Open(t, b)
			if err != nil {
				t.Fatal(err)
			}
			sidecartest.Compare(t, x, m)
			x.Close()
		}
		if d, err := build.Digest(sidecartest.ItemsOf(sidecartest.MustOpen(t, b)), len(m.Items),
			m.Archive); err != nil || d != (*layout.Header)(b).Digest() {
			t.Fatalf("Digest: %016x, %v", d, err)
		}
	})
}
