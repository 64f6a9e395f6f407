//go:build linux || darwin

package mount

import (
	"errors"
	"io"
	"slices"

	"github.com/tarpack/tpk/gzmember"
	"github.com/tarpack/tpk/gzmember/coding"
	"github.com/tarpack/tpk/tarpack"
)

// standing is a reader in the middle of a file, for a program that reads on. Some files can't be
// entered there: a deflate stream without segments is decompressed from its beginning.
type standing struct {
	key place
	pos int64
	r   tarpack.ContentReader
}

// maxStanding is the number of readers that stand.
const maxStanding = 4

// readerAt returns a reader that stands at an offset of a file. It belongs to the caller.
func (s *contents) readerAt(
	key place, c *gzmember.Content, off int64, cancel <-chan struct{},
) (tarpack.ContentReader, error) {
	st := s.nearest(key, off, c.Coding == coding.Deflate)
	if st.r == nil {
		var err error
		if st.r, err = key.layer.archive.OpenContent(key.i); err != nil {
			return nil, err
		}
	}
	if c.Coding == coding.Deflate {
		return st.r, s.skip(&st, off, cancel)
	}
	if st.pos < off {
		if _, err := st.r.Seek(off, io.SeekStart); err != nil {
			return nil, errors.Join(err, st.r.Close())
		}
	}
	return st.r, nil
}

// skip reads on to an offset. That takes long in a large file, so it ends if the program that reads
// is interrupted. The reader then stands where it has come to, and goes on from there if the
// program tries again.
func (s *contents) skip(st *standing, off int64, cancel <-chan struct{}) error {
	if st.pos == off {
		return nil
	}
	done, err := s.skips.take(cancel)
	if err != nil {
		s.stand(*st)
		return err
	}
	defer done()
	for {
		n, err := io.CopyN(io.Discard, st.r, min(pieceSize, off-st.pos))
		if st.pos += n; err != nil {
			return errors.Join(err, st.r.Close())
		}
		if st.pos == off {
			return nil
		}
		select {
		case <-cancel:
			s.stand(*st)
			return errInterrupted
		default:
		}
	}
}

// nearest returns the reader of a file that stands at an offset or, if before is set, the nearest
// one before it. It belongs to the caller. Its r is nil if there is none.
func (s *contents) nearest(key place, off int64, before bool) standing {
	s.mu.Lock()
	defer s.mu.Unlock()
	at := -1
	for i, st := range s.readers {
		if st.key == key && (st.pos == off || before && st.pos < off) &&
			(at < 0 || st.pos > s.readers[at].pos) {
			at = i
		}
	}
	if at < 0 {
		return standing{key: key}
	}
	st := s.readers[at]
	s.readers = slices.Delete(s.readers, at, at+1)
	return st
}

// stand keeps a reader. The one that was used last comes last.
func (s *contents) stand(st standing) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.readers = append(s.readers, st)
	if len(s.readers) > maxStanding {
		s.readers[0].r.Close()
		s.readers = slices.Delete(s.readers, 0, 1)
	}
}
