package packer

import (
	"github.com/tarpack/tpk/gzmember"
	"github.com/tarpack/tpk/gzmember/coding"
	"github.com/tarpack/tpk/sidecar"
	"github.com/tarpack/tpk/sidecar/build"
	"github.com/tarpack/tpk/tarpack/exclude"
	"github.com/tarpack/tpk/tarpack/internal/input"
	"github.com/tarpack/tpk/tarpack/internal/output"
)

// stores decides which files are stored although compression might pay.
type stores struct {
	all   bool
	globs *exclude.Patterns
}

// has reports whether the file at a path of the archive is stored.
func (s *stores) has(path string) bool { return s.all || s.globs.MatchBelow(path, false) }

// salt returns a number that changes the key of the file at path if the file is stored. So it does
// not become a link to an equal file that is compressed.
func (s *stores) salt(path string) uint64 {
	if s.all || !s.globs.MatchBelow(path, false) {
		return 0
	}
	return 0x9e3779b97f4a7c15
}

// compress makes the member of an item's content.
func (w *worker) compress(it *Item) (err error) {
	if err := w.addSums(&it.Content); err != nil {
		return err
	}
	if w.stores.has(it.path) {
		it.Member = output.GetBuffer(int(coding.StoredLength(int64(len(it.Bytes.B)))))
		it.Member.B = gzmember.AppendStored(it.Member.B, it.Bytes.B)
		it.Coding, it.Segments = coding.Stored, gzmember.Segments{}
		return nil
	}
	it.Member = output.GetBuffer(len(it.Bytes.B)/2 + 64)
	it.Member.B, it.Coding, it.Segments, err = appendContent(w.enc, it.Member.B, it.Bytes.B)
	return err
}

// addSums computes the sums of a content that is written, unless they are there.
func (w *worker) addSums(c *input.Content) error {
	if !w.sums || c.Sums.SHA256 != (sidecar.Sum{}) {
		return nil
	}
	var err error
	c.Sums, err = build.SumsOf(c.Bytes.B)
	return err
}

// contentKey returns the key of a file, whose header and hash are known.
func (w *worker) contentKey(it *Item) uint64 {
	hash := it.hash ^ w.stores.salt(it.path)
	return w.known.Key(hash, it.header.Size, it.header.Mode, it.header.ModTime)
}
