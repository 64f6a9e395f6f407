package tarpack

import (
	"fmt"
	"io"

	"github.com/tarpack/tpk/sidecar"
	"github.com/tarpack/tpk/tarpack/signature"
)

// load reads all of checked, an index whose bytes are those of x. It returns an index in memory if
// they are at most limit bytes. Otherwise it returns x if that is mapped, and else checked: a
// reader that is far away may return other bytes the next time.
func load(checked, x *sidecar.Index, limit int64) (*sidecar.Index, error) {
	if size := x.Size(); size <= limit {
		b := make([]byte, size)
		if _, err := checked.ReadAt(b, 0); err != nil {
			return nil, err
		}
		return sidecar.OpenBytes(b)
	}
	if !x.Mapped() {
		return checked, nil
	}
	return x, readAll(checked)
}

// readAll reads all of an index that checks what it reads.
func readAll(checked *sidecar.Index) error {
	_, err := io.Copy(io.Discard, io.NewSectionReader(checked, 0, checked.Size()))
	return err
}

// CheckIndex compares the index with what was signed once more, if it is mapped: that is so with
// OpenOptions.LoadIndex if the index is larger. Whoever sees that the file with the index may have
// been written to calls it. The error wraps signature.ErrIndex. It returns nil at once if the bytes
// that are used can't have changed, or if OpenOptions.Trust was not set.
func (a *Archive) CheckIndex() error {
	if a.header == nil || !a.index.Mapped() {
		return nil
	}
	checked, err := sidecar.OpenChecked(a.header, a.index, a.index.Size())
	if err == nil {
		err = readAll(checked)
	}
	if err != nil {
		return fmt.Errorf("%s: %w: %w", a.name, signature.ErrIndex, err)
	}
	return nil
}
