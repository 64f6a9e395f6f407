package variants

import (
	"crypto/sha256"

	"github.com/tarpack/tpk/sidecar/variants"
)

// hasSibling reports whether there is a sibling with the content of a job, whose sum is set.
func (b *builder) hasSibling(j *job) bool {
	return b.o.Siblings != nil && b.o.Siblings.Has(j.sum)
}

// takeSiblings sets the variants of a job for whose content there are siblings that gain enough.
// The error wraps format.ErrChanged if a sibling does not decode to the content any more.
func (b *builder) takeSiblings(j *job, content []byte) error {
	if !b.hasSibling(j) {
		return nil
	}
	for c := range variants.NumCodings {
		encoded, err := b.o.Siblings.Read(j.sum, c)
		if err != nil {
			return err
		}
		if encoded == nil || !gains(len(encoded), j.gzip) {
			continue
		}
		v := variants.Variant{Coding: c}
		decoded, err := b.decoder.Decode(nil, v, encoded, int64(len(content)))
		if err != nil || sha256.Sum256(decoded) != j.sum {
			return b.o.Siblings.Changed(j.sum, c)
		}
		j.encoded[c].Bytes = encoded
		j.siblings++
	}
	return nil
}
