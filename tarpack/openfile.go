package tarpack

import (
	"errors"
	"io"
	"io/fs"
	"math"
	"path"
	"sync/atomic"
	"time"

	"github.com/tarpack/tpk/sidecar"
	"github.com/tarpack/tpk/tarpack/format"
)

// fileInfo is the fs.FileInfo and fs.DirEntry of an entry.
type fileInfo struct {
	name  string
	entry sidecar.Entry
}

func newFileInfo(name string, e sidecar.Entry) *fileInfo {
	return &fileInfo{path.Base(name), e}
}

func (fi *fileInfo) Name() string { return fi.name }

func (fi *fileInfo) IsDir() bool { return fi.entry.Type == sidecar.TypeDir }

func (fi *fileInfo) ModTime() time.Time { return time.Unix(fi.entry.ModTime, 0) }

func (fi *fileInfo) Mode() fs.FileMode { return format.FileMode(&fi.entry) }

func (fi *fileInfo) Sys() any { return fi.entry }

func (fi *fileInfo) String() string { return fs.FormatFileInfo(fi) }

// Size returns the bytes of a file, or the length of a symbolic link's target.
func (fi *fileInfo) Size() int64 { return fi.entry.Size }

func (fi *fileInfo) Type() fs.FileMode { return fi.Mode().Type() }

func (fi *fileInfo) Info() (fs.FileInfo, error) { return fi, nil }

// openContent is an open regular file.
type openContent struct {
	ContentReader
	open func() (ContentReader, error) // opens the same content once more
	size int64
	name string
	info *fileInfo

	// at is the reader of the last ReadAt, where that ended. Reading on from there costs as little as
	// with Read; a new reader may have to decompress a segment, or the whole file, first.
	at     atomic.Pointer[ContentReader]
	closed atomic.Bool
}

var (
	_ io.ReaderAt = (*openContent)(nil)
	_ io.Seeker   = (*openContent)(nil)
	_ io.WriterTo = (*openContent)(nil)
)

func (f *openContent) Stat() (fs.FileInfo, error) { return f.info, nil }

func (f *openContent) Read(b []byte) (int, error) {
	n, err := f.ContentReader.Read(b)
	return n, f.named("read", err)
}

func (f *openContent) ReadAt(b []byte, off int64) (int, error) {
	n, err := f.readAt(b, off)
	return n, f.named("read", err)
}

func (f *openContent) readAt(b []byte, off int64) (int, error) {
	switch {
	case f.closed.Load():
		return 0, fs.ErrClosed
	case off < 0:
		return 0, fs.ErrInvalid
	case off >= f.size:
		return 0, io.EOF
	}
	r := f.at.Swap(nil)
	if r == nil { // the first time, or another goroutine has it
		opened, err := f.open()
		if err != nil {
			return 0, err
		}
		r = &opened
	}
	defer func() {
		if !f.at.CompareAndSwap(nil, r) {
			(*r).Close()
		}
	}()
	if _, err := (*r).Seek(off, io.SeekStart); err != nil {
		return 0, err
	}
	n, err := io.ReadFull(*r, b)
	if err == io.ErrUnexpectedEOF {
		err = io.EOF
	}
	return n, err
}

func (f *openContent) Close() error {
	f.closed.Store(true)
	if r := f.at.Swap(nil); r != nil {
		(*r).Close()
	}
	return f.ContentReader.Close()
}

// named adds the file's name to an error other than io.EOF.
func (f *openContent) named(op string, err error) error {
	if err == nil || err == io.EOF {
		return err
	}
	return pathError(op, f.name, err)
}

// openDirectory is an open directory, read up to the entry with the ordinal next.
type openDirectory struct {
	fs     *archiveFS
	node   node
	name   string
	info   *fileInfo
	next   int
	closed bool
}

var _ fs.ReadDirFile = (*openDirectory)(nil)

func (d *openDirectory) Stat() (fs.FileInfo, error) { return d.info, nil }

func (d *openDirectory) Read([]byte) (int, error) {
	return 0, pathError("read", d.name, errors.New("is a directory"))
}

func (d *openDirectory) Close() error {
	if d.closed {
		return pathError("close", d.name, fs.ErrClosed)
	}
	d.closed = true
	return nil
}

// end returns the ordinal after the last entry of the directory.
func (d *openDirectory) end() int {
	if d.node.i == sidecar.Root {
		return d.fs.a.Index().Len()
	}
	return int(d.node.entry.End)
}

// ReadDir returns the next n entries in the order of names, or all remaining ones if n is not
// positive.
func (d *openDirectory) ReadDir(n int) ([]fs.DirEntry, error) {
	if d.closed {
		return nil, pathError("readdir", d.name, fs.ErrClosed)
	}
	limit := n
	if n <= 0 {
		limit = math.MaxInt
	}
	list := []fs.DirEntry{}
	var scratch []byte
	for end := d.end(); d.next < end && len(list) < limit; {
		e, err := d.fs.a.Index().Entry(d.next)
		if err != nil {
			return list, pathError("readdir", d.name, err)
		}
		var name string
		var ok bool
		if name, ok, scratch, err = d.fs.nameOf(d.next, scratch); err != nil {
			return list, pathError("readdir", d.name, err)
		}
		if ok {
			list = append(list, &fileInfo{name, e})
		}
		d.next++
		if e.Type == sidecar.TypeDir {
			d.next = int(e.End)
		}
	}
	if len(list) == 0 && n > 0 {
		return nil, io.EOF
	}
	return list, nil
}
