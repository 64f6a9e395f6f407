package archives

import (
	"errors"
	"fmt"
	"os"
	"sync/atomic"
	"time"

	"github.com/tarpack/tpk/internal/changetime"
)

// origin is the file of another program that a converted archive was made of. The archive stays
// good if that is written over, so no answer depends on it. It is looked at from time to time, and
// the new content takes the place of the old one as soon as it is complete and converted.
type origin struct {
	file    *os.File
	stamp   atomic.Pointer[changetime.Stamp]
	changed atomic.Bool // and is converted again
}

// openOrigin opens the file that was converted. It must be described by was, from before the
// conversion.
func openOrigin(name string, was os.FileInfo) (*origin, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	now, err := changetime.Stat(f)
	if err != nil || now != changetime.StampOf(was) || !now.Settled(time.Now()) {
		_ = f.Close()
		return nil, errors.Join(fmt.Errorf("%s: %w", name, errBusy), err)
	}
	o := &origin{file: f}
	o.stamp.Store(&now)
	return o, nil
}

// outdated reports whether the archive was converted from a file that has changed since. The first
// time, it begins to convert it again. A file that lost its name to another one has not changed: that
// is for Stale and Reload, as with other archives.
func (a *archive) outdated() bool {
	o := a.origin
	if o == nil || o.changed.Load() {
		return o != nil
	}
	now, err := changetime.Stat(o.file)
	was := *o.stamp.Load()
	if err != nil || now == was {
		return false
	}
	if was.SameContent(now) || was.OnlyAttributes(now) && !leadsTo(a.name, o.file) {
		o.stamp.Store(&now)
		return false
	}
	if !o.changed.Swap(true) {
		a.library.begin(func() { a.library.restore(a) })
	}
	return true
}

// leadsTo reports whether a name leads to an open file.
func leadsTo(name string, f *os.File) bool {
	named, err := os.Stat(name)
	opened, err2 := f.Stat()
	return err == nil && err2 == nil && os.SameFile(named, opened)
}
