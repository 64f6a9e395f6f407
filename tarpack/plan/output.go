package plan

import (
	"bufio"
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"

	"github.com/tarpack/tpk/internal/osfile"
	"github.com/tarpack/tpk/internal/sorter"
	"github.com/tarpack/tpk/tarpack/format"
	"github.com/tarpack/tpk/tarpack/internal/cut"
	"github.com/tarpack/tpk/tarpack/internal/durable"
	"github.com/tarpack/tpk/tarpack/internal/unkept"
)

// ManifestName returns the name of the file for shard i of n, without a directory.
func ManifestName(i, n int) string { return fmt.Sprintf("%05d-of-%05d.list", i, n) }

// An output is a directory of manifests while it is written, under a temporary name.
type output struct {
	name string
	temp *os.File // its name is locked
	lock *os.File
	dir  string // the temporary directory
}

// create locks the name of a directory that is to be written. What a killed process left there is
// removed.
func create(name string) (*output, error) {
	name = filepath.Clean(name)
	if err := checkFree(name); err != nil {
		return nil, err
	}
	temp, lock, err := durable.LockedTemp(name)
	if err != nil {
		return nil, err
	}
	o := &output{name: name, temp: temp, lock: lock, dir: format.TempName(name + ".d")}
	if err := os.RemoveAll(o.dir); err != nil {
		return nil, errors.Join(err, o.close())
	}
	return o, nil
}

// checkFree returns an error that wraps fs.ErrExist unless a directory may be renamed to name.
func checkFree(name string) error {
	switch _, err := os.Lstat(name); {
	case errors.Is(err, fs.ErrNotExist):
		return nil
	case err != nil:
		return err
	}
	if all, err := os.ReadDir(name); err == nil && len(all) == 0 {
		return nil
	}
	return fmt.Errorf("%s: %w", name, fs.ErrExist)
}

// close removes what was not committed, and releases the lock.
func (o *output) close() error {
	return errors.Join(os.RemoveAll(o.dir), os.Remove(o.temp.Name()), o.temp.Close(), o.lock.Close())
}

// commit gives the directory its name, once all is durable.
func (o *output) commit() error {
	if err := durable.SyncDir(o.dir); err != nil {
		return err
	}
	if err := checkFree(o.name); err != nil {
		return err
	}
	if fi, err := os.Lstat(o.name); err == nil && fi.IsDir() {
		if err := os.Remove(o.name); err != nil { // os.Rename replaces no directory
			return err
		}
	}
	if err := osfile.Rename(o.dir, o.name); err != nil {
		return err
	}
	return durable.SyncDir(filepath.Dir(o.name))
}

// write writes the manifests of all leaves of the collector. Without any there is none.
func (o *output) write(
	ctx context.Context, c *collector, shards int, notice func(error),
) (res Result, err error) {
	cost := int64(0)
	err = c.leaves(ctx, func(e *entry) error {
		res.Entries++
		res.Bytes += e.size
		cost += cut.Cost(e.typ, e.size)
		return nil
	})
	if err != nil || res.Entries == 0 {
		return res, err
	}
	if err := os.Mkdir(o.dir, 0o777); err != nil {
		return res, err
	}
	w := &writer{
		output: o, cutter: cut.New(shards, res.Entries, cost), names: sorter.New("", budget/4),
	}
	defer func() { err = errors.Join(err, w.names.Close()) }()
	if err := c.leaves(ctx, w.put); err != nil {
		if w.file != nil {
			w.file.Close() // an error loses nothing: the file is removed
		}
		return res, err
	}
	if err := w.close(); err != nil {
		return res, err
	}
	res.Manifests = w.manifests
	res.Copies, err = w.countCopies(notice)
	return res, err
}

// A writer writes one manifest after the other.
type writer struct {
	*output
	cutter    *cut.Cutter
	manifests []Manifest
	file      *os.File // the current manifest; nil: none
	buf       *bufio.Writer
	names     *sorter.Sorter // of the files with several names: dev, ino to shard u32, path
}

// put puts an entry into its manifest.
func (w *writer) put(e *entry) error {
	i := w.cutter.Next(cut.Cost(e.typ, e.size))
	if i == len(w.manifests) {
		if err := w.next(i); err != nil {
			return err
		}
	}
	m := &w.manifests[i]
	m.Entries++
	m.Bytes += e.size
	w.buf.WriteString(e.path) //nolint:errcheck // the buffer keeps its error
	if err := w.buf.WriteByte(0); err != nil {
		return err
	}
	if e.inode == (durable.Inode{}) {
		return nil
	}
	key, val, err := w.names.Add(inodeSize, 4+len(e.path))
	if err != nil {
		return err
	}
	binary.LittleEndian.PutUint64(key, e.inode.Dev)
	binary.LittleEndian.PutUint64(key[8:], e.inode.Ino)
	binary.LittleEndian.PutUint32(val, uint32(i))
	copy(val[4:], e.path)
	return nil
}

// next ends the current manifest and begins another one.
func (w *writer) next(i int) error {
	if err := w.close(); err != nil {
		return err
	}
	name := ManifestName(i, w.cutter.Shards())
	f, err := osfile.OpenFile(filepath.Join(w.dir, name), os.O_WRONLY|os.O_CREATE|os.O_EXCL, 0o666)
	if err != nil {
		return err
	}
	w.file, w.buf = f, bufio.NewWriterSize(f, 256<<10)
	w.manifests = append(w.manifests, Manifest{Name: filepath.Join(w.name, name)})
	return nil
}

// close makes the current manifest durable.
func (w *writer) close() error {
	if w.file == nil {
		return nil
	}
	f := w.file
	w.file = nil
	err := w.buf.Flush()
	if err == nil {
		err = f.Sync()
	}
	if closeErr := f.Close(); err == nil {
		err = closeErr
	}
	return err
}

// countCopies returns how many names are in another shard than the name before of the same file, as
// each shard stores the file. It sends one notice.
func (w *writer) countCopies(notice func(error)) (n int64, err error) {
	it, err := w.names.Iterate()
	if err != nil {
		return 0, err
	}
	var apart unkept.Counter
	var inode [inodeSize]byte
	shard, first := uint32(0), true
	for {
		key, val, ok, err := it.Next()
		if err != nil {
			return 0, err
		}
		if !ok {
			break
		}
		at := binary.LittleEndian.Uint32(val)
		if !first && inode == [inodeSize]byte(key) && at != shard {
			n++
			apart.Name(string(val[4:]))
		}
		inode, shard, first = [inodeSize]byte(key), at, false
	}
	for _, err := range apart.Notices() {
		notice(err)
	}
	return n, nil
}
