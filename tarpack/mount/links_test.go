//go:build linux || darwin

package mount

import (
	"fmt"
	"testing"

	"github.com/tarpack/tpk/tarpack/internal/tartest"
	"github.com/tarpack/tpk/tarpack/pack"
)

// TestLinkCounts counts the names of files, with the targets of links in memory and in a file.
// Links that stand for duplicates do not count.
func TestLinkCounts(t *testing.T) {
	files := [][2]string{{"one", "one"}, {"dup", "one"}}
	want := map[string]uint32{"one": 1, "dup": 1}
	for i := range 50 {
		name := fmt.Sprintf("f%02d", i)
		files = append(files, [2]string{name, name})
		for k := range i % 4 {
			files = append(files, [2]string{fmt.Sprintf("%s-%d", name, k), "=> " + name})
			want[fmt.Sprintf("%s-%d", name, k)] = uint32(1 + i%4)
		}
		want[name] = uint32(1 + i%4)
	}
	name := tartest.Pack(t, tartest.Tree(t, files...), pack.Options{})
	for _, inFile := range []bool{false, true} {
		k := newKernel(t, Options{}, layerOf(t, name, ""))
		if inFile {
			c := k.f.trees.current.layers[0].links
			c.once.Do(func() {
				var err error
				if c.n, err = c.countInFile(); err != nil {
					t.Fatal(err)
				}
			})
		}
		for name, n := range want {
			out, err := k.walk(name)
			if err != nil || out.Nlink != n {
				t.Errorf("in a file %v: %s: %d names, not %d, %v", inFile, name, out.Nlink, n, err)
			}
		}
	}
}
