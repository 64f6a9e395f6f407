package tarpack

import (
	"bytes"
	"context"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tarpack/tpk/sidecar/build"
)

// roomyFile is a file that stands for a device: it has room, and something in it.
func roomyFile(t *testing.T, room int64) *os.File {
	t.Helper()
	f, err := os.Create(filepath.Join(t.TempDir(), "device"))
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(func() { f.Close() })
	if _, err := f.WriteString(noise("device", int(room))); err != nil {
		t.Fatal(err)
	}
	return f
}

// openRoomy opens the archive on a file as if that were a device.
func openRoomy(t *testing.T, f *os.File) (*Archive, error) {
	t.Helper()
	a, err := openFile(f.Name())
	if err != nil {
		t.Fatal(err)
	}
	a.place = &locator{}
	if err = a.openDevice(context.Background(), a.size); err == nil {
		err = a.openIndex(context.Background(), &OpenOptions{NoIndex: true}, false)
	}
	if err != nil {
		return nil, errors.Join(err, a.file.Close())
	}
	t.Cleanup(func() { a.Close() })
	return a, nil
}

// An archive on a device has the bytes that it has in a file, and ends where T ends, whatever comes behind.
func TestDevice(t *testing.T) {
	ctx := context.Background()
	dir := shardTree(t)
	name := mustPack(t, dir, PackOptions{})
	want, err := os.ReadFile(name)
	if err != nil {
		t.Fatal(err)
	}
	const room = 16 << 20
	f := roomyFile(t, room)
	res, err := packOn(ctx, dir, f, room, PackOptions{})
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
	if a.Size() != int64(len(want)) || a.Indexed() {
		t.Errorf("%d bytes instead of %d, indexed: %v", a.Size(), len(want), a.Indexed())
	}
	extracted := t.TempDir()
	extract(t, a, extracted, ExtractOptions{})
	sameAsFS(t, a, extracted)

	// Without a good locator T is found all the same, and the index is missing until it is written again.
	for _, ruin := range []int64{0, 8, 16, 24, 32, 40, 48} {
		locator := make([]byte, 8)
		if _, err := f.ReadAt(locator, room-deviceBlock+ruin); err != nil {
			t.Fatal(err)
		}
		locator[1] ^= 4
		if _, err := f.WriteAt(locator, room-deviceBlock+ruin); err != nil {
			t.Fatal(err)
		}
		if _, err := openRoomy(t, f); !errors.Is(err, ErrNoSidecar) {
			t.Errorf("locator damaged at %d: %v", ruin, err)
		}
		var m build.Memory
		index, err := BuildIndex(ctx, f, int64(len(want)), &m, IndexOptions{})
		if err != nil {
			t.Fatal(err)
		}
		if err := place(f, room, newLocator(index, int64(len(want))), &m); err != nil {
			t.Fatal(err)
		}
		if a, err := openRoomy(t, f); err != nil || a.Size() != int64(len(want)) {
			t.Error(err)
		}
	}

	// A damaged sidecar is not used.
	if _, err := f.WriteAt([]byte{1, 2, 3}, a.place.index+20); err != nil {
		t.Fatal(err)
	}
	if _, err := openRoomy(t, f); !errors.Is(err, ErrStale) {
		t.Error(err)
	}
}

// What a failed or killed writer leaves is never taken for an archive, neither the old one nor the new one.
func TestDeviceFailures(t *testing.T) {
	ctx := context.Background()
	dir := tree(t, [2]string{"a", noise("a", 300_000)}, [2]string{"b", "b"})
	const room = 1 << 20
	f := roomyFile(t, room)
	if _, err := openRoomy(t, f); !errors.Is(err, ErrNotArchive) {
		t.Error(err)
	}
	if _, err := packOn(ctx, dir, f, room, PackOptions{}); err != nil {
		t.Fatal(err)
	}
	if err := wipe(f, room); err != nil { // and killed there
		t.Fatal(err)
	}
	if _, err := openRoomy(t, f); !errors.Is(err, ErrTruncated) {
		t.Error(err)
	}
	for _, small := range []int64{0, 4096, 100_000, 305_000, 330_000} { // no room for the locator, the archive, the sidecar
		g := roomyFile(t, small)
		if _, err := packOn(ctx, dir, g, small, PackOptions{}); !errors.Is(err, ErrDevice) {
			t.Errorf("%d bytes: %v", small, err)
		}
		if fi, err := g.Stat(); err != nil || fi.Size() > max(small, deviceBlock) {
			t.Errorf("%d bytes: it has grown to %d, %v", small, fi.Size(), err)
		}
	}
	if _, err := packOn(ctx, filepath.Join(dir, "nothing"), f, room, PackOptions{}); !errors.Is(err, fs.ErrNotExist) {
		t.Error(err)
	}

	// Content that looks like a trailer is none, unless it was written for where it stands.
	fake := Trailer{Entries: 1, Offset: 1, Digest: 1}.Append(nil)
	nested := tree(t, [2]string{"t", strings.Repeat(string(fake), 3) + noise("x", 50_000)})
	if _, err := packOn(ctx, nested, f, room, PackOptions{}); err != nil {
		t.Fatal(err)
	}
	a, err := openRoomy(t, f)
	if err != nil {
		t.Fatal(err)
	}
	if size, err := findTrailer(ctx, f, room); err != nil || size != a.Size() {
		t.Errorf("T is found at %d instead of %d: %v", size, a.Size(), err)
	}
	// Wherever T lies in what is read at once.
	for _, at := range []int{1 << 20, 1<<20 - 1, 1<<20 - 63, 1<<20 - 64, 1<<20 - 65, 2<<20 - 100, 5000} {
		b := append([]byte{0x1f, 0x8b}, make([]byte, 3<<20)...)
		copy(b[at:], Trailer{Offset: int64(at)}.Append(nil))
		if size, err := findTrailer(ctx, bytes.NewReader(b), int64(len(b))); err != nil || size != int64(at)+TrailerSize {
			t.Errorf("T at %d: %d, %v", at, size, err)
		}
	}
}

func FuzzLocator(f *testing.F) {
	f.Add(locator{100, 200, 300, 4}.append(nil), int64(10000))
	f.Fuzz(func(t *testing.T, b []byte, room int64) {
		l, ok := parseLocator(b, room)
		if !ok {
			return
		}
		if !bytes.Equal(l.append(nil), b[:locatorSize]) || l.archive < TrailerSize || l.index < l.archive || l.index+l.length > room-deviceBlock {
			t.Errorf("%x: %+v", b, l)
		}
	})
}
