// Package textindex has the text index beside an archive, while that is served.
package textindex

import (
	"context"
	"errors"
	"io/fs"
	"os"
	"sync"

	"github.com/tarpack/tpk/internal/changetime"
	"github.com/tarpack/tpk/internal/regular"
	"github.com/tarpack/tpk/tarpack"
	"github.com/tarpack/tpk/tarpack/text"
)

// File is the text index beside an archive. It is looked for at a search, and opened again if its
// file has changed. So it costs nothing without a search.
type File struct {
	archive *tarpack.Archive
	notice  func(string)

	mu    sync.RWMutex // held for reading while it is searched
	tried bool
	stamp changetime.Stamp // of the file that index was opened from, or that can't be used
	index *text.Index      // nil: there is none that can be used
}

// Of returns the text index beside an archive. notice gets messages about one that can't be used.
func Of(a *tarpack.Archive, notice func(string)) *File {
	return &File{archive: a, notice: notice}
}

func (f *File) name() string { return f.archive.Name() + text.Suffix }

// Search searches the text index. found is false if there is none that can be used.
func (f *File) Search(ctx context.Context, q *text.Query, o text.SearchOptions) (
	hits []text.Hit, more, found bool, err error,
) {
	f.renew()
	f.mu.RLock()
	defer f.mu.RUnlock()
	if f.index == nil {
		return nil, false, false, nil
	}
	hits, more, err = f.index.Search(ctx, q, o)
	if errors.Is(err, text.ErrCorrupt) {
		f.notice(f.name() + ": " + err.Error() + ": it is not used for this search")
		return nil, false, false, nil
	}
	return hits, more, true, err
}

// renew opens the index if its file is another one than before. What can't be used is noted in the
// log once.
func (f *File) renew() {
	var now changetime.Stamp
	var err error
	if f.archive.Within() == nil { // otherwise it is looked at once
		var fi os.FileInfo
		if fi, err = os.Stat(f.name()); err == nil {
			now = changetime.StampOf(fi)
		}
	}
	f.mu.RLock()
	same := f.tried && f.stamp == now
	f.mu.RUnlock()
	if same {
		return
	}
	f.mu.Lock()
	defer f.mu.Unlock()
	if f.tried && f.stamp == now {
		return
	}
	f.close()
	f.tried, f.stamp = true, now
	if errors.Is(err, fs.ErrNotExist) {
		return
	}
	if err == nil {
		f.index, err = f.open()
	}
	if err != nil {
		f.notice(f.name() + ": " + err.Error() + ": searches find names only")
	}
}

// open opens the index beside the archive.
func (f *File) open() (*text.Index, error) {
	of, within := text.BindingOf(f.archive), f.archive.Within()
	if within == nil {
		return text.Open(f.name(), of)
	}
	offset, size, ok := within.Beside(text.Suffix)
	if !ok {
		return nil, nil
	}
	file, err := within.Reopen()
	if err != nil {
		return nil, err
	}
	return text.OpenPart(file, offset, size, of)
}

// Open opens the file of the index. It is nil if there is none that can be used.
func (f *File) Open() (*os.File, error) {
	f.renew()
	f.mu.RLock()
	defer f.mu.RUnlock()
	if f.index == nil || f.archive.Within() != nil {
		return nil, nil
	}
	file, err := regular.Open(f.name())
	if err != nil {
		return nil, nil // it is being replaced
	}
	if now, err := changetime.Stat(file); err != nil || now != f.stamp {
		return nil, errors.Join(err, file.Close())
	}
	return file, nil
}

// Close closes the index, when nobody searches any more.
func (f *File) Close() { f.close() }

// close closes the index. The lock is held, or nobody searches any more.
func (f *File) close() {
	if f.index != nil {
		_ = f.index.Close()
		f.index = nil
	}
}
