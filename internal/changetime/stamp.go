package changetime

import (
	"io/fs"
	"time"
)

// A Stamp identifies the content of a file. Each write, and each change of the length, changes it.
// So does a change of an attribute, a name, or a link.
type Stamp struct {
	Dev, Ino uint64
	Size     int64
	Modified int64  // when the content last changed, or what a program has set; ns since 1970
	Changed  int64  // when content or attributes last changed; 0 if the system doesn't record that
	Removed  bool   // the file has no name any more
	Links    uint64 // names that the file has; 0 if the system is not asked
}

// StampOf returns the Stamp of a file that was described earlier.
func StampOf(fi fs.FileInfo) Stamp {
	s := Stamp{Size: fi.Size(), Modified: fi.ModTime().UnixNano(), Changed: Of(fi)}
	s.identify(fi)
	return s
}

// SameContent reports whether a file that had the Stamp s most likely has the same content if its
// Stamp is now. If the file has lost or got a name, as by a hard link or a rename of another file
// onto it, that explains why the time of the last change differs. A program may have written to the
// file as well, and set its modification time back: where that matters, compare the content.
func (s Stamp) SameContent(now Stamp) bool {
	if s == now {
		return true
	}
	if s.Removed || s.Removed == now.Removed && s.Links == now.Links {
		return false
	}
	return s.OnlyAttributes(now)
}

// OnlyAttributes reports whether nothing but the time of the last change differs. Either attributes
// have changed, or content and then the modification time, which was set back.
func (s Stamp) OnlyAttributes(now Stamp) bool {
	s.Changed, s.Removed, s.Links = now.Changed, now.Removed, now.Links
	return s == now
}

// Ticks are the longest times for which a change leaves the time of the change before: between two
// ticks of Linux's clock, and on file systems that count whole seconds.
const (
	Tick       = 20 * time.Millisecond
	coarseTick = 2 * time.Second
)

// Settled reports whether each later change of the file will change its Stamp, because the last one
// was long enough before now. Times in the future prove nothing and count as settled.
func (s Stamp) Settled(now time.Time) bool {
	wait := Tick
	if s.changed()%int64(time.Second) == 0 {
		wait = coarseTick
	}
	age := now.Sub(time.Unix(0, s.changed()))
	return age >= wait || age < -coarseTick
}

// quietTime is how long a file must have been unchanged if it can't be known whether a program has
// it open for writing.
const quietTime = 2 * time.Second

// Quiet is Settled for a file that nothing changes: its last change was 2 s before now.
func (s Stamp) Quiet(now time.Time) bool {
	age := now.Sub(time.Unix(0, s.changed()))
	return age >= quietTime || age < -quietTime
}

// changed returns the time of the last change as far as it is known.
func (s Stamp) changed() int64 {
	if s.Changed == 0 {
		return s.Modified
	}
	return s.Changed
}
