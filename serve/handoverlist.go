package serve

import (
	"errors"
	"maps"
	"slices"

	"github.com/tarpack/tpk/serve/internal/archives"
)

// errHandingOver refuses a change that the process that takes over would not know of.
var errHandingOver = errors.New("a new process is taking over: ask again in a moment")

// changedArchives returns what is served, or nil if it is what the options have. It waits for a
// change that has begun. Each archive has the Path and Mount with which it can be asked for.
func (s *Server) changedArchives() []Archive {
	now := s.library.Specs()
	same := func(a archives.Spec, b Archive) bool {
		return a.Path == b.Path && sameMount(a.Mount, b.Mount)
	}
	if slices.EqualFunc(now, s.options.Archives, same) {
		return nil
	}
	s.askedMu.Lock()
	defer s.askedMu.Unlock()
	list := make([]Archive, len(now))
	for i, a := range now {
		list[i] = Archive{Path: a.Path, Mount: a.Mount}
		if path, ok := s.asked[a.Path]; ok {
			list[i].Path = path
		}
	}
	return list
}

// noteAsked notes the path by which the archive with a name was asked for, as that may have a
// password or a signature that the name lacks. Those of archives that are not served are forgotten.
func (s *Server) noteAsked(now []archives.Spec, name, path string) {
	s.askedMu.Lock()
	defer s.askedMu.Unlock()
	maps.DeleteFunc(s.asked, func(name, _ string) bool {
		return !slices.ContainsFunc(now, func(a archives.Spec) bool { return a.Path == name })
	})
	s.asked[name] = path
}

// takeOver returns the archives of a former process. Those of the options are what they are there,
// others are opened as if the admin server were asked for them.
func (s *Server) takeOver(former []Archive, own []archives.Spec) ([]archives.Spec, error) {
	specs := make([]archives.Spec, len(former))
	var known []archives.Spec // no path that is asked for is forgotten
	for i, a := range former {
		specs[i] = archives.Spec{Path: a.Path, Mount: a.Mount}
		if at := find(own, specs[i]); at >= 0 {
			specs[i] = own[at]
			continue
		}
		if err := s.resolve(specs[i:i+1], slices.Concat(own, known)); err != nil {
			return nil, err
		}
		known = append(known, specs[i])
	}
	return specs, nil
}
