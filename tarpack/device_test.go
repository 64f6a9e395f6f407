package tarpack_test

import (
	"bytes"
	"context"
	"encoding/binary"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tarpack/tpk/sidecar/build"
	"github.com/tarpack/tpk/tarpack"
	"github.com/tarpack/tpk/tarpack/extract"
	"github.com/tarpack/tpk/tarpack/format"
	"github.com/tarpack/tpk/tarpack/internal/archivefile"
	"github.com/tarpack/tpk/tarpack/internal/device"
	"github.com/tarpack/tpk/tarpack/internal/indexed"
	"github.com/tarpack/tpk/tarpack/internal/packer"
	"github.com/tarpack/tpk/tarpack/internal/scan"
	"github.com/tarpack/tpk/tarpack/internal/tartest"
	"github.com/tarpack/tpk/tarpack/pack"
)

// roomyFile is a file that stands for a device: it has room, and something in it.
func roomyFile(t *testing.T, room int64) *os.File {
	t.Helper()
	f, err := os.Create(filepath.Join(t.TempDir(), "device"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	if _, err := f.WriteString(tartest.Noise("device", int(room))); err != nil {
		t.Fatal(err)
	}
	return f
}

// openRoomy opens the archive on a file as if that were a device.
func openRoomy(t *testing.T, f *os.File) (*tarpack.Archive, error) {
	t.Helper()
	af, err := archivefile.OpenUnread(f.Name())
	if err != nil {
		t.Fatal(err)
	}
	af.Place = &device.Locator{}
	x := &indexed.File{File: af}
	if err = af.OpenDevice(af.Size); err == nil {
		err = x.OpenIndex(context.Background(), &indexed.Options{RequireSidecar: true}, false,
			x.BuildIndex)
	}
	if err != nil {
		return nil, errors.Join(err, af.OSFile.Close())
	}
	a, err := tarpack.NewArchive(x)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { a.Close() })
	return a, nil
}

// An archive on a device has the bytes that it has in a file, and ends where T ends, regardless of
// what follows.
func TestDevice(t *testing.T) {
	ctx := context.Background()
	dir := tartest.ShardTree(t)
	name := tartest.Pack(t, dir, pack.Options{})
	want, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	const room = 16 << 20
	f := roomyFile(t, room)
	res, err := packer.PackOn(ctx, dir, f, room, packer.Options{})
	if err != nil || res.ArchiveBytes != int64(len(want)) {
		t.Fatal(res, err)
	}
	if fi, err := f.Stat(); err != nil || fi.Size() != room {
		t.Error(fi.Size(), err)
	}
	got := make([]byte, len(want))
	if _, err := f.ReadAt(got, 0); err != nil || !bytes.Equal(got, want) {
		t.Error("not the bytes of the archive in a file", err)
	}
	a, err := openRoomy(t, f)
	if err != nil {
		t.Fatal(err)
	}
	if a.Size() != int64(len(want)) || a.IndexRebuilt() {
		t.Errorf("%d bytes instead of %d, indexed: %v", a.Size(), len(want), a.IndexRebuilt())
	}
	extracted := t.TempDir()
	t.Cleanup(func() { tartest.OpenUp(extracted) })
	if _, err := extract.Extract(context.Background(), a, extracted, extract.Options{}); err != nil {
		t.Fatal(err)
	}
	tartest.SameAsFS(t, a, extracted)

	// Without a good locator nothing is read until the archive is indexed again. That finds T.
	const locatorSize = 64
	for ruin := int64(0); ruin < locatorSize; ruin += 8 {
		locator := make([]byte, 8)
		if _, err := f.ReadAt(locator, room-locatorSize+ruin); err != nil {
			t.Fatal(err)
		}
		locator[1] ^= 4
		if _, err := f.WriteAt(locator, room-locatorSize+ruin); err != nil {
			t.Fatal(err)
		}
		if _, err := openRoomy(t, f); !errors.Is(err, format.ErrUnplaced) {
			t.Errorf("locator damaged at %d: %v", ruin, err)
		}
		if found, _, err := device.Search(ctx, f, room); err != nil ||
			found.Offset+format.EndSize != int64(len(want)) {
			t.Errorf("locator damaged at %d: T is found at %d: %v", ruin, found.Offset, err)
		}
		var m build.Memory
		index, err := scan.BuildIndex(ctx, f, int64(len(want)), &m, scan.Options{})
		if err != nil {
			t.Fatal(err)
		}
		at := device.Locator{
			Archive: int64(len(want)), Length: index.SidecarBytes, Digest: index.Digest,
		}
		if err := device.WriteIndex(f, room, at, &m); err != nil {
			t.Fatal(err)
		}
		if a, err := openRoomy(t, f); err != nil || a.Size() != int64(len(want)) {
			t.Error(err)
		}
	}

	// A damaged sidecar is not used.
	end := make([]byte, locatorSize)
	if _, err := f.ReadAt(end, room-locatorSize); err != nil {
		t.Fatal(err)
	}
	sidecarAt := int64(binary.LittleEndian.Uint64(end[32:])) // FORMAT.md 3.2
	if _, err := f.WriteAt([]byte{1, 2, 3}, sidecarAt+20); err != nil {
		t.Fatal(err)
	}
	if _, err := openRoomy(t, f); !errors.Is(err, format.ErrStale) {
		t.Error(err)
	}
}

// What a failed or killed writer leaves is never taken for an archive, neither the old one nor the
// new one.
func TestDeviceFailures(t *testing.T) {
	ctx := context.Background()
	dir := tartest.Tree(t, [2]string{"a", tartest.Noise("a", 300_000)}, [2]string{"b", "b"})
	const room = 1 << 20
	f := roomyFile(t, room)
	if _, err := openRoomy(t, f); !errors.Is(err, format.ErrNotArchive) {
		t.Error(err)
	}
	if _, err := packer.PackOn(ctx, dir, f, room, packer.Options{}); err != nil {
		t.Fatal(err)
	}
	if err := device.Wipe(f, room); err != nil { // and killed there
		t.Fatal(err)
	}
	if _, err := openRoomy(t, f); !errors.Is(err, format.ErrUnplaced) {
		t.Error(err)
	}
	if _, _, err := device.Search(ctx, f, room); !errors.Is(err, format.ErrTruncated) {
		t.Error(err)
	}
	// no room for the locator, the archive, the sidecar
	for _, small := range []int64{0, 4096, 100_000, 305_000, 330_000} {
		g := roomyFile(t, small)
		if _, err := packer.PackOn(ctx, dir, g, small, packer.Options{}); !errors.Is(err,
			format.ErrDevice) {
			t.Errorf("%d bytes: %v", small, err)
		}
		if fi, err := g.Stat(); err != nil || fi.Size() > max(small, device.BlockSize) {
			t.Errorf("%d bytes: it has grown to %d, %v", small, fi.Size(), err)
		}
	}
	if _, err := packer.PackOn(ctx, filepath.Join(dir, "nothing"), f, room,
		packer.Options{}); !errors.Is(err, fs.ErrNotExist) {
		t.Error(err)
	}

	// Content that looks like a trailer is none, unless it was written for where it stands.
	fake := format.Trailer{Entries: 1, Offset: 1, Digest: 1, Features: tartest.Features}.Append(nil)
	nested := tartest.Tree(t,
		[2]string{"t", strings.Repeat(string(fake), 3) + tartest.Noise("x", 50_000)})
	if _, err := packer.PackOn(ctx, nested, f, room, packer.Options{}); err != nil {
		t.Fatal(err)
	}
	a, err := openRoomy(t, f)
	if err != nil {
		t.Fatal(err)
	}
	if size, err := format.FirstTrailer(ctx, f, room); err != nil || size != a.Size() {
		t.Errorf("T is found at %d instead of %d: %v", size, a.Size(), err)
	}
}

// An archive that was copied to a device with its index in it is read with that, if the record has
// no sidecar.
func TestDeviceEmbedded(t *testing.T) {
	archive := tartest.Read(t, packEmbedded(t, someFiles()...))
	const room = 4 << 20
	f := roomyFile(t, room)
	if _, err := f.WriteAt(archive, 0); err != nil {
		t.Fatal(err)
	}
	trailer, err := format.ParseTrailer(archive[len(archive)-format.EndSize:])
	if err != nil {
		t.Fatal(err)
	}
	at := device.Locator{Archive: int64(len(archive)), Digest: trailer.Digest}
	if err := device.WriteIndex(f, room, at, bytes.NewReader(nil)); err != nil {
		t.Fatal(err)
	}
	a, err := openRoomy(t, f)
	if err != nil {
		t.Fatal(err)
	}
	if !a.IndexEmbedded() || a.Size() != int64(len(archive)) {
		t.Errorf("embedded %v, %d bytes", a.IndexEmbedded(), a.Size())
	}
	if b, err := fs.ReadFile(a.FS(), "a/b"); err != nil || string(b) != "text" {
		t.Errorf("%q, %v", b, err)
	}
}
