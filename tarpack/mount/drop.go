//go:build linux || darwin

package mount

import (
	"context"
	"slices"

	"github.com/tarpack/tpk/sidecar"
)

// An oldTree is a version that was replaced, as long as the kernel knows files of it. The kernel
// keeps files that nobody uses as long as it has room. With them the version would stay open: its
// descriptors, and its bytes on the disk. So the kernel is told to drop them.
type oldTree struct {
	tree    *tree // with a reference
	dropped bool  // since the answers that were under way when it was replaced have come
	wait    int   // looks from one time to the next
	left    int   // looks until the next time
}

// maxWait is the largest wait: about four minutes.
const maxWait = 256

// drop makes the kernel forget the names in the root of a version. It forgets what is below a name
// with it, but for what programs use.
func (f *fileSystem) drop(ctx context.Context, t *tree) {
	f.dropIn(ctx, t, "", rootID, false)
}

// dropOld makes the kernel forget more of old versions. Where a program has used a file, the kernel
// has kept its directories, and goes on to keep them when the file is closed.
func (f *fileSystem) dropOld(ctx context.Context) {
	f.old = slices.DeleteFunc(f.old, func(o *oldTree) bool {
		if o.left--; o.left > 0 {
			return false
		}
		if !f.trees.isLast(o.tree) {
			if !o.dropped {
				o.dropped = true
				f.drop(ctx, o.tree)
			}
			f.dropIn(ctx, o.tree, "", rootID, true)
		}
		if f.trees.isLast(o.tree) {
			f.trees.release(o.tree, 1)
			return true
		}
		o.wait = min(2*o.wait, maxWait)
		o.left = o.wait
		return false
	})
}

// dropIn makes the kernel forget the names in a directory. With below, these are left alone in the
// root, and forgotten in the directories below that which the kernel knows.
func (f *fileSystem) dropIn(ctx context.Context, t *tree, dir string, id uint64, below bool) {
	l, err := f.listingFrom(t, dir, 0)
	for err == nil && ctx.Err() == nil {
		h := l.next()
		if h == nil {
			return
		}
		f.memory.used()
		if !below || id != rootID {
			f.kernel.dropName(id, string(h.name))
		}
		if below && h.entry.Type == sidecar.TypeDir {
			if child := t.id(place{h.layer, h.i}); f.kernel.knows(child) {
				f.dropIn(ctx, t, join(dir, string(h.name)), child, true)
			}
		}
		err = l.taken(h)
	}
}

// notices are what the kernel is told. It may refuse anything.
type notices struct {
	dropName func(dir uint64, name string) // it forgets a name, if it knows it
	knows    func(id uint64) bool          // reports whether it knows a file
}
