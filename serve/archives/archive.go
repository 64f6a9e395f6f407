package archives

import (
	"context"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path/filepath"
	"sync/atomic"

	"github.com/edsrzf/mmap-go"

	"github.com/tarpack/tpk/gzmember"
	"github.com/tarpack/tpk/internal/prefetch"
	"github.com/tarpack/tpk/serve/plan"
	"github.com/tarpack/tpk/sidecar"
	"github.com/tarpack/tpk/tarpack"
)

// archive is an open archive. Several sets may hold it; the last one to let go closes it.
type archive struct {
	name    string // as it was given
	stamp   stamp
	tar     *tarpack.Archive
	index   *sidecar.Index
	file    *os.File  // nil for a shard set
	mapped  mmap.MMap // the archive's bytes, for the kernel to copy long runs from; nil where they can't be mapped
	members mmap.MMap // the same, for single members
	recent  residence // what of members is in memory
	sidecar *os.File  // nil if the index is only in memory
	modTime int64
	exports exportCache
	refs    atomic.Int32
}

// stamp tells whether the files behind an archive's name are still the same.
type stamp struct {
	tar, tpi os.FileInfo
	digest   uint64 // of what is on a device, whose size and time tell nothing
}

// stampOf looks at the files of an archive. Of a shard set these are its list and index, which every new set has new ones of; or without a list the first shard.
func stampOf(name string) (s stamp, err error) {
	list, set, err := tarpack.SetName(name)
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
		t, err := tarpack.Open(name, &tarpack.OpenOptions{NoIndex: true})
		if err == nil {
			s.digest = t.Trailer().Digest
			err = t.Close()
		}
		if errors.Is(err, tarpack.ErrNoSidecar) || errors.Is(err, tarpack.ErrStale) {
			err = nil
		}
		return s, err
	}
	s.tpi, _ = os.Stat(name + tarpack.SidecarSuffix) // missing: the archive is indexed in memory
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

// openArchive opens an archive, with one reference. One without a sidecar, or with that of another archive, is
// indexed first, which takes as long as reading it: onto the disk, or in memory where that can't be written.
func openArchive(ctx context.Context, name string, notice func(string)) (*archive, error) {
	s, err := stampOf(name)
	if err != nil {
		return nil, err
	}
	t, err := openTar(ctx, name, true)
	if errors.Is(err, tarpack.ErrNoSidecar) || errors.Is(err, tarpack.ErrStale) {
		notice(fmt.Sprintf("%v: indexing %s", err, name))
		if t, err = indexed(ctx, name, notice); err == nil {
			s, err = stampOf(name)
		}
	}
	if err != nil {
		return nil, err
	}
	a := &archive{name: name, stamp: s, tar: t, index: t.Index(), file: t.File(), modTime: s.tar.ModTime().Unix()}
	a.refs.Store(1)
	if a.file == nil {
		if err := a.openShards(); err != nil {
			return nil, err
		}
		a.fetchIndex()
		return a, nil
	}
	// The archive's size, not the file's, which may be growing.
	if m, err := mmap.MapRegion(a.file, int(t.Size()), mmap.RDONLY, 0, 0); err == nil {
		a.mapped = m
	}
	if m, err := mmap.MapRegion(a.file, int(t.Size()), mmap.RDONLY, 0, 0); err == nil {
		a.members, a.recent = m, newResidence(t.Size())
		adviseRandom(m)
	}
	if !t.Indexed() {
		a.sidecar = openSidecar(name, a.index.Size())
	}
	a.fetchIndex()
	return a, nil
}

// readAhead is how many bytes of an index are fetched as soon as its archive is served.
const readAhead = 1 << 30

// fetchIndex has the index read in the background.
func (a *archive) fetchIndex() {
	a.refs.Add(1)
	go func() {
		defer a.release()
		a.index.WillNeed(readAhead)
	}()
}

// openTar opens an archive or a shard set.
func openTar(ctx context.Context, name string, noIndex bool) (*tarpack.Archive, error) {
	list, set, err := tarpack.SetName(name)
	if err != nil {
		return nil, err
	}
	o := &tarpack.OpenOptions{NoIndex: noIndex}
	if set {
		return tarpack.OpenSet(ctx, list, o)
	}
	return tarpack.OpenContext(ctx, name, o)
}

// openSidecar opens the sidecar as a file to download, nil if there is none of that size.
func openSidecar(name string, size int64) *os.File {
	f, err := os.Open(name + tarpack.SidecarSuffix)
	if err != nil {
		if real, err2 := filepath.EvalSymlinks(name); err2 == nil {
			f, err = os.Open(real + tarpack.SidecarSuffix)
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

// indexed opens an archive after making its sidecar.
func indexed(ctx context.Context, name string, notice func(string)) (*tarpack.Archive, error) {
	list, set, err := tarpack.SetName(name)
	if err == nil && set {
		_, err = tarpack.IndexSet(ctx, list, tarpack.IndexOptions{})
	} else if err == nil {
		_, err = tarpack.Reindex(ctx, name, tarpack.IndexOptions{})
	}
	if err != nil {
		if ctx.Err() != nil {
			return nil, ctx.Err()
		}
		notice(fmt.Sprintf("%v: keeping the index of %s in memory", err, name))
		return openTar(ctx, name, false)
	}
	return openTar(ctx, name, true)
}

// release gives back a reference. The last one may be that of a request which an event loop answers; unmapping much takes long.
func (a *archive) release() {
	if a.refs.Add(-1) == 0 {
		go a.close()
	}
}

func (a *archive) close() {
	for _, m := range []mmap.MMap{a.mapped, a.members} {
		if m != nil {
			_ = m.Unmap()
		}
	}
	_ = a.tar.Close()
	if a.sidecar != nil {
		_ = a.sidecar.Close()
	}
}

// lookup finds a path.
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
		a.locate(n)
	case sidecar.TypeHardlink:
		target, err := a.index.Entry(int(e.Target))
		if err != nil {
			return false, a.wrap(err)
		}
		target.ModTime = e.ModTime
		fileNode(n, &target, int(e.Target))
		a.locate(n)
	case sidecar.TypeDir:
		n.Kind, n.Entry = plan.Dir, i
	case sidecar.TypeSymlink:
		n.Kind, n.Entry = plan.Link, i
	default:
		n.Kind = plan.Other
	}
	return true, nil
}

// expect fetches the end of a member, which View.Member will look at, while the response is planned.
func (a *archive) expect(n *plan.Node) {
	if end := n.Offset + n.Length; n.Length > 0 && end <= int64(len(a.members)) {
		prefetch.Byte(a.members, int(end)-1)
	}
}

// sniffTypes are the media types of all values of a Sniff, made once.
var sniffTypes = func() (types [256]string) {
	for i := range types {
		types[i] = sidecar.Sniff(i).MediaType()
	}
	return types
}()

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

// Downloads are nodes with these entry numbers.
const (
	wholeArchive = -1
	wholeSidecar = -2
)

// download describes the archive itself, or its sidecar. The digest in the trailer speaks for both.
func (a *archive) download(format string) plan.Node {
	if a.file == nil {
		return plan.Node{} // it is no one file; all of it can be exported
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
		return plan.Node{} // it has grown since it was opened, and its end is another one: all of it can be exported
	}
	n.Entry, n.Size = wholeArchive, a.tar.Size()
	return n
}

// content opens a range of the content of an entry for reading.
func (a *archive) content(i int, offset, length int64) (*gzmember.RangeReader, error) {
	c, err := a.tar.Content(i)
	if err != nil {
		return nil, a.wrap(err)
	}
	r, err := gzmember.NewRangeReader(a.tar.ReaderAt(), c, offset, length)
	return r, a.wrap(err)
}

func (a *archive) wrap(err error) error {
	if err == nil {
		return nil
	}
	return fmt.Errorf("%s: %w", a.name, err)
}
