package browse

import (
	"io/fs"
	"strings"

	"github.com/tarpack/tpk/serve/internal/archives"

	"github.com/tarpack/tpk/serve/internal/archives/paths"
	"github.com/tarpack/tpk/serve/internal/plain"
	"github.com/tarpack/tpk/serve/internal/plan"
	"github.com/tarpack/tpk/sidecar"
)

// plainEntry is an entry of a directory of plain files that is mounted at mount.
type plainEntry struct {
	fs.DirEntry
	dir   *plain.Dir
	mount string
}

// readDirs returns the entries of a folder in the directories of each mount, and whether there are
// any. It leaves out what is hidden: by the path, or by where symbolic links on it lead. hidden may
// be nil.
func (v *View) readDirs(
	path string, hidden func(string) bool,
) (files [][]plainEntry, some bool, err error) {
	mounts := v.Mounted()
	files = make([][]plainEntry, len(mounts))
	for m := range mounts {
		mount := mounts[m].Path
		rest, ok := paths.Below(mount, path)
		if !ok {
			continue
		}
		for _, d := range mounts[m].Dirs {
			entries, end, err := d.ReadDir(rest)
			if err != nil {
				return nil, false, err
			}
			if end = strings.TrimPrefix(mount+"/"+end, "/"); rest == "" {
				end = path
			}
			for _, e := range entries {
				if hidden != nil && (paths.Hides(hidden, paths.Join(path, e.Name()), e.IsDir) ||
					end != path && paths.Hides(hidden, paths.Join(end, e.Name()), e.IsDir)) {
					continue
				}
				files[m] = append(files[m], plainEntry{e, d, mount})
			}
		}
		some = some || len(files[m]) > 0
	}
	return files, some, nil
}

// answered reports whether the entry, which is not hidden itself, is answered at path. A symbolic
// link is not if it leads out of the directory, nowhere, or to what is hidden. hidden may be nil.
func (e *plainEntry) answered(path string, hidden func(string) bool) (bool, error) {
	if e.Type() != fs.ModeSymlink {
		return true, nil
	}
	return answered(e.dir, e.mount, path, hidden)
}

// answered is plainEntry.answered for a symbolic link in a directory that is mounted at mount.
func answered(dir *plain.Dir, mount, path string, hidden func(string) bool) (bool, error) {
	rest, _ := paths.Below(mount, path)
	end, isFile, isDir, err := dir.Follow(rest)
	if err != nil || !isFile && !isDir {
		return false, err
	}
	if end = paths.Join(mount, end); end == "" || hidden == nil {
		return true, nil
	}
	return !hidden(end) && !(isDir && hidden(end+"/")), nil
}

// sniff reads the beginning of a plain file, as that decides the media type it is sent with. It
// returns false if the file is gone.
func (it *Item) sniff(dir *plain.Dir, mount string) (there bool, err error) {
	if it.Type != sidecar.TypeFile {
		return true, nil
	}
	rest, _ := paths.Below(mount, it.Path)
	n, f, err := dir.Lookup(rest)
	if f == nil {
		return n.Kind != plan.Missing, err
	}
	it.content = n
	return true, f.Close()
}

// plainChild describes a plain file. It returns false if the file is gone, or of a type that is not
// shown.
func plainChild(e fs.DirEntry) (child, bool) {
	info, err := e.Info()
	if err != nil {
		return child{}, false
	}
	ch := child{source: archives.PlainSource, name: e.Name(), size: info.Size(), packed: -1,
		modTime: info.ModTime().Unix()}
	switch info.Mode().Type() {
	case 0:
		ch.typ = sidecar.TypeFile
	case fs.ModeDir:
		ch.typ, ch.size = sidecar.TypeDir, 0
	case fs.ModeSymlink:
		ch.typ, ch.size = sidecar.TypeSymlink, 0
	default:
		return child{}, false
	}
	return ch, true
}

// plainItem returns the row of a child that is in no archive.
func (ch *child) plainItem(path string) Item {
	it := Item{Path: path, Type: ch.typ, Size: ch.size, Packed: ch.packed, ModTime: ch.modTime}
	switch it.Type {
	case sidecar.TypeFile:
		it.content = plan.Node{Size: 1}
	case sidecar.TypeDir:
		it.Below = -1
	}
	return it
}
