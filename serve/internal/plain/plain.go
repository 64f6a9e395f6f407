// Package plain reads a directory of plain files, which are served as they are.
package plain

import (
	"encoding/binary"
	"errors"
	"io"
	"io/fs"
	"os"
	"sync/atomic"
	"syscall"

	"github.com/cespare/xxhash/v2"

	"github.com/tarpack/tpk/internal/osfile"
	"github.com/tarpack/tpk/serve/internal/plan"
	"github.com/tarpack/tpk/serve/internal/siterules"
	"github.com/tarpack/tpk/sidecar"
)

// Dir is a directory of plain files. No path and no symbolic link leads out of it (os.Root). It has
// references: the last Release closes it.
type Dir struct {
	root *os.Root
	refs atomic.Int32
	// Rules are those of the site that the directory is. They may be set before it is used.
	Rules *siterules.Watched
}

// Open opens a directory, with one reference.
func Open(dir string) (*Dir, error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, err
	}
	d := &Dir{root: root}
	d.refs.Store(1)
	return d, nil
}

// Retain adds a reference. The caller must have one.
func (d *Dir) Retain() { d.refs.Add(1) }

// Release gives a reference up.
func (d *Dir) Release() {
	if d.refs.Add(-1) == 0 {
		_ = d.root.Close()
	}
}

// Stat describes what path names, after following symbolic links.
func (d *Dir) Stat(path string) (fs.FileInfo, error) { return d.root.Stat(path) }

// Name returns the name that the directory was opened by.
func (d *Dir) Name() string { return d.root.Name() }

// OpenFile opens a file. flag is that of os.OpenFile.
func (d *Dir) OpenFile(path string, flag int) (*os.File, error) {
	return d.root.OpenFile(path, flag, 0)
}

// Follow returns where path leads after following symbolic links, and whether that is a regular
// file or a directory. The error is one of the server.
func (d *Dir) Follow(path string) (end string, isFile, isDir bool, err error) {
	if end, err = d.follow(path); err != nil {
		return "", false, false, outage(err)
	}
	if end == "" {
		return end, false, true, nil
	}
	fi, err := d.root.Lstat(end)
	if err != nil {
		return "", false, false, outage(err)
	}
	return end, fi.Mode().IsRegular(), fi.IsDir(), nil
}

// Lookup opens what path names; "" is the directory itself. The file is nil if that is not a
// regular one. If it can't be opened for a reason that is the path's or the file's own, it is
// missing, which is not an error. The node's Name is the path that symbolic links led to.
func (d *Dir) Lookup(path string) (plan.Node, *os.File, error) {
	if path == "" {
		return plan.Node{Kind: plan.Dir}, nil, nil
	}
	end, err := d.follow(path)
	if err != nil {
		return plan.Node{}, nil, outage(err)
	}
	n, f, err := d.open(end)
	if end != path {
		n.Name = end
	}
	return n, f, err
}

// open is Lookup for a path without symbolic links. It follows them if there are any since.
func (d *Dir) open(path string) (plan.Node, *os.File, error) {
	if path == "" {
		return plan.Node{Kind: plan.Dir}, nil, nil
	}
	// O_NONBLOCK: a FIFO without a writer must not hold the request up.
	f, err := d.root.OpenFile(path, os.O_RDONLY|syscall.O_NONBLOCK, 0)
	if err != nil {
		return plan.Node{}, nil, outage(err)
	}
	fi, err := f.Stat()
	if err == nil && fi.Mode().IsRegular() {
		var n plan.Node
		if n, err = node(f, fi); err == nil {
			return n, f, nil
		}
	}
	_ = f.Close()
	if err != nil {
		return plan.Node{}, nil, err
	}
	if fi.IsDir() {
		return plan.Node{Kind: plan.Dir}, nil, nil
	}
	return plan.Node{Kind: plan.Other}, nil, nil
}

// outage returns err if the server is the reason, and nil if the path or the file is.
func outage(err error) error {
	for _, e := range []syscall.Errno{syscall.EMFILE, syscall.ENFILE, syscall.ENOMEM, syscall.EIO} {
		if osfile.Is(err, e) {
			return err
		}
	}
	if errors.Is(err, os.ErrClosed) {
		return err
	}
	return nil
}

// NodeOf describes an open regular file.
func NodeOf(f *os.File) (plan.Node, error) {
	fi, err := f.Stat()
	if err != nil {
		return plan.Node{}, err
	}
	return node(f, fi)
}

// node describes a regular file. There is no hash of its content, so the node's Hash is one of what
// changes with the content: the modification time in nanoseconds, the size and the inode.
func node(f *os.File, fi fs.FileInfo) (plan.Node, error) {
	var head [sidecar.SniffLen]byte
	k, err := f.ReadAt(head[:min(fi.Size(), sidecar.SniffLen)], 0)
	if err != nil && err != io.EOF {
		return plan.Node{}, err
	}
	sniff := sidecar.SniffContent(head[:k])
	var id [24]byte
	binary.LittleEndian.PutUint64(id[:], uint64(fi.ModTime().UnixNano()))
	binary.LittleEndian.PutUint64(id[8:], uint64(fi.Size()))
	binary.LittleEndian.PutUint64(id[16:], inode(fi))
	return plan.Node{
		Kind: plan.File, Size: fi.Size(), ModTime: fi.ModTime().Unix(), Hash: xxhash.Sum64(id[:]),
		Sniff: sniff.MediaType(), UTF8: sniff.UTF8(),
	}, nil
}
