package pull_test

import (
	"fmt"
	"strings"
	"testing"

	"github.com/tarpack/tpk/tarpack/internal/tartest"
	"github.com/tarpack/tpk/tarpack/pack"
	"github.com/tarpack/tpk/tarpack/pull"
)

// TestManySegments pulls many files of which one segment differs. There are no bytes between the
// last segment of each and the trailer of its member, which must not look like an overlap.
func TestManySegments(t *testing.T) {
	archive := func(seed string) string {
		var list [][2]string
		for i := range 60 {
			// Not in the order in which the archive has them.
			list = append(list, [2]string{fmt.Sprintf("%02d%s", i/3, []string{".x", "-", "/f"}[i%3]),
				strings.Repeat(fmt.Sprintf("%8d", i), 1<<17) + seed})
		}
		return tartest.Pack(t, tartest.Tree(t, list...), pack.Options{SHA256: true})
	}
	name, to := copyTo(t, archive("old")), archive("new")
	_, a := serve(t, to, nil)
	res, err := pull.Pull(t.Context(), a, name, pull.Options{})
	if err != nil {
		t.Fatal(err)
	}
	wantSame(t, name, to)
	if res.Copied == 0 {
		t.Errorf("no segment was copied: %+v", res)
	}
}
