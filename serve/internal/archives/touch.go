package archives

import (
	"github.com/tarpack/tpk/serve/internal/encoded"
	"github.com/tarpack/tpk/serve/internal/guard"
	"github.com/tarpack/tpk/serve/internal/plan"
)

// Touch notes that an answer depends on an archive, and returns it. It fails if the archive is
// being written over.
func (v *View) Touch(source int) (*Archive, error) {
	a := v.set.sources[source]
	if v.noted(source) == nil {
		v.touched = append(v.touched, touched{source: source, proof: a.guard.Proof()})
	}
	return a, a.Usable()
}

// forget undoes touch: the answer depends on no archive any more.
func (v *View) forget() {
	clear(v.touched)
	v.touched, v.later = v.touched[:0], v.later[:0]
}

// noted returns what touch has noted of an archive, until the next touch; or nil.
func (v *View) noted(source int) *touched {
	for i := range v.touched {
		if v.touched[i].source == source {
			return &v.touched[i]
		}
	}
	return nil
}

// Usable returns an error if the archive was written over, and may not be answered from.
func (a *Archive) Usable() error {
	if a.guard.Overwritten() {
		return a.Wrap(guard.ErrOverwritten)
	}
	return nil
}

// touched is an archive on which an answer depends.
type touched struct {
	source   int
	proof    *guard.Proof // the archive's when the request came
	off, end int64        // what of it is sent, or has an ETag that is sent
}

// touchBytes notes which bytes of an archive, which was touched before, an answer depends on.
func (v *View) touchBytes(source int, off, n int64) {
	t := v.noted(source)
	if t.end == 0 {
		t.off, t.end = off, off+n
	}
	t.off, t.end = min(t.off, off), max(t.end, off+n)
}

// Check returns an error that wraps source.ErrChanged if something that the View has looked up or
// read may have been another generation's. It must be called after the last byte of an answer was
// read, and before that byte is sent.
func (v *View) Check() error { return v.check((*guard.Guard).Check) }

// check is Check with a method of the guards.
func (v *View) check(unchanged func(g *guard.Guard, p *guard.Proof, off, end int64) error) error {
	for i := range v.touched {
		t := &v.touched[i]
		a := v.set.sources[t.source]
		if err := unchanged(a.guard, t.proof, t.off, t.end); err != nil {
			return a.Wrap(err)
		}
	}
	for i, f := range v.plain {
		if err := samePlain(f, v.plainStamps[i]); err != nil {
			return err
		}
	}
	return nil
}

// Checks remembers what Check has found unchanged, for answers all of whose bytes were read before
// the first of them is checked. The zero value remembers nothing.
type Checks struct {
	guard    *guard.Guard
	variants *encoded.File
}

// CheckWith is Check for one of several answers, and CheckVariant if the answer has a variant. What
// others have found unchanged is not looked at again. It does not wait: if that would be needed, it
// returns an error.
func (v *View) CheckWith(c *Checks, variant bool) error {
	if len(v.touched) != 1 || len(v.plain) > 0 {
		if err := v.check((*guard.Guard).CheckAtOnce); err != nil {
			return err
		}
	} else if err := v.checkOnce(c); err != nil {
		return err
	}
	if variant && c.variants != v.variants {
		if err := v.variants.CheckAtOnce(v.variantsSeen); err != nil {
			return err
		}
		c.variants = v.variants
	}
	return nil
}

// checkOnce is Check for an answer that depends on one archive.
func (v *View) checkOnce(c *Checks) error {
	t := &v.touched[0]
	a := v.set.sources[t.source]
	check := a.guard.CheckAtOnce
	if c.guard == a.guard {
		check = a.guard.CheckAgain
	}
	if err := check(t.proof, t.off, t.end); err != nil {
		return a.Wrap(err)
	}
	c.guard = a.guard
	return nil
}

// later is the content of an entry, or the whole of a source, that must be compared with the index
// before the end of an answer.
type later struct{ source, entry int }

const wholeSource = -1 // in place of an entry

// CheckAll is Check, and compares what was not compared before the answer began, since that takes
// long.
func (v *View) CheckAll() error {
	err := v.Check()
	if err != nil || len(v.later) == 0 {
		return err
	}
	if err := v.proveLater(); err != nil {
		return err
	}
	return v.Check()
}

func (v *View) proveLater() error {
	for i := range v.later {
		l := &v.later[i]
		a := v.set.sources[l.source]
		p := v.noted(l.source).proof
		var err error
		if l.entry == wholeSource {
			err = p.ProveWhole(v.library.ctx)
		} else {
			err = p.ProveLong(l.entry)
		}
		if err != nil {
			return a.Wrap(err)
		}
	}
	return nil
}

// Prove returns an error if the content of a node is not what the index describes. For a long one
// that may only have been touched, CheckAll does.
func (v *View) Prove(n *plan.Node) error {
	if n.Source == PlainSource || n.Kind != plan.File || n.Size == 0 {
		return nil
	}
	a, err := v.Touch(n.Source)
	if err != nil {
		return err
	}
	t := v.noted(n.Source)
	t.proof = a.guard.Proof()
	if t.proof.Later(n.Entry, n.Size) {
		v.later = append(v.later, later{n.Source, n.Entry})
		return nil
	}
	return t.proof.Prove(n.Entry, n.Size)
}

// Renew makes the answer depend on all archives as they are now, after Check has returned
// guard.ErrDoubtful: their indexes are right, and so is what was looked up. The content that is
// sent must be proved again.
func (v *View) Renew() {
	for i := range v.touched {
		t := &v.touched[i]
		t.proof = v.set.sources[t.source].guard.Proof()
	}
}

// ProveWhole is Prove for a download, after it was sent. A file beside an archive is no part of it.
func (v *View) ProveWhole(n *plan.Node) error {
	if n.Source == PlainSource {
		return nil
	}
	a, err := v.Touch(n.Source)
	if err != nil {
		return err
	}
	t := v.noted(n.Source)
	t.proof = a.guard.Proof()
	return a.Wrap(t.proof.ProveWhole(v.library.ctx))
}

// ProveSent returns an error if the content of a node is not what the index describes. Unlike
// Prove, it reads a long content that must be signed. It must be called before the last byte of a
// compressed member is sent.
func (v *View) ProveSent(n *plan.Node) error {
	if n.Source == PlainSource || n.Kind != plan.File || n.Size == 0 || v.keeps(n) != nil {
		return nil
	}
	if t := v.noted(n.Source); t != nil && t.proof.Signed() {
		return t.proof.ProveLong(n.Entry)
	}
	return nil
}

// Unproven reports whether the content of a node must be signed, or was fetched, and was not
// compared yet. Then only Content returns it.
func (v *View) Unproven(n *plan.Node) bool {
	if v.keeps(n) != nil {
		return !v.body.proved
	}
	if n.Source == PlainSource || n.Kind != plan.File {
		return false
	}
	p := v.set.sources[n.Source].guard.Proof()
	return p.Signed() && !p.Knows(n.Entry)
}
