//go:build linux || darwin

package mount

import (
	"errors"
	"fmt"
	"io"
	"runtime"
	"slices"
	"sync"

	"github.com/tarpack/tpk/gzmember"
	"github.com/tarpack/tpk/gzmember/coding"
	"github.com/tarpack/tpk/tarpack"
	"github.com/tarpack/tpk/tarpack/source"
)

// contents reads files. The kernel keeps what it was given, so only pieces are kept here that it
// has asked for in part so far.
type contents struct {
	loads   turns // of loading a piece
	skips   turns // of reading on in a file to a piece
	mu      sync.Mutex
	pieces  []*piece // at most maxPieces
	readers []standing
	bad     []badPiece // the last ones that were found
	clock   int64
	sums    sums
}

func newContents() *contents {
	return &contents{loads: make(turns, parallel()), skips: make(turns, parallel())}
}

// parallel is the number of pieces that are loaded at a time, however many programs read. Each
// takes up to 3 MiB.
func parallel() int { return min(max(4, runtime.GOMAXPROCS(0)), 12) }

// badPiece is a piece of a file that is damaged. The kernel asks for each page of it once more.
type badPiece struct {
	key place
	k   int64
	err error
}

// maxBad is the number of damaged pieces that are remembered.
const maxBad = 64

// isOf reports whether a place is in a tree.
func (p place) isOf(t *tree) bool { return slices.Contains(t.layers, p.layer) }

// errInterrupted is returned if the program that reads was interrupted.
var errInterrupted = errors.New("interrupted")

// read reads bytes of a file, which c describes, to buf, and returns how many. There are fewer only
// at the end of the file.
func (s *contents) read(
	key place, c *gzmember.Content, buf []byte, off int64, cancel <-chan struct{},
) (int, error) {
	if off < 0 || off >= c.Size {
		return 0, nil
	}
	buf = buf[:min(int64(len(buf)), c.Size-off)]
	a := key.layer.archive
	if s.sums.isBroken(key) {
		return 0, errChecksum
	}
	if c.Size <= pieceSize && off == 0 && int64(len(buf)) == c.Size {
		return len(buf), s.load(key, c, &buf, 0, cancel)
	}
	if c.Coding == coding.Stored && len(buf) <= storedRange && a.Signed() == nil && !isKept(a) {
		return s.readStored(key, c, buf, off)
	}
	n := 0
	for n < len(buf) {
		select {
		case <-cancel:
			return 0, errInterrupted
		default:
		}
		at := off + int64(n)
		m, err := s.readPiece(key, c, buf[n:], at, cancel)
		if err != nil {
			return 0, err
		}
		n += m
	}
	return n, nil
}

// storedRange is the number of bytes up to which a range of a stored content is read as it is. It
// is too small for programs that read on.
const storedRange = 64 << 10

func isKept(a *tarpack.Archive) bool {
	_, ok := a.Source().(source.Keeper)
	return ok
}

// readStored reads a range of a stored content.
func (s *contents) readStored(
	key place, c *gzmember.Content, buf []byte, off int64,
) (int, error) {
	r, err := key.layer.archive.OpenContent(key.i)
	if err != nil {
		return 0, err
	}
	defer r.Close()
	if _, err := r.Seek(off, io.SeekStart); err != nil {
		return 0, err
	}
	if _, err := io.ReadFull(r, buf); err != nil {
		return 0, err
	}
	if err := key.unchanged(c); err != nil {
		return 0, err
	}
	if !s.sums.add(key, c.Size, c.CRC, off, buf) {
		return 0, errChecksum
	}
	return len(buf), nil
}

// readPiece reads bytes of one piece to the beginning of buf.
func (s *contents) readPiece(
	key place, c *gzmember.Content, buf []byte, off int64, cancel <-chan struct{},
) (int, error) {
	k := off / pieceSize
	from := k * pieceSize
	size := min(pieceSize, c.Size-from)
	if off == from && int64(len(buf)) >= size {
		if n := s.copyLoaded(key, k, buf); n > 0 {
			return n, nil
		}
		return int(size), s.load(key, c, &buf, k, cancel)
	}
	for {
		n, err := s.copyPiece(key, k, c, buf, off-from, cancel)
		if !errors.Is(err, errOther) {
			return n, err
		}
	}
}

// load reads piece k of a file to the beginning of *dst, which is made as large as the piece.
func (s *contents) load(
	key place, c *gzmember.Content, dst *[]byte, k int64, cancel <-chan struct{},
) error {
	if err := s.badness(key, k); err != nil {
		return err
	}
	err := s.loadNew(key, c, dst, k*pieceSize, cancel)
	if err != nil && isDamage(err) && key.unchanged(c) == nil {
		s.mu.Lock()
		s.bad = append(s.bad, badPiece{key, k, err})
		s.bad = s.bad[max(0, len(s.bad)-maxBad):]
		s.mu.Unlock()
	}
	return err
}

// badness returns why a piece is damaged, if that was found before, or nil.
func (s *contents) badness(key place, k int64) error {
	s.mu.Lock()
	defer s.mu.Unlock()
	for _, b := range s.bad {
		if b.key == key && b.k == k {
			return b.err
		}
	}
	return nil
}

// isDamage reports whether the bytes are wrong, so that reading them again does not help.
func isDamage(err error) bool {
	return errors.Is(err, gzmember.ErrCorrupt) || errors.Is(err, gzmember.ErrTruncated)
}

// loadNew reads the piece from an offset on, which is not known to be damaged.
func (s *contents) loadNew(
	key place, c *gzmember.Content, dst *[]byte, from int64, cancel <-chan struct{},
) error {
	whole := c.Size <= pieceSize
	var r tarpack.ContentReader
	if !whole {
		var err error
		if r, err = s.readerAt(key, c, from, cancel); err != nil {
			return err
		}
	}
	done, err := s.loads.take(cancel)
	if err != nil {
		if !whole {
			s.stand(standing{key, from, r})
		}
		return err
	}
	defer done()
	size := min(pieceSize, c.Size-from)
	*dst = slices.Grow((*dst)[:0], int(size))[:size]
	if whole {
		_, err = key.layer.archive.AppendContent((*dst)[:0], key.i)
	} else {
		err = s.readOn(key, c, r, *dst, from)
	}
	if err != nil {
		return err
	}
	if err := key.unchanged(c); err != nil {
		return err
	}
	if !whole && !s.sums.add(key, c.Size, c.CRC, from, *dst) {
		return errChecksum
	}
	return nil
}

// readOn reads a piece with a reader that stands at it.
func (s *contents) readOn(
	key place, c *gzmember.Content, r tarpack.ContentReader, dst []byte, from int64,
) error {
	if _, err := io.ReadFull(r, dst); err != nil {
		return errors.Join(err, r.Close())
	}
	a := key.layer.archive
	end := from + int64(len(dst))
	atAnySegment := c.Coding == coding.Stored || c.Coding == coding.Segmented && c.Shift == pieceShift
	if end < c.Size && (!atAnySegment || isKept(a) || a.Signed() != nil) {
		s.stand(standing{key, end, r})
		return nil
	}
	return r.Close()
}

const pieceShift = 20 // pieceSize is 1 << pieceShift

// errChecksum is the error of a file all of whose pieces were read.
var errChecksum = fmt.Errorf("%w: it has another CRC-32 than in the index", gzmember.ErrCorrupt)

// forget forgets the files of a tree that nobody reads any more.
func (s *contents) forget(t *tree) {
	s.sums.forget(t)
	s.mu.Lock()
	defer s.mu.Unlock()
	s.pieces = slices.DeleteFunc(s.pieces, func(p *piece) bool { return p.key.isOf(t) })
	s.bad = slices.DeleteFunc(s.bad, func(b badPiece) bool { return b.key.isOf(t) })
	s.readers = slices.DeleteFunc(s.readers, func(st standing) bool {
		if st.key.isOf(t) {
			st.r.Close()
			return true
		}
		return false
	})
}

// unchanged returns an error that wraps source.ErrChanged if a program may have written over the
// archive before the content was read. It costs one system call.
func (p place) unchanged(c *gzmember.Content) error {
	o, ok := p.layer.archive.Source().(source.Overwritable)
	if !ok {
		return nil
	}
	err := o.Unchanged(c.Offset, c.Length)
	if errors.Is(err, source.ErrTouched) { // the name leads to another file, or the mode has changed
		o.Accept()
		return nil
	}
	return err
}
