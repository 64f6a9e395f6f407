package trees

import (
	"fmt"
	"strings"
)

// Rules are what may differ between two trees. The zero value allows nothing.
type Rules struct {
	// Merged allows files with equal content and mode to have become one file with several names,
	// as tar extracts deduplicated files. Its time must be that of one of them.
	Merged bool
	// IgnoreLinks allows names of one file to have become separate files, and the reverse.
	IgnoreLinks bool
	// ModeMask holds the mode bits that are not compared, DirModeMask those of directories.
	ModeMask, DirModeMask uint32
	// These times are not compared.
	IgnoreTime, IgnoreDirTime, IgnoreSymlinkTime bool
	// Nanos also compares nanoseconds. tpk keeps whole seconds.
	Nanos bool
}

// Or returns rules that allow what r allows and what other allows.
func (r Rules) Or(other Rules) Rules {
	return Rules{
		Merged:            r.Merged || other.Merged,
		IgnoreLinks:       r.IgnoreLinks || other.IgnoreLinks,
		ModeMask:          r.ModeMask | other.ModeMask,
		DirModeMask:       r.DirModeMask | other.DirModeMask,
		IgnoreTime:        r.IgnoreTime || other.IgnoreTime,
		IgnoreDirTime:     r.IgnoreDirTime || other.IgnoreDirTime,
		IgnoreSymlinkTime: r.IgnoreSymlinkTime || other.IgnoreSymlinkTime,
		Nanos:             r.Nanos || other.Nanos,
	}
}

// maxLines is the number of differences that Diff reports at most.
const maxLines = 25

// Diff returns a line for each difference of got from want. After 25 lines it counts the rest.
func Diff(want, got Snapshot, r Rules) []string {
	d := differ{want: want, got: got, rules: r}
	for _, p := range want.Paths() {
		g, ok := got[p]
		if !ok {
			d.add(p, "is missing (%s)", want[p])
			continue
		}
		d.compare(p, want[p], g)
	}
	for _, p := range got.Paths() {
		if _, ok := want[p]; !ok {
			d.add(p, "should not be there (%s)", got[p])
		}
	}
	if n := len(d.lines); n > maxLines {
		d.lines = append(d.lines[:maxLines], fmt.Sprintf("… and %d differences more", n-maxLines))
	}
	return d.lines
}

type differ struct {
	want, got Snapshot
	rules     Rules
	lines     []string
}

func (d *differ) add(path, format string, args ...any) {
	d.lines = append(d.lines, shorten(path)+": "+fmt.Sprintf(format, args...))
}

func (d *differ) compare(p string, w, g State) {
	if w.Kind != g.Kind {
		d.add(p, "want %s, got %s", w, g)
		return
	}
	if w.Target != g.Target {
		d.add(p, "links to %q, want %q", g.Target, w.Target)
	}
	if w.Size != g.Size {
		d.add(p, "has %d bytes, want %d", g.Size, w.Size)
	} else if w.Sum != g.Sum {
		d.add(p, "has other bytes (%d of them)", g.Size)
	}
	mask := d.rules.ModeMask
	if w.Kind == KindDir {
		mask |= d.rules.DirModeMask
	}
	if (w.Mode^g.Mode)&^mask != 0 && w.Kind != KindSymlink {
		d.add(p, "mode %04o, want %04o", g.Mode, w.Mode)
	}
	d.compareTime(p, w, g)
	d.compareLinks(p, w, g)
}

func (d *differ) compareTime(p string, w, g State) {
	if d.rules.IgnoreTime || d.rules.IgnoreDirTime && w.Kind == KindDir || d.rules.IgnoreSymlinkTime &&
		w.Kind == KindSymlink {
		return
	}
	if w.Time == g.Time && (!d.rules.Nanos || w.Nanos == g.Nanos) {
		return
	}
	if d.rules.Merged && g.Kind == KindFile {
		// A merged file has one time, that of any of the original files.
		for _, other := range d.sameFile(g.First) {
			if d.want[other].Time == g.Time {
				return
			}
		}
	}
	d.add(p, "time %d.%09d, want %d.%09d", g.Time, g.Nanos, w.Time, w.Nanos)
}

// sameFile returns the paths of got that name the file whose first path is first.
func (d *differ) sameFile(first string) []string {
	var paths []string
	for p, st := range d.got {
		if st.First == first {
			paths = append(paths, p)
		}
	}
	return paths
}

func (d *differ) compareLinks(p string, w, g State) {
	if d.rules.IgnoreLinks || w.Kind != KindFile {
		return
	}
	if f, ok := d.got[w.First]; ok && f.First != g.First {
		d.add(p, "is no longer the same file as %s", shorten(w.First))
	}
	if d.rules.Merged {
		if f, ok := d.want[g.First]; ok && f.Mode != w.Mode {
			d.add(p, "became one with %s, which has another mode", shorten(g.First))
		}
		return // their bytes are equal, or were reported
	}
	if f, ok := d.want[g.First]; ok && f.First != w.First {
		d.add(p, "became one with %s", shorten(g.First))
	}
}

// String returns a short description of a state.
func (s State) String() string {
	switch s.Kind {
	case KindFile:
		return fmt.Sprintf("file of %d bytes, mode %04o", s.Size, s.Mode)
	case KindDir:
		return fmt.Sprintf("directory, mode %04o", s.Mode)
	case KindSymlink:
		return fmt.Sprintf("symbolic link to %q", s.Target)
	case KindFIFO:
		return "FIFO"
	case KindSocket:
		return "socket"
	}
	return "device"
}

// shorten quotes a path and leaves out the middle of a long one.
func shorten(p string) string {
	q := fmt.Sprintf("%q", p)
	if len(q) <= 120 {
		return q
	}
	return strings.Join([]string{q[:60], q[len(q)-50:]}, " … ")
}
