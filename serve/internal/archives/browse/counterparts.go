package browse

import (
	"slices"
	"strings"

	"github.com/tarpack/tpk/serve/internal/archives"

	"github.com/tarpack/tpk/serve/internal/archives/paths"
	"github.com/tarpack/tpk/serve/internal/natural"
	"github.com/tarpack/tpk/sidecar"
)

// MaxCounterparts is how many folders Counterparts returns at most.
const MaxCounterparts = 100

// Counterparts returns the folders that a folder may be compared with, in natural order: that with
// the same path in other mounts, or the nearest one above it. Archives on servers are not asked.
func (v *View) Counterparts(path string, hidden func(string) bool) []string {
	hidden = v.Hiding(hidden)
	own := v.Root(path)
	rest, _ := paths.Below(own, path)
	var list []string
	for k := range v.Mounted() {
		m := &v.Mounted()[k]
		if m.Path == own || len(m.Sources) != 1 || len(list) >= MaxCounterparts {
			continue
		}
		// This is only a hint, so the answer does not depend on the other archive: it is not touched.
		if a := v.Archive(m.Sources[0]); !a.Far() && a.Usable() == nil {
			list = append(list, paths.Join(m.Path, nearest(a, m.Path, rest, hidden)))
		}
	}
	for i := range list {
		list[i] = strings.TrimSuffix(list[i], "/")
	}
	sortNaturally(list)
	return list
}

// nearest returns the path, or the next folder above it that the archive has and that is not
// hidden.
func nearest(a *archives.Archive, mount, path string, hidden func(string) bool) string {
	for path != "" {
		if _, dir, err := a.Directory(path); dir && err == nil &&
			(hidden == nil || !a.Hides(hidden, mount, path)) {
			return path
		}
		path = path[:max(strings.LastIndexByte(path, '/'), 0)]
	}
	return ""
}

// HasCounterpart reports whether another mount has a folder of the same path.
func (v *View) HasCounterpart(path string, hidden func(string) bool) bool {
	rest, _ := paths.Below(v.Root(path), path)
	return slices.ContainsFunc(v.Counterparts(path, hidden), func(other string) bool {
		found, _ := paths.Below(v.Root(other), other)
		return found == rest
	})
}

// Siblings returns the other folders of the folder that a folder is in, in natural order, if there
// are not too many.
func (v *View) Siblings(path string, hidden func(string) bool) ([]string, error) {
	if path == v.Root(path) {
		return nil, nil
	}
	dir := path[:max(strings.LastIndexByte(path, '/'), 0)]
	l, err := v.List(dir, ListOptions{Limit: MaxCounterparts, Hidden: hidden})
	if err != nil || l.Folders > MaxCounterparts {
		return nil, err
	}
	var list []string
	for _, it := range l.Items {
		if it.Type == sidecar.TypeDir && it.Path != path {
			list = append(list, it.Path)
		}
	}
	return list, nil
}

func sortNaturally(list []string) {
	slices.SortFunc(list, func(a, b string) int {
		return strings.Compare(natural.Key(a)+"\x00"+a, natural.Key(b)+"\x00"+b)
	})
}
