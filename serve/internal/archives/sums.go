package archives

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

// sums returns the checksums of the content of entry i, a file or a hard link.
func (a *archive) sums(i int, e *sidecar.Entry) (*Sums, error) {
	s := &Sums{XXH64: e.Hash}
	var err error
	if a.index.HasSHA256() {
		s.SHA256, err = a.index.SHA256(i)
	}
	return s, a.wrap(err)
}

// Hex returns the checksums in hexadecimal. sha256 is "" if it is not known.
func (s *Sums) Hex() (sha256, xxh64 string) {
	if s.SHA256 != (sidecar.Sum{}) {
		sha256 = hex.EncodeToString(s.SHA256[:])
	}
	return sha256, fmt.Sprintf("%016x", s.XXH64)
}
