package archives

import "github.com/tarpack/tpk/serve/internal/plan"

// ReadVariantNow is ReadVariant for what is in memory. If it returns false, ReadVariant must be
// called, and else CheckVariant.
func (v *View) ReadVariantNow(b *plan.Body, e plan.Encoding, p []byte) bool {
	w := v.wanted(b, e)
	return v.variants.ReadNow(&w, p)
}
