package archives

import (
	"os"
	"sync"
	"time"

	"github.com/tarpack/tpk/internal/changetime"
	"github.com/tarpack/tpk/serve/internal/plan"
)

// sound remembers which content of an archive had the right checksum, and the version of its file
// then. It is for long files only, which are few.
type sound struct {
	mu       sync.Mutex
	versions map[int]int64 // by ordinal
}

// quiet is how long ago the last change of a file must be for its time to identify it. A further
// change within the same tick of the clock has the same time.
const quiet = time.Second

// Version returns a number that changes when a file's content or length does. It is 0 if it is not
// known, or if the file has just changed.
func Version(f *os.File) int64 {
	fi, err := f.Stat()
	if err != nil {
		return 0
	}
	t := changetime.Of(fi)
	if time.Since(time.Unix(0, t)) < quiet {
		return 0
	}
	return t
}

// Sound reports whether a node's content was sound in this version of its file.
func (v *View) Sound(n *plan.Node, version int64) bool {
	if n.Source == plainSource || version == 0 {
		return false
	}
	s := &v.set.sources[n.Source].sound
	s.mu.Lock()
	defer s.mu.Unlock()
	return s.versions[n.Entry] == version
}

// NoteSound remembers that a node's content is sound in this version of its file.
func (v *View) NoteSound(n *plan.Node, version int64) {
	if n.Source == plainSource || version == 0 {
		return
	}
	s := &v.set.sources[n.Source].sound
	s.mu.Lock()
	defer s.mu.Unlock()
	if s.versions == nil {
		s.versions = map[int]int64{}
	}
	s.versions[n.Entry] = version
}
