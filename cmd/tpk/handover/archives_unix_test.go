//go:build unix

package handover

import (
	"bytes"
	"reflect"
	"strings"
	"testing"

	"github.com/tarpack/tpk/serve"
)

// TestArchives: a list arrives as it was sent, whatever its length, and nothing behind it is read.
func TestArchives(t *testing.T) {
	for _, list := range [][]serve.Archive{
		nil,
		{},
		{{Path: "a\xff.tar.gz", Mount: "/m"}, {Path: "https://u:p@h/" + strings.Repeat("x", 1<<20)}},
	} {
		b, err := appendArchives(nil, list)
		if err != nil {
			t.Fatal(err)
		}
		r := bytes.NewReader(append(b, 1))
		got, err := readArchives(r)
		if err != nil || !reflect.DeepEqual(got, list) || r.Len() != 1 {
			t.Errorf("%.100v: %.100v, %v, %d bytes left", list, got, err, r.Len())
		}
		for _, n := range []int{0, 3, 4, len(b) - 1} {
			if _, err := readArchives(bytes.NewReader(b[:n])); err == nil {
				t.Errorf("%d of %d bytes are read", n, len(b))
			}
		}
	}
}
