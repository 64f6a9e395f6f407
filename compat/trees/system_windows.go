package trees

import (
	"errors"
	"fmt"
	"io/fs"
	"os"
	"time"
)

// identity identifies a file by its name: a FileInfo does not have its number.
type identity string

// stateOf returns what is at a name, without the content of a file.
func stateOf(name string) (State, identity, error) {
	fi, err := os.Lstat(name)
	if err != nil {
		return State{}, "", err
	}
	st := State{Mode: uint32(fi.Mode().Perm()), Time: fi.ModTime().Unix(),
		Nanos: int64(fi.ModTime().Nanosecond()), Links: 1}
	switch fi.Mode().Type() {
	case 0:
		st.Kind, st.Size = KindFile, fi.Size()
	case fs.ModeDir:
		st.Kind = KindDir
	case fs.ModeSymlink:
		st.Kind = KindSymlink
		st.Target, err = os.Readlink(name)
	default:
		st.Kind = KindDevice
	}
	return st, identity(name), err
}

// createSpecial fails: directories have no such files.
func createSpecial(name string, kind Kind) error {
	return fmt.Errorf("%s: kind %d: %w", name, kind, errors.ErrUnsupported)
}

// SetAttributes sets mode and time of the node, which is at name. A link keeps its own.
func (n Node) SetAttributes(name string) error {
	if n.Kind == KindSymlink {
		return nil
	}
	t := time.Unix(n.Time, n.Nanos)
	return errors.Join(os.Chmod(name, fs.FileMode(n.Mode&0o777)), os.Chtimes(name, t, t))
}
