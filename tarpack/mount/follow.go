//go:build linux || darwin

package mount

import (
	"context"
	"errors"
	"time"

	"github.com/tarpack/tpk/tarpack/source"
)

// remoteEvery is how many looks are left out for an archive that is not in files, such as one on a
// server.
const remoteEvery = 10

// follow mounts new versions until the context ends.
func (f *fileSystem) follow(ctx context.Context, open func(context.Context) ([]Layer, error)) {
	tick := time.NewTicker(followEvery)
	defer tick.Stop()
	said := "" // about a failure, which is not repeated
	for n := 1; ; n++ {
		select {
		case <-ctx.Done():
			return
		case <-tick.C:
		}
		f.dropOld(ctx)
		name := f.replaced(n%remoteEvery == 0)
		if name == "" {
			continue
		}
		err := f.replace(ctx, open)
		switch {
		case ctx.Err() != nil:
			return
		case errors.Is(err, errUnsettled):
		case err == nil:
			f.log.say(name + ": a new version is mounted")
			said = ""
		case err.Error() != said:
			f.log.say("still mounted as before: " + err.Error())
			said = err.Error()
		}
	}
}

// replaced returns the name of an archive that another one has replaced, or "".
func (f *fileSystem) replaced(all bool) string {
	t := f.trees.now()
	defer f.trees.release(t, 1)
	for _, l := range t.layers {
		if _, local := l.archive.Source().(source.Overwritable); !local && !all {
			continue
		}
		if errors.Is(l.check(), source.ErrChanged) {
			return l.archive.Name()
		}
	}
	return ""
}

// errUnsettled means that what was opened is being written to.
var errUnsettled = errors.New("it is being written to")

// replace opens the archives again and mounts them.
func (f *fileSystem) replace(
	ctx context.Context, open func(context.Context) ([]Layer, error),
) error {
	n, err := f.trees.next()
	if err != nil {
		return err
	}
	layers, err := open(ctx)
	if err != nil {
		return err
	}
	t, err := newTree(n, layers)
	if err != nil {
		return err
	}
	for _, l := range t.layers {
		if l.check() != nil {
			t.closeLayers()
			return errUnsettled
		}
	}
	was := f.trees.now()
	f.trees.replace(t)
	f.drop(ctx, was)
	f.old = append(f.old, &oldTree{tree: was, wait: 1, left: 1})
	return nil
}
