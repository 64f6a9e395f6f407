package archivefile_test

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"testing"

	"github.com/tarpack/tpk/sidecar"
	"github.com/tarpack/tpk/tarpack"
	"github.com/tarpack/tpk/tarpack/convert"
	"github.com/tarpack/tpk/tarpack/edit"
	"github.com/tarpack/tpk/tarpack/format"
	"github.com/tarpack/tpk/tarpack/internal/archivefile"
	"github.com/tarpack/tpk/tarpack/internal/tartest"
	"github.com/tarpack/tpk/tarpack/pack"
)

// An embedState is what is on disk when a change of an archive with its index in itself is
// interrupted.
type embedState struct {
	what                      string
	archive, side, note, left []byte // nil: not there
	size                      int    // of the archive that readers must find
	grown                     bool   // it has the new entries
}

type changeStates struct{ states []embedState }

// add adds the states of a growth from old to grown, both without what is beside them. side is the
// sidecar of old. The index in grown begins at base. Until the end of the old T is overwritten, the
// trailer before it is T as well.
func (c *changeStates) add(what string, old, grown, side, left []byte, base int) {
	size := len(old)
	note := append(old[size-format.EndSize:size:size], archivefile.NoteMark...)
	state := func(step string, archive, side, note []byte, size int) {
		hasNew := base > len(old) && size > len(old)
		c.states = append(c.states,
			embedState{what + ", " + step, archive, side, note, left, size, hasNew})
	}
	tail := old[size-len(format.FormerTail):]
	eachTorn := func(archive []byte, end int, torn func([]byte)) {
		at := end - len(tail)
		for n := range len(tail) {
			begun, ended := bytes.Clone(archive), bytes.Clone(archive)
			copy(begun[at:], format.FormerTail[:n])
			copy(ended[at+n:end], format.FormerTail[n:])
			for _, b := range [][]byte{begun, ended} {
				if string(b[at:end]) != format.FormerTail {
					torn(b)
				}
			}
		}
	}
	state("a sidecar", old, side, []byte{}, size)
	state("a note", old, side, note, size)
	marked := bytes.Clone(grown) // but for the trailer before the index
	copy(marked[base-len(tail):base], tail)
	whole := append(bytes.Clone(old), marked[size:]...)
	for n := size + 1; n < len(grown); n += 1 + (len(grown)-size)/7 {
		state("new members", whole[:n:n], side, note, size)
		state("only the size", append(bytes.Clone(old), make([]byte, n-size)...), side, note, size)
	}
	eachTorn(whole, size, func(b []byte) { state("torn", b, side, note, size) })
	if base > size {
		eachTorn(marked, base, func(b []byte) { state("its index torn", b, side, note, base) })
	}
	state("marked", grown, side, note, len(grown))
	state("without its sidecar", grown, nil, note, len(grown))
}

// embedStates returns the states of all changes.
func embedStates(t *testing.T) (states []embedState, plain, grown string) {
	t.Helper()
	ctx := context.Background()
	name := tartest.Pack(t, tartest.Tree(t, [2]string{"a", "old"}, [2]string{"d/b", "older"}),
		pack.Options{})
	p, side := tartest.Read(t, name), tartest.Read(t, name+format.SidecarSuffix)
	plain = list(t, name)
	if _, err := tarpack.EmbedIndex(ctx, name, tarpack.EmbedOptions{}); err != nil {
		t.Fatal(err)
	}
	e := tartest.Read(t, name)
	if _, err := tarpack.Reindex(ctx, name, tarpack.ReindexOptions{}); err != nil {
		t.Fatal(err)
	}
	eSide := tartest.Read(t, name+format.SidecarSuffix)
	if err := os.Remove(name + format.SidecarSuffix); err != nil {
		t.Fatal(err)
	}
	tartest.Append(t, name, edit.AddOptions{}, tartest.Tree(t, [2]string{"c", "new"}))
	g := tartest.Read(t, name)
	grown = list(t, name)

	var c changeStates
	c.add("embedding", p, e, side, nil, len(p))
	c.add("growing", e, g, eSide, g[:100], len(g)-format.EndSize-sidecar.PartSize)
	// Taking out goes through the states of embedding in reverse. Before its commit the sidecar is
	// that of what will be.
	note := append(p[len(p)-format.EndSize:len(p):len(p)], archivefile.NoteMark...)
	c.states = append(c.states,
		embedState{"taking out, the sidecar", e, side, []byte{}, nil, len(e), false},
		embedState{"taking out, half of the sidecar", e, side[:700], []byte{}, nil, len(e), false},
		embedState{"taking out, a note", e, side, note, nil, len(e), false},
		embedState{"taking out, cut off", p, side, note, nil, len(p), false})
	return c.states, plain, grown
}

// list returns all paths of an archive and their contents' hashes.
func list(t *testing.T, name string) string {
	t.Helper()
	a, err := tarpack.Open(context.Background(), name, &tarpack.OpenOptions{RequireSidecar: true})
	if err != nil {
		t.Fatal(err)
	}
	defer a.Close()
	return listOf(t, a)
}

// listOf is list for an open archive.
func listOf(t *testing.T, a *tarpack.Archive) string {
	t.Helper()
	var s string
	for row, err := range a.Index().All(0, a.Index().Len()) {
		if err != nil {
			t.Fatal(err)
		}
		s += fmt.Sprintf("%s %x %d\n", row.Path, row.Entry.Hash, row.Entry.Mode)
	}
	return s
}

func (s *embedState) write(t *testing.T) string {
	t.Helper()
	name := tartest.WriteArchive(t, s.archive, s.side)
	if s.note != nil {
		tartest.WriteFile(t, format.TempName(name), s.note)
	}
	if s.left != nil {
		tartest.WriteFile(t, format.TempName(name+format.SidecarSuffix), s.left)
	}
	return name
}

// TestRecoverEmbedded: whenever a change is interrupted, a reader finds the archive of before or
// the one of after, with a usable index, and writes nothing. Each command that writes goes on from
// there.
func TestRecoverEmbedded(t *testing.T) {
	ctx := context.Background()
	states, plain, grown := embedStates(t)
	nothing := t.TempDir()
	for i, s := range states {
		want := plain
		if s.grown {
			want = grown
		}
		name := s.write(t)
		// Between the two writes that commit, a growing archive has no index.
		indexed := !s.grown || s.size == len(s.archive)
		a, err := tarpack.Open(ctx, name, &tarpack.OpenOptions{RequireSidecar: indexed})
		if err != nil {
			t.Errorf("%s: %v", s.what, err)
			continue
		}
		if int(a.Size()) != s.size || int(a.Unfinished()) != len(s.archive)-s.size {
			t.Errorf("%s: an archive of %d bytes, and %d more; want %d", s.what, a.Size(), a.Unfinished(),
				s.size)
		}
		if got := listOf(t, a); got != want || a.IndexRebuilt() == indexed {
			t.Errorf("%s: index rebuilt: %v, it has\n%s", s.what, a.IndexRebuilt(), got)
		}
		a.Close()
		if !bytes.Equal(tartest.Read(t, name), s.archive) {
			t.Fatalf("%s: reading has written", s.what)
		}
		writers := map[string]func(name string) error{
			"embed": func(name string) error {
				_, err := tarpack.EmbedIndex(ctx, name, tarpack.EmbedOptions{})
				return err
			},
			"take out": func(name string) error {
				_, err := tarpack.TakeOutIndex(ctx, name, tarpack.EmbedOptions{})
				return err
			},
			"append": func(name string) error {
				_, err := edit.Add(ctx, name, []string{nothing}, edit.AddOptions{Append: true})
				return err
			},
			"compact": func(name string) error {
				_, err := edit.Compact(ctx, name, edit.CompactOptions{})
				return err
			},
			"index": func(name string) error {
				_, err := tarpack.Reindex(ctx, name, tarpack.ReindexOptions{})
				return err
			},
			"repair": func(name string) error {
				_, err := convert.Repair(ctx, name, name, convert.RepairOptions{})
				return err
			},
		}
		for does, write := range writers {
			if testing.Short() && len(does)%3 != i%3 {
				continue
			}
			name := s.write(t)
			if err := write(name); err != nil {
				t.Errorf("%s: %s: %v", s.what, does, err)
				continue
			}
			if got := list(t, name); got != want {
				t.Errorf("%s: %s leaves\n%s", s.what, does, got)
			}
			res, err := tarpack.Verify(ctx, name, tarpack.VerifyOptions{})
			if err != nil || res.Failed > 0 {
				t.Errorf("%s: %s: verify: %v, %v", s.what, does, err, res.Problems)
			}
		}
	}
}
