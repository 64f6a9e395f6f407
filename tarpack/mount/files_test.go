//go:build linux || darwin

package mount

import (
	"context"
	"encoding/binary"
	"errors"
	"fmt"
	"io/fs"
	"os"
	"path"
	"slices"
	"strings"
	"syscall"
	"testing"

	"github.com/hanwen/go-fuse/v2/fuse"

	"github.com/tarpack/tpk/sidecar"
	"github.com/tarpack/tpk/tarpack"
	"github.com/tarpack/tpk/tarpack/format"
	"github.com/tarpack/tpk/tarpack/internal/tartest"
	"github.com/tarpack/tpk/tarpack/pack"
)

// kernel asks a fileSystem as the kernel does, and counts what it knows.
type kernel struct {
	t     *testing.T
	f     *fileSystem
	known map[uint64]uint64
	size  int // of the buffer for names
	log   []string
}

// newKernel opens archives, of which the last one wins.
func newKernel(t *testing.T, o Options, layers ...Layer) *kernel {
	t.Helper()
	k := &kernel{t: t, known: map[uint64]uint64{}, size: 4096}
	o.Log = func(line string) { k.log = append(k.log, line) }
	tree, err := newTree(0, layers)
	if err != nil {
		t.Fatal(err)
	}
	k.f = newFileSystem(tree, &o)
	k.f.kernel = notices{dropName: func(uint64, string) {},
		knows: func(id uint64) bool { return k.known[id] > 0 }}
	t.Cleanup(k.f.trees.closeAll)
	return k
}

// layerOf opens an archive, or a directory of it.
func layerOf(t *testing.T, name, dir string) Layer {
	t.Helper()
	a, err := tarpack.Open(t.Context(), name, &tarpack.OpenOptions{RequireSidecar: true})
	if err != nil {
		t.Fatal(err)
	}
	return Layer{Archive: a, Dir: dir, Close: a.Close}
}

func (k *kernel) lookup(dir uint64, name string) (*fuse.EntryOut, error) {
	var out fuse.EntryOut
	st := k.f.Lookup(nil, &fuse.InHeader{NodeId: dir}, name, &out)
	if st == fuse.OK && out.NodeId == 0 {
		return nil, fs.ErrNotExist
	}
	if st != fuse.OK {
		return nil, syscall.Errno(st)
	}
	k.known[out.NodeId]++
	return &out, nil
}

// walk looks a path up.
func (k *kernel) walk(name string) (out *fuse.EntryOut, err error) {
	out = &fuse.EntryOut{NodeId: rootID}
	for part := range strings.SplitSeq(name, "/") {
		if out, err = k.lookup(out.NodeId, part); err != nil {
			return nil, err
		}
	}
	return out, nil
}

// list reads a directory in requests of k.size bytes.
func (k *kernel) list(dir uint64, plus bool) (names []string, err error) {
	in := &fuse.ReadIn{InHeader: fuse.InHeader{NodeId: dir}}
	var opened fuse.OpenOut
	switch st := k.f.OpenDir(nil, &fuse.OpenIn{InHeader: in.InHeader}, &opened); st {
	case fuse.OK:
		in.Fh = opened.Fh
		defer k.f.ReleaseDir(&fuse.ReleaseIn{Fh: in.Fh})
	case fuse.ENOSYS:
	default:
		return nil, syscall.Errno(st)
	}
	for {
		buf := make([]byte, k.size)
		out := fuse.NewDirEntryList(buf, in.Offset)
		read := k.f.ReadDir
		if plus {
			read = k.f.ReadDirPlus
		}
		if st := read(nil, in, out); st != fuse.OK {
			return names, syscall.Errno(st)
		}
		list, entries := parseList(buf, plus)
		for i, e := range list {
			in.Offset = e.Off
			if plus && entries[i].NodeId != 0 {
				k.known[entries[i].NodeId]++
				if entries[i].NodeId != e.Ino || entries[i].Ino != e.Ino {
					k.t.Errorf("%s: %d, %d and %d", e.Name, entries[i].NodeId, e.Ino, entries[i].Ino)
				}
			}
			if e.Name != "." && e.Name != ".." {
				names = append(names, e.Name)
			}
		}
		if len(list) == 0 {
			return names, nil
		}
	}
}

// parseList parses what READDIR or READDIRPLUS has put into buf, which was zeros before. With plus,
// what LOOKUP says of an entry stands before it.
func parseList(buf []byte, plus bool) (list []fuse.DirEntry, entries []fuse.EntryOut) {
	for {
		var out fuse.EntryOut
		if plus {
			n, err := binary.Decode(buf, binary.NativeEndian, &out)
			if err != nil { // no room for another
				return list, entries
			}
			buf = buf[n:]
		}
		var e struct { // fuse_dirent of linux/fuse.h; the name follows, and zeros up to 8 bytes
			Ino, Off     uint64
			Length, Type uint32
		}
		n, err := binary.Decode(buf, binary.NativeEndian, &e)
		if err != nil || e.Length == 0 {
			return list, entries
		}
		name := string(buf[n : n+int(e.Length)])
		list = append(list, fuse.DirEntry{Ino: e.Ino, Off: e.Off, Mode: e.Type << 12, Name: name})
		entries, buf = append(entries, out), buf[n+(len(name)+7)&^7:]
	}
}

// read reads a file in steps.
func (k *kernel) read(id uint64, step int) ([]byte, error) {
	var all []byte
	for {
		buf := make([]byte, step)
		r, st := k.f.Read(nil, &fuse.ReadIn{InHeader: fuse.InHeader{NodeId: id},
			Offset: uint64(len(all)), Size: uint32(step)}, buf)
		if st != fuse.OK {
			return all, syscall.Errno(st)
		}
		b, _ := r.Bytes(buf)
		all = append(all, b...)
		if len(b) < step {
			return all, nil
		}
	}
}

// forget forgets all that it knows.
func (k *kernel) forget() {
	for id, n := range k.known {
		k.f.Forget(id, n)
	}
	clear(k.known)
}

// same compares everything with the archive as package fs reads it, from a directory on.
func (k *kernel) same(fsys fs.FS, step int) {
	k.t.Helper()
	err := fs.WalkDir(fsys, ".", func(name string, d fs.DirEntry, err error) error {
		if err != nil {
			return err
		}
		id := uint64(rootID)
		if name != "." {
			out, err := k.walk(name)
			if err != nil {
				k.t.Errorf("%s: %v", name, err)
				return nil
			}
			id = out.NodeId
			k.sameEntry(fsys, name, out, step)
		}
		if !d.IsDir() {
			return nil
		}
		list, err := fs.ReadDir(fsys, name)
		if err != nil {
			return err
		}
		want := []string{}
		for _, e := range list {
			want = append(want, e.Name())
		}
		for _, plus := range []bool{false, true} {
			if got, err := k.list(id, plus); err != nil || !slices.Equal(got, want) {
				k.t.Errorf("%s: %q, not %q: %v", name, got, want, err)
			}
		}
		_, err = k.lookup(id, "not there")
		if !errors.Is(err, fs.ErrNotExist) {
			k.t.Errorf("%s/not there: %v", name, err)
		}
		return nil
	})
	if err != nil {
		k.t.Fatal(err)
	}
}

// sameEntry compares an entry with what package fs has at its path.
func (k *kernel) sameEntry(fsys fs.FS, name string, out *fuse.EntryOut, step int) {
	k.t.Helper()
	fi, err := fs.Lstat(fsys, name)
	if err != nil {
		k.t.Fatal(err)
	}
	var attr fuse.AttrOut
	in := &fuse.GetAttrIn{InHeader: fuse.InHeader{NodeId: out.NodeId}}
	if st := k.f.GetAttr(nil, in, &attr); st != fuse.OK || attr.Attr != out.Attr {
		k.t.Errorf("%s: %v: %v, not %v", name, st, attr.Attr, out.Attr)
	}
	e, ok := fi.Sys().(sidecar.Entry)
	link := ok && e.Type == sidecar.TypeHardlink && !e.Duplicate // its target's time counts
	if out.Mode != syscallMode(fi.Mode()) || out.Size != uint64(fi.Size()) ||
		!link && out.Mtime != uint64(fi.ModTime().Unix()) {
		k.t.Errorf("%s: mode %o, size %d, time %d, not %v", name, out.Mode, out.Size, out.Mtime, fi)
	}
	switch {
	case fi.Mode().IsRegular():
		want, err := fs.ReadFile(fsys, name)
		if err != nil {
			k.t.Fatal(err)
		}
		if got, err := k.read(out.NodeId, step); err != nil || string(got) != string(want) {
			k.t.Errorf("%s: %d of %d bytes, %v", name, len(got), len(want), err)
		}
	case fi.Mode()&fs.ModeSymlink != 0:
		want, err := fs.ReadLink(fsys, name)
		if err != nil {
			k.t.Fatal(err)
		}
		got, st := k.f.Readlink(nil, &fuse.InHeader{NodeId: out.NodeId})
		if st != fuse.OK || string(got) != want {
			k.t.Errorf("%s: %q, %v", name, got, st)
		}
	}
}

// syscallMode returns a mode as stat does.
func syscallMode(m fs.FileMode) uint32 {
	mode := uint32(format.UnixMode(m))
	switch {
	case m.IsRegular():
		mode |= syscall.S_IFREG
	case m.IsDir():
		mode |= syscall.S_IFDIR
	case m&fs.ModeSymlink != 0:
		mode |= syscall.S_IFLNK
	case m&fs.ModeNamedPipe != 0:
		mode |= syscall.S_IFIFO
	}
	return mode
}

// TestFiles compares archives of all kinds with package fs, with small and large requests.
func TestFiles(t *testing.T) {
	name := writeBig(t)
	for _, step := range []int{4096, 100_000, 4 << 20} {
		for _, replace := range []bool{false, true} {
			k := newKernel(t, Options{Replace: replace}, layerOf(t, name, ""))
			k.size = 300 + step/16
			k.same(k.f.trees.current.layers[0].archive.FS(), step)
			if k.forget(); k.f.trees.current.refs != 1 {
				t.Errorf("%d references are left", k.f.trees.current.refs)
			}
			if len(k.log) > 0 {
				t.Errorf("the log: %q", k.log)
			}
		}
	}
	k := newKernel(t, Options{}, layerOf(t, name, "dir"))
	below, err := fs.Sub(k.f.trees.current.layers[0].archive.FS(), "dir")
	if err != nil {
		t.Fatal(err)
	}
	if _, err := k.walk("inner"); err != nil {
		t.Error(err)
	}
	if list, err := fs.ReadDir(below, "."); err != nil || len(list) == 0 {
		t.Fatal(list, err)
	} else if got, err := k.list(rootID, true); err != nil || len(got) != len(list) {
		t.Errorf("%q, %v", got, err)
	}
	if _, err := k.walk("text"); !errors.Is(err, fs.ErrNotExist) {
		t.Error("a file above the directory:", err)
	}
}

// TestListFromEach reads a directory on from each name, in one archive and in two.
func TestListFromEach(t *testing.T) {
	var files [2][][2]string
	var want []string
	for i := range 60 {
		name := fmt.Sprintf("%02d", i)
		if i%7 == 0 {
			name += "/f"
		}
		for k := range 2 {
			if i%(k+2) == 0 {
				files[k] = append(files[k], [2]string{"d/" + name, "x"})
			}
		}
		if i%2 == 0 || i%3 == 0 {
			want = append(want, strings.TrimSuffix(name, "/f"))
		}
	}
	var layers []Layer
	for k := range 2 {
		name := tartest.Pack(t, tartest.Tree(t, files[k]...), pack.Options{})
		layers = append(layers, layerOf(t, name, ""))
	}
	k := newKernel(t, Options{}, layers...)
	d, err := k.walk("d")
	if err != nil {
		t.Fatal(err)
	}
	for k.size = 160; k.size < 2000; k.size += 24 {
		for _, plus := range []bool{false, true} {
			if got, err := k.list(d.NodeId, plus); err != nil || !slices.Equal(got, want) {
				t.Fatalf("%d bytes, %v: %q, %v", k.size, plus, got, err)
			}
		}
	}
	// Any other offset, as lseek may set it, is an error or leads to names of this directory.
	for off := range uint64(300) {
		buf := make([]byte, 4096)
		out := fuse.NewDirEntryList(buf, off)
		in := &fuse.ReadIn{InHeader: fuse.InHeader{NodeId: d.NodeId}, Offset: off}
		if st := k.f.ReadDir(nil, in, out); st != fuse.OK {
			continue
		}
		list, _ := parseList(buf, false)
		for _, e := range list {
			if !slices.Contains(want, e.Name) && e.Name != "." && e.Name != ".." {
				t.Errorf("from %d: %q", off, e.Name)
			}
		}
	}
}

// TestGenerations: a file goes on to be read of its own version, and the version is closed when the
// kernel knows no file of it any more.
func TestGenerations(t *testing.T) {
	versions := make([]string, 3)
	for i := range versions {
		versions[i] = tartest.Pack(t, tartest.Tree(t, [2]string{"f", fmt.Sprint("version ", i)},
			[2]string{"d/g", strings.Repeat("x", i)}), pack.Options{})
	}
	closed := make([]bool, len(versions))
	open := func(i int) []Layer {
		l := layerOf(t, versions[i], "")
		l.Close = func() error {
			closed[i] = true
			return l.Archive.Close()
		}
		return []Layer{l}
	}
	k := newKernel(t, Options{Replace: true}, open(0)...)
	check := func(id uint64, want string) {
		t.Helper()
		if got, err := k.read(id, 100); err != nil || string(got) != want {
			t.Errorf("%q, %v, not %q", got, err, want)
		}
	}
	dir, err := k.walk("d")
	if err != nil {
		t.Fatal(err)
	}
	var dropped []string
	k.f.kernel.dropName = func(dir uint64, name string) {
		dropped = append(dropped, fmt.Sprint(dir, " ", name))
	}
	var ids []uint64
	for i := range versions {
		if i > 0 {
			dropped = nil
			if err := k.f.replace(t.Context(), func(context.Context) ([]Layer, error) {
				return open(i), nil
			}); err != nil {
				t.Fatal(err)
			}
			k.f.dropOld(t.Context())
			want := []string{"1 d", "1 f", "1 d", "1 f"}
			if i == 1 {
				want = append(want, fmt.Sprint(dir.NodeId, " g"))
			}
			if !slices.Equal(dropped, want) {
				t.Errorf("the kernel is made to forget %q, not %q", dropped, want)
			}
		}
		out, err := k.walk("f")
		if err != nil {
			t.Fatal(err)
		}
		ids = append(ids, out.NodeId)
		for v, id := range ids {
			check(id, fmt.Sprint("version ", v))
		}
		g, err := k.lookup(dir.NodeId, "g") // in a directory that was found in the first version
		if err != nil || g.Size != uint64(i) {
			t.Errorf("version %d of d/g: %v, %v", i, g, err)
		}
	}
	if closed[0] || closed[1] {
		t.Fatal("closed, though files are known")
	}
	for id, n := range k.known {
		if id>>generationShift == 1 {
			k.f.Forget(id, n)
			delete(k.known, id)
		}
	}
	for range 2 * maxWait {
		k.f.dropOld(t.Context())
	}
	if closed[0] || !closed[1] || closed[2] {
		t.Errorf("closed: %v", closed)
	}
	if _, err := k.read(ids[1], 10); !errors.Is(err, syscall.ENOENT) {
		t.Errorf("a file of a version that is closed: %v", err)
	}
	check(ids[0], "version 0")
	k.forget()
	for range maxWait {
		k.f.dropOld(t.Context())
	}
	if !closed[0] || closed[2] || len(k.f.old) > 0 {
		t.Errorf("closed: %v", closed)
	}
}

// TestGenerationNumbers: a number is not used again as long as its version is open.
func TestGenerationNumbers(t *testing.T) {
	g := newGenerations(&tree{generation: maxGeneration - 1}, func(*tree) {})
	g.open[maxGeneration], g.open[0], g.open[1] = &tree{}, &tree{}, &tree{}
	if n, err := g.next(); err != nil || n != 2 {
		t.Error(n, err)
	}
	for i := range uint64(maxGeneration + 1) {
		g.open[i] = &tree{}
	}
	if _, err := g.next(); err == nil {
		t.Error("no error")
	}
}

// TestHostileIndex changes bytes of the index, whose hashes fit. Nothing may panic, hang, or be
// read beyond what is there.
func TestHostileIndex(t *testing.T) {
	archive := tartest.ForgeRight(t, tartest.Variety()...)
	side := tartest.IndexOf(t, archive)
	for at := range len(side) {
		if testing.Short() && at%7 != 0 {
			continue
		}
		bad, own := slices.Clone(side), slices.Clone(archive)
		bad[at] ^= byte(1 << (at % 8))
		func() {
			defer func() {
				if recover() != nil { // Vouch may not find its way
					bad = nil
				}
			}()
			tartest.Vouch(own, bad)
		}()
		if bad == nil {
			continue
		}
		dir := t.TempDir()
		name := path.Join(dir, "a.tar.gz")
		tartest.WriteFile(t, name, own)
		tartest.WriteFile(t, name+format.SidecarSuffix, bad)
		a, err := tarpack.Open(t.Context(), name, &tarpack.OpenOptions{RequireSidecar: true})
		if err == nil {
			readEverything(t, a)
		}
		if err := os.RemoveAll(dir); err != nil {
			t.Fatal(err)
		}
	}
}

// readEverything asks for every file of an archive that may be hostile.
func readEverything(t *testing.T, a *tarpack.Archive) {
	t.Helper()
	k := newKernel(t, Options{}, Layer{Archive: a, Close: a.Close})
	entries := 0
	var visit func(id uint64, depth int)
	visit = func(id uint64, depth int) {
		for _, plus := range []bool{false, true} {
			names, _ := k.list(id, plus)
			for _, name := range names {
				if entries++; entries > 10_000 || depth > 100 {
					t.Fatal("no end")
				}
				out, err := k.lookup(id, name)
				if err != nil {
					continue
				}
				switch out.Mode & syscall.S_IFMT {
				case syscall.S_IFDIR:
					visit(out.NodeId, depth+1)
				case syscall.S_IFREG:
					_, _ = k.read(out.NodeId, 1<<20)
				case syscall.S_IFLNK:
					_, _ = k.f.Readlink(nil, &fuse.InHeader{NodeId: out.NodeId})
				}
			}
		}
	}
	visit(rootID, 0)
	for id := range uint64(a.Index().Len() + 5) { // numbers that the kernel does not know
		var attr fuse.AttrOut
		_ = k.f.GetAttr(nil, &fuse.GetAttrIn{InHeader: fuse.InHeader{NodeId: id}}, &attr)
		_, _ = k.f.Readlink(nil, &fuse.InHeader{NodeId: id})
		_, _ = k.read(id, 100)
		_, _ = k.list(id, true)
	}
	k.f.trees.closeAll()
}
