package archives

import (
	"encoding/binary"
	"errors"
	"io"
	"io/fs"
	"os"
	"sync/atomic"
	"syscall"

	"github.com/cespare/xxhash/v2"
	"github.com/tarpack/tpk/serve/internal/plan"
	"github.com/tarpack/tpk/sidecar"
)

// plainDir is a directory of plain files, which no path and no symbolic link leaves (os.Root).
type plainDir struct {
	root *os.Root
	refs atomic.Int32
}

func openPlainDir(dir string) (*plainDir, error) {
	root, err := os.OpenRoot(dir)
	if err != nil {
		return nil, err
	}
	d := &plainDir{root: root}
	d.refs.Store(1)
	return d, nil
}

func (d *plainDir) release() {
	if d.refs.Add(-1) == 0 {
		_ = d.root.Close()
	}
}

// lookup opens what path names. Whatever can't be opened for a reason that is the path's, or the file's, is missing.
func (d *plainDir) lookup(path string) (plan.Node, *os.File, error) {
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
		if n, err = plainNode(f, fi); err == nil {
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

// outage is nil for errors that say something about the path, err for those that say something about the server.
func outage(err error) error {
	for _, e := range []error{syscall.EMFILE, syscall.ENFILE, syscall.ENOMEM, syscall.EIO, os.ErrClosed} {
		if errors.Is(err, e) {
			return err
		}
	}
	return nil
}

// plainNode describes a plain file. It has no hash of its content, so what changes when the content does stands in
// for it: device time in nanoseconds, size and inode.
func plainNode(f *os.File, fi fs.FileInfo) (plan.Node, error) {
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
