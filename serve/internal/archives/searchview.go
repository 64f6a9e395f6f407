package archives

import (
	"math"

	"github.com/tarpack/tpk/serve/internal/match"
	"github.com/tarpack/tpk/serve/internal/plan"
	"github.com/tarpack/tpk/sidecar"
)

// searchBits is how many bits of an Offset are the ordinal. Above these is the archive's number;
// plain files have the one after the last archive.
const searchBits = 32

// searcher is a search in everything that a View has.
type searcher struct {
	v      *View
	m      *match.Matcher
	o      ListOptions
	order  []archiveFolder // the archives, by mount
	list   *List
	plain  []plainItem
	walked bool // plain is complete
}

// Search looks for a text in the names of everything below the root, or, if it has a slash, in the
// paths. Case does not matter. Offset is 0, or Next of a search before. Archives come first, then
// plain files: it looks at MaxPlain of these.
func (v *View) Search(query string, o ListOptions) (*List, error) {
	if o.Hidden = v.hiding(o.Hidden); o.Hidden == nil {
		o.Hidden = func(string) bool { return false }
	}
	s := &searcher{v: v, m: match.New(query), o: o, list: &List{}}
	if v.library.nest != nil { // archives may be there that no request has come across
		if err := s.walk(); err != nil {
			return nil, err
		}
	}
	for m, mt := range v.set.mounts {
		s.list.Incomplete = s.list.Incomplete || mt.pending
		for _, i := range mt.sources {
			s.order = append(s.order, archiveFolder{mount: m, source: i})
		}
	}
	first, from := int(o.Offset>>searchBits), int(min(o.Offset&(1<<searchBits-1), math.MaxInt))
	for k := first; k < len(s.order) && !s.list.More; k++ {
		if err := s.archive(k, from); err != nil {
			return nil, err
		}
		from = 0
	}
	if v.set.plain && !s.list.More && first <= len(s.order) {
		if err := s.addPlain(from); err != nil {
			return nil, err
		}
	}
	for i := range s.list.Items {
		it := &s.list.Items[i]
		o.addMedia(it)
		s.list.count(it.Type, it.Size, it.Packed)
	}
	s.list.Total = len(s.list.Items)
	return s.list, nil
}

// archive searches the archive number k, from an ordinal on.
func (s *searcher) archive(k, from int) error {
	source, l := s.order[k].source, s.list
	mount := s.v.set.mounts[s.order[k].mount].path
	a, err := s.v.touch(source)
	if err != nil {
		return err
	}
	hidden := func(p string) bool { return a.hides(s.o.Hidden, mount, p) }
	omit, err := s.v.omit(a, mount)
	if err != nil {
		return err
	}
	for all := false; !all && !l.More; {
		wanted := s.o.Limit + 1 - len(l.Items)
		found, err := s.m.Search(a.index, from, wanted, hidden)
		if err != nil {
			return a.wrap(err)
		}
		all = len(found) < wanted
		for _, i := range found {
			from = i + 1
			it, err := a.item(i)
			if err != nil {
				return err
			}
			it.Path = join(mount, it.Path)
			if it.Type == sidecar.TypeSymlink && s.v.leadsToHidden(it.Path, s.o.Hidden) {
				continue
			}
			if it.Type == sidecar.TypeDir {
				it.Below = omit.visible(i+1, i+1+it.Below)
			}
			if !s.v.answers(it.Path, s.order[k].mount, source, it.Type) {
				continue
			}
			if len(l.Items) == s.o.Limit {
				l.More, l.Next = true, int64(k)<<searchBits|int64(i)
				break
			}
			l.Items = append(l.Items, it)
		}
	}
	return nil
}

// answers reports whether the source of a mount is what answers a path that it has, and nothing
// else.
func (v *View) answers(path string, mount, source int, t sidecar.Type) bool {
	set := v.set
	if len(set.mounts) == 1 && len(set.mounts[0].sources) == 1 {
		return true
	}
	n, m, err := v.find(path)
	if err != nil || n.Kind == plan.Missing || set.inDirs(path, mount, 0) {
		return false
	}
	if m == noMount {
		return t == sidecar.TypeDir
	}
	return n.Source == source
}

// addPlain adds plain files that match, from the one number from on.
func (s *searcher) addPlain(from int) error {
	if !s.walked {
		if err := s.walk(); err != nil {
			return err
		}
	}
	l := s.list
	for i := from; i < len(s.plain); i++ {
		it := &s.plain[i]
		at, d := s.v.set.place(it.dir)
		if _, m, err := s.v.find(it.Path); err != nil || s.v.set.inDirs(it.Path, at, d) ||
			m == noMount && it.Type != sidecar.TypeDir || m != noMount && m <= at {
			continue // something else answers it
		}
		if len(l.Items) == s.o.Limit {
			l.More, l.Next = true, int64(len(s.order))<<searchBits|int64(i)
			break
		}
		if err := it.sniff(it.dir, s.v.set.mounts[at].path); err != nil {
			return err
		}
		l.Items = append(l.Items, it.Item)
	}
	return nil
}
