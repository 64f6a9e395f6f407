package input

import (
	"io/fs"
	"os"
	"time"

	"github.com/tarpack/tpk/internal/changetime"
	"github.com/tarpack/tpk/sidecar"
	"github.com/tarpack/tpk/tarpack/format"
	"github.com/tarpack/tpk/tarpack/internal/durable"
	"github.com/tarpack/tpk/tarpack/internal/tree"
)

// A Disk is an entry of a directory tree on disk. It holds a reference to its directory.
type Disk struct {
	tree.Entry
	Headers *Headers
	Kept    Source // its entry in the archive that is changed; nil if there is none
}

// Close gives back the reference to the directory.
func (d *Disk) Close() error {
	d.Dir.Release()
	return nil
}

// Header returns the header, for a symbolic link with the target that it has now.
func (d *Disk) Header() (format.Header, error) {
	h, err := d.Headers.of(d.Path(), d.Typ, d.Info, d.Kept)
	if err != nil {
		return h, err
	}
	if d.Typ == sidecar.TypeSymlink {
		target, err := d.Dir.Root.Readlink(d.Name)
		if err != nil {
			return h, tree.Error(d.Path(), err)
		}
		h.Link = target
	}
	return h, nil
}

// Load implements Loader.
func (d *Disk) Load(c *Content) error {
	f, err := d.open()
	if err != nil {
		return err
	}
	defer f.Close()
	if c.Bytes, err = load(f, int(d.Info.Size())); err != nil {
		return err
	}
	return unchanged(f, d.Info)
}

// Open implements Opener.
func (d *Disk) Open() (File, error) { return d.open() }

// open opens the file. If it was written just now, it waits until another write would change its
// times: what is read is then the content that they stand for.
func (d *Disk) open() (*os.File, error) {
	changed := time.Unix(0, changetime.Of(d.Info))
	if left := durable.Tick - time.Since(changed); left > 0 && left <= durable.Tick {
		time.Sleep(left)
	}
	f, err := d.OpenFile()
	if err != nil {
		return nil, err
	}
	if err := unchanged(f, d.Info); err != nil {
		f.Close()
		return nil, err
	}
	d.Headers.Unkept.Look(d.Path(), f)
	return f, nil
}

// Unchanged implements Opener.
func (d *Disk) Unchanged(f File) error { return unchanged(f.(*os.File), d.Info) }

// unchanged compares an open file with what lstat returned for its name.
func unchanged(f *os.File, was fs.FileInfo) error {
	is, err := f.Stat()
	if err != nil {
		return err
	}
	if !os.SameFile(is, was) || is.Size() != was.Size() || !is.ModTime().Equal(was.ModTime()) {
		return format.ErrChanged
	}
	return nil
}
