package archivefile

import (
	"bytes"
	"testing"

	"github.com/tarpack/tpk/tarpack/format"
)

// TestTrailerBefore finds the end wherever it lies to the steps in which a file is read, and none where there is only part of one.
func TestTrailerBefore(t *testing.T) {
	const step = 1 << 20
	for _, rest := range []int{1, format.TrailerSize, step - format.TrailerSize, step - format.TrailerSize/2, step - 1, step, step + 1, 2*step - 1, SearchedBack - format.TrailerSize} {
		for _, at := range []int{0, 1, 1000} {
			want := format.Trailer{Entries: 3, Offset: int64(at), Digest: 7}
			b := append(make([]byte, at), want.Append(nil)...)
			b = append(b, make([]byte, rest)...)
			if got, ok := TrailerBefore(bytes.NewReader(b), int64(len(b))); !ok || got != want {
				t.Errorf("%d bytes after a trailer at %d: %+v, %v", rest, at, got, ok)
			}
			b[at+format.TrailerSize-1] ^= 1
			if got, ok := TrailerBefore(bytes.NewReader(b), int64(len(b))); ok {
				t.Errorf("%d bytes after a damaged trailer at %d: %+v", rest, at, got)
			}
		}
	}
}
