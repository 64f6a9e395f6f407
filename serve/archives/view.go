package archives

import (
	"encoding/binary"
	"errors"
	"os"
	"runtime/debug"

	"github.com/tarpack/tpk/gzmember"
	"github.com/tarpack/tpk/serve/plan"
	"github.com/tarpack/tpk/tarpack/export"
)

// View is one request's view of a Set: a plan.Tree, and the bytes behind the nodes it finds. It is for one goroutine.
type View struct {
	// Instant makes everything that takes more than memory an error, ErrInstant.
	Instant bool

	set     *Set
	library *Library
	fresh   bool       // nothing was looked up yet
	plain   []*os.File // plain files that were found, by the number that a Node carries
	exports []*export.File
	shards  []heldShard
}

// ErrInstant is what a View says that may not wait, and would have to.
var ErrInstant = errors.New("that needs more than memory")

// plainSource is the Source of nodes that are plain files.
const plainSource = -1

// Release lets go of all that the View has found. The View may be used for another request then.
func (v *View) Release() {
	for _, f := range v.plain {
		_ = f.Close()
	}
	v.plain = v.plain[:0]
	v.releaseShards()
	clear(v.exports)
	v.exports = v.exports[:0]
	if v.set != nil {
		v.set.release()
		v.set = nil
	}
}

// Lookup implements plan.Tree.
func (v *View) Lookup(path string) (plan.Node, error) {
	if v.Instant && v.library.nest != nil {
		return plan.Node{}, ErrInstant
	}
	first := v.discover(path, false)
	n, err := v.set.lookup(path)
	if first && n.Kind == plan.Missing && v.library.discover(path, true) {
		v.renew()
		n, err = v.set.lookup(path)
	}
	if err != nil || n.Kind != plan.Missing || v.set.fallback == nil || v.isPack(path) {
		return n, err
	}
	if v.Instant {
		return n, ErrInstant
	}
	n, f, err := v.set.fallback.lookup(path)
	if f != nil {
		n.Source, n.Entry = plainSource, len(v.plain)
		v.plain = append(v.plain, f)
	}
	return n, err
}

// discover looks for nested archives on a path, before the first lookup: later ones must not change the set that
// nodes refer to. It tells if it did.
func (v *View) discover(path string, deep bool) bool {
	if !v.fresh {
		return false
	}
	v.fresh = false
	if v.library.nest == nil {
		return false
	}
	if v.library.discover(path, deep) {
		v.renew()
	}
	return true
}

// renew takes the library's current set instead of the one the View has.
func (v *View) renew() {
	v.set.release()
	if !v.library.View(v) { // the library was closed
		v.set = &Set{}
		v.set.refs.Store(1)
	}
	v.fresh = false
}

// Link implements plan.Tree.
func (v *View) Link(n plan.Node) (string, error) {
	a := v.set.sources[n.Source]
	text, err := a.index.Link(n.Entry)
	return text, a.wrap(err)
}

// HasLinks implements plan.Tree. The links of plain files are followed by the file system.
func (v *View) HasLinks() bool { return v.set.links }

// Root implements plan.Tree.
func (v *View) Root(path string) string { return v.set.root(path) }

// Download implements plan.Tree.
func (v *View) Download(path, format string) (plan.Node, error) {
	if v.Instant {
		return plan.Node{}, ErrInstant
	}
	v.discover(path, true)
	if format != "zip" {
		if n := v.set.download(path, format); n.Kind == plan.Download {
			return n, nil
		}
	}
	return v.export(path, format)
}

// File is the file that holds a node's bytes: the archive of a File, a plain file, or what a Download names.
// Reading it must be by offset: it is shared.
func (v *View) File(n *plan.Node) *os.File {
	if n.Source == plainSource {
		return v.plain[n.Entry]
	}
	a := v.set.sources[n.Source]
	switch {
	case n.Kind == plan.Download && n.Entry == wholeSidecar:
		return a.sidecar
	case a.file == nil && n.Kind == plan.File:
		return v.shard(n)
	}
	return a.file
}

// Content reads length bytes of a node's content, from offset on, out of its gzip member. It is not for nodes that are plain.
func (v *View) Content(n *plan.Node, offset, length int64) (*gzmember.RangeReader, error) {
	return v.set.sources[n.Source].content(n.Entry, offset, length)
}

// Name is that of the file that holds a node, for messages.
func (v *View) Name(n *plan.Node) string {
	if n.Source != plainSource {
		if a := v.set.sources[n.Source]; a.file == nil && n.Kind == plan.File {
			return a.tar.ShardName(n.Part)
		} else if a.file == nil {
			return a.name
		}
	}
	return v.File(n).Name()
}

// Member is the gzip member of a node in memory that is mapped from the archive, nil if that can't be had, if the archive has been cut short, or
// if it was not read lately: then it is to be read from File. It must not be touched, only given to the kernel to copy: what is behind
// it may go at any time. Now is in seconds since 1970.
func (v *View) Member(n *plan.Node, now int64) []byte {
	if n.Source == plainSource {
		return nil
	}
	a := v.set.sources[n.Source]
	if n.Offset < 0 || n.Length < gzmember.MemberTrailerSize || n.Length > int64(len(a.members))-n.Offset || !a.recent.known(n.Offset, n.Length, now) {
		return nil
	}
	member := a.members[n.Offset : n.Offset+n.Length]
	if !trailed(member, n.CRC, n.Size) {
		return nil
	}
	return member
}

// Note takes the bytes of a node's member, which were just read, as being in memory.
func (v *View) Note(n *plan.Node) {
	if n.Source == plainSource || n.Length <= 0 {
		return
	}
	if a := v.set.sources[n.Source]; n.Offset >= 0 && n.Length <= int64(len(a.members))-n.Offset {
		a.recent.note(n.Offset, n.Length)
	}
}

// trailed tells if a mapped member still ends as it should. A file that is cut short within a page has zeros up to the
// page's end, and nothing after it: so if any byte of a member is lost, its last one is.
func trailed(member []byte, crc uint32, size int64) (ok bool) {
	defer func(before bool) {
		debug.SetPanicOnFault(before)
		if recover() != nil {
			ok = false
		}
	}(debug.SetPanicOnFault(true))
	end := member[len(member)-gzmember.MemberTrailerSize:]
	return binary.LittleEndian.Uint32(end) == crc && binary.LittleEndian.Uint32(end[4:]) == uint32(size)
}
