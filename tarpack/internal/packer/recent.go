package packer

import (
	"context"
	"errors"
	"io/fs"
	"time"

	"github.com/tarpack/tpk/internal/changetime"
	"github.com/tarpack/tpk/sidecar"
	"github.com/tarpack/tpk/tarpack/format"
	"github.com/tarpack/tpk/tarpack/internal/durable"
	"github.com/tarpack/tpk/tarpack/internal/input"
	"github.com/tarpack/tpk/tarpack/internal/tree"
)

// longestWait is how far ahead the end of a second may be that settle waits for. A file may have
// been written just now, or by a computer with a clock that is up to 2 s ahead.
const longestWait = 3*time.Second + durable.Tick

// recents holds the files that a further write could still change without a trace: the archive has
// times in whole seconds, and the second of these files was not over when the run began. An update
// would take such a file for unchanged if its size is the same.
type recents struct {
	start time.Time // of the run
	clamp time.Time // times after it are not recorded; the zero time clamps none
	// modTime is recorded for all files; with the zero time it is their own.
	modTime time.Time
	files   []recentFile
}

// A recentFile is a file as it was when it was found.
type recentFile struct {
	path               string
	tree               lstater
	size, mtime, ctime int64 // bytes, and nanoseconds since 1970
	recorded           int64 // the time in the archive, in seconds since 1970
}

type lstater interface {
	Lstat(path string) (fs.FileInfo, error)
}

// note remembers the file of an item if it is recent. An edit of an empty file changes its size, so
// these do not count.
func (r *recents) note(it *Item) {
	if it.Type != sidecar.TypeFile || it.LaterName || it.size == 0 {
		return
	}
	f := recentFile{path: it.path, size: it.size}
	var info fs.FileInfo
	switch src := it.Source.(type) {
	case *input.Disk:
		f.tree, info = src.Dir.Tree, src.Info
	case *input.FS:
		f.tree, info = src.Tree, src.Info
	default:
		return
	}
	t := info.ModTime()
	f.mtime, f.ctime = t.UnixNano(), changetime.Of(info)
	if !r.modTime.IsZero() {
		t = r.modTime
	}
	if durable.IsPast(t.Unix(), r.start) || !r.clamp.IsZero() && t.Unix() > r.clamp.Unix() {
		return
	}
	f.recorded = t.Unix()
	r.files = append(r.files, f)
}

// settle waits until the seconds of all recent files are over, if their times are at most 2 s
// ahead. Then it compares the files with what they were. After that, any write gives a file
// another time than the archive has.
func (r *recents) settle(ctx context.Context) error {
	now := time.Now()
	end := now
	for _, f := range r.files {
		e := durable.SecondEnd(f.recorded)
		if e.After(end) && e.Sub(now) <= longestWait {
			end = e
		}
	}
	if end.After(now) {
		timer := time.NewTimer(end.Sub(now))
		defer timer.Stop()
		select {
		case <-timer.C:
		case <-ctx.Done():
			return context.Cause(ctx)
		}
	}
	for i := range r.files {
		if err := context.Cause(ctx); err != nil {
			return err
		}
		if err := r.files[i].compare(); err != nil {
			return tree.Error(r.files[i].path, err)
		}
	}
	return nil
}

// compare returns format.ErrChanged if the file is not what it was. A file that has gone is no
// error: nothing in its place can pass for it.
func (f *recentFile) compare() error {
	info, err := f.tree.Lstat(f.path)
	if errors.Is(err, fs.ErrNotExist) {
		return nil
	}
	if err != nil {
		return err
	}
	if info.Size() != f.size || info.ModTime().UnixNano() != f.mtime ||
		changetime.Of(info) != f.ctime {
		return format.ErrChanged
	}
	return nil
}
