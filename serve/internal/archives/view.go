package archives

import (
	"cmp"
	"context"
	"encoding/binary"
	"errors"
	"io"
	"os"
	"runtime/debug"

	"github.com/tarpack/tpk/gzmember"
	"github.com/tarpack/tpk/internal/changetime"
	"github.com/tarpack/tpk/serve/internal/archives/paths"
	"github.com/tarpack/tpk/serve/internal/encoded"
	"github.com/tarpack/tpk/serve/internal/guard"
	"github.com/tarpack/tpk/serve/internal/plain"
	"github.com/tarpack/tpk/serve/internal/plan"
	"github.com/tarpack/tpk/tarpack/export"
)

// View is one request's view of a Set. It is a plan.Tree, and opens the nodes that it has found.
// One goroutine at a time may use it.
type View struct {
	// Instant makes everything that needs more than memory fail with ErrInstant.
	Instant bool
	// NoVariants hides all variants of contents.
	NoVariants bool
	// Client waits for the answer, which is not worth the work when it has gone. It may be nil.
	Client Client
	// ClientKey is a number for the client. Requests with the same number share its turns of work that
	// takes long. It must be set before the work begins.
	ClientKey uint64

	set     *Set
	library *Library
	fresh   bool       // nothing depends on the set yet
	looked  bool       // the path itself was looked into for a nested archive
	plain   []*os.File // plain files that were found, by plan.Node.Entry
	touched []touched  // archives on which the answer depends
	later   []later    // what must be compared before the answer ends

	plainStamps []changetime.Stamp // of plain, when they were found
	plainFrom   []plainOrigin      // of plain
	sent        *sent              // of the file of plain that is sent, or nil
	body        keptBody           // what is sent
	variants    *encoded.File      // of the content that was planned, or nil
	// variantsSeen is what variants was when the content was planned.
	variantsSeen *encoded.Seen
	exports      []*export.File
	pieces       []heldPiece

	work    context.Context // or nil
	endWork func()
}

// ErrInstant is returned by a View that must not wait, and would have to.
var ErrInstant = errors.New("that needs more than memory")

// PlainSource is the Source of plain files.
const PlainSource = -1

// Release closes what the View has found. It may be used for another request then.
func (v *View) Release() {
	v.stopWork()
	v.Client, v.ClientKey = nil, 0
	for _, f := range v.plain {
		_ = f.Close()
	}
	v.plain, v.plainStamps, v.plainFrom = v.plain[:0], v.plainStamps[:0], v.plainFrom[:0]
	v.forget()
	v.releasePieces()
	v.looked, v.body, v.variants, v.variantsSeen, v.sent = false, keptBody{}, nil, nil, nil
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
	if err := v.discover(path, false); err != nil || v.isPack(path) {
		return plan.Node{}, err
	}
	n, err := v.lookup(path)
	if err == nil && (n.Kind == plan.Missing || n.Kind == plan.Dir) {
		err = v.discover(path, true)
	}
	return n, err
}

// lookup asks the mounts of a path from the deepest on: its archives, then its directories.
func (v *View) lookup(path string) (plan.Node, error) {
	n, m, err := v.Find(path)
	if v.set.plain && m != NoMount {
		if p, err := v.lookupPlain(path, m); err != nil || p.Kind != plan.Missing {
			return p, err
		}
	}
	if err != nil || n.Kind != plan.File {
		return n, err
	}
	err = v.Proved(&n)
	return n, err
}

// Proved returns an error if a file of an archive may not be what the index says. One of a doubtful
// archive is compared with the index first.
func (v *View) Proved(n *plan.Node) error {
	v.touchBytes(n.Source, n.Offset, n.Length)
	if v.keeps(n) != nil { // it is compared when it is sent: see BeginBody
		v.fromOlder(n)
		return nil
	}
	if v.set.sources[n.Source].guard.Proof().Knows(n.Entry) {
		return nil
	}
	if v.Instant {
		return ErrInstant
	}
	return v.Prove(n)
}

// lookupPlain asks the directories of the first m mounts.
func (v *View) lookupPlain(path string, m int) (n plan.Node, err error) {
	s := v.set
	for k := range s.mounts[:m] {
		rest, ok := paths.Below(s.mounts[k].Path, path)
		if !ok {
			continue
		}
		for _, d := range s.mounts[k].Dirs {
			if v.Instant {
				return plan.Node{}, ErrInstant
			}
			n, err := v.plainFile(d, s.mounts[k].Path, rest)
			if err != nil || n.Kind != plan.Missing {
				return n, err
			}
		}
	}
	return n, err
}

// plainFile opens what path names in a directory of a mount.
func (v *View) plainFile(d *plain.Dir, mount, path string) (plan.Node, error) {
	if l := v.set.lives[d]; l != nil {
		if n, ok, err := v.packed(l, path); ok || err != nil {
			return n, err
		}
	}
	n, f, err := d.Lookup(path)
	if n.Name != "" {
		n.Name = paths.Join(mount, n.Name)
	}
	if f != nil && v.isPack(cmp.Or(n.Name, path)) { // n.Name is where symbolic links led
		_ = f.Close()
		return plan.Node{}, nil
	}
	if f != nil {
		v.plainFrom = append(v.plainFrom, plainOrigin{d, mount})
		if n, err = v.found(n, f); err != nil {
			v.plainFrom = v.plainFrom[:len(v.plainFrom)-1]
		}
	}
	return n, err
}

// found adds a plain file to those that the View has found, and completes its node.
func (v *View) found(n plan.Node, f *os.File) (plan.Node, error) {
	stamp, err := changetime.Stat(f)
	if err != nil {
		_ = f.Close()
		return plan.Node{}, err
	}
	n.Source, n.Entry = PlainSource, len(v.plain)
	v.plainStamps = append(v.plainStamps, stamp)
	v.plain = append(v.plain, f)
	return n, nil
}

// discover looks for nested archives in the folders on a path, and also in path itself if deep is
// set: once each, since the first path that is looked up leads to all others of an answer. What it
// finds before anything depends on the Set is used at once. After that the error is
// guard.ErrDoubtful, and the answer must be planned again.
func (v *View) discover(path string, deep bool) error {
	fresh := v.fresh
	v.fresh = false
	if v.library.nest == nil || !fresh && (!deep || v.looked) {
		return nil
	}
	v.looked = v.looked || deep
	if !v.follows(v.library.discover(path, deep)) {
		return nil
	}
	if !fresh {
		return guard.ErrDoubtful
	}
	v.renew()
	return nil
}

// follows reports whether there is another Set than the View's: since it has changed, or did before
// that for another request.
func (v *View) follows(changed bool) bool { return changed || v.library.current.Load() != v.set }

// renew replaces the View's Set by the library's current one. What is answered from now on depends
// on that alone.
func (v *View) renew() {
	v.forget()
	v.set.release()
	if !v.library.View(v) { // the Library was closed
		v.set = &Set{}
		v.set.refs.Store(1)
	}
	v.fresh = false
}

// Link implements plan.Tree.
func (v *View) Link(n plan.Node) (string, error) {
	a := v.set.sources[n.Source]
	text, err := a.Index.Link(n.Entry)
	return text, a.Wrap(err)
}

// HasLinks implements plan.Tree. The file system follows the links of plain files.
func (v *View) HasLinks() bool { return v.set.links }

// Direct implements plan.Tree.
func (v *View) Direct(root string) bool {
	return v.library.nest == nil && v.set.oneArchive(root)
}

// LinkAbove implements plan.Tree.
func (v *View) LinkAbove(path string) (link string, err error) {
	for m := range v.set.mounts {
		rest, ok := paths.Below(v.set.mounts[m].Path, path)
		if !ok {
			continue
		}
		a, err := v.Touch(v.set.mounts[m].Sources[0])
		if err == nil && a.far && v.Instant {
			err = ErrInstant
		}
		if err != nil {
			return "", err
		}
		link, err = a.Index.LinkAbove(rest)
		if link != "" {
			link = paths.Join(v.set.mounts[m].Path, link)
		}
		return link, a.Wrap(err)
	}
	return "", nil
}

// Root implements plan.Tree.
func (v *View) Root(path string) string { return v.set.root(path) }

// Content returns a reader of length bytes of a node's content, from the offset offset, out of its
// gzip member. The node must not be Plain. If the content must be signed and was not compared yet,
// each part is compared before the reader returns it. One that was fetched is compared as a whole
// before the last bytes of all of it are returned.
func (v *View) Content(n *plan.Node, offset, length int64) (io.ReadCloser, error) {
	return v.set.sources[n.Source].content(n.Entry, offset, length, v.Unproven(n))
}

// Member copies the gzip member of a node, n.Length bytes, to b from where it is mapped. It returns
// false if the archive is not mapped or was cut short, or if the member was not read lately; then
// it must be read from File. now is in seconds since 1970.
func (v *View) Member(n *plan.Node, b []byte, now int64) (ok bool) {
	if n.Source == PlainSource {
		return false
	}
	a := v.set.sources[n.Source]
	if n.Offset < 0 || n.Length < gzmember.MemberTrailerSize ||
		n.Length > int64(len(a.members))-n.Offset ||
		!a.recent.Known(n.Offset, n.Length, now) {
		return false
	}
	defer func(before bool) { // a file that is cut short makes the copy a fault
		debug.SetPanicOnFault(before)
		if recover() != nil {
			ok = false
		}
	}(debug.SetPanicOnFault(true))
	copy(b, a.members[n.Offset:n.Offset+n.Length])
	return true
}

// Note remembers that a node's member was just read, and so is in memory.
func (v *View) Note(n *plan.Node) {
	if n.Source == PlainSource || n.Length <= 0 {
		return
	}
	if a := v.set.sources[n.Source]; n.Offset >= 0 && n.Length <= int64(len(a.members))-n.Offset {
		a.recent.Note(n.Offset, n.Length)
	}
}

// Trailed reports whether a gzip member ends with a node's CRC-32 and size (RFC 1952 §2.3.1). One
// that does not is another file's.
func Trailed(member []byte, n *plan.Node) bool {
	if len(member) < gzmember.MemberTrailerSize {
		return false
	}
	end := member[len(member)-gzmember.MemberTrailerSize:]
	return binary.LittleEndian.Uint32(end) == n.CRC &&
		binary.LittleEndian.Uint32(end[4:]) == uint32(n.Size)
}
