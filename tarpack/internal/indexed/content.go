package indexed

import (
	"github.com/tarpack/tpk/gzmember/coding"
	"github.com/tarpack/tpk/sidecar"
	"github.com/tarpack/tpk/sidecar/build"
)

// AddContent completes the item of file i of an index with what is not in its record: the segments,
// and the SHA-256 sums if the index has them.
func AddContent(x *sidecar.Index, i int, it *build.Item) (err error) {
	if it.Coding == coding.Segmented {
		t, err := x.Segments(i)
		if err != nil {
			return err
		}
		it.Shift = t.Shift
		if it.Segments, err = t.AppendLengths(it.Segments); err != nil {
			return err
		}
	}
	if !x.HasSHA256() {
		return nil
	}
	if it.SHA256, err = x.SHA256(i); err != nil {
		return err
	}
	t, err := x.MiBSums(i)
	if t.Len > 0 {
		it.MiBSums = t
	}
	return err
}
