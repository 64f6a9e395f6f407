package output

import (
	"bytes"
	"io"
	"os"
)

// holeSize is how many zero bytes become a hole: a multiple of what any file system takes for a block.
const holeSize = 64 << 10

var zeroes [holeSize]byte

// copyWithHoles copies n bytes to an empty file, at whose beginning it is, and leaves blocks of zeros out, so that the content of a sparse file takes no more room than
// it did. An input that ends before is io.EOF.
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
			for run < len(b) && !bytes.Equal(b[run:min(run+holeSize, len(b))], zeroes[:min(holeSize, len(b)-run)]) {
				run += holeSize
			}
			run = min(run, len(b))
			if _, err := f.WriteAt(b[:run], off); err != nil {
				return err
			}
			skip := min(run+holeSize, len(b)) // a block of zeros, or nothing
			off += int64(skip)
			b = b[skip:]
		}
	}
	return f.Truncate(n)
}
