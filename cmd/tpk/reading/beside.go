package reading

import (
	"fmt"
	"io"
	"io/fs"
	"os"

	"github.com/tarpack/tpk/cmd/tpk/cli"
	"github.com/tarpack/tpk/cmd/tpk/flags"
	"github.com/tarpack/tpk/tarpack/remote"
)

// Beside is a file beside an archive.
type Beside interface {
	io.ReaderAt
	io.Closer
	Name() string // for messages
	Size() int64
	Identity() string // of its generation; "" if that is not known
}

// OpenBeside opens the file beside an archive whose name has a suffix. The archive may be on a
// server. The error wraps fs.ErrNotExist if there is none.
func OpenBeside(c *cli.Context, name, suffix string) (Beside, error) {
	if !remote.IsURL(name) {
		return openFile(name + suffix)
	}
	ro, err := flags.ReadRemote(c)
	if err != nil {
		return nil, err
	}
	o, err := remoteOptions(name, ro, nil)
	if err != nil {
		return nil, err
	}
	b, err := remote.OpenBeside(c.Context, name, suffix, o)
	if err != nil {
		if remote.IsMissing(err) {
			err = fmt.Errorf("%w: %w", fs.ErrNotExist, err)
		}
		return nil, err
	}
	return b, nil
}

// A file is a Beside that is not on a server.
type file struct {
	*os.File
	size int64
}

func openFile(name string) (Beside, error) {
	f, err := os.Open(name)
	if err != nil {
		return nil, err
	}
	fi, err := f.Stat()
	if err != nil || !fi.Mode().IsRegular() {
		f.Close()
		return nil, fmt.Errorf("%s: %w", name, fs.ErrNotExist)
	}
	return &file{f, fi.Size()}, nil
}

func (f *file) Size() int64    { return f.size }
func (*file) Identity() string { return "" }
