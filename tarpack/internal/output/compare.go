package output

import (
	"bytes"
	"io"
)

const compareSize = 64 << 10

// SameBytes reports whether two contents are equal. err is the error of reading content, and
// otherErr that of reading other. After an error same is false.
func SameBytes(content, other io.Reader) (same bool, err, otherErr error) {
	a, b := GetBuffer(compareSize), GetBuffer(compareSize)
	defer a.Release()
	defer b.Release()
	x, y := a.B[:compareSize], b.B[:compareSize]
	for {
		n, err := io.ReadFull(content, x)
		if err != nil && err != io.EOF && err != io.ErrUnexpectedEOF {
			return false, err, nil
		}
		m, err2 := io.ReadFull(other, y)
		if err2 != nil && err2 != io.EOF && err2 != io.ErrUnexpectedEOF {
			return false, nil, err2
		}
		if n != m || !bytes.Equal(x[:n], y[:m]) {
			return false, nil, nil
		}
		if err != nil || err2 != nil {
			return err2 != nil, nil, nil
		}
	}
}
