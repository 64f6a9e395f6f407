package build

import (
	"crypto/sha256"
	"hash"

	"github.com/tarpack/tpk/sidecar"
	"github.com/tarpack/tpk/sidecar/internal/layout"
)

// Sums computes the SHA-256 sums of a content that is written to it: of the whole and of each MiB.
// Its memory is bounded: the sums of more than 8 GiB of content go to a temporary file. Call Close
// when done with it. The zero value is ready to use.
type Sums struct {
	// TempDir is the directory for temporary files, "" for that of the system.
	TempDir string

	whole, mib hash.Hash
	size       int64
	log        sumLog
	err        error // of the temporary file
}

// Reset begins another content.
func (s *Sums) Reset() {
	if s.whole == nil {
		s.whole, s.mib = sha256.New(), sha256.New()
	}
	s.whole.Reset()
	s.mib.Reset()
	s.log.reset()
	s.size, s.err = 0, nil
}

// Write adds bytes of the content. It never fails: Record returns the error.
func (s *Sums) Write(b []byte) (int, error) {
	if s.whole == nil {
		s.Reset()
	}
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
	if s.log.dir = s.TempDir; s.err == nil {
		s.err = s.log.put(sum)
	}
}

// Record sets the sums of an item, a file. They are valid until the next Reset or Close. The error
// is one of writing a temporary file.
func (s *Sums) Record(it *Item) error {
	if s.whole == nil {
		s.Reset()
	}
	if s.size%sidecar.SumMiB != 0 && s.size > sidecar.SumMiB {
		s.endMiB()
	}
	s.whole.Sum(it.SHA256[:0])
	it.MiBSums = nil
	if s.size > sidecar.SumMiB {
		it.MiBSums = &s.log
	}
	return s.err
}

// Close removes the temporary file.
func (s *Sums) Close() error { return s.log.close() }
