//go:build linux || darwin

package mount

import (
	"io/fs"
	"strings"
	"sync"

	"github.com/hanwen/go-fuse/v2/fuse"

	"github.com/tarpack/tpk/sidecar"
)

// Offsets in a directory. Behind the first two names, the offset leads to the name that was
// returned last: it is its number without the generation, and afterName. So the kernel may read on
// from any name, and nothing is kept for it.
const (
	afterDot    = 1
	afterDotDot = 2
	afterName   = 1 // its number is at least firstID
)

// handles are the directories that are open, if trees are replaced. One that is open stays what it
// was when it was opened. Otherwise the kernel needs not even open them.
type handles struct {
	mu   sync.Mutex
	last uint64
	open map[uint64]*handle
}

type handle struct {
	tree *tree // with a reference
	path string
}

// OpenDir implements fuse.RawFileSystem.
func (f *fileSystem) OpenDir(
	_ <-chan struct{}, in *fuse.OpenIn, out *fuse.OpenOut,
) fuse.Status {
	if f.handles == nil && f.noOpenDir {
		return fuse.ENOSYS
	}
	if f.handles == nil {
		out.OpenFlags = fuse.FOPEN_KEEP_CACHE | fuse.FOPEN_CACHE_DIR
		return fuse.OK
	}
	t, path, err := f.directoryOf(in.NodeId)
	if err != nil {
		return f.failed("", err)
	}
	dirs, err := t.dirs(path)
	if err == nil && len(dirs) == 0 {
		err = fs.ErrNotExist // in the version that is mounted now
	}
	if err != nil {
		f.trees.release(t, 1)
		return f.failed(path, err)
	}
	f.handles.mu.Lock()
	defer f.handles.mu.Unlock()
	f.handles.last++
	f.handles.open[f.handles.last] = &handle{t, path}
	out.Fh = f.handles.last
	return fuse.OK
}

// ReleaseDir implements fuse.RawFileSystem.
func (f *fileSystem) ReleaseDir(in *fuse.ReleaseIn) {
	if f.handles == nil {
		return
	}
	f.handles.mu.Lock()
	h := f.handles.open[in.Fh]
	delete(f.handles.open, in.Fh)
	f.handles.mu.Unlock()
	if h != nil {
		f.trees.release(h.tree, 1)
	}
}

// opened returns the tree, with a reference, and the path of the directory that is read.
func (f *fileSystem) opened(in *fuse.ReadIn) (*tree, string, error) {
	if f.handles == nil {
		return f.directoryOf(in.NodeId)
	}
	f.handles.mu.Lock()
	h := f.handles.open[in.Fh]
	f.handles.mu.Unlock()
	if h == nil {
		return nil, "", fs.ErrInvalid
	}
	f.trees.retain(h.tree, 1)
	return h.tree, h.path, nil
}

// ReadDir implements fuse.RawFileSystem.
func (f *fileSystem) ReadDir(
	_ <-chan struct{}, in *fuse.ReadIn, out *fuse.DirEntryList,
) fuse.Status {
	return f.list(in, out, false)
}

// ReadDirPlus implements fuse.RawFileSystem. Each name that it returns counts as a lookup.
func (f *fileSystem) ReadDirPlus(
	_ <-chan struct{}, in *fuse.ReadIn, out *fuse.DirEntryList,
) fuse.Status {
	return f.list(in, out, true)
}

func (f *fileSystem) list(in *fuse.ReadIn, out *fuse.DirEntryList, plus bool) fuse.Status {
	t, path, err := f.opened(in)
	if err != nil {
		return f.failed("", err)
	}
	defer f.trees.release(t, 1)
	l, err := f.listingFrom(t, path, in.Offset)
	if err == nil && in.Offset < afterDotDot {
		var ok bool
		if ok, err = f.addDots(t, path, in, out, plus); err == nil && !ok {
			return fuse.OK
		}
	}
	known := plus && f.trees.isCurrent(t) // of another version, the kernel gets the names alone
	added := 0
	for err == nil {
		h := l.next()
		if h == nil {
			break
		}
		var ok bool
		if ok, err = f.add(t, h, out, plus, known); err != nil || !ok {
			break
		}
		added++
		f.memory.used()
		err = l.taken(h)
	}
	if known {
		f.trees.retain(t, int64(added))
	}
	if err != nil && added > 0 { // the kernel knows what was added, and asks for the rest
		return fuse.OK
	}
	if err == nil && l.skipped > 0 {
		f.log.skipped(path, l.skipped)
	}
	return f.failed(path, err)
}

// listingFrom returns the listing of a directory from an offset on.
func (f *fileSystem) listingFrom(t *tree, path string, off uint64) (*listing, error) {
	dirs, err := t.dirs(path)
	if err != nil {
		return nil, err
	}
	if len(dirs) == 0 {
		return nil, fs.ErrNotExist
	}
	var after *place
	if off > afterDotDot {
		p, ok := t.place(off - afterName)
		if !ok {
			return nil, fs.ErrInvalid
		}
		after = &p
	}
	return newListing(dirs, after)
}

// addDots adds "." and "..", as far as they are asked for. ok is false if there is no room.
func (f *fileSystem) addDots(
	t *tree, path string, in *fuse.ReadIn, out *fuse.DirEntryList, plus bool,
) (ok bool, err error) {
	for off, name := range []string{".", ".."} {
		if uint64(off) < in.Offset {
			continue
		}
		e := fuse.DirEntry{Mode: fuse.S_IFDIR, Name: name, Off: uint64(off) + 1, Ino: rootID}
		dir := path
		if off == 1 {
			dir = path[:max(strings.LastIndexByte(path, '/'), 0)]
		}
		if dir != "" {
			p, _, ok, err := t.child("", dir)
			if err != nil {
				return false, err
			}
			if ok {
				e.Ino = t.id(p)
			}
		}
		if plus {
			if out.AddDirLookupEntry(e) == nil { // its number stays 0: it is no lookup
				return false, nil
			}
		} else if !out.AddDirEntry(e) {
			return false, nil
		}
	}
	return true, nil
}

// add adds a name. With known, that is a lookup. ok is false if there is no room.
func (f *fileSystem) add(
	t *tree, h *head, out *fuse.DirEntryList, plus, known bool,
) (ok bool, err error) {
	named := place{h.layer, h.i}
	p, err := named.file(&h.entry)
	if err != nil {
		return false, err
	}
	e := fuse.DirEntry{Mode: mode(&h.entry), Name: string(h.name), Ino: t.id(p),
		Off: t.id(named)&idMask + afterName}
	if !plus {
		return out.AddDirEntry(e), nil
	}
	entry := out.AddDirLookupEntry(e)
	if entry == nil {
		return false, nil
	}
	if known {
		f.fill(t, p, &h.entry, entry)
	}
	return true, nil
}

// findModTime returns the time of an archive's root, which has no entry: that of the latest of the
// first entries in it, or 0.
func (l *layer) findModTime() int64 {
	latest := int64(0)
	n := 0
	for i, err := range l.index.Children(sidecar.Root) {
		if n++; err != nil || n > rootEntries {
			break
		}
		if e, err := l.index.Entry(i); err == nil {
			latest = max(latest, e.ModTime)
		}
	}
	return latest
}

// rootEntries is the number of entries that are looked at for the time of the root.
const rootEntries = 100
