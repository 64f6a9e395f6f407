package convert_test

import (
	"bytes"
	"context"
	"fmt"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tarpack/tpk/sidecar"
	"github.com/tarpack/tpk/tarpack/convert"
	"github.com/tarpack/tpk/tarpack/format"
	"github.com/tarpack/tpk/tarpack/internal/tartest"
	"github.com/tarpack/tpk/tarpack/pack"
)

// packedBytes returns an archive of so many files in a directory, whose index takes several members
// if there are many.
func packedBytes(t *testing.T, files int, o pack.Options) []byte {
	tree := [][2]string{{"d/", ""}}
	for i := range files {
		tree = append(tree, [2]string{fmt.Sprintf("d/file %05d", i), strings.Repeat("x", i%7)})
	}
	b, err := os.ReadFile(tartest.Pack(t, tartest.Tree(t, tree...), o))
	if err != nil {
		t.Fatal(err)
	}
	return b
}

// repairedBytes repairs an archive of so many entries, without a sidecar, in its place and to
// another file, which become the same. Nothing may be lost. It returns the result.
func repairedBytes(t *testing.T, damaged []byte, entries int) []byte {
	t.Helper()
	dir := t.TempDir()
	name, out := filepath.Join(dir, "x.tar.gz"), filepath.Join(dir, "out.tar.gz")
	if err := os.WriteFile(name, damaged, 0o666); err != nil {
		t.Fatal(err)
	}
	var results [][]byte
	for _, to := range []string{out, name} {
		res, err := convert.Repair(context.Background(), name, to, convert.RepairOptions{
			Lost: func(p *format.Problem) { t.Errorf("lost: %v", p) }})
		if err != nil {
			t.Fatal(err)
		}
		if !res.Damaged || !res.Written || res.Saved != int64(entries) || res.Lost != 0 {
			t.Errorf("%+v, want %d entries saved", res, entries)
		}
		b, err := os.ReadFile(to)
		if err != nil {
			t.Fatal(err)
		}
		results = append(results, b)
	}
	if !bytes.Equal(results[0], results[1]) {
		t.Error("in place the result is another one")
	}
	return results[0]
}

// An archive that is cut off within its index, or within the T after it, has all of its entries. It
// gets the index back. Every 101st length is tried, or every 2,003rd with -short, and those at which a
// member begins.
func TestRepairCutIndex(t *testing.T) {
	step := 101
	if testing.Short() {
		step = 2003
	}
	for _, files := range []int{3, 600} {
		whole := packedBytes(t, files, pack.Options{EmbedIndex: true})
		former := bytes.Index(whole, []byte(format.FormerTail)) + len(format.FormerTail)
		if (len(whole)-former-format.EndSize)%sidecar.PartSize != 0 {
			t.Fatalf("no index at %d of %d", former, len(whole))
		}
		// The first bytes of a gzip header are those of any member.
		for n := former + len(format.MemberStart) + 1; n < len(whole); n++ {
			at := (n - former) % sidecar.PartSize
			if at > 2 && at != 22 && n%step != 0 {
				continue
			}
			if got := repairedBytes(t, whole[:n], files+1); !bytes.Equal(got, whole) {
				t.Errorf("the index is not in the archive again")
			}
			if t.Failed() {
				t.Fatalf("%d files: cut off at %d of %d", files, n, len(whole))
			}
		}
	}
}

// A damaged member of an index, or a damaged trailer, is no lost entry.
func TestRepairDamagedIndex(t *testing.T) {
	whole := packedBytes(t, 600, pack.Options{EmbedIndex: true})
	for _, at := range []int{sidecar.PartSize + 1, 2*sidecar.PartSize - 17, 2*sidecar.PartSize - 54} {
		damaged := bytes.Clone(whole)
		i := len(whole) - format.EndSize - at
		damaged[i] ^= 0xff
		if got := repairedBytes(t, damaged, 601); !bytes.Equal(got, whole) {
			t.Errorf("byte %d before the end: the index is not in the archive again", at)
		}
	}
	plain := packedBytes(t, 3, pack.Options{})
	for n := 11; n < format.EndSize; n += 13 {
		if got := repairedBytes(t, plain[:len(plain)-format.EndSize+n], 4); !bytes.Equal(got, plain) {
			t.Errorf("the trailer cut off at %d: the result is another archive", n)
		}
	}
	damaged := bytes.Clone(plain)
	damaged[len(plain)-3] ^= 1
	if got := repairedBytes(t, damaged, 4); !bytes.Equal(got, plain) {
		t.Error("the end of the trailer damaged: the result is another archive")
	}
}

// What ends within a file has lost an entry.
func TestRepairCutEntry(t *testing.T) {
	plain := packedBytes(t, 3, pack.Options{})
	name := filepath.Join(t.TempDir(), "x.tar.gz")
	if err := os.WriteFile(name, plain[:len(plain)-format.EndSize-5], 0o666); err != nil {
		t.Fatal(err)
	}
	res, err := convert.Repair(context.Background(), name, name, convert.RepairOptions{})
	if err != nil || res.Lost != 1 {
		t.Errorf("%+v, %v", res, err)
	}
}
