package format

import (
	"bytes"
	"os/exec"
	"path"
	"strconv"
	"strings"
	"testing"

	"github.com/tarpack/tpk/compat/fixture"
	"github.com/tarpack/tpk/compat/tools"
	"github.com/tarpack/tpk/sidecar"
)

// TestTotals compares the bytes and names below each directory, and below the root, with those that
// find lists in the tree.
func TestTotals(t *testing.T) {
	for _, c := range fixture.Catalogue() {
		t.Run(c.Name, func(t *testing.T) {
			f := fixture.Packed(t, c)
			find := exec.Command(tools.Path(t, "find"), ".", "-mindepth", "1",
				"!", "-type", "s", "-printf", `%y %s %P\0`)
			find.Dir = f.Dir
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
				for dir := path.Dir(name); ; dir = path.Dir(dir) {
					w := want[dir]
					w.Bytes, w.NonDirs = w.Bytes+n, w.NonDirs+1
					if want[dir] = w; dir == "." {
						break
					}
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
