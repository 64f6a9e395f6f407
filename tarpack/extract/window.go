package extract

import (
	"fmt"
	"io"
	"slices"

	"github.com/tarpack/tpk/sidecar"
	"github.com/tarpack/tpk/tarpack/format"
)

// An archiveWindow reads members that are near each other in one call.
type archiveWindow struct {
	r   io.ReaderAt
	off int64
	b   []byte
}

const (
	windowSize = 256 << 10
	windowGap  = 4 << 10 // the largest gap between two members that are read together
)

// member returns the content member of e. It reads those of the following jobs along if they are
// near.
func (w *archiveWindow) member(e *sidecar.Entry, jobs []job) ([]byte, error) {
	from, to := e.ContentOffset(), e.ContentOffset()+e.ContentLen
	if from < w.off || to > w.off+int64(len(w.b)) {
		end := to
		for k := range jobs {
			next := &jobs[k].entry
			if next.Type != sidecar.TypeFile || next.ContentLen == 0 {
				continue
			}
			start, stop := next.ContentOffset(), next.ContentOffset()+next.ContentLen
			if start < end || start-end > windowGap || stop-from > windowSize {
				break
			}
			end = stop
		}
		if err := w.fill(from, int(end-from)); err != nil {
			return nil, err
		}
	}
	return w.b[from-w.off : to-w.off], nil
}

// fill reads n bytes from offset off into the window.
func (w *archiveWindow) fill(off int64, n int) error {
	w.off, w.b = off, slices.Grow(w.b[:0], n)[:n]
	m, err := w.r.ReadAt(w.b, off)
	if m == n {
		return nil
	}
	w.b = w.b[:0]
	if err == io.EOF {
		err = fmt.Errorf("%w: it ends at offset %d", format.ErrTruncated, off+int64(m))
	}
	return err
}
