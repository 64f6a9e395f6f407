package pack_test

import (
	"bytes"
	"context"
	"errors"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"
	"testing/fstest"
	"testing/iotest"
	"time"

	"github.com/tarpack/tpk/tarpack/format"
	"github.com/tarpack/tpk/tarpack/internal/packer"
	"github.com/tarpack/tpk/tarpack/internal/tartest"
	"github.com/tarpack/tpk/tarpack/pack"
)

// newWriter returns a Writer of an archive in a directory of its own, and the archive's name.
func newWriter(t *testing.T, o pack.WriterOptions) (*pack.Writer, string) {
	t.Helper()
	out := filepath.Join(t.TempDir(), "out.tar.gz")
	w, err := pack.NewWriter(context.Background(), out, o)
	if err != nil {
		t.Fatal(err)
	}
	return w, out
}

// writeTree writes everything below dir to w, in random order.
func writeTree(w *pack.Writer, dir string, rng *rand.Rand) error {
	var names []string
	err := fs.WalkDir(os.DirFS(dir), ".", func(name string, _ fs.DirEntry, err error) error {
		if name != "." {
			names = append(names, name)
		}
		return err
	})
	if err != nil {
		return err
	}
	rng.Shuffle(len(names), func(i, j int) { names[i], names[j] = names[j], names[i] })
	for _, name := range names {
		if err := writeEntry(w, dir, name); err != nil {
			return err
		}
	}
	return nil
}

func writeEntry(w *pack.Writer, dir, name string) error {
	full := filepath.Join(dir, name)
	fi, err := os.Lstat(full)
	if err != nil {
		return err
	}
	switch {
	case fi.IsDir():
		return w.Mkdir(name, fi.Mode(), fi.ModTime())
	case fi.Mode()&fs.ModeSymlink != 0:
		target, err := os.Readlink(full)
		if err != nil {
			return err
		}
		return w.Symlink(target, name, fi.ModTime())
	case !fi.Mode().IsRegular():
		return nil // a Writer takes no special files
	}
	content, err := os.ReadFile(full)
	if err != nil {
		return err
	}
	if len(name)%2 == 0 {
		return w.WriteFileFrom(name, bytes.NewReader(content), fi.Size(), fi.Mode(), fi.ModTime())
	}
	return w.WriteFile(name, content, fi.Mode(), fi.ModTime())
}

// The order of the entries does not matter: the bytes are those of Dir.
func TestWriterMatchesDir(t *testing.T) {
	dir := variedTree(t)
	for i, mode := range []format.DedupMode{format.DedupContent, format.DedupStrict, format.DedupOff} {
		want := tartest.Pack(t, dir, pack.Options{Dedup: mode, Level: 1})
		w, out := newWriter(t, pack.WriterOptions{Dedup: mode, Level: 1, Workers: i + 1})
		if err := errors.Join(writeTree(w, dir, rand.New(rand.NewPCG(uint64(i), 1))),
			w.Close()); err != nil {
			t.Fatal(err)
		}
		wantSameFiles(t, out, want)
		wantNothing(t, filepath.Dir(out), "out.tar.gz", "out.tar.gz.tpi")
		fi, err := os.Stat(out)
		if err != nil || w.Result().ArchiveBytes != fi.Size() || w.Result().SidecarBytes == 0 ||
			w.Result().Stats.Files == 0 {
			t.Errorf("the result is %+v, the archive has %d bytes", w.Result(), fi.Size())
		}
	}
}

func TestWriterFS(t *testing.T) {
	w, out := newWriter(t, pack.WriterOptions{})
	stamp := time.Unix(1700000000, 0)
	err := errors.Join(
		w.WriteFile("made/too/z", []byte("z"), 0o600, stamp),
		w.WriteFile("a", []byte("content"), 0o644, time.Time{}),
		w.WriteFile("dir/b", []byte("content"), 0o644, stamp),
		w.Symlink("../a", "dir/link", stamp),
		w.Mkdir("dir", 0o700, stamp),
		w.WriteFile("none", nil, 0o444, stamp),
		w.Close())
	if err != nil {
		t.Fatal(err)
	}
	tartest.WantListing(t, out, "0 a 7", "0 none", "5 dir/", "1 dir/b > a", "2 dir/link > ../a",
		"5 made/", "5 made/too/", "0 made/too/z 1")
	a := tartest.Open(t, out).FS()
	if err := fstest.TestFS(a, "a", "dir/b", "dir/link", "made/too/z", "none"); err != nil {
		t.Error(err)
	}
	for name, want := range map[string]struct {
		mode fs.FileMode
		time int64
	}{
		"a": {0o644, 0}, "dir": {fs.ModeDir | 0o700, stamp.Unix()},
		"made": {fs.ModeDir | 0o755, stamp.Unix()},
	} {
		if fi, err := fs.Stat(a, name); err != nil || fi.Mode() != want.mode ||
			fi.ModTime().Unix() != want.time {
			t.Errorf("%s: %v, %v; want mode %v and time %d", name, fi, err, want.mode, want.time)
		}
	}
}

// A call that is refused changes nothing.
func TestWriterRefuses(t *testing.T) {
	w, out := newWriter(t, pack.WriterOptions{})
	now := time.Unix(1700000000, 0)
	if err := w.WriteFile("f", []byte("first"), 0o644, now); err != nil {
		t.Fatal(err)
	}
	failed := errors.New("failed")
	reader := func(r io.Reader, size int64) error { return w.WriteFileFrom("g", r, size, 0o644, now) }
	big := int64(packer.InMemory + 1)
	for name, c := range map[string]struct{ got, want error }{
		"a file twice":               {w.WriteFile("f", nil, 0o644, now), fs.ErrExist},
		"a directory at a file":      {w.Mkdir("f", 0o755, now), fs.ErrExist},
		"a link at a file":           {w.Symlink("x", "f", now), fs.ErrExist},
		"a file, a directory's mode": {w.WriteFile("g", nil, fs.ModeDir|0o755, now), fs.ErrInvalid},
		"a directory, a link's mode": {w.Mkdir("g", fs.ModeSymlink|0o755, now), fs.ErrInvalid},
		"a negative size":            {reader(strings.NewReader(""), -1), fs.ErrInvalid},
		"a short content":            {reader(strings.NewReader("abc"), 4), io.ErrUnexpectedEOF},
		"no content":                 {reader(strings.NewReader(""), 4), io.ErrUnexpectedEOF},
		"a short big content":        {reader(strings.NewReader("abc"), big), io.ErrUnexpectedEOF},
		"a reader that fails":        {reader(iotest.ErrReader(failed), 4), failed},
		"a big reader that fails":    {reader(iotest.ErrReader(failed), big), failed},
	} {
		if !errors.Is(c.got, c.want) {
			t.Errorf("%s: %v, want %v", name, c.got, c.want)
		}
	}
	for _, path := range []string{"", ".", "/abs", "a//b", "a/", "../x", "a/../b", "nul\x00",
		strings.Repeat("x", 20_000)} {
		if err := w.WriteFile(path, nil, 0o644, now); err == nil {
			t.Errorf("the path %.20q was accepted", path)
		}
	}
	if err := reader(strings.NewReader("too long"), 3); err == nil {
		t.Error("a content longer than its size was accepted")
	}
	if err := errors.Join(w.WriteFile("g", []byte("last"), 0o644, now), w.Close()); err != nil {
		t.Fatal(err)
	}
	tartest.WantListing(t, out, "0 f 5", "0 g 4")
}

// Only Close knows whether a path lies below one that is no directory.
func TestWriterBelowFile(t *testing.T) {
	w, out := newWriter(t, pack.WriterOptions{})
	err := errors.Join(w.WriteFile("a/b", nil, 0o644, time.Time{}),
		w.WriteFile("a", nil, 0o644, time.Time{}))
	if err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err == nil || !strings.Contains(err.Error(), "a/b") {
		t.Errorf("%v, want an error with a/b", err)
	}
	wantNothing(t, filepath.Dir(out))
}

// After Abort, and once the context is done, nothing is left and the old archive is as it was.
func TestWriterEndsEarly(t *testing.T) {
	cause := errors.New("no longer wanted")
	for name, end := range map[string]func(w *pack.Writer, cancel context.CancelCauseFunc) error{
		"abort": func(w *pack.Writer, _ context.CancelCauseFunc) error { return w.Abort() },
		"canceled before close": func(w *pack.Writer, cancel context.CancelCauseFunc) error {
			cancel(cause)
			if err := w.Close(); !errors.Is(err, cause) {
				return fmt.Errorf("Close: %v", err)
			}
			return w.Abort() // does nothing
		},
		"canceled before the next entry": func(w *pack.Writer, cancel context.CancelCauseFunc) error {
			cancel(cause)
			var err error
			for i := 0; err == nil && i < 10_000; i++ { // some fit into the queue
				err = w.WriteFile(fmt.Sprint(i), nil, 0o644, time.Time{})
			}
			if !errors.Is(err, cause) {
				return fmt.Errorf("WriteFile: %v", err)
			}
			if err := w.Close(); !errors.Is(err, cause) {
				return fmt.Errorf("Close: %v", err)
			}
			return nil
		},
	} {
		t.Run(name, func(t *testing.T) {
			ctx, cancel := context.WithCancelCause(context.Background())
			defer cancel(nil)
			out := filepath.Join(t.TempDir(), "out.tar.gz")
			tartest.WriteFile(t, out, []byte("precious"))
			w, err := pack.NewWriter(ctx, out, pack.WriterOptions{})
			if err != nil {
				t.Fatal(err)
			}
			content := bytes.Repeat([]byte("content"), packer.InMemory/7+10)
			if err := errors.Join(w.WriteFile("a", content, 0o644, time.Time{}),
				w.Mkdir("d", 0o755, time.Time{})); err != nil {
				t.Fatal(err)
			}
			if err := end(w, cancel); err != nil {
				t.Error(err)
			}
			if b, err := os.ReadFile(out); err != nil || string(b) != "precious" {
				t.Errorf("the old archive is now %q, %v", b, err)
			}
			wantNothing(t, filepath.Dir(out), "out.tar.gz")
			if err := w.WriteFile("later", nil, 0o644, time.Time{}); err == nil {
				t.Error("an entry was accepted")
			}
			if w.Result() != (pack.Result{}) {
				t.Errorf("the result is %+v", w.Result())
			}
		})
	}
}

func TestWriterClosed(t *testing.T) {
	w, out := newWriter(t, pack.WriterOptions{})
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	tartest.WantListing(t, out)
	for _, err := range []error{w.WriteFile("f", nil, 0o644, time.Time{}),
		w.Mkdir("d", 0o755, time.Time{}), w.Symlink("x", "l", time.Time{}), w.Close()} {
		if !errors.Is(err, fs.ErrClosed) {
			t.Errorf("%v, want ErrClosed", err)
		}
	}
	if err := w.Abort(); err != nil {
		t.Error(err)
	}
	tartest.WantListing(t, out) // Abort does nothing now
}

func TestWriterLocked(t *testing.T) {
	w, out := newWriter(t, pack.WriterOptions{})
	if _, err := pack.NewWriter(context.Background(), out, pack.WriterOptions{}); !errors.Is(err,
		format.ErrLocked) {
		t.Errorf("second writer: %v, want ErrLocked", err)
	}
	if err := w.Close(); err != nil {
		t.Error(err)
	}
}

func TestWriterOptionsTogether(t *testing.T) {
	entries := int64(0)
	w, out := newWriter(t, pack.WriterOptions{
		Level: 9, Workers: 1, Dedup: format.DedupStrict, LatestModTime: time.Unix(2500, 0),
		Progress: func(p format.Progress) { entries = p.Entries },
	})
	err := errors.Join(w.WriteFile("a", []byte("text"), 0o644, time.Unix(2000, 0)),
		w.WriteFile("b", []byte("text"), 0o644, time.Unix(3000, 0)), w.Close())
	if err != nil {
		t.Fatal(err)
	}
	tartest.WantListing(t, out, "0 a 4", "0 b 4")
	if fi, err := fs.Stat(tartest.Open(t, out).FS(), "b"); err != nil || fi.ModTime().Unix() != 2500 {
		t.Errorf("b: time %v, %v; want 2500", fi.ModTime(), err)
	}
	if entries != 2 {
		t.Errorf("progress has %d entries, want 2", entries)
	}
	dir := t.TempDir()
	if _, err := pack.NewWriter(context.Background(), filepath.Join(dir, "o.tar.gz"),
		pack.WriterOptions{Level: 10}); err == nil {
		t.Error("level 10 was accepted")
	}
	wantNothing(t, dir)
}
