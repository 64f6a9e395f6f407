//go:build linux || darwin

package mount

import (
	"errors"
	"slices"

	"github.com/tarpack/tpk/gzmember"
)

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

// Limits of memory. A segment has 1 MiB as well, except in files of more than 5 GiB.
const (
	pieceSize = 1 << 20
	maxPieces = 8
)

// turns has an element for each goroutine whose turn it is.
type turns chan struct{}

// take waits for a turn, which the caller ends with done.
func (t turns) take(cancel <-chan struct{}) (done func(), err error) {
	select {
	case t <- struct{}{}:
	default:
		select {
		case t <- struct{}{}:
		case <-cancel:
			return nil, errInterrupted
		}
	}
	return func() { <-t }, nil
}

// errOther is returned if the program for which a piece was being loaded was interrupted.
var errOther = errors.New("another program was interrupted")

// copyPiece copies bytes of piece k, from off on. It loads the piece, or waits until another
// goroutine has loaded it.
func (s *contents) copyPiece(
	key place, k int64, c *gzmember.Content, buf []byte, off int64, cancel <-chan struct{},
) (int, error) {
	p, first := s.take(key, k)
	defer s.give(p)
	if first {
		s.fill(p, c, cancel)
	}
	select {
	case <-p.loaded:
	default:
		select {
		case <-p.loaded:
		case <-cancel:
			return 0, errInterrupted
		}
	}
	switch {
	case p.err == nil:
		return copy(buf, p.data[off:]), nil
	case !first && errors.Is(p.err, errInterrupted):
		return 0, errOther
	}
	return 0, p.err
}

// fill loads a piece that take has returned. One that can't be loaded is forgotten, so that the
// next read tries again.
func (s *contents) fill(p *piece, c *gzmember.Content, cancel <-chan struct{}) {
	p.err = errPanic
	defer func() {
		if p.err != nil {
			s.mu.Lock()
			s.pieces = slices.DeleteFunc(s.pieces, func(q *piece) bool { return q == p })
			s.mu.Unlock()
		}
		close(p.loaded)
	}()
	p.err = s.load(p.key, c, &p.data, p.k, cancel)
}

// errPanic is what other goroutines get if the one that loads a piece panics.
var errPanic = errors.New("reading has failed")

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

// copyLoaded copies a piece that is in memory to buf. It returns 0 if there is none. One that could
// not be loaded is never found.
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

// give returns a piece.
func (s *contents) give(p *piece) {
	s.mu.Lock()
	defer s.mu.Unlock()
	p.users--
	if p.users == 0 && len(s.pieces) > maxPieces {
		s.pieces = slices.DeleteFunc(s.pieces, func(q *piece) bool { return q == p })
	}
}
