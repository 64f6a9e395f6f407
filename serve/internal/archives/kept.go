package archives

import (
	"errors"
	"io"

	"github.com/tarpack/tpk/gzmember"
	"github.com/tarpack/tpk/serve/internal/guard"
	"github.com/tarpack/tpk/serve/internal/plan"
	"github.com/tarpack/tpk/tarpack/signature"
	"github.com/tarpack/tpk/tarpack/source"
)

// What was fetched from a server may have been damaged on the way. So a content is compared with
// its checksums before it is sent the first time, or while it is sent if it is long. The source
// keeps what was right, and remembers which contents were.

// readFirst is the length in bytes of the longest member that is fetched and compared before an
// answer with it begins. Of longer ones so much is fetched, so that the answer can still be a 503.
const readFirst = 1 << 20

// readAtOnce is the length in bytes of a member that is read so soon that it stays in the cache.
const readAtOnce = 64 << 10

// inflatedFirst is the size in bytes of the longest content that is compared before an answer
// begins: a member can be a thousand times smaller.
const inflatedFirst = 32 << 20

// keptBody is the file that an answer sends, if its source keeps what it has fetched.
type keptBody struct {
	attempt source.Attempt // nil if there is none
	node    plan.Node
	proved  bool // it must still be what was compared when the last byte has been read
}

// Checking is how a body is compared with its checksums.
type Checking uint8

const (
	Checked   Checking = iota // it was, or it need not be
	CheckSent                 // whoever sends it must do so
)

// BeginBody begins an answer that sends a file, before any of it is read. The file must have been
// compared, or CheckBody fails.
func (v *View) BeginBody(n *plan.Node) {
	v.body = keptBody{}
	if a := v.keeps(n); a != nil {
		v.body = keptBody{attempt: a.keeper.Begin(n.Offset), node: *n, proved: true}
	}
}

// keeps returns the archive of a file whose content was fetched and has a checksum, or nil.
func (v *View) keeps(n *plan.Node) *Archive {
	if n.Source == PlainSource || n.Kind != plan.File || n.Length == 0 {
		return nil
	}
	if a := v.set.sources[n.Source]; a.keeper != nil {
		return a
	}
	return nil
}

// FetchBody is BeginBody for an answer that may wait. It fetches the member of the file, or the
// beginning of a long run of n bytes from off, the offset in the source. A short member is compared
// with its checksum. whole means that all of the file is sent.
func (v *View) FetchBody(node *plan.Node, off, n int64, whole bool) (Checking, error) {
	v.BeginBody(node)
	a := v.keeps(node)
	if a == nil {
		return Checked, nil
	}
	a.used.note(node.Entry)
	proved, long := v.body.confirmed(), node.Length > readAtOnce
	lend := long
	if !proved && node.Length <= readFirst && node.Size <= inflatedFirst {
		var err error
		if proved, err = v.proveBody(a); err != nil {
			return Checked, a.Wrap(err)
		}
		lend = true // the cache is busy
	}
	lent := false // nothing drives out what is lent
	if proved && lend {
		f, _ := v.Range(node, node.Offset, node.Length)
		lent = f != nil
	}
	if proved && (lent || !long) {
		return Checked, nil
	}
	v.body.proved = false
	if err := a.tar.Source().Fetch(v.library.ctx, off, min(n, readFirst)); err != nil {
		return Checked, a.Wrap(err)
	}
	if !whole {
		return Checked, nil // a part has no checksum of its own
	}
	if a.tar.Signed() != nil { // this compares the header
		c, err := a.tar.OpenContent(node.Entry)
		if err != nil {
			return Checked, a.Wrap(err)
		}
		_ = c.Close()
	}
	return CheckSent, nil
}

// downloadFirst is how many bytes of a download are fetched before the answer begins. An export has
// headers and names of its own before the first bytes of the archive.
const downloadFirst = 64 << 10

// FetchDownload fetches the beginning of n bytes from off of a download, if its archive is on a
// server. If that fails, the answer can still be a 503.
func (v *View) FetchDownload(node *plan.Node, off, n int64) error {
	if node.Source == PlainSource {
		return nil
	}
	a := v.set.sources[node.Source]
	if !a.remote || n == 0 {
		return nil
	}
	p := make([]byte, min(n, downloadFirst))
	r := v.Reader(node)
	if f := v.Export(node); f != nil {
		r = f
	}
	if _, err := r.ReadAt(p, off); err != nil && err != io.EOF {
		return a.Wrap(err)
	}
	return nil
}

// proveBody compares the body with its checksums. It returns false if it is driven out of the cache
// all the time.
func (v *View) proveBody(a *Archive) (bool, error) {
	for range 3 {
		v.body.attempt = a.keeper.Begin(v.body.node.Offset)
		if v.body.confirmed() {
			return true, nil
		}
		c, err := a.tar.OpenContent(v.body.node.Entry)
		if err != nil {
			return false, err
		}
		_, err = io.Copy(io.Discard, c)
		switch err = errors.Join(err, c.Close()); {
		case err == nil:
		case !v.body.damaged(err):
			return false, err
		default:
			continue // it was damaged on the way
		}
		if v.body.confirmed() {
			return true, nil
		}
	}
	return false, nil
}

// damaged reports whether err is about damage, and another attempt may help.
func (b *keptBody) damaged(err error) bool {
	return (errors.Is(err, gzmember.ErrCorrupt) || errors.Is(err, signature.ErrContent)) &&
		b.attempt.Reject(b.node.Offset, b.node.Length)
}

func (b *keptBody) confirmed() bool { return b.attempt.Confirmed(b.node.Offset, b.node.Length) }

// CheckBody returns guard.ErrDoubtful if what was read of the body may not be what was compared. It
// must be called after the last byte was read, and before that byte is sent.
func (v *View) CheckBody() error {
	if v.body.proved && !v.body.confirmed() {
		return v.set.sources[v.body.node.Source].Wrap(guard.ErrDoubtful)
	}
	return nil
}

// SentRight reports that a whole member was sent that is right, after CheckSent.
func (v *View) SentRight() { v.body.attempt.Confirm(v.body.node.Offset, v.body.node.Length) }

// SentWrong reports that it is not.
func (v *View) SentWrong() { v.body.attempt.Reject(v.body.node.Offset, v.body.node.Length) }
