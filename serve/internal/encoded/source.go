package encoded

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"sync"
	"sync/atomic"

	"github.com/tarpack/tpk/internal/changetime"
	"github.com/tarpack/tpk/internal/regular"
	"github.com/tarpack/tpk/serve/internal/guard"
	"github.com/tarpack/tpk/sidecar/variants"
)

// Source is the variants file of an archive. Its fields are set before the first use; Current may
// be called at any time.
type Source struct {
	Name    string           // of the variants file
	Archive variants.Archive // that the file must belong to
	Notice  func(string)
	// Replaced reports whether the archive's name leads to another archive by now. Then the variants
	// file there is the other one's.
	Replaced func() bool

	current atomic.Pointer[File]

	mu     sync.Mutex
	older  []*File          // answers may still read them
	failed changetime.Stamp // of a file that can't be used
	told   bool             // the log has a line about that
}

// Current returns the file to use, or nil if there is none.
func (s *Source) Current() *File {
	if f := s.current.Load(); f != nil && !f.gone.Load() {
		return f
	}
	return nil
}

// Open opens the file to use once more, to be sent as it is. It is nil if there is none.
func (s *Source) Open() (*os.File, error) {
	s.Look(false)
	f := s.Current()
	if f == nil || s.Name == "" {
		return nil, nil
	}
	file, err := regular.Open(s.Name)
	if err != nil {
		return nil, nil // it is being replaced
	}
	if fi, err := file.Stat(); err != nil || !f.isAt(fi) {
		return nil, errors.Join(err, file.Close())
	}
	return file, nil
}

// Look opens the file if it is there and complete, or if it is another one now. first is set when
// the archive is opened: then what is wrong with a file is reported at once. Otherwise it is only
// if the next Look finds the same, as an archive and its variants are replaced one after the other.
func (s *Source) Look(first bool) {
	if s.Name == "" { // see Within
		return
	}
	s.mu.Lock()
	defer s.mu.Unlock()
	now, err := os.Stat(s.Name)
	f := s.current.Load()
	switch {
	case err == nil && f != nil && f.isAt(now):
		return
	case err != nil && f == nil, s.Replaced():
		return
	case err != nil:
		if errors.Is(err, fs.ErrNotExist) {
			s.use(nil)
		}
		return
	case guard.CheckFile(s.Name) != nil: // it is being written
		return
	}
	stamp := changetime.StampOf(now)
	again := stamp == s.failed
	if again && s.told {
		return
	}
	f, err = open(s.Name, s.Archive, s.Notice)
	switch {
	case err == nil:
		s.use(f)
		s.failed, s.told = changetime.Stamp{}, false
	case errors.Is(err, errBusy), errors.Is(err, fs.ErrNotExist):
	default:
		s.failed, s.told = stamp, first || again
		if s.told {
			s.use(nil)
			s.Notice(fmt.Sprintf("%v: it is not used. Make it again", err)) // it has the name
		}
	}
}

// use replaces the current file. s.mu is held.
func (s *Source) use(f *File) {
	if was := s.current.Swap(f); was != nil {
		s.older = append(s.older, was)
	}
}

// Close closes all files. No answer may use one any more.
func (s *Source) Close() {
	s.mu.Lock()
	defer s.mu.Unlock()
	s.use(nil)
	for _, f := range s.older {
		f.close()
	}
	s.older = nil
}
