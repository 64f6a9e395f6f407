//go:build linux || darwin

package mount

import (
	"errors"
	"fmt"
	"io"
	"slices"
	"sync"

	"github.com/tarpack/tpk/gzmember"
	"github.com/tarpack/tpk/gzmember/coding"
	"github.com/tarpack/tpk/tarpack"
	"github.com/tarpack/tpk/tarpack/source"
)

// contents reads files. The kernel keeps what it was given, so nothing is kept here but the pieces
// of which it has asked for a part so far.
type contents struct {
	mu      sync.Mutex
	pieces  []*piece // at most maxPieces
	readers []standing
	bad     []badPiece // the last ones that were found
	clock   int64
	sums    sums
}

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

// A piece is pieceSize bytes of a file from a multiple of that on, or fewer at its end.
type piece struct {
	key    place
	k      int64 // number of the piece in the file
	data   []byte
	err    error
	loaded chan struct{}
	users  int   // goroutines that wait for it or copy from it
	last   int64 // when it was used
}

// standing is a reader in the middle of a file that can't be entered there.
type standing struct {
	key place
	pos int64
	r   tarpack.ContentReader
}

// Limits of memory. A segment has 1 MiB as well, except in files of more than 5 GiB.
const (
	pieceSize   = 1 << 20
	maxPieces   = 8
	maxStanding = 4
)

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
		return len(buf), s.load(key, c, buf, 0)
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
		m, err := s.readPiece(key, c, buf[n:], at)
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
	key place, c *gzmember.Content, buf []byte, off int64,
) (int, error) {
	k := off / pieceSize
	from := k * pieceSize
	size := min(pieceSize, c.Size-from)
	if off == from && int64(len(buf)) >= size {
		if n := s.copyLoaded(key, k, buf); n > 0 {
			return n, nil
		}
		return int(size), s.load(key, c, buf[:size], from)
	}
	p, first := s.take(key, k)
	if first {
		p.data = slices.Grow(p.data[:0], int(size))[:size]
		p.err = s.load(key, c, p.data, from)
		close(p.loaded)
	} else {
		<-p.loaded
	}
	defer s.give(p)
	if p.err != nil {
		return 0, p.err
	}
	return copy(buf, p.data[off-from:]), nil
}

// take returns a piece. The caller loads it if it is the first one that asks for it, and returns it
// with give.
func (s *contents) take(key place, k int64) (p *piece, first bool) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.clock++
	if p := s.find(key, k); p != nil {
		p.users++
		p.last = s.clock
		return p, false
	}
	p = &piece{key: key, k: k, loaded: make(chan struct{}), users: 1, last: s.clock}
	if oldest := s.oldest(); oldest >= 0 {
		p.data = s.pieces[oldest].data
		s.pieces[oldest] = p
	} else {
		s.pieces = append(s.pieces, p) // more than maxPieces only while all are in use
	}
	return p, true
}

// find returns a piece that is in memory or being loaded, or nil. The lock is held.
func (s *contents) find(key place, k int64) *piece {
	for _, p := range s.pieces {
		if p.k == k && p.key == key {
			return p
		}
	}
	return nil
}

// oldest returns the index of the piece to replace, or -1 if there is room for another one, or all
// are in use. The lock is held.
func (s *contents) oldest() int {
	if len(s.pieces) < maxPieces {
		return -1
	}
	at := -1
	for i, p := range s.pieces {
		if p.users == 0 && (at < 0 || p.last < s.pieces[at].last) {
			at = i
		}
	}
	return at
}

// copyLoaded copies a piece that is in memory to buf. It returns 0 if there is none.
func (s *contents) copyLoaded(key place, k int64, buf []byte) int {
	s.mu.Lock()
	p := s.find(key, k)
	if p != nil {
		select {
		case <-p.loaded:
			p.users++
		default:
			p = nil
		}
	}
	s.mu.Unlock()
	if p == nil {
		return 0
	}
	defer s.give(p)
	return copy(buf, p.data)
}

// give returns a piece. One that could not be loaded is forgotten, so that the next read tries
// again.
func (s *contents) give(p *piece) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p.users--
	if p.users == 0 && (p.err != nil || len(s.pieces) > maxPieces) {
		s.pieces = slices.DeleteFunc(s.pieces, func(q *piece) bool { return q == p })
	}
}

// load reads len(dst) bytes of a file from offset from on: a piece.
func (s *contents) load(key place, c *gzmember.Content, dst []byte, from int64) error {
	if err := s.badness(key, from/pieceSize); err != nil {
		return err
	}
	err := s.loadNew(key, c, dst, from)
	if err != nil && isDamage(err) && key.unchanged(c) == nil {
		s.mu.Lock()
		s.bad = append(s.bad, badPiece{key, from / pieceSize, err})
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

// isDamage reports whether an error is that of bytes that stay wrong, however often they are read.
func isDamage(err error) bool {
	return errors.Is(err, gzmember.ErrCorrupt) || errors.Is(err, gzmember.ErrTruncated)
}

// loadNew reads a piece that is not known to be damaged.
func (s *contents) loadNew(key place, c *gzmember.Content, dst []byte, from int64) error {
	a := key.layer.archive
	if from == 0 && int64(len(dst)) == c.Size {
		if _, err := a.AppendContent(dst[:0], key.i); err != nil {
			return err
		}
		return key.unchanged(c)
	}
	r := s.reader(key, from)
	if r == nil {
		var err error
		if r, err = a.OpenContent(key.i); err != nil {
			return err
		}
		if _, err := r.Seek(from, io.SeekStart); err != nil {
			return errors.Join(err, r.Close())
		}
	}
	if _, err := io.ReadFull(r, dst); err != nil {
		return errors.Join(err, r.Close())
	}
	end := from + int64(len(dst))
	atAnySegment := c.Coding == coding.Stored || c.Coding == coding.Segmented && c.Shift == pieceShift
	if end < c.Size && (!atAnySegment || isKept(a) || a.Signed() != nil) {
		s.stand(standing{key, end, r})
	} else if err := r.Close(); err != nil {
		return err
	}
	if err := key.unchanged(c); err != nil {
		return err
	}
	if !s.sums.add(key, c.Size, c.CRC, from, dst) {
		return errChecksum
	}
	return nil
}

const pieceShift = 20 // pieceSize is 1 << pieceShift

// errChecksum is the error of a file all of whose pieces were read.
var errChecksum = fmt.Errorf("%w: it has another CRC-32 than in the index", gzmember.ErrCorrupt)

// reader returns a reader that stands at a place, or nil. It belongs to the caller.
func (s *contents) reader(key place, pos int64) tarpack.ContentReader {
	s.mu.Lock()
	defer s.mu.Unlock()
	for i, st := range s.readers {
		if st.key == key && st.pos == pos {
			s.readers = slices.Delete(s.readers, i, i+1)
			return st.r
		}
	}
	return nil
}

// stand keeps a reader for whoever reads on. The one that was used last comes last.
func (s *contents) stand(st standing) {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.readers = append(s.readers, st)
	if len(s.readers) > maxStanding {
		s.readers[0].r.Close()
		s.readers = slices.Delete(s.readers, 0, 1)
	}
}

// forget forgets the files of a tree, of which nothing is read any more.
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
