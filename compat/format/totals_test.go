package format

import (
	"bytes"
	"os/exec"
	"path"
	"path/filepath"
	"strconv"
	"strings"
	"testing"

	"github.com/tarpack/tpk/compat/fixture"
	"github.com/tarpack/tpk/compat/forge"
	"github.com/tarpack/tpk/compat/tools"
	"github.com/tarpack/tpk/sidecar"
)

// findTotals returns the bytes and names below each directory of a tree, and below ".", by find.
func findTotals(t *testing.T, dir string) map[string]sidecar.Totals {
	t.Helper()
	find := exec.Command(tools.Path(t, "find"), ".", "-mindepth", "1",
		"!", "-type", "s", "-printf", `%y %s %P\0`)
	find.Dir = dir
	want := map[string]sidecar.Totals{}
	for line := range bytes.SplitSeq(tools.Must(t, find), []byte{0}) {
		kind, rest, ok := strings.Cut(string(line), " ")
		size, name, _ := strings.Cut(rest, " ")
		if !ok || kind == "d" || strings.Contains("pbc", kind) {
			continue // special files are not packed
		}
		n, err := strconv.ParseUint(size, 10, 64)
		if err != nil {
			t.Fatal(err)
		}
		if kind != "f" {
			n = 0
		}
		for d := path.Dir(name); ; d = path.Dir(d) {
			w := want[d]
			w.Bytes, w.NonDirs = w.Bytes+n, w.NonDirs+1
			if want[d] = w; d == "." {
				break
			}
		}
	}
	return want
}

// TestTotals compares the bytes and names below each directory, and below the root, with those that
// find lists in the tree.
func TestTotals(t *testing.T) {
	for _, c := range fixture.Catalogue() {
		t.Run(c.Name, func(t *testing.T) {
			f := fixture.Packed(t, c)
			want := findTotals(t, f.Dir)
			for _, e := range fixture.List(t, f.Archive) {
				if (e.Type == "dir") != (e.Below != nil) {
					t.Errorf("%q: %+v", e.Path, e)
				} else if w := want[e.Path]; e.Below != nil && (e.Below.Files != w.NonDirs ||
					e.Below.Size != w.Bytes || (w.Bytes == 0) != (e.Below.Packed == 0)) {
					t.Errorf("%q: ls --json prints %+v; find has %+v", e.Path, *e.Below, w)
				}
			}
			x, err := sidecar.Open(f.Archive + ".tpi")
			if err != nil {
				t.Fatal(err)
			}
			defer x.Close()
			check := func(i int, dir string) {
				t.Helper()
				got, err := x.Totals(i)
				if got.Members = 0; got != want[dir] || err != nil {
					t.Errorf("%q: %+v, %v; find has %+v", dir, got, err, want[dir])
				}
			}
			check(sidecar.Root, ".")
			for row, err := range x.All(0, x.Len()) {
				if err != nil {
					t.Fatal(err)
				}
				if row.Entry.Type == sidecar.TypeDir {
					check(row.Ordinal, string(row.Path))
				}
			}
		})
	}
}

// TestFalseTotals: verify finds totals of a folder, or of the root, that are not those of what is
// below it: in an index beside the archive, in one in the archive, and in that of a set. All hashes
// of the index are right.
func TestFalseTotals(t *testing.T) {
	items := []forge.Item{forgedDir("d"), forgedFile("d/a", "aaaa"), forgedDir("d/e"),
		forgedFile("d/e/b", "bb")}
	for name, at := range map[string]int{
		"nothing": -1, "bytes": 512 + 8, "bytes of members": 512 + 16, "names": 512 + 24,
		"bytes of an inner folder": 512 + 2*44 + 8, "bytes of the root": 80,
		"bytes of members of the root": 96, "saved bytes": 104,
	} {
		lie := func(side []byte) []byte {
			if at >= 0 {
				side[at]++
				forge.Rehash(side)
			}
			return side
		}
		t.Run(name, func(t *testing.T) {
			check := func(archive string) {
				t.Helper()
				r := fixture.Run(t, "verify", archive)
				if r.Code != map[bool]int{true: 1}[at >= 0] || at >= 0 && !names(r.Err) {
					t.Error(r)
				}
			}
			// T has the digest of the false index, or the index would not belong to the archive.
			alone := func(a, side []byte) []byte {
				end := len(a) - 64
				trailer := forge.Trailer(forge.Entries(side), uint64(end), forge.Digest(side))
				return append(a[:end:end], trailer...)
			}
			a, side := forge.Build(items...)
			side = lie(side)
			archive := filepath.Join(tools.Dir(t), "a.tar.gz")
			fixture.WriteFiles(t, map[string][]byte{archive: alone(a, side), archive + ".tpi": side})
			check(archive)

			inside := filepath.Join(tools.Dir(t), "a.tar.gz")
			with, _ := forge.Embed(alone(a, side), side)
			fixture.WriteFiles(t, map[string][]byte{inside: with})
			check(inside)

			archives, sidecars, set := forge.BuildSet(items[:2],
				[]forge.Item{forgedDir("d"), forgedDir("d/e"), items[3]})
			set = lie(set)
			list, shards := writeSet(t, archives, sidecars)
			fixture.WriteFiles(t, map[string][]byte{list: forge.List(archives, set), list + ".tpi": set})
			check(list)
			check(shards[0])
		})
	}
}

// names reports whether a message of verify is about an index.
func names(message []byte) bool { return bytes.Contains(message, []byte("index")) }
