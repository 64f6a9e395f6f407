package output

import (
	"bytes"
	"io"
	"os"
)

// holeSize is the number of zero bytes that become a hole, a multiple of the block size of every
// file system.
const holeSize = 64 << 10

var zeroes [holeSize]byte

// isZero reports whether b, at most holeSize bytes, is all zeros.
func isZero(b []byte) bool { return bytes.Equal(b, zeroes[:len(b)]) }

// CopyWithHoles copies n bytes of r to an empty file, whose offset is 0. It leaves out blocks of
// zeros, so that a sparse file stays sparse. If r ends earlier the error is io.EOF.
func CopyWithHoles(f *os.File, r io.Reader, n int64) error {
	buf := GetBuffer(WriteSize)
	defer buf.Release()
	for off := int64(0); off < n; {
		b := buf.B[:min(n-off, WriteSize)]
		if _, err := io.ReadFull(r, b); err == io.ErrUnexpectedEOF {
			return io.EOF
		} else if err != nil {
			return err
		}
		for len(b) > 0 {
			run := 0
			for run < len(b) && !isZero(b[run:min(run+holeSize, len(b))]) {
				run += holeSize
			}
			run = min(run, len(b))
			if _, err := f.WriteAt(b[:run], off); err != nil {
				return err
			}
			skip := min(run+holeSize, len(b)) // up to one block of zeros more
			off += int64(skip)
			b = b[skip:]
		}
	}
	return f.Truncate(n)
}
