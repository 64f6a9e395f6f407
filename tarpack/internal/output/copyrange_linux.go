package output

import (
	"errors"
	"os"

	"golang.org/x/sys/unix"
)

// copyFileRange copies up to n bytes of src, from offset off, to the current offset of dst, and
// moves that. File systems with reflinks share whole blocks instead. The error is
// errors.ErrUnsupported if the kernel can't copy between these files.
func copyFileRange(dst, src *os.File, off, n int64) (int64, error) {
	for {
		done, err := unix.CopyFileRange(int(src.Fd()), &off, int(dst.Fd()), nil, int(n), 0)
		switch {
		case errors.Is(err, unix.EINTR):
			continue
		case errors.Is(err, unix.ENOSYS), errors.Is(err, unix.EXDEV), errors.Is(err, unix.EINVAL),
			errors.Is(err, unix.EOPNOTSUPP), errors.Is(err, unix.EPERM), errors.Is(err, unix.EBADF):
			return 0, errors.ErrUnsupported
		case err != nil:
			return 0, &os.PathError{Op: "copy_file_range", Path: dst.Name(), Err: err}
		}
		return int64(done), nil
	}
}
