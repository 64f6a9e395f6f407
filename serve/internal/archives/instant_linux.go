package archives

import (
	"golang.org/x/sys/unix"

	"github.com/tarpack/tpk/serve/internal/plan"
)

// ReadInstantly fills b from the offset off of the file that has a node, if all of that is in
// memory. Else it returns false. It also does so for a shard, which may have to be opened.
func (v *View) ReadInstantly(n *plan.Node, b []byte, off int64) bool {
	if n.Source == plainSource || n.Kind != plan.File {
		return false
	}
	f := v.set.sources[n.Source].file
	if f == nil {
		return false
	}
	k, err := unix.Preadv2(int(f.Fd()), [][]byte{b}, off, unix.RWF_NOWAIT)
	return err == nil && k == len(b)
}
