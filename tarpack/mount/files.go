//go:build linux || darwin

package mount

import (
	"errors"
	"io/fs"
	"math"
	"time"

	"github.com/hanwen/go-fuse/v2/fuse"

	"github.com/tarpack/tpk/sidecar"
	"github.com/tarpack/tpk/tarpack/format"
	"github.com/tarpack/tpk/tarpack/source"
)

// fileSystem answers the requests of the kernel. Those that it does not know are answered with
// ENOSYS, and the kernel asks for each only once. FLUSH is among them, and OPEN and OPENDIR where
// the kernel allows that.
type fileSystem struct {
	fuse.RawFileSystem
	trees     *generations
	contents  *contents
	handles   *handles // of directories; nil if trees are never replaced
	log       *log
	memory    *memory
	owner     fuse.Owner
	valid     time.Duration // how long the kernel may keep names and attributes
	old       []*oldTree    // used by follow alone
	kernel    notices
	noOpen    bool // the kernel can do without OPEN
	noOpenDir bool // the kernel can do without OPENDIR
}

// forever is how long the kernel may keep what never changes.
const forever = 1 << 24 * time.Second

// Init implements fuse.RawFileSystem.
func (f *fileSystem) Init(s *fuse.Server) {
	f.adapt(s.KernelSettings().Flags64())
	f.kernel = notices{
		dropName: func(dir uint64, name string) { _ = s.EntryNotify(dir, name) },
		knows: func(id uint64) bool { // it may forget its attributes
			const noBytes = -1
			return s.InodeNotify(id, noBytes, 0) == fuse.OK
		},
	}
}

// adapt notes what the kernel can do. Linux can do without OPENDIR since version 5.1: an older one
// takes ENOSYS for the error of a program that opens a directory.
func (f *fileSystem) adapt(capabilities uint64) {
	f.noOpen = capabilities&fuse.CAP_NO_OPEN_SUPPORT != 0
	f.noOpenDir = capabilities&capNoOpenDir != 0
}

// String returns a name for messages of go-fuse.
func (f *fileSystem) String() string { return "tpk" }

// directoryOf returns the current tree, with a reference, and the path in it of the directory that
// has a number. That may have been given for another generation.
func (f *fileSystem) directoryOf(id uint64) (t *tree, path string, err error) {
	if id == rootID {
		return f.trees.now(), "", nil
	}
	was := f.trees.of(id)
	if was == nil {
		return nil, "", fs.ErrNotExist
	}
	defer f.trees.release(was, 1)
	p, ok := was.place(id)
	if !ok {
		return nil, "", fs.ErrNotExist
	}
	if path, err = p.path(); err != nil {
		return nil, "", err
	}
	return f.trees.now(), path, nil
}

// Lookup implements fuse.RawFileSystem.
func (f *fileSystem) Lookup(
	_ <-chan struct{}, header *fuse.InHeader, name string, out *fuse.EntryOut,
) fuse.Status {
	f.memory.used()
	t, dir, err := f.directoryOf(header.NodeId)
	if err != nil {
		return f.failed("", err)
	}
	defer f.trees.release(t, 1)
	p, e, ok, err := t.child(dir, name)
	if err == nil && ok {
		p, err = p.file(&e)
	}
	switch {
	case err != nil:
		return f.failed(join(dir, name), err)
	case !ok: // the kernel may keep that, too
		out.SetEntryTimeout(f.valid)
		return fuse.OK
	}
	f.fill(t, p, &e, out)
	f.trees.retain(t, 1)
	return fuse.OK
}

func join(dir, name string) string {
	if dir == "" {
		return name
	}
	return dir + "/" + name
}

// fill describes an entry that is no hard link with a target.
func (f *fileSystem) fill(t *tree, p place, e *sidecar.Entry, out *fuse.EntryOut) {
	out.NodeId = t.id(p)
	out.Generation = 1
	out.SetEntryTimeout(f.valid)
	out.SetAttrTimeout(f.valid)
	f.attributes(t, p, e, &out.Attr)
}

// attributes describes an entry that is no hard link with a target.
func (f *fileSystem) attributes(t *tree, p place, e *sidecar.Entry, out *fuse.Attr) {
	out.Ino = t.id(p)
	out.Mode = mode(e)
	out.Nlink = 1
	out.Owner = f.owner
	out.Size = uint64(e.Size)
	out.Blocks = (out.Size + 511) / 512
	out.Blksize = 4096
	out.Mtime, out.Atime, out.Ctime = uint64(e.ModTime), uint64(e.ModTime), uint64(e.ModTime)
	switch e.Type {
	case sidecar.TypeFile:
		out.Nlink = p.layer.links.of(p.i)
	case sidecar.TypeChar, sidecar.TypeBlock:
		out.Rdev = rdev(e.DevMajor, e.DevMinor)
	case sidecar.TypeDir, sidecar.TypeSymlink, sidecar.TypeHardlink, sidecar.TypeFIFO:
	}
}

// mode returns the type and the permissions of an entry, as stat does.
func mode(e *sidecar.Entry) uint32 {
	types := [...]uint32{
		sidecar.TypeFile: fuse.S_IFREG, sidecar.TypeHardlink: fuse.S_IFREG, sidecar.TypeDir: fuse.S_IFDIR,
		sidecar.TypeSymlink: fuse.S_IFLNK, sidecar.TypeFIFO: fuse.S_IFIFO,
		sidecar.TypeChar: 0o020000, sidecar.TypeBlock: 0o060000,
	}
	return types[e.Type] | uint32(e.Mode)
}

// rdev returns the number of a device in the form that FUSE has for it: 12 bits of major number
// between 8 and 12 bits of minor number.
func rdev(major, minor uint32) uint32 {
	return minor&0xff | major<<8&0xfff00 | minor<<12&0xfff00000
}

// rootAttributes describes the directory that is mounted.
func (f *fileSystem) rootAttributes(t *tree, out *fuse.Attr) error {
	p, err := t.layers[0].rootPlace()
	if err != nil {
		return err
	}
	e := sidecar.Entry{Type: sidecar.TypeDir, Mode: 0o755}
	if p.i == sidecar.Root {
		e.ModTime = t.layers[0].modTime()
	} else if e, err = p.layer.index.Entry(p.i); err != nil {
		return err
	}
	f.attributes(t, p, &e, out)
	out.Ino = rootID
	return nil
}

// GetAttr implements fuse.RawFileSystem.
func (f *fileSystem) GetAttr(
	_ <-chan struct{}, in *fuse.GetAttrIn, out *fuse.AttrOut,
) fuse.Status {
	t, p, e, err := f.entry(in.NodeId)
	if t != nil {
		defer f.trees.release(t, 1)
	}
	if err == nil {
		out.SetTimeout(f.valid)
		if p.layer == nil {
			err = f.rootAttributes(t, &out.Attr)
		} else {
			f.attributes(t, p, &e, &out.Attr)
		}
	}
	return f.failed("", err)
}

// entry returns the entry with a number, and its tree with a reference. The place of the root has
// no layer.
func (f *fileSystem) entry(id uint64) (t *tree, p place, e sidecar.Entry, err error) {
	f.memory.used()
	t = f.trees.of(id)
	if t == nil {
		return nil, p, e, fs.ErrNotExist
	}
	if id == rootID {
		return t, p, e, nil
	}
	p, ok := t.place(id)
	if !ok {
		return t, p, e, fs.ErrNotExist
	}
	e, err = p.layer.index.Entry(p.i)
	return t, p, e, err
}

// Readlink implements fuse.RawFileSystem.
func (f *fileSystem) Readlink(_ <-chan struct{}, header *fuse.InHeader) ([]byte, fuse.Status) {
	t, p, e, err := f.entry(header.NodeId)
	if t != nil {
		defer f.trees.release(t, 1)
	}
	if err == nil && e.Type != sidecar.TypeSymlink {
		err = fs.ErrInvalid
	}
	var text []byte
	if err == nil {
		text, err = p.layer.index.AppendLink(nil, p.i)
	}
	return text, f.failed("", err)
}

// Read implements fuse.RawFileSystem.
func (f *fileSystem) Read(
	cancel <-chan struct{}, in *fuse.ReadIn, buf []byte,
) (fuse.ReadResult, fuse.Status) {
	t, p, e, err := f.entry(in.NodeId)
	if t != nil {
		defer f.trees.release(t, 1)
	}
	if err == nil && p.layer == nil || err == nil && in.Offset > math.MaxInt64 {
		err = fs.ErrInvalid
	}
	if err != nil {
		return nil, f.failed("", err)
	}
	if e.Type == sidecar.TypeHardlink {
		p.i = int(e.Target)
		if e, err = p.layer.index.Entry(p.i); err != nil {
			return nil, f.failed("", err)
		}
	}
	c, err := format.ContentOfEntry(p.layer.index, p.i, &e)
	n := 0
	if err == nil {
		n, err = f.contents.read(p, &c, buf, int64(in.Offset), cancel)
	}
	if err != nil {
		return nil, f.failed(name(p), err)
	}
	return fuse.ReadResultData(buf[:n]), fuse.OK
}

// name returns the path of an entry in its archive, for the log.
func name(p place) string {
	path, err := p.layer.index.Path(p.i)
	if err != nil {
		path = "?"
	}
	return p.layer.archive.Name() + ": " + path
}

// Forget implements fuse.RawFileSystem.
func (f *fileSystem) Forget(id, n uint64) {
	if id == rootID || n == 0 {
		return
	}
	if t := f.trees.of(id); t != nil {
		f.trees.release(t, 1+int64(n))
	}
}

// StatFs implements fuse.RawFileSystem.
func (f *fileSystem) StatFs(
	_ <-chan struct{}, _ *fuse.InHeader, out *fuse.StatfsOut,
) fuse.Status {
	t := f.trees.now()
	defer f.trees.release(t, 1)
	out.Bsize, out.Frsize, out.NameLen = 4096, 4096, 255
	for _, l := range t.layers {
		st := l.index.Stats()
		out.Files += uint64(l.index.Len())
		out.Blocks += (st.FileBytes + 4095) / 4096
	}
	return fuse.OK
}

// Flush implements fuse.RawFileSystem. There is nothing to do when a file is closed.
func (f *fileSystem) Flush(<-chan struct{}, *fuse.FlushIn) fuse.Status { return fuse.ENOSYS }

// Open implements fuse.RawFileSystem: files need not be opened.
func (f *fileSystem) Open(_ <-chan struct{}, _ *fuse.OpenIn, out *fuse.OpenOut) fuse.Status {
	if f.noOpen {
		return fuse.ENOSYS
	}
	out.OpenFlags = fuse.FOPEN_KEEP_CACHE
	return fuse.OK
}

// failed returns what the kernel is answered for an error, or OK for nil. It logs what is no fault
// of the program that asks.
func (f *fileSystem) failed(name string, err error) fuse.Status {
	switch {
	case err == nil:
		return fuse.OK
	case errors.Is(err, errInterrupted):
		return fuse.EINTR
	case errors.Is(err, fs.ErrNotExist):
		return fuse.ENOENT
	case errors.Is(err, fs.ErrInvalid):
		return fuse.EINVAL
	case errors.Is(err, source.ErrChanged):
		name = "" // it is about all of the archive
	}
	f.log.failure(name, err)
	return fuse.EIO
}
