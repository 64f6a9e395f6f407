// Package siblings has the precompressed siblings of files that are packed: x.js.gz, x.js.br and
// x.js.zst beside x.js, as servers with gzip_static have them. Those that decode to their files are
// left out of the archive. Their bytes become variants of the files.
//
//	pack.Dir, edit.Update ─► Set ─► variants.Build
//
// Give the same [Set] to the options of both.
package siblings

import (
	"fmt"
	"io"
	"os"
	"path/filepath"

	"github.com/tarpack/tpk/internal/osfile"
	"github.com/tarpack/tpk/sidecar"
	"github.com/tarpack/tpk/sidecar/variants"
	"github.com/tarpack/tpk/tarpack/format"
)

// A Set has the siblings that a run has left out of an archive. The zero Set is empty. It must not
// be used while the run goes on. After that it is safe for concurrent use.
type Set struct {
	dir     string
	follow  bool // symbolic links on the way to a sibling
	left    int
	encoded map[key]file
}

// A key is a content in a coding.
type key struct {
	sum    sidecar.Sum
	coding variants.Coding
}

// A file is a sibling on disk.
type file struct {
	name string // below the directory
	size int64
}

// Start empties the set for a run over the directory dir. With follow, what symbolic links in it
// lead to is packed.
func (s *Set) Start(dir string, follow bool) {
	*s = Set{dir: dir, follow: follow, encoded: map[key]file{}}
}

// Leave counts a sibling that is left out.
func (s *Set) Leave() { s.left++ }

// Add notes the sibling with this name below the directory, and this size in bytes, as the encoding
// of the content with a SHA-256. The first sibling of a content and a coding counts.
func (s *Set) Add(sum sidecar.Sum, c variants.Coding, name string, size int64) {
	if _, ok := s.encoded[key{sum, c}]; !ok {
		s.encoded[key{sum, c}] = file{name, size}
	}
}

// Left returns how many siblings were left out of the archive.
func (s *Set) Left() int { return s.left }

// Empty reports whether there is nothing that can become a variant.
func (s *Set) Empty() bool { return len(s.encoded) == 0 }

// Has reports whether there is an encoding of the content with a SHA-256.
func (s *Set) Has(sum sidecar.Sum) bool {
	for c := range variants.NumCodings {
		if _, ok := s.encoded[key{sum, c}]; ok {
			return true
		}
	}
	return false
}

// Read reads the encoding of a content, which is not trusted: the file may have changed. It returns
// nil if there is none. The error wraps format.ErrChanged if the file has another size now.
func (s *Set) Read(sum sidecar.Sum, c variants.Coding) ([]byte, error) {
	f, ok := s.encoded[key{sum, c}]
	if !ok {
		return nil, nil
	}
	r, err := s.open(f.name)
	if err != nil {
		return nil, err
	}
	defer r.Close()
	b, err := io.ReadAll(io.LimitReader(r, f.size+1))
	if err == nil && int64(len(b)) != f.size {
		err = s.Changed(sum, c)
	}
	return b, err
}

// Changed returns the error for an encoding that is not that of the content any more.
func (s *Set) Changed(sum sidecar.Sum, c variants.Coding) error {
	return fmt.Errorf("%s: %w", format.Printable(s.encoded[key{sum, c}].name), format.ErrChanged)
}

func (s *Set) open(name string) (*os.File, error) {
	const flags = os.O_RDONLY | osfile.Nonblock
	if s.follow {
		return osfile.OpenFile(filepath.Join(s.dir, filepath.FromSlash(name)), flags, 0)
	}
	root, err := os.OpenRoot(s.dir)
	if err != nil {
		return nil, err
	}
	defer root.Close()
	return root.OpenFile(name, flags, 0)
}
