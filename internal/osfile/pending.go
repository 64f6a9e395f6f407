package osfile

import (
	"errors"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strconv"
)

// Pending is a new file that gets its name when it is complete.
type Pending struct {
	*os.File // a temporary file in the same directory

	done bool
}

// NewPending creates a temporary file in a directory. Its name begins with prefix, its permissions
// are those of a new file.
func NewPending(dir, prefix string) (*Pending, error) {
	for {
		name := filepath.Join(dir, prefix+strconv.FormatUint(uint64(rand.Uint32()), 10))
		f, err := OpenFile(name, os.O_RDWR|os.O_CREATE|os.O_EXCL, 0o666)
		if !errors.Is(err, fs.ErrExist) {
			return &Pending{File: f}, err
		}
	}
}

// Replace makes the file durable and gives it its name, in the same directory. After an error,
// Cleanup removes it.
func (p *Pending) Replace(name string) error {
	if err := errors.Join(p.Sync(), p.Close()); err != nil {
		return err
	}
	err := Rename(p.Name(), name)
	p.done = err == nil
	return err
}

// Cleanup removes the file, unless it has its name.
func (p *Pending) Cleanup() error {
	if p.done {
		return nil
	}
	p.done = true
	p.Close() // its content is not needed; after Replace it is closed
	return os.Remove(p.Name())
}
