package archives

import (
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"sync/atomic"

	"github.com/tarpack/tpk/gzmember"
	"github.com/tarpack/tpk/internal/prefetch"
	"github.com/tarpack/tpk/serve/internal/plan"
	"github.com/tarpack/tpk/serve/internal/residence"
	"github.com/tarpack/tpk/sidecar"
	"github.com/tarpack/tpk/tarpack"
	"github.com/tarpack/tpk/tarpack/cache"
	"github.com/tarpack/tpk/tarpack/format"
)

// archive is an open archive. Several sets may hold it. The last one to release it closes it.
type archive struct {
	name    string // of its Spec
	stamp   stamp
	tar     *tarpack.Archive
	opened  io.Closer // closes tar; nil if that is shared
	index   *sidecar.Index
	file    *os.File         // nil if the archive does not lie in one file
	mapped  []byte           // for the kernel to copy long runs from; nil if mapping failed
	members []byte           // the same again, for single members
	recent  *residence.Pages // the pages of members that are in memory
	sidecar *os.File         // nil if the index is in memory only
	modTime int64
	foreign bool // it was converted from a file of another program
	exports exportCache
	sound   sound
	refs    atomic.Int32

	// shared means that tar is the caller's to close. closed is called when nothing here uses it any
	// more.
	shared      bool
	closed      func()
	unmap       [2]func() error
	releaseFile func()
}

// stamp identifies the files behind an archive's name, so that a change is seen.
type stamp struct {
	tar, tpi os.FileInfo
	digest   uint64 // of the archive on a device, whose size and time never change
}

// stampOf returns the stamp of an archive's files. A new shard set has a new list and index, so the
// set is identified by these, or without a list by its first shard.
func stampOf(name string) (s stamp, err error) {
	list, set, err := tarpack.SetList(name)
	if err != nil {
		return s, err
	}
	if set {
		if _, err := os.Stat(list); err == nil || !errors.Is(err, fs.ErrNotExist) {
			name = list
		}
	}
	if s.tar, err = os.Stat(name); err != nil {
		return s, err
	}
	if s.tar.Mode()&fs.ModeDevice != 0 {
		t, err := tarpack.Open(context.Background(), name, &tarpack.OpenOptions{RequireSidecar: true})
		if err == nil {
			s.digest = t.Trailer().Digest
			err = t.Close()
		}
		if errors.Is(err, format.ErrNoSidecar) || errors.Is(err, format.ErrStale) {
			err = nil
		}
		return s, err
	}
	s.tpi, _ = os.Stat(name + format.SidecarSuffix) // nil if it is missing
	return s, nil
}

func (s stamp) same(o stamp) bool {
	return sameFile(s.tar, o.tar) && sameFile(s.tpi, o.tpi) && s.digest == o.digest
}

func sameFile(a, b os.FileInfo) bool {
	if a == nil || b == nil {
		return a == nil && b == nil
	}
	return os.SameFile(a, b) && a.Size() == b.Size() && a.ModTime().Equal(b.ModTime())
}

// openArchive opens an archive, with one reference. If it has no usable sidecar, or is a file of
// another program, the library's cache has what is needed, or it is made first, which takes as long
// as reading the file. With quick set, the error is cache.ErrSlow then.
func (l *Library) openArchive(ctx context.Context, name string, quick bool) (*archive, error) {
	s, err := stampOf(name)
	if err != nil {
		return nil, err
	}
	t, err := l.cache.Open(ctx, name, cache.Options{KeepIndex: true, NoConvert: l.noConvert,
		Quick: quick, Notice: func(err error) {
			if !errors.Is(err, format.ErrUnfinished) { // somebody appends to it
				l.notice(err.Error())
			}
		}})
	if err != nil {
		return nil, err
	}
	a := &archive{name: name, stamp: s, tar: t.Archive, opened: t, index: t.Index(),
		modTime: s.tar.ModTime().Unix(), foreign: t.Converted, sidecar: t.Sidecar}
	a.refs.Store(1)
	if t.Shards() > 0 {
		if err := a.openShards(); err != nil {
			return nil, err
		}
		a.fetchIndex()
		return a, nil
	}
	if err := a.openFile(); err != nil {
		return nil, errors.Join(err, t.Close())
	}
	if a.sidecar == nil && !t.IndexRebuilt() {
		a.sidecar = openSidecar(name, a.index.Size())
	}
	a.fetchIndex()
	return a, nil
}

// openSpec opens the archive of a Spec, with one reference.
func (l *Library) openSpec(ctx context.Context, spec Spec) (*archive, error) {
	if spec.Opened == nil {
		return l.openArchive(ctx, spec.Path, false)
	}
	a := &archive{name: spec.Opened.Name(), tar: spec.Opened, index: spec.Opened.Index(), shared: true}
	a.refs.Store(1)
	if spec.Opened.Shards() == 0 {
		if err := a.openFile(); err != nil {
			return nil, err
		}
	}
	l.shared.Add(1)
	a.closed = l.shared.Done
	return a, nil
}

// openFile finds the one file that the archive lies in, if it does, and maps it.
func (a *archive) openFile() error {
	src := a.tar.Source()
	piece, ok, err := src.Piece(0, src.Size())
	if err != nil || !ok {
		return err
	}
	if piece.Offset != 0 || piece.Length != src.Size() {
		piece.Release()
		return nil
	}
	a.file, a.releaseFile = piece.File, piece.Release
	a.mapped, a.unmap[0] = src.Map()
	if a.members, a.unmap[1] = src.Map(); a.members != nil {
		a.recent = residence.New(src.Size())
		residence.AdviseRandom(a.members)
	}
	return nil
}

// readAhead is how many bytes of an index are read into memory when its archive is opened.
const readAhead = 1 << 30

// fetchIndex reads the index into memory in the background.
func (a *archive) fetchIndex() {
	a.refs.Add(1)
	go func() {
		defer a.release()
		a.index.WillNeed(readAhead)
	}()
}

// openSidecar opens the sidecar as a file to download. It returns nil if there is none of that
// size.
func openSidecar(name string, size int64) *os.File {
	f, err := os.Open(name + format.SidecarSuffix)
	if err != nil {
		if real, err2 := filepath.EvalSymlinks(name); err2 == nil {
			f, err = os.Open(real + format.SidecarSuffix)
		}
	}
	if err != nil {
		return nil
	}
	if fi, err := f.Stat(); err == nil && fi.Size() == size {
		return f
	}
	_ = f.Close()
	return nil
}

// release gives a reference up. An event loop may do so, and to unmap much memory takes long, so a
// goroutine closes the archive.
func (a *archive) release() {
	if a.refs.Add(-1) == 0 {
		go a.close()
	}
}

func (a *archive) close() {
	for _, unmap := range a.unmap {
		if unmap != nil {
			_ = unmap()
		}
	}
	if a.releaseFile != nil {
		a.releaseFile()
	}
	if a.opened != nil {
		_ = a.opened.Close()
	}
	if a.sidecar != nil {
		_ = a.sidecar.Close()
	}
	if a.closed != nil {
		a.closed()
	}
}

// lookup describes what path names, in n. It returns false if that is nothing.
func (a *archive) lookup(path string, n *plan.Node) (bool, error) {
	i, ok, err := a.index.Lookup(path)
	if err != nil || !ok {
		return false, a.wrap(err)
	}
	e, err := a.index.Entry(i)
	if err != nil {
		return false, a.wrap(err)
	}
	switch e.Type {
	case sidecar.TypeFile:
		fileNode(n, &e, i)
		a.expect(n)
	case sidecar.TypeHardlink:
		target, err := a.index.Entry(int(e.Target))
		if err != nil {
			return false, a.wrap(err)
		}
		target.ModTime = e.ModTime
		fileNode(n, &target, int(e.Target))
		a.expect(n)
	case sidecar.TypeDir:
		n.Kind, n.Entry = plan.Dir, i
	case sidecar.TypeSymlink:
		n.Kind, n.Entry = plan.Link, i
	default:
		n.Kind = plan.Other
	}
	return true, nil
}

// directory returns the ordinal of the entry that path names, and whether it is a directory. ""
// names the root, sidecar.Root. If nothing has the path, the ordinal is -1 and dir is false.
func (a *archive) directory(path string) (i int, dir bool, err error) {
	if path == "" {
		return sidecar.Root, true, nil
	}
	i, ok, err := a.index.Lookup(path)
	if err != nil || !ok {
		return -1, false, a.wrap(err)
	}
	e, err := a.index.Entry(i)
	return i, e.Type == sidecar.TypeDir, a.wrap(err)
}

// expect begins to fetch the end of a member into the processor's cache. View.Member reads it as
// soon as the answer is planned.
func (a *archive) expect(n *plan.Node) {
	if end := n.Offset + n.Length; n.Length > 0 && end <= int64(len(a.members)) {
		prefetch.Byte(a.members, int(end)-1)
	}
}

// sniffTypes are the media types of all values of a Sniff.
var sniffTypes = func() (types [256]string) {
	for i := range types {
		types[i] = sidecar.Sniff(i).MediaType()
	}
	return types
}()

// fileNode makes n the file that has entry i's content.
func fileNode(n *plan.Node, e *sidecar.Entry, i int) {
	n.Kind = plan.File
	n.Coding = plan.Coding(e.Coding)
	n.UTF8 = e.Sniff.UTF8()
	n.Sniff = sniffTypes[e.Sniff]
	n.Entry = i
	n.Size = e.Size
	n.ModTime = e.ModTime
	n.Hash = e.Hash
	n.CRC = e.CRC
	n.Offset = e.ContentOffset()
	n.Length = e.ContentLen
}

// Downloads are nodes with these ordinals, or with one of firstExport and below.
const (
	wholeArchive = -1
	wholeSidecar = -2
)

// download describes the archive itself or its sidecar. The digest in the trailer identifies both.
func (a *archive) download(format string) plan.Node {
	if a.shared || a.tar.Shards() > 0 {
		return plan.Node{} // it is no file of its own, and is exported instead
	}
	n := plan.Node{Kind: plan.Download, Name: a.saveAs(), ModTime: a.modTime, Hash: a.index.Digest()}
	if format == "tpi" {
		if a.sidecar == nil {
			return plan.Node{}
		}
		n.Name += ".tpi"
		n.Entry, n.Size = wholeSidecar, a.index.Size()
		n.Hash = ^n.Hash
		return n
	}
	if fi, err := a.file.Stat(); err != nil || fi.Mode().IsRegular() && fi.Size() != a.tar.Size() {
		return plan.Node{} // it has grown, so its end differs, and it is exported instead
	}
	n.Entry, n.Size = wholeArchive, a.tar.Size()
	return n
}

// content opens a range of an entry's content for reading.
func (a *archive) content(i int, offset, length int64) (*gzmember.RangeReader, error) {
	c, err := a.tar.Content(i)
	if err != nil {
		return nil, a.wrap(err)
	}
	r, err := gzmember.NewRangeReader(a.tar.Source(), c, offset, length)
	return r, a.wrap(err)
}

// wrap adds the archive's name to an error.
func (a *archive) wrap(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", a.name, err)
}
