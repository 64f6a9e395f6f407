package trees

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
)

// Write makes the tree below dir, in the order of the nodes. dir is made if it is missing. Modes
// and times are set at the end, so that read-only directories can be filled.
func (t Tree) Write(dir string) error {
	if err := os.MkdirAll(dir, 0o755); err != nil {
		return err
	}
	implied := Tree{}
	known := map[string]bool{"": true, ".": true}
	for _, n := range t {
		known[n.Path] = true
	}
	for _, n := range t {
		var missing []string
		for p := parent(n.Path); !known[p]; p = parent(p) {
			known[p] = true
			missing = append(missing, p)
		}
		for i := len(missing) - 1; i >= 0; i-- {
			d := Dir(missing[i])
			implied = append(implied, d)
			if err := d.create(dir); err != nil {
				return err
			}
		}
		if err := n.create(dir); err != nil {
			return fmt.Errorf("%q: %w", n.Path, err)
		}
	}
	all := append(implied, t...)
	// Children come after their parents, so going backwards finishes parents last.
	for i := len(all) - 1; i >= 0; i-- {
		if err := all[i].finish(dir); err != nil {
			return fmt.Errorf("%q: %w", all[i].Path, err)
		}
	}
	return os.Chtimes(dir, unixTime(DefaultTime, 0), unixTime(DefaultTime, 0))
}

func parent(p string) string {
	return p[:max(0, strings.LastIndexByte(p, '/'))]
}

// create makes the node with its content, writable until finish.
func (n Node) create(root string) error {
	name := filepath.Join(root, n.Path)
	switch n.Kind {
	case KindDir:
		if err := os.Mkdir(name, 0o700); !errors.Is(err, fs.ErrExist) {
			return err
		}
		return nil
	case KindSymlink:
		return os.Symlink(n.Target, name)
	case KindHardlink:
		return os.Link(filepath.Join(root, n.Target), name)
	case KindFIFO, KindSocket, KindDevice:
		return createSpecial(name, n.Kind)
	}
	f, err := os.OpenFile(name, os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o600)
	if err != nil {
		return err
	}
	_, err = f.WriteAt(n.Data, n.Hole)
	return errors.Join(err, f.Truncate(n.Hole+int64(len(n.Data))), f.Close())
}

// finish sets mode and time of the node.
func (n Node) finish(root string) error {
	if n.Kind == KindHardlink {
		return nil // its target has them
	}
	return n.SetAttributes(filepath.Join(root, n.Path))
}
