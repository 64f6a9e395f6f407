package format

import (
	"bytes"
	"encoding/binary"
	"os"
	"os/exec"
	"path/filepath"
	"testing"

	"github.com/tarpack/tpk/compat/fixture"
	"github.com/tarpack/tpk/compat/forge"
	"github.com/tarpack/tpk/compat/tools"
)

func readFile(t *testing.T, name string) []byte {
	t.Helper()
	b, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	return b
}

func isMissing(t *testing.T, name string) {
	t.Helper()
	if _, err := os.Stat(name); !os.IsNotExist(err) {
		t.Errorf("there is a %s (%v)", filepath.Base(name), err)
	}
}

// TestEmbedded puts the index of each archive of the catalogue into it. What pack writes, what
// index writes, and what FORMAT.md gives must be the same bytes, and taking the index out gives the
// old ones.
func TestEmbedded(t *testing.T) {
	for _, c := range fixture.Catalogue() {
		t.Run(c.Name, func(t *testing.T) {
			f := fixture.Packed(t, c)
			plain := fixture.ReadPair(t, f.Archive)
			want, side := forge.Embed(plain.Archive, plain.Sidecar)
			if built, err := forge.Index(want); err != nil || !bytes.Equal(built, side) {
				t.Fatalf("the forged index is not that of its archive: %v", err)
			}
			dir := tools.Dir(t)
			packed, archive := filepath.Join(dir, "packed.tar.gz"), filepath.Join(dir, "a.tar.gz")
			fixture.Pack(t, f.Dir, packed, "--embed-index")
			isMissing(t, packed+".tpi")
			if got := readFile(t, packed); !bytes.Equal(got, want) {
				t.Errorf("pack --embed-index writes %d bytes instead of %d, first at %d", len(got), len(want),
					firstDifference(got, want))
			}
			fixture.WriteFiles(t, map[string][]byte{archive: plain.Archive, archive + ".tpi": plain.Sidecar})
			list := tools.Must(t, exec.Command(tools.TPK(t), "ls", "--json", archive))
			tools.Must(t, exec.Command(tools.TPK(t), "index", "-q", "--embed", archive))
			isMissing(t, archive+".tpi")
			if !bytes.Equal(readFile(t, archive), want) {
				t.Error("index --embed writes other bytes")
			}
			for _, args := range [][]string{{"ls", "--json"}, {"verify", "-q"}} {
				r := fixture.Run(t, append(args, archive)...)
				if r.Code != 0 || len(r.Err) > 0 || args[0] == "ls" && !bytes.Equal(r.Out, list) {
					t.Error(r)
				}
			}
			if got, err := forge.EmbeddedIndex(readFile(t, packed)); err != nil || !bytes.Equal(got, side) {
				t.Errorf("the index in it is another one: %v", err)
			}
			tools.Must(t, exec.Command(tools.TPK(t), "index", packed))
			if !bytes.Equal(readFile(t, packed+".tpi"), side) {
				t.Error("index writes another sidecar")
			}
			for _, name := range []string{packed, archive} {
				tools.Must(t, exec.Command(tools.TPK(t), "index", "-q", "--no-embed", name))
				got := fixture.ReadPair(t, name)
				if !bytes.Equal(got.Archive, plain.Archive) || !bytes.Equal(got.Sidecar, plain.Sidecar) {
					t.Error("index --no-embed does not restore what was there")
				}
			}
		})
	}
}

// TestForgedEmbedded puts the index of a forged archive into it, and grows it twice.
func TestForgedEmbedded(t *testing.T) {
	dir := tools.Dir(t)
	archive := filepath.Join(dir, "a.tar.gz")
	with, side := forge.Embed(forge.Build(forgedItems()...))
	fixture.WriteFiles(t, map[string][]byte{archive: with})
	for i, name := range []string{"new-1", "new-2"} {
		if r := fixture.Run(t, "verify", archive); r.Code != 0 || len(r.Err) > 0 {
			t.Fatal(r)
		}
		tools.Must(t, exec.Command(tools.TPK(t), "index", archive))
		if !bytes.Equal(readFile(t, archive+".tpi"), side) {
			t.Fatalf("%d: index makes another sidecar than the one in the archive", i)
		}
		if err := os.Remove(archive + ".tpi"); err != nil {
			t.Fatal(err)
		}
		before := readFile(t, archive)
		fixture.WriteFiles(t, map[string][]byte{filepath.Join(dir, name): []byte(name)})
		added := filepath.Join(dir, name)
		tools.Must(t, exec.Command(tools.TPK(t), "add", "-q", "--append", archive, added))
		isMissing(t, archive+".tpi")
		after := readFile(t, archive)
		if !bytes.HasPrefix(after, before[:len(before)-18]) {
			t.Error("what was there has moved")
		}
		var err error
		if side, err = forge.EmbeddedIndex(after); err != nil {
			t.Fatal(err)
		}
		if built, err := forge.Index(after); err != nil || !bytes.Equal(built, side) {
			t.Errorf("the index in it is not that of the archive: %v", err)
		}
	}
}

// TestEmbeddedFigures checks the example in FORMAT.md 1.6.
func TestEmbeddedFigures(t *testing.T) {
	dir := tools.Dir(t)
	source, archive := filepath.Join(dir, "x"), filepath.Join(dir, "x.tar.gz")
	fixture.WriteTree(t, exampleTree, source)
	fixture.Pack(t, source, archive, "--embed-index")
	b := readFile(t, archive)
	if len(b) != 16_803 {
		t.Fatalf("it has %d bytes", len(b))
	}
	le := binary.LittleEndian
	for at, want := range map[int]string{
		291: "\x1f\x8b\x08\x04\x00\x00\x00\x00\x00\xff", 355: "\x1f\x8b\x08\x04\x00\x00\x00\x00\x00\xff",
		355 + 10: "\xea\x3fTP\xe6\x3fI\x00\x00\x00\x00\x00", 409: "TPKINDEX", 16_217: "TPKINDEX",
		16_739: "\x1f\x8b\x08\x04", 355 + 16_374: "\x03\x00\x00\x00\x00\x00\x00\x00\x00\x00",
	} {
		if got := string(b[at : at+len(want)]); got != want {
			t.Errorf("at %d: %q", at, got)
		}
	}
	if n, l := le.Uint64(b[355+30:]), le.Uint64(b[355+38:]); n != 1 || l != 960 {
		t.Errorf("%d members, %d bytes", n, l)
	}
}
