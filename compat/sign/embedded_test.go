package sign

import (
	"bytes"
	"encoding/binary"
	"path/filepath"
	"testing"

	"github.com/tarpack/tpk/compat/fixture"
	"github.com/tarpack/tpk/compat/forge"
	"github.com/tarpack/tpk/compat/tools"
	"github.com/tarpack/tpk/compat/trees"
)

// Places in an archive with its index in itself, of which this is the only member (FORMAT.md 1.6).
const (
	trailerSize = 64
	lastHeader  = trailerSize + 522   // before the end: the header to use
	firstByte   = trailerSize + 16330 // before the end: byte 0 of the sidecar
	thirdTime   = 512 + 44*2 + 36     // in the sidecar: the time of the third entry
)

// inside changes e.tar.gz, which has its index in itself.
func inside(do func(t *testing.T, dir string, b []byte)) func(t *testing.T, dir string) {
	return func(t *testing.T, dir string) {
		name := filepath.Join(dir, "e.tar.gz")
		b := read(t, name)
		if s, err := forge.EmbeddedIndex(b); err != nil || len(s) > 16320-512 {
			t.Fatalf("an index of %d bytes: %v", len(s), err)
		}
		do(t, dir, b)
		write(t, name, b)
	}
}

// changeHeader changes a header of a sidecar, whose digest is right afterwards.
func changeHeader(b []byte) []byte {
	binary.LittleEndian.PutUint64(b[96:], 1) // the bytes of all C
	forge.Seal(b)
	return b[504:512]
}

// embeddedAttacks are those on an archive with its index in itself.
var embeddedAttacks = []attack{
	{name: "a record of the index in the archive", archive: "e.tar.gz", rebuilt: true,
		do: inside(func(_ *testing.T, _ string, b []byte) {
			b[len(b)-firstByte+thirdTime]++
		}), says: []string{"wrong SHA-256: byte 512 of the index",
			"it is not the archive that was signed", "section records has hash"}},

	{name: "another index in the archive", archive: "e.tar.gz",
		do: inside(func(_ *testing.T, _ string, b []byte) {
			n := len(b)
			digest := changeHeader(b[n-firstByte:][:512])
			changeHeader(b[n-lastHeader:][:512])
			copy(b[n-trailerSize+38:], digest)
			copy(b[n-trailerSize-16384+46:], digest)
		}), says: []string{"the index is not the one that was signed",
			"it is not the archive that was signed"}},

	{name: "an index in the archive that differs from a false sidecar", archive: "e.tar.gz",
		do: inside(func(t *testing.T, dir string, b []byte) {
			side, err := forge.EmbeddedIndex(b)
			if err != nil {
				t.Fatal(err)
			}
			side[thirdTime]++
			write(t, filepath.Join(dir, "e.tar.gz.tpi"), side)
		}), rebuilt: true, silent: true,
		says: []string{"wrong SHA-256: byte 512 of the index", "modification time"}},

	{name: "swapped members beside an index in the archive", archive: "e.tar.gz",
		do: inside(func(t *testing.T, _ string, b []byte) {
			const start, end = 10 + 5, 8 // of a stored member around its content
			cut := func(name string) []byte {
				at := bytes.Index(b, trees.NoiseBytes(name, 5000))
				if at < 0 {
					t.Fatal("the content is not stored")
				}
				return b[at-start:][:start+5000+end]
			}
			one, two := cut("a"), cut("b")
			keep := bytes.Clone(one)
			copy(one, two)
			copy(two, keep)
		}), says: []string{"the content is not the one that was signed"}},
}

// TestEmbeddedBesideSidecar changes the index in a signed archive that also has a sidecar, which is
// right. Nothing reads the one in the archive; what needs the whole archive is refused.
func TestEmbeddedBesideSidecar(t *testing.T) {
	s := newScene(t)
	for name, at := range map[string]int{
		"a record": firstByte - thirdTime, "its first header": firstByte - 96,
		"its last header": lastHeader - 96, "the zeros": firstByte - 10_000,
		"a place of a member": trailerSize + 16384 - 38,
	} {
		t.Run(name, func(t *testing.T) {
			dir := tools.Dir(t)
			x := filepath.Join(dir, "e.tar.gz")
			for _, ext := range []string{"", ".sum", ".sum.minisig"} {
				write(t, x+ext, read(t, filepath.Join(s.dir, "e.tar.gz"+ext)))
			}
			if r := fixture.Run(t, "index", x); r.Code != 0 {
				t.Fatal(r)
			}
			b := read(t, x)
			b[len(b)-at]++
			write(t, x, b)
			for _, args := range [][]string{{"verify", x}, {"verify", "--public-key", s.public, x},
				{"export", "--public-key", s.public, x, filepath.Join(dir, "out.zip")}} {
				r := fixture.Run(t, args...)
				if r.Code != 1 || args[1] == "--public-key" &&
					!bytes.Contains(r.Err, []byte("it is not the archive that was signed")) {
					t.Error(r)
				}
			}
			r := fixture.Run(t, "cat", "--public-key", s.public, x, "a")
			if r.Code != 0 || !bytes.Equal(r.Out, trees.NoiseBytes("a", 5000)) || len(r.Err) > 0 {
				t.Error(r)
			}
		})
	}
}
