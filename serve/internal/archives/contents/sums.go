package contents

import (
	"encoding/hex"
	"fmt"

	"github.com/tarpack/tpk/sidecar"
)

// Sums are the checksums of a content that the index has.
type Sums struct {
	XXH64  uint64
	SHA256 sidecar.Sum // zero if the archive was packed without
}

// Sums returns the checksums of the content of entry i, a file or a hard link.
func (t *Tree) Sums(i int, e *sidecar.Entry) (*Sums, error) {
	s := &Sums{XXH64: e.Hash}
	var err error
	if t.Index.HasSHA256() {
		s.SHA256, err = t.Index.SHA256(i)
	}
	return s, t.Wrap(err)
}

// Hex returns the checksums in hexadecimal. sha256 is "" if it is not known.
func (s *Sums) Hex() (sha256, xxh64 string) {
	if s.SHA256 != (sidecar.Sum{}) {
		sha256 = hex.EncodeToString(s.SHA256[:])
	}
	return sha256, fmt.Sprintf("%016x", s.XXH64)
}
