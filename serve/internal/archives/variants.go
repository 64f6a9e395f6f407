package archives

import (
	"errors"
	"io"
	"os"

	"github.com/tarpack/tpk/serve/internal/archives/paths"
	"github.com/tarpack/tpk/serve/internal/encoded"
	"github.com/tarpack/tpk/serve/internal/guard"
	"github.com/tarpack/tpk/serve/internal/plan"
	"github.com/tarpack/tpk/sidecar/variants"
	"github.com/tarpack/tpk/tarpack"
)

// openVariants opens the archive's variants file, if there is one.
func (a *Archive) openVariants() {
	if a.origin != nil {
		return // the entries are those of the conversion
	}
	if within := a.tar.Within(); within != nil {
		a.encoded = encoded.Within(within, variants.Of(a.Index), a.library.notice)
		return
	}
	name := a.Name
	if list, isSet, err := tarpack.SetList(name); err == nil && isSet {
		name = list
	}
	a.encoded = &encoded.Source{Name: guard.VariantsName(name), Archive: variants.Of(a.Index),
		Replaced: a.renamed, Notice: a.library.notice}
	a.encoded.Look(true)
}

// renamed reports whether the archive's name leads to another file by now.
func (a *Archive) renamed() bool {
	now, err := guard.StampOf(a.Name)
	return err != nil || !os.SameFile(now.Archive, a.stamp.Archive)
}

// lookAtVariants opens the archive's variants file again if it has changed.
func (a *Archive) lookAtVariants() {
	if a.encoded != nil {
		a.encoded.Look(false)
	}
}

// Variants implements plan.Tree.
func (v *View) Variants(n plan.Node) plan.Variants {
	if n.Source == PlainSource || n.Kind != plan.File || v.NoVariants {
		return plan.Variants{}
	}
	a := v.set.sources[n.Source]
	if a.encoded == nil {
		return plan.Variants{}
	}
	if v.variants = a.encoded.Current(); v.variants == nil ||
		a.guard.Proof().Signed() && n.SHA256 == [32]byte{} {
		return plan.Variants{}
	}
	v.variantsSeen = v.variants.Now()
	return v.variants.Find(n.Entry, n.Size)
}

// Dictionary implements plan.Tree.
func (v *View) Dictionary(path, name string) (*plan.Dictionary, error) {
	if v.Instant && v.library.nest != nil {
		return nil, ErrInstant
	}
	if err := v.discover(path, false); err != nil {
		return nil, err
	}
	for m := range v.set.mounts {
		if _, ok := paths.Below(v.set.mounts[m].Path, path); !ok {
			continue
		}
		for _, i := range v.set.mounts[m].Sources {
			a := v.set.sources[i]
			if a.encoded == nil || a.encoded.Current() == nil {
				continue
			}
			if d := a.encoded.Current().Dictionary(name); d != nil {
				return d, nil
			}
		}
	}
	return nil, nil
}

// wanted returns what a VariantBody sends.
func (v *View) wanted(b *plan.Body, e plan.Encoding) encoded.Wanted {
	w := encoded.Wanted{Entry: b.Node.Entry, Encoding: e, Size: b.Node.Size,
		Variant: plan.Variant{Offset: b.Offset, Length: b.Length, Sum: b.Sum}, Seen: v.variantsSeen}
	if v.set.sources[b.Node.Source].guard.Proof().Signed() {
		w.Signed = b.Node.SHA256
	}
	return w
}

// ReadVariant reads a VariantBody, which has the encoding e, into p. The error is
// encoded.ErrUnusable.
func (v *View) ReadVariant(b *plan.Body, e plan.Encoding, p []byte) error {
	w := v.wanted(b, e)
	return v.variants.Read(&w, p)
}

// ProveVariant checks a VariantBody before any of it is sent. The error is encoded.ErrUnusable.
func (v *View) ProveVariant(b *plan.Body, e plan.Encoding) error {
	w := v.wanted(b, e)
	return v.variants.Prove(&w)
}

// Variant returns the file that has the bytes of a VariantBody. CheckVariant must be called after
// the last was read.
func (v *View) Variant() io.ReaderAt { return v.variants.Reader() }

// CheckVariant returns encoded.ErrUnusable if that file has changed. If only its attributes or
// names have, it compares the variant, which has the encoding e, once more.
func (v *View) CheckVariant(b *plan.Body, e plan.Encoding) error {
	err := v.variants.Check(v.variantsSeen)
	for range changesHeeded {
		if !errors.Is(err, encoded.ErrTouched) {
			break
		}
		v.variantsSeen = v.variants.Now()
		if err = v.ProveVariant(b, e); err == nil {
			err = v.variants.Check(v.variantsSeen)
		}
	}
	return err
}

// changesHeeded is how many changes of its file an answer of a variant takes.
const changesHeeded = 8
