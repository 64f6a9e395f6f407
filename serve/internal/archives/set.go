package archives

import (
	"fmt"
	"sort"
	"strings"
	"sync/atomic"

	"github.com/tarpack/tpk/serve/internal/archives/paths"
	"github.com/tarpack/tpk/serve/internal/plain"
	"github.com/tarpack/tpk/serve/internal/plan"
	"github.com/tarpack/tpk/tarpack/source"
)

// Set is what is served at one time. It never changes: a Library replaces it.
type Set struct {
	parts   parts            // what it was made of
	mounts  []Mount          // longest path first
	above   map[string]bool  // paths that lead to a mount; nil if there are none
	sources []*Archive       // of all mounts, by plan.Node.Source; then former generations of them
	older   []*older         // of the archives of mounts, or nil; the others have none
	olderAt map[*Archive]int // where former generations are among the sources
	dirs    []*mountedDir    // of Specs
	waiting []Spec           // for an archive that is not there yet
	plain   bool             // mounts have directories
	links   bool             // archives have symbolic links
	ruled   bool             // some site may have rules
	ruledBy []ruledBy        // by source
	refs    atomic.Int64     // 1 for the Library, 1 for each View

	// lives are those of dirs that are followed; nil if there are none.
	lives map[*plain.Dir]*LiveDir
}

// Mount is a path, and what is below it in the order in which it is asked: archives, then
// directories.
type Mount struct {
	Path    string // without a slash at its ends; "" is the root
	Sources []int
	Dirs    []*plain.Dir
	Pending bool // there is one more archive, before the directories, which is not ready yet
}

// parts are what a Set is made of. A backing belongs to the Spec of the same index.
type parts struct {
	specs    []Spec
	backings []backing
	pending  []string   // paths of further mounts that are not ready yet
	fallback *plain.Dir // asked after everything else, or nil
}

// backing is what is open for a Spec. If it has neither, the Set waits for an archive.
type backing struct {
	archive *Archive
	older   *older // of the archive, or nil
	dir     *mountedDir
	live    *heldLive // what has the dir, if that is followed
}

func (b backing) retain() {
	if b.archive != nil {
		b.archive.refs.Add(1)
	}
	b.older.retain()
	switch {
	case b.live != nil:
		b.live.Retain()
	case b.dir != nil:
		b.dir.Retain()
	}
}

func (b backing) release() {
	if b.archive != nil {
		b.archive.release()
	}
	b.older.release()
	switch {
	case b.live != nil:
		b.live.Release()
	case b.dir != nil:
		b.dir.Release()
	}
}

// ErrPending means that the answer is in an archive that is being indexed or converted.
var ErrPending = fmt.Errorf("the archive is not ready yet: %w", source.ErrUnavailable)

// newSet returns a Set with one reference. It takes over a reference to everything in p.
func newSet(p parts) *Set {
	s := &Set{parts: p}
	at := map[string]int{}
	mountAt := func(path string) *Mount {
		k, ok := at[path]
		if !ok {
			k = len(s.mounts)
			at[path] = k
			s.mounts = append(s.mounts, Mount{Path: path})
		}
		return &s.mounts[k]
	}
	for i, spec := range p.specs {
		switch b := p.backings[i]; {
		case b.archive != nil:
			m := mountAt(spec.Mount)
			m.Sources = append(m.Sources, len(s.sources))
			s.sources = append(s.sources, b.archive)
			s.older = append(s.older, b.older)
			s.links = s.links || b.archive.Index.Stats().Symlinks > 0
		case b.dir != nil:
			m := mountAt(spec.Mount)
			m.Dirs = append(m.Dirs, b.dir.Dir)
			s.dirs = append(s.dirs, b.dir)
		default:
			s.waiting = append(s.waiting, spec)
		}
	}
	s.addOlder()
	s.addLayers()
	if p.fallback != nil {
		m := mountAt("")
		m.Dirs = append(m.Dirs, p.fallback)
	}
	s.plain = p.fallback != nil || len(s.dirs) > 0
	for _, m := range s.mounts {
		s.lead(m.Path)
	}
	s.addRules()
	for _, path := range p.pending {
		mountAt(path).Pending = true
	}
	for _, spec := range s.waiting {
		m := mountAt(spec.Mount)
		m.Pending = m.Pending || !spec.Live || len(m.Sources)+len(m.Dirs) == 0
	}
	sort.SliceStable(s.mounts,
		func(i, j int) bool { return len(s.mounts[i].Path) > len(s.mounts[j].Path) })
	s.refs.Store(1)
	return s
}

// addOlder adds the former generations of archives to the sources.
func (s *Set) addOlder() {
	s.olderAt = map[*Archive]int{}
	for _, o := range s.older {
		if o == nil {
			continue
		}
		for _, a := range o.archives {
			if _, ok := s.olderAt[a]; !ok {
				s.olderAt[a] = len(s.sources)
				s.sources = append(s.sources, a)
			}
		}
	}
}

// current returns the archives of the mounts.
func (s *Set) current() []*Archive { return s.sources[:len(s.older)] }

// lead notes the paths that lead to a mount.
func (s *Set) lead(path string) {
	for i := strings.LastIndexByte(path, '/'); i > 0; i = strings.LastIndexByte(path[:i], '/') {
		if s.above == nil {
			s.above = map[string]bool{}
		}
		s.above[path[:i]] = true
	}
}

// acquire adds a reference, unless the set is closed.
func (s *Set) acquire() bool {
	for {
		n := s.refs.Load()
		if n == 0 {
			return false
		}
		if s.refs.CompareAndSwap(n, n+1) {
			return true
		}
	}
}

func (s *Set) release() {
	if s.refs.Add(-1) > 0 {
		return
	}
	for _, b := range s.parts.backings {
		b.release()
	}
	if s.parts.fallback != nil {
		s.parts.fallback.Release()
	}
}

// NoMount is the number of the mount where find has found a folder that is not in an archive: a
// mount, or a path that leads to one.
const NoMount = -1

// Find asks the archives, those of the deepest mount on a path first. It returns the number of the
// mount whose archive has the path, noMount, or the number of all mounts if it has found nothing.
// Directories of deeper mounts come before what it has found.
func (v *View) Find(path string) (n plan.Node, m int, err error) {
	s := v.set
	if s.above[path] {
		return plan.Node{Kind: plan.Dir}, NoMount, nil
	}
	for m := range s.mounts {
		rest, ok := paths.Below(s.mounts[m].Path, path)
		if !ok {
			continue
		}
		if rest == "" && len(s.mounts[m].Sources)+len(s.mounts[m].Dirs) > 0 {
			return plan.Node{Kind: plan.Dir}, NoMount, nil
		}
		for _, i := range s.mounts[m].Sources {
			a, err := v.Touch(i)
			if err == nil && a.far && v.Instant { // it may ask a server
				err = ErrInstant
			}
			if err != nil {
				return n, m, err
			}
			if ok, err := a.lookup(rest, &n); ok || err != nil {
				n.Source = i
				return n, m, err
			}
		}
		if s.mounts[m].Pending {
			return n, m, ErrPending
		}
	}
	if path == "" {
		return plan.Node{Kind: plan.Dir}, NoMount, nil
	}
	return n, len(s.mounts), nil
}

// oneArchive reports whether all that is below a mount is in its one archive. There is no mount
// below it or above it.
func (s *Set) oneArchive(path string) bool {
	found := false
	for k := range s.mounts {
		m := &s.mounts[k]
		if m.Path == path && len(m.Sources) == 1 && len(m.Dirs) == 0 && !m.Pending {
			found = true
			continue
		}
		_, isAbove := paths.Below(m.Path, path)
		_, isBelow := paths.Below(path, m.Path)
		if isAbove || isBelow {
			return false
		}
	}
	return found
}

// root returns the path of the deepest mount on path.
func (s *Set) root(path string) string {
	for m := range s.mounts {
		if _, ok := paths.Below(s.mounts[m].Path, path); ok {
			return s.mounts[m].Path
		}
	}
	return ""
}

// download describes the first archive that is mounted at path.
func (s *Set) download(path, format string) plan.Node {
	for m := range s.mounts {
		if s.mounts[m].Path == path && len(s.mounts[m].Sources) > 0 {
			i := s.mounts[m].Sources[0]
			n := s.sources[i].download(format)
			n.Source = i
			return n
		}
	}
	return plan.Node{}
}
