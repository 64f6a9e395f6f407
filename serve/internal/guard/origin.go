package guard

import (
	"errors"
	"fmt"
	"os"
	"sync/atomic"
	"time"

	"github.com/tarpack/tpk/internal/changetime"
	"github.com/tarpack/tpk/internal/osfile"
)

// Origin is the file of another program that a converted archive was made of. The archive stays
// good if that is written over, so no answer depends on it. It is looked at from time to time, and
// the new content takes the place of the old one as soon as it is complete and converted.
type Origin struct {
	name    string
	file    *os.File
	stamp   atomic.Pointer[changetime.Stamp]
	changed atomic.Bool
}

// OpenOrigin opens the file that was converted. It must be described by was, from before the
// conversion, or the error is ErrBusy.
func OpenOrigin(name string, was os.FileInfo) (*Origin, error) {
	f, err := osfile.OpenFile(name, os.O_RDONLY, 0)
	if err != nil {
		return nil, err
	}
	now, err := changetime.Stat(f)
	if err != nil || now != changetime.StampOf(was) || !now.Settled(time.Now()) {
		_ = f.Close()
		return nil, errors.Join(fmt.Errorf("%s: %w", name, ErrBusy), err)
	}
	o := &Origin{name: name, file: f}
	o.stamp.Store(&now)
	return o, nil
}

// Close closes the file.
func (o *Origin) Close() error { return o.file.Close() }

// Changed reports whether the file has changed, and whether this call is the first to find that. A
// file that lost its name to another one has not changed.
func (o *Origin) Changed() (changed, first bool) {
	if o.changed.Load() {
		return true, false
	}
	now, err := changetime.Stat(o.file)
	was := *o.stamp.Load()
	if err != nil || now == was {
		return false, false
	}
	if was.SameContent(now) || was.OnlyAttributes(now) && !leadsTo(o.name, o.file) {
		o.stamp.Store(&now)
		return false, false
	}
	return true, !o.changed.Swap(true)
}

// leadsTo reports whether a name leads to an open file.
func leadsTo(name string, f *os.File) bool {
	named, err := os.Stat(name)
	opened, err2 := f.Stat()
	return err == nil && err2 == nil && os.SameFile(named, opened)
}
