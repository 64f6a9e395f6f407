package archives

import (
	"os"

	"github.com/tarpack/tpk/serve/internal/plain"
)

// mountedDir is the directory of a Spec.
type mountedDir struct {
	*plain.Dir
	path  string
	mount string

	followed bool // by package live, which notices that it is another one
}

// openDir opens the directory of a Spec, with one reference. One that is open already is used
// again. The lock is held, so the set that has it stays.
func (l *Library) openDir(spec Spec) (*mountedDir, error) {
	if s := l.current.Load(); s != nil {
		for _, d := range s.dirs {
			if d.path == spec.Path && d.mount == spec.Mount && !d.followed && d.current() {
				d.Retain()
				return d, nil
			}
		}
	}
	d, err := plain.Open(spec.Path)
	if err != nil {
		return nil, err
	}
	l.watchRules(d, spec.Path)
	return &mountedDir{Dir: d, path: spec.Path, mount: spec.Mount}, nil
}

// current reports whether its path still leads to the directory.
func (d *mountedDir) current() bool {
	now, err := os.Stat(d.path)
	if err != nil {
		return false
	}
	opened, err := d.Stat(".")
	return err == nil && os.SameFile(now, opened)
}
