package archives

import (
	"context"
	"errors"
	"fmt"

	"github.com/tarpack/tpk/serve/internal/archives/contents"
	"github.com/tarpack/tpk/tarpack/signature"
	"github.com/tarpack/tpk/tarpack/source"
)

// openRemote opens an archive with Spec.Open, with one reference.
func (l *Library) openRemote(ctx context.Context, spec Spec) (*Archive, error) {
	t, err := spec.Open(ctx)
	if err != nil {
		return nil, err
	}
	if l.trust != nil && t.Signed() == nil {
		return nil, errors.Join(fmt.Errorf("%s: %w", t.Name(), signature.ErrUnsigned), t.Close())
	}
	a := &Archive{Tree: contents.Tree{Name: spec.Path, Index: t.Index()}, tar: t, opened: t,
		remote: true,
		far:    t.Index().Far(), library: l}
	a.setKeeper()
	a.begin()
	if t.Signed() != nil {
		a.guard.BeginProof()
	}
	if err := l.readRules(ctx, a); err != nil {
		a.release()
		return nil, err
	}
	return a, nil
}

func (a *Archive) setKeeper() {
	var ok bool
	if a.keeper, ok = a.tar.Source().(source.Keeper); ok {
		a.used = newUsedContents(a.Index)
	}
}

// replaced asks whether the archive is another one now. If that can't be found out, it is not.
func (a *Archive) replaced() bool { return errors.Is(a.tar.Source().Check(), source.ErrChanged) }

// Replaced returns the names of the archives of Spec.Open that are other ones now, so that Reload
// would open them again. It may wait for servers.
func (l *Library) Replaced() (names []string) {
	var v View
	if !l.View(&v) {
		return nil
	}
	defer v.Release()
	for _, a := range v.set.current() {
		if a.remote && a.replaced() {
			names = append(names, a.Name)
		}
	}
	return names
}
