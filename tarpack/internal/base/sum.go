package base

import (
	"crypto/sha256"
	"io"

	"github.com/tarpack/tpk/sidecar"
)

// HasSum reports whether content, which it reads to its end, has the SHA-256 that the index of the
// archive states for the content of the entry.
func (r Entry) HasSum(content io.Reader) (bool, error) {
	want, err := r.sum()
	if err != nil {
		return false, err
	}
	h := sha256.New()
	if _, err := io.Copy(h, content); err != nil {
		return false, err
	}
	return sidecar.Sum(h.Sum(nil)) == want, nil
}

// SameSum reports whether the indexes state the same SHA-256 for the contents of two entries.
func (r Entry) SameSum(q Entry) (bool, error) {
	a, err := r.sum()
	if err != nil {
		return false, err
	}
	b, err := q.sum()
	return a == b, err
}

func (r Entry) sum() (sidecar.Sum, error) { return r.From.Index.SHA256(int(r.File)) }
