package trees

import (
	"crypto/sha256"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sort"
	"time"

	"golang.org/x/sys/unix"
)

// State is what Read finds at a path.
type State struct {
	Kind   Kind // KindFile also for further names of a file
	Mode   uint32
	Time   int64
	Nanos  int64
	Size   int64
	Sum    [sha256.Size]byte // of a file's content
	Target string            // of a symbolic link
	First  string            // the first path, in byte order, of the same file
	Links  int               // number of names of the file, inside and outside of the tree
}

// Snapshot maps the paths of a tree on disk to their states. The root itself is not in it.
type Snapshot map[string]State

// Paths returns the paths in byte order.
func (s Snapshot) Paths() []string {
	paths := make([]string, 0, len(s))
	for p := range s {
		paths = append(paths, p)
	}
	sort.Strings(paths)
	return paths
}

// Without returns a copy of s that lacks the paths for which drop returns true.
func (s Snapshot) Without(drop func(path string, st State) bool) Snapshot {
	out := make(Snapshot, len(s))
	for p, st := range s {
		if !drop(p, st) {
			out[p] = st
		}
	}
	return out
}

// Read returns the state of everything below dir.
func Read(dir string) (Snapshot, error) {
	type id struct{ dev, ino uint64 }
	snap := Snapshot{}
	first := map[id]string{}
	sums := map[id][sha256.Size]byte{}
	err := filepath.WalkDir(dir, func(name string, _ fs.DirEntry, err error) error {
		if err != nil || name == dir {
			return err
		}
		path, err := filepath.Rel(dir, name)
		if err != nil {
			return err
		}
		st, stat, err := stateOf(name)
		if err != nil {
			return err
		}
		key := id{uint64(stat.Dev), stat.Ino}
		if f, ok := first[key]; !ok || path < f {
			first[key] = path
		}
		if st.Kind == KindFile {
			sum, ok := sums[key]
			if !ok {
				if sum, err = sumFile(name); err != nil {
					return err
				}
				sums[key] = sum
			}
			st.Sum = sum
		}
		snap[path] = st
		return nil
	})
	if err != nil {
		return nil, err
	}
	for p, st := range snap {
		var stat unix.Stat_t
		if err := unix.Lstat(filepath.Join(dir, p), &stat); err != nil {
			return nil, err
		}
		st.First = first[id{uint64(stat.Dev), stat.Ino}]
		snap[p] = st
	}
	return snap, nil
}

func stateOf(name string) (State, unix.Stat_t, error) {
	var stat unix.Stat_t
	if err := unix.Lstat(name, &stat); err != nil {
		return State{}, stat, &fs.PathError{Op: "lstat", Path: name, Err: err}
	}
	st := State{Mode: uint32(stat.Mode) & 0o7777, Time: stat.Mtim.Sec, Nanos: stat.Mtim.Nsec,
		Links: int(stat.Nlink)}
	switch stat.Mode & unix.S_IFMT {
	case unix.S_IFREG:
		st.Kind, st.Size = KindFile, stat.Size
	case unix.S_IFDIR:
		st.Kind = KindDir
	case unix.S_IFLNK:
		st.Kind = KindSymlink
		target, err := os.Readlink(name)
		if err != nil {
			return State{}, stat, err
		}
		st.Target = target
	case unix.S_IFIFO:
		st.Kind = KindFIFO
	case unix.S_IFSOCK:
		st.Kind = KindSocket
	default:
		st.Kind = KindDevice
	}
	return st, stat, nil
}

func sumFile(name string) (sum [sha256.Size]byte, err error) {
	f, err := os.Open(name)
	if err != nil {
		return sum, err
	}
	defer f.Close()
	h := sha256.New()
	if _, err := io.Copy(h, f); err != nil {
		return sum, fmt.Errorf("%s: %w", name, err)
	}
	h.Sum(sum[:0])
	return sum, nil
}

func unixTime(sec, nanos int64) time.Time { return time.Unix(sec, nanos) }
