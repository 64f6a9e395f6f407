package choice

import (
	"bytes"
	"encoding/base64"
	"encoding/binary"
	"errors"
	"io"

	"github.com/klauspost/compress/flate"
)

// longNumbers is how many characters of ranges a query has at most as n. More are written as set,
// if that is shorter. Pages do the same: see pickset.js of package listing.
const longNumbers = 1000

// maxSet is how many bytes the numbers of a set have at most when they are inflated. A range takes
// two or more, so every second one of 65,536 entries can be chosen.
const maxSet = 64 << 10

var errSet = errors.New("set is no list of numbers that a page has packed")

// packSet returns ranges, which are in order and do not touch, as the value of KeySet.
func packSet(ranges []Range) string {
	var b []byte
	end := 0
	for _, r := range ranges {
		b = binary.AppendUvarint(b, uint64(r.First-end))
		b = binary.AppendUvarint(b, uint64(r.Last-r.First))
		end = r.Last + 1
	}
	var out bytes.Buffer
	w, err := flate.NewWriter(&out, flate.BestCompression)
	if err == nil {
		_, err = w.Write(b)
	}
	if err == nil {
		err = w.Close()
	}
	if err != nil {
		panic(err) // a buffer takes everything
	}
	return base64.RawURLEncoding.EncodeToString(out.Bytes())
}

// unpackSet returns the ranges of a value of KeySet.
func unpackSet(text string) ([]Range, error) {
	packed, err := base64.RawURLEncoding.DecodeString(text)
	if err != nil {
		return nil, errSet
	}
	z := flate.NewReader(bytes.NewReader(packed))
	b, err := io.ReadAll(io.LimitReader(z, maxSet+1))
	if err != nil || len(b) == 0 || len(b) > maxSet {
		return nil, errSet
	}
	var ranges []Range
	for end := 0; len(b) > 0; {
		gap, n := binary.Uvarint(b)
		if n <= 0 || gap > maxNumber {
			return nil, errSet
		}
		more, m := binary.Uvarint(b[n:])
		if m <= 0 || more > maxNumber || uint64(end)+gap+more > maxNumber {
			return nil, errSet
		}
		r := Range{First: end + int(gap), Last: end + int(gap+more)}
		ranges, end, b = append(ranges, r), r.Last+1, b[n+m:]
	}
	return ranges, nil
}
