package archives

import (
	"sync/atomic"

	"github.com/tarpack/tpk/serve/internal/archives/contents"
	"github.com/tarpack/tpk/serve/internal/plan"
	"github.com/tarpack/tpk/sidecar"
)

// When an archive on a server is replaced, most of its contents are often the same as before. What
// the former generations have in the cache is sent from there, as far as it is equal: nothing of it
// is fetched again.

// maxOlder is how many former generations of an archive stay open, as long as their indexes have no
// more than maxOlderIndexes bytes. Those with the fewest contents that are still equal are closed.
const (
	maxOlder        = 32
	maxOlderIndexes = 256 << 20
)

// older is what former generations of an archive have in the cache. It has a reference to each of
// them. It does not change.
type older struct {
	places   map[contentKey]place
	archives []*Archive
}

// contentKey identifies a member, with the SHA-256 if the index has it.
type contentKey struct {
	hash         uint64 // of the content
	size, length int64
	crc          uint32
	coding       plan.Coding
}

type place struct {
	archive *Archive
	entry   int
}

func keyOf(n *plan.Node) contentKey {
	return contentKey{n.Hash, n.Size, n.Length, n.CRC, n.Coding}
}

func (o *older) retain() *older {
	if o != nil {
		for _, a := range o.archives {
			a.refs.Add(1)
		}
	}
	return o
}

func (o *older) release() {
	if o != nil {
		for _, a := range o.archives {
			a.release()
		}
	}
}

// usedContents are the entries whose contents were asked for, a bit for each ordinal.
type usedContents []atomic.Uint64

func newUsedContents(x *sidecar.Index) usedContents { return make(usedContents, x.Len()/64+1) }

func (u usedContents) note(i int) {
	if bit := uint64(1) << (i % 64); u[i/64].Load()&bit == 0 {
		u[i/64].Or(bit)
	}
}

// retire returns what an archive that was replaced has in the cache, and what the ones before it
// have. It may be nil. It has new references.
func (b backing) retire() *older {
	a := b.archive
	if a == nil || a.keeper == nil {
		return nil
	}
	o := &older{places: map[contentKey]place{}}
	count := map[*Archive]int{}
	add := func(key contentKey, p place) {
		if was, ok := o.places[key]; ok {
			count[was.archive]--
		}
		o.places[key] = p
		count[p.archive]++
	}
	if b.older != nil {
		for key, p := range b.older.places {
			add(key, p)
		}
	}
	for i := range a.used {
		for word, k := a.used[i].Load(), 0; word != 0; word, k = word>>1, k+1 {
			if word&1 == 0 {
				continue
			}
			e, err := a.Index.Entry(i*64 + k)
			if err != nil {
				continue // it is fetched again
			}
			var n plan.Node
			contents.FileNode(&n, &e, i*64+k)
			if a.keeper.Begin(n.Offset).Confirmed(n.Offset, n.Length) {
				add(keyOf(&n), place{a, n.Entry})
			}
		}
	}
	o.limit(count)
	if len(o.archives) == 0 {
		return nil
	}
	return o.retain()
}

// limit chooses the generations that stay open, and forgets the places in others. count has the
// number of places in each.
func (o *older) limit(count map[*Archive]int) {
	indexes := int64(0)
	for len(count) > 0 && len(o.archives) < maxOlder {
		var most *Archive
		for a, n := range count {
			if most == nil || n > count[most] {
				most = a
			}
		}
		indexes += most.Index.Size()
		if count[most] == 0 || indexes > maxOlderIndexes {
			break
		}
		o.archives = append(o.archives, most)
		delete(count, most)
	}
	for key, p := range o.places {
		if _, dropped := count[p.archive]; dropped {
			delete(o.places, key)
		}
	}
}

// fromOlder makes a node that of the same content in a former generation, if that has it in the
// cache and its own archive has not.
func (v *View) fromOlder(n *plan.Node) {
	o := v.set.older[n.Source]
	if o == nil {
		return
	}
	p, ok := o.places[keyOf(n)]
	if !ok || v.set.sources[n.Source].keeper.Begin(n.Offset).Confirmed(n.Offset, n.Length) {
		return
	}
	a := p.archive
	e, err := a.Index.Entry(p.entry)
	if err != nil {
		return
	}
	var there plan.Node
	contents.FileNode(&there, &e, p.entry)
	if n.SHA256 != [32]byte{} && (a.AddSum(&there, p.entry) != nil || there.SHA256 != n.SHA256) {
		return
	}
	if !a.keeper.Begin(there.Offset).Confirmed(there.Offset, there.Length) {
		return
	}
	if !v.Instant { // an event loop finds out when it reads
		piece, ok, err := a.tar.Source().Piece(there.Offset, there.Length)
		if !ok || err != nil {
			return
		}
		v.pieces = append(v.pieces, heldPiece{v.set.olderAt[a], there.Offset, piece})
	}
	n.Source, n.Entry, n.Offset = v.set.olderAt[a], p.entry, there.Offset
}
