package archives

import (
	"golang.org/x/sys/unix"

	"github.com/tarpack/tpk/serve/internal/plan"
)

// ReadInstantly fills b from the offset off of the file that has a node, if all of that is in
// memory. Else it returns false.
func (v *View) ReadInstantly(n *plan.Node, b []byte, off int64) bool {
	if n.Source == PlainSource || n.Kind != plan.File {
		return false
	}
	a := v.set.sources[n.Source]
	f := a.file
	if f == nil {
		return a.tar.Source().ReadNow(b, off)
	}
	k, err := unix.Preadv2(int(f.Fd()), [][]byte{b}, off, unix.RWF_NOWAIT)
	return err == nil && k == len(b)
}

// ReadVariantNow is ReadVariant for what is in memory. If it returns false, ReadVariant must be
// called, and else CheckVariant.
func (v *View) ReadVariantNow(b *plan.Body, e plan.Encoding, p []byte) bool {
	w := v.wanted(b, e)
	return v.variants.ReadNow(&w, p)
}
