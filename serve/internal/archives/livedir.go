package archives

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"slices"

	"github.com/tarpack/tpk/internal/edition"
	"github.com/tarpack/tpk/serve/internal/archives/paths"
	"github.com/tarpack/tpk/serve/internal/guard"
	"github.com/tarpack/tpk/serve/internal/live"
	"github.com/tarpack/tpk/serve/internal/plain"
	"github.com/tarpack/tpk/serve/internal/plan"
	"github.com/tarpack/tpk/tarpack"
	"github.com/tarpack/tpk/tarpack/signature"
)

// liveKey identifies a directory that is followed.
type liveKey struct{ path, mount string }

// heldLive is what a Set has of a directory that is followed.
type heldLive struct {
	live.Held
	dir *live.Dir
}

// LiveDir is a directory of a Set that is followed.
type LiveDir struct {
	Dir     *live.Dir
	sources map[*live.Layer]int // of its layers
	Order   []int               // the same sources, of the oldest layer first
}

// openLive returns the directory of a Spec that is followed, with a reference more. It begins to
// follow it if that is new. The lock is held.
func (l *Library) openLive(spec Spec) (backing, error) {
	if l.trust != nil {
		return backing{}, fmt.Errorf("%s: %w: it is a directory", spec.Path, signature.ErrUnsigned)
	}
	if edition.Minimal {
		return backing{}, fmt.Errorf("%s: %w", spec.Path, edition.MissingError("live directories"))
	}
	key := liveKey{spec.Path, spec.Mount}
	d := l.lives[key]
	if d == nil {
		var err error
		d, err = live.New(live.Config{Path: spec.Path, Cache: l.cache.Dir, CacheLimit: l.cache.Limit,
			Hidden: l.hiddenBelow(spec.Mount), Notice: l.notice,
			Open:    l.openLayer,
			Changed: func() { l.renewLive(key) },
		})
		if err != nil {
			return backing{}, err
		}
		l.lives[key] = d
		d.Start()
	}
	b := l.holdLive(spec, d)
	if b.dir == nil && l.current.Load() == nil {
		l.notice(missing(spec))
	}
	return b, nil
}

// missing is the notice about a directory that can't be served yet.
func missing(spec Spec) string {
	if f, err := os.Open(spec.Path); err == nil {
		_ = f.Close()
	} else if errors.Is(err, fs.ErrPermission) {
		return fmt.Sprintf("%s: permission denied: /%s is answered with 503 until it can be read",
			spec.Path, spec.Mount)
	}
	return fmt.Sprintf("%s: not there yet: /%s is answered with 503 until it is", spec.Path,
		spec.Mount)
}

// layerTries is how often the archive of a layer is opened before an error. It was just written,
// and the system may not have closed it yet.
const layerTries = 100

// openLayer opens the archive of a layer, with one reference.
func (l *Library) openLayer(ctx context.Context, name string) (live.Archive, error) {
	for try := 1; ; try++ {
		a, err := l.openArchive(ctx, name, opening{layer: true})
		switch {
		case err == nil:
			return a, nil
		case !errors.Is(err, guard.ErrBusy) || try == layerTries || !l.sleep(lookAgain):
			return nil, err
		}
	}
}

// holdLive returns what is to be served of a directory that is followed, with a reference more.
// The lock is held.
func (l *Library) holdLive(spec Spec, d *live.Dir) backing {
	b := backing{live: &heldLive{d.Hold(), d}}
	if b.live.Root != nil {
		if b.live.Root.Rules == nil {
			l.watchRules(b.live.Root, spec.Path)
		}
		b.dir = &mountedDir{Dir: b.live.Root, path: spec.Path, mount: spec.Mount, followed: true}
	}
	return b
}

// hiddenBelow returns what is hidden below a mount, by the path from there.
func (l *Library) hiddenBelow(mount string) func(path string) bool {
	if l.hidden == nil {
		return nil
	}
	return func(path string) bool { return l.hidden(paths.Join(mount, path)) }
}

// renewLive makes the Set serve what a directory that is followed has now.
func (l *Library) renewLive(key liveKey) {
	l.mu.Lock()
	defer l.mu.Unlock()
	s, d := l.current.Load(), l.lives[key]
	if s == nil || d == nil || l.closed {
		return
	}
	p := s.parts
	p.backings = slices.Clone(p.backings)
	for i, spec := range p.specs {
		if b := p.backings[i]; b.live != nil && b.live.dir == d {
			p.backings[i] = l.holdLive(spec, d)
		} else {
			b.retain()
		}
	}
	if p.fallback != nil {
		p.fallback.Retain()
	}
	l.current.Store(newSet(p))
	s.release()
}

// endLives closes the directories that are followed and are not among the Specs any more.
func (l *Library) endLives() {
	l.mu.Lock()
	specs := l.specs
	if l.closed {
		specs = nil
	}
	var ended []*live.Dir
	for key, d := range l.lives {
		if !slices.ContainsFunc(specs, func(s Spec) bool {
			return s.Live && liveKey{s.Path, s.Mount} == key
		}) {
			ended = append(ended, d)
			delete(l.lives, key)
		}
	}
	l.mu.Unlock()
	for _, d := range ended {
		d.Close() // what it does may wait for the lock
	}
}

// addLayers adds the layers of directories that are followed to the sources.
func (s *Set) addLayers() {
	for _, b := range s.parts.backings {
		if b.live == nil || b.dir == nil {
			continue
		}
		d := &LiveDir{Dir: b.live.dir, sources: map[*live.Layer]int{}}
		for _, layer := range b.live.Layers {
			d.sources[layer] = len(s.sources)
			d.Order = append(d.Order, len(s.sources))
			s.sources = append(s.sources, layer.Archive.(*Archive))
		}
		if s.lives == nil {
			s.lives = map[*plain.Dir]*LiveDir{}
		}
		s.lives[b.dir.Dir] = d
	}
}

// packed finds a file of a directory that is followed in its layers. It returns false if the file,
// as it is now, is in none.
func (v *View) packed(d *LiveDir, path string) (n plan.Node, ok bool, err error) {
	layer := d.Dir.Packed(path)
	if layer == nil {
		return n, false, nil
	}
	source, ok := d.sources[layer]
	if !ok {
		return n, false, nil
	}
	return v.LayerNode(source, path)
}

// Holds reports whether a layer has the content that a path had when it was last noticed.
func (l *LiveDir) Holds(path string, source int) bool {
	for layer, at := range l.sources {
		if at == source {
			return l.Dir.Holds(path, layer)
		}
	}
	return false
}

// LayerNode finds a file in a layer.
func (v *View) LayerNode(source int, path string) (n plan.Node, ok bool, err error) {
	if v.set.sources[source].Usable() != nil {
		return n, false, nil // the plain file is there
	}
	a, err := v.Touch(source)
	if err != nil {
		return n, false, err
	}
	if ok, err = a.lookup(path, &n); !ok || err != nil || n.Kind != plan.File {
		return plan.Node{}, false, nil
	}
	n.Source = source
	return n, true, v.Proved(&n)
}

// Tar returns the archive of a layer.
func (a *Archive) Tar() *tarpack.Archive { return a.tar }

// Retain adds a reference.
func (a *Archive) Retain() { a.refs.Add(1) }

// Release gives a reference up.
func (a *Archive) Release() { a.release() }
