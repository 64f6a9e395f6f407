package archives

import (
	"errors"
	"fmt"
	"io/fs"
	"strings"

	"github.com/tarpack/tpk/serve/internal/live"
)

// Info describes an archive or a directory that is served, or an archive that is not there yet.
type Info struct {
	Path    string `json:"path"`
	Mount   string `json:"mount"`
	Bytes   int64  `json:"bytes"`
	Entries int    `json:"entries"`
	Files   uint64 `json:"files"`  // hard links included
	Digest  string `json:"digest"` // of the sidecar, 16 hex digits; "" if it is no archive

	// Live is set for a directory that is followed, if it is there.
	Live *live.Stats `json:"live,omitempty"`

	Directory bool `json:"directory,omitempty"` // of plain files: there are no figures
	Waiting   bool `json:"waiting,omitempty"`   // it is not there yet

	Remote bool `json:"-"` // Spec.Open has opened it
}

// List describes what is served: archives in the order in which they are asked, then directories.
// The Fallback is not among them.
func (l *Library) List() []Info {
	var v View
	if !l.View(&v) {
		return nil
	}
	defer v.Release()
	var list []Info
	for _, m := range v.set.mounts {
		for _, i := range m.Sources {
			a := v.set.sources[i]
			st := a.Index.Stats()
			list = append(list, Info{
				Path: a.Name, Mount: "/" + m.Path, Bytes: a.tar.Size(), Entries: a.Index.Len(),
				Files: st.Files + st.Hardlinks, Digest: fmt.Sprintf("%016x", a.Index.Digest()),
				Remote: a.remote,
			})
		}
	}
	for _, d := range v.set.dirs {
		in := Info{Path: d.path, Mount: "/" + d.mount, Directory: true}
		if l := v.set.lives[d.Dir]; l != nil {
			stats := l.Dir.Stats()
			in.Live = &stats
		}
		list = append(list, in)
	}
	for _, spec := range v.set.waiting {
		list = append(list, Info{Path: spec.Path, Mount: "/" + spec.Mount, Waiting: true})
	}
	return list
}

// Describe returns the text of an error for the log and for clients of the admin API: the path
// comes first instead of a system call, and what to do about a file that can't be opened is added.
func Describe(err error) string {
	text := err.Error()
	var path *fs.PathError
	if !errors.As(err, &path) {
		return text
	}
	text = strings.Replace(text, path.Error(), path.Path+": "+path.Err.Error(), 1)
	text = strings.Replace(text, path.Path+": "+path.Path+": ", path.Path+": ", 1)
	switch {
	case errors.Is(path.Err, fs.ErrNotExist):
		text += ": check the name"
	case errors.Is(path.Err, fs.ErrPermission):
		text += ": change its permissions, or run the server as a user with access"
	}
	return text
}
