//go:build linux || darwin

package mount

import (
	"errors"
	"io"
	"os"
	"testing"

	"github.com/hanwen/go-fuse/v2/fuse"

	"github.com/tarpack/tpk/gzmember"
	"github.com/tarpack/tpk/tarpack/internal/tartest"
)

// fileOf opens an archive of one file.
func fileOf(t *testing.T, part tartest.ForgedPart) (s *contents, key place, c gzmember.Content) {
	t.Helper()
	a := tartest.OpenForged(t, part)
	k := newKernel(t, Options{}, Layer{Archive: a, Close: func() error { return nil }})
	c, err := a.Content(0)
	if err != nil {
		t.Fatal(err)
	}
	return k.f.contents, place{k.f.trees.current.layers[0], 0}, c
}

// ended is a channel as that of a program that was interrupted.
func ended() <-chan struct{} {
	c := make(chan struct{})
	close(c)
	return c
}

// TestFailedPiece: a piece that could not be loaded is not found, even while goroutines have it
// that have waited for it. Its memory has bytes of other files.
func TestFailedPiece(t *testing.T) {
	s, key, c := fileOf(t, tartest.ASegmented("f", tartest.Text("f", 3<<20), nil))
	f, err := os.OpenFile(key.layer.archive.Name(), os.O_RDWR, 0)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	if _, err := f.WriteAt(make([]byte, 1000), c.Offset+100); err != nil {
		t.Fatal(err)
	}
	p, first := s.take(key, 0)
	waits, second := s.take(key, 0)
	if !first || second || p != waits {
		t.Fatal("two pieces")
	}
	p.data = []byte("of another file")
	s.fill(p, &c, nil)
	if p.err == nil {
		t.Fatal("no error")
	}
	buf := make([]byte, pieceSize)
	if n := s.copyLoaded(key, 0, buf); n != 0 {
		t.Errorf("%d bytes of a piece that could not be loaded", n)
	}
	if n, err := s.read(key, &c, buf, 0, nil); err == nil {
		t.Errorf("%d bytes", n)
	}
	s.give(p)
	s.give(waits)
	if len(s.pieces) > 0 {
		t.Errorf("%d pieces are kept", len(s.pieces))
	}
}

// TestInterrupted: a program that is interrupted does not wait for others, and those that wait for
// the same piece load it themselves.
func TestInterrupted(t *testing.T) {
	content := tartest.Text("f", 3<<20)
	s, key, c := fileOf(t, tartest.ASegmented("f", content, nil))
	for range cap(s.loads) {
		if _, err := s.loads.take(nil); err != nil {
			t.Fatal(err)
		}
	}
	p, _ := s.take(key, 1)
	waiting := make(chan error)
	buf := make([]byte, 100)
	go func() {
		_, err := s.copyPiece(key, 1, &c, buf, 5, nil)
		waiting <- err
	}()
	s.fill(p, &c, ended())
	if !errors.Is(p.err, errInterrupted) {
		t.Errorf("the program that was interrupted: %v", p.err)
	}
	s.give(p)
	<-s.loads
	if err := <-waiting; err != nil && !errors.Is(err, errOther) {
		t.Errorf("the one that has waited: %v", err)
	}
	n, err := s.readPiece(key, &c, buf, 1<<20+5, nil)
	if err != nil || string(buf[:n]) != content[1<<20+5:1<<20+105] {
		t.Errorf("%d bytes, %v", n, err)
	}
	if n, err := s.copyPiece(key, 1, &c, buf, 7, ended()); err != nil || n != len(buf) {
		t.Errorf("a piece that is there: %d bytes, %v", n, err)
	}
}

// TestStanding: a file that can only be read from its beginning is read on from the place that is
// nearest, and a program that is interrupted again and again gets there.
func TestStanding(t *testing.T) {
	content := tartest.Text("f", 6<<20)
	s, key, c := fileOf(t, tartest.AFile("f", content))
	for at := int64(1); at <= 3; at++ {
		r, err := s.readerAt(key, &c, 3<<20, ended())
		switch {
		case at == 3 && err == nil:
			s.stand(standing{key, 3 << 20, r})
		case at == 3 || !errors.Is(err, errInterrupted) || s.readers[0].pos != at<<20:
			t.Fatalf("time %d: %v, readers %v", at, err, s.readers)
		}
	}
	for _, c := range []struct {
		off    int64
		before bool
		want   int64 // 0: no reader
	}{{2 << 20, true, 0}, {4 << 20, false, 0}, {3<<20 + 1, true, 3 << 20}, {3 << 20, false, 3 << 20}} {
		st := s.nearest(key, c.off, c.before)
		if (st.r != nil) != (c.want > 0) || st.pos != c.want {
			t.Errorf("nearest to %d, before %v: %d", c.off, c.before, st.pos)
		}
		if st.r != nil {
			s.stand(st)
		}
	}
	buf := make([]byte, pieceSize)
	for _, k := range []int64{4, 1, 5, 3, 0, 2} {
		n, err := s.read(key, &c, buf, k<<20, nil)
		if err != nil || string(buf[:n]) != content[k<<20:k<<20+1<<20] {
			t.Errorf("piece %d: %d bytes, %v", k, n, err)
		}
	}
	r, err := s.readerAt(key, &c, 5<<20, nil)
	if err != nil {
		t.Fatal(err)
	}
	if rest, err := io.ReadAll(r); err != nil || string(rest) != content[5<<20:] {
		t.Errorf("%d bytes, %v", len(rest), err)
	}
	r.Close()
}

// TestOldKernel: a kernel that can't do without opening files and directories may open them, and
// keep what it reads.
func TestOldKernel(t *testing.T) {
	k := newKernel(t, Options{}, layerOf(t, writeBig(t), ""))
	for _, able := range []bool{false, true} {
		capabilities, want := uint64(0), fuse.OK
		if able {
			capabilities, want = fuse.CAP_NO_OPEN_SUPPORT|capNoOpenDir, fuse.ENOSYS
		}
		k.f.adapt(capabilities)
		in := &fuse.OpenIn{InHeader: fuse.InHeader{NodeId: rootID}}
		var file, dir fuse.OpenOut
		if st := k.f.Open(nil, in, &file); st != want {
			t.Errorf("%v: open: %v", able, st)
		}
		if able && capNoOpenDir == 0 {
			want = fuse.OK
		}
		if st := k.f.OpenDir(nil, in, &dir); st != want {
			t.Errorf("%v: opendir: %v", able, st)
		}
		if !able && file.OpenFlags&dir.OpenFlags&fuse.FOPEN_KEEP_CACHE == 0 {
			t.Error("the kernel does not keep what it has read")
		}
		if names, err := k.list(rootID, true); err != nil || len(names) == 0 {
			t.Errorf("%v: %q, %v", able, names, err)
		}
	}
}

// writeBig writes an archive with files of all codings.
func writeBig(t *testing.T) (name string) {
	t.Helper()
	archive := tartest.ForgeRight(t, tartest.Big()...)
	return tartest.WriteArchive(t, archive, tartest.IndexOf(t, archive))
}
