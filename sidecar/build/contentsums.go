package build

import (
	"crypto/sha256"
	"hash"

	"github.com/tarpack/tpk/sidecar"
	"github.com/tarpack/tpk/sidecar/internal/layout"
)

// ContentSums are the SHA-256 sums of a content.
type ContentSums struct {
	SHA256  sidecar.Sum
	MiBSums SumList // of its MiBs, if it has more than one
}

// Sums computes the SHA-256 sums of contents that are written to it: of the whole and of each MiB.
// Its memory is bounded: the sums of more than 8 GiB of content go to a temporary file. Call Reset
// before each content and Close when done. The zero value is ready to use.
type Sums struct {
	// TempDir is the directory for temporary files, "" for that of the system.
	TempDir string

	whole, mib hash.Hash
	size       int64
	log        *SumLog // of the current content
	err        error   // of the temporary file
}

// Reset begins another content.
func (s *Sums) Reset() {
	if s.whole == nil {
		s.whole, s.mib = sha256.New(), sha256.New()
	}
	s.whole.Reset()
	s.mib.Reset()
	_ = s.log.Close() // it was not taken over, so an error loses nothing
	s.log, s.size, s.err = nil, 0, nil
}

// Write adds bytes of the content. It never fails: Record returns the error.
func (s *Sums) Write(b []byte) (int, error) {
	n := len(b)
	for len(b) > 0 {
		k := min(int64(len(b)), sidecar.SumMiB-s.size%sidecar.SumMiB)
		s.whole.Write(b[:k])
		if s.size >= sidecar.SumMiB { // the first MiB has the sum of the whole up to there
			s.mib.Write(b[:k])
		}
		b = b[k:]
		if s.size += k; s.size%sidecar.SumMiB == 0 {
			s.endMiB()
		}
	}
	return n, nil
}

// endMiB adds the sum of the MiB that ends here.
func (s *Sums) endMiB() {
	h := s.mib
	if s.size <= sidecar.SumMiB {
		h = s.whole
	}
	var sum layout.Sum
	h.Sum(sum[:0])
	s.mib.Reset()
	if s.log == nil {
		s.log = &SumLog{TempDir: s.TempDir}
	}
	if s.err == nil {
		s.err = s.log.put(sum)
	}
}

// Record ends the content and sets c to its sums. The list of them, if there is one, is a SumLog
// that the caller closes with [ContentSums.CloseSums]. The error is one of writing a temporary
// file.
func (s *Sums) Record(c *ContentSums) error {
	if s.size%sidecar.SumMiB != 0 && s.size > sidecar.SumMiB {
		s.endMiB()
	}
	s.whole.Sum(c.SHA256[:0])
	c.MiBSums = nil
	if s.size > sidecar.SumMiB {
		c.MiBSums = s.log
		s.log = nil
	}
	return s.err
}

// SumsOf returns the sums of a content in memory.
func SumsOf(content []byte) (c ContentSums, err error) {
	if len(content) <= sidecar.SumMiB {
		c.SHA256 = sha256.Sum256(content)
		return c, nil
	}
	var s Sums
	s.Reset()
	_, _ = s.Write(content) // never fails
	err = s.Record(&c)
	return c, err
}

// CloseSums closes the list of sums, if it is one that [Sums] made.
func (c *ContentSums) CloseSums() {
	if l, ok := c.MiBSums.(*SumLog); ok {
		_ = l.Close() // of a temporary file that is not needed any more
	}
}

// Size returns the number of bytes written since Reset.
func (s *Sums) Size() int64 { return s.size }

// Close removes the temporary file, if Record has not handed it over.
func (s *Sums) Close() error { return s.log.Close() }
