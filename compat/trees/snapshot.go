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
	snap, ids := Snapshot{}, map[string]identity{}
	first := map[identity]string{}
	sums := map[identity][sha256.Size]byte{}
	err := filepath.WalkDir(dir, func(name string, _ fs.DirEntry, err error) error {
		if err != nil || name == dir {
			return err
		}
		path, err := filepath.Rel(dir, name)
		if err != nil {
			return err
		}
		st, key, err := stateOf(name)
		if err != nil {
			return err
		}
		ids[path] = key
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
		st.First = first[ids[p]]
		snap[p] = st
	}
	return snap, nil
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
