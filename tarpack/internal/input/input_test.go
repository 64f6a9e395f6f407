package input

import (
	"bytes"
	"errors"
	"fmt"
	"hash/crc32"
	"io"
	"io/fs"
	"os"
	"path/filepath"
	"testing"
	"testing/fstest"
	"time"

	"github.com/klauspost/compress/flate"

	"github.com/tarpack/tpk/gzmember"
	"github.com/tarpack/tpk/gzmember/coding"
	"github.com/tarpack/tpk/internal/osfile"
	"github.com/tarpack/tpk/sidecar"
	"github.com/tarpack/tpk/tarpack/format"
	"github.com/tarpack/tpk/tarpack/internal/output"
	"github.com/tarpack/tpk/tarpack/internal/tree"
)

// diskFile returns the source of the file f in a tree, and the file's name.
func diskFile(t *testing.T, content string) (*Disk, string) {
	t.Helper()
	dir := t.TempDir()
	name := filepath.Join(dir, "f")
	if err := os.WriteFile(name, []byte(content), 0o640); err != nil {
		t.Fatal(err)
	}
	tr, err := tree.Open(dir)
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(tr.Close)
	top, err := tr.Top()
	if err != nil {
		t.Fatal(err)
	}
	top.Acquire()
	fi, err := os.Lstat(name)
	if err != nil {
		t.Fatal(err)
	}
	e := tree.Entry{Dir: top, Name: "f", Typ: sidecar.TypeFile, Info: fi}
	d := &Disk{Entry: e, Headers: &Headers{}}
	t.Cleanup(func() { d.Close() })
	return d, name
}

func TestDisk(t *testing.T) {
	d, _ := diskFile(t, "content")
	h, err := d.Header()
	if err != nil || h.Path != "f" || h.Size != 7 || h.Mode != 0o640 || h.UID != 0 {
		t.Errorf("header %+v, %v", h, err)
	}
	var c Content
	if err := d.Load(&c); err != nil || string(c.Bytes.B) != "content" || c.Member != nil {
		t.Errorf("content %q, %v", c.Bytes.B, err)
	}
	c.Release()
	f, err := d.Open()
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	b, err := io.ReadAll(io.NewSectionReader(f, 0, 7))
	if err := errors.Join(err, d.Unchanged(f)); err != nil || string(b) != "content" {
		t.Errorf("content %q, %v", b, err)
	}
}

// Whatever changes between lstat and reading is ErrChanged.
func TestDiskChanged(t *testing.T) {
	for what, change := range map[string]func(name string, was fs.FileInfo) error{
		"grown": func(name string, _ fs.FileInfo) error {
			return os.WriteFile(name,
				[]byte("longer content"), 0o640)
		},
		"shrunk": func(name string, _ fs.FileInfo) error { return os.Truncate(name, 3) },
		"touched": func(name string, was fs.FileInfo) error {
			return os.Chtimes(name, time.Time{}, was.ModTime().Add(time.Nanosecond))
		},
		"replaced": func(name string, was fs.FileInfo) error {
			other := name + ".new"
			return errors.Join(os.WriteFile(other, []byte("CONTENT"), 0o640),
				os.Chtimes(other, time.Time{}, was.ModTime()), osfile.Rename(other, name))
		},
	} {
		t.Run(what, func(t *testing.T) {
			d, name := diskFile(t, "content")
			f, err := d.Open()
			if err != nil {
				t.Fatal(err)
			}
			defer f.Close()
			if err := change(name, d.Info); err != nil {
				t.Fatal(err)
			}
			if err := d.Unchanged(f); what != "replaced" && !errors.Is(err, format.ErrChanged) {
				t.Errorf("Unchanged: %v", err)
			}
			if err := d.Load(new(Content)); !errors.Is(err, format.ErrChanged) {
				t.Errorf("Load: %v", err)
			}
			if _, err := d.Open(); !errors.Is(err, format.ErrChanged) {
				t.Errorf("Open: %v", err)
			}
		})
	}
}

// A bareFS has files that can only be read in order.
type bareFS struct{ fs.FS }

func (b bareFS) Open(name string) (fs.File, error) {
	f, err := b.FS.Open(name)
	return struct{ fs.File }{f}, err
}

func TestFSOpen(t *testing.T) {
	content := bytes.Repeat([]byte("content "), 10_000)
	mapped := fstest.MapFS{"f": {Data: content, Mode: 0o644, ModTime: time.Unix(1700000000, 0)}}
	for name, fsys := range map[string]fs.FS{"ReadAt": mapped, "in order": bareFS{mapped}} {
		t.Run(name, func(t *testing.T) {
			fi, err := fs.Stat(mapped, "f")
			if err != nil {
				t.Fatal(err)
			}
			e := tree.Entry{Name: "f", Full: "f", Typ: sidecar.TypeFile, Info: fi}
			s := &FS{Entry: e, Tree: &FSTree{FS: fsys}, Headers: &Headers{}}
			f, err := s.Open()
			if err != nil {
				t.Fatal(err)
			}
			b, err := io.ReadAll(io.NewSectionReader(f, 0, int64(len(content))))
			if err := errors.Join(err, s.Unchanged(f), f.Close()); err != nil || !bytes.Equal(b, content) {
				t.Errorf("%d bytes, %v; want %d", len(b), err, len(content))
			}
			for _, more := range []int64{-1, 1} {
				s.Info = sized{fi, fi.Size() + more}
				if _, err := s.Open(); !errors.Is(err, format.ErrChanged) {
					t.Errorf("size off by %d: %v", more, err)
				}
			}
		})
	}
}

// sized is the info of a file with another size.
type sized struct {
	fs.FileInfo
	size int64
}

func (s sized) Size() int64 { return s.size }

// deflated returns the source of a content that was deflated at a level.
func deflated(t *testing.T, content []byte, level int) *Deflated {
	t.Helper()
	var b bytes.Buffer
	w, err := flate.NewWriter(&b, level)
	if err != nil {
		t.Fatal(err)
	}
	if _, err := w.Write(content); err != nil {
		t.Fatal(err)
	}
	if err := w.Close(); err != nil {
		t.Fatal(err)
	}
	raw := output.GetBuffer(b.Len())
	raw.B = append(raw.B, b.Bytes()...)
	h := format.Header{Path: "f", Type: sidecar.TypeFile, Size: int64(len(content))}
	return &Deflated{Given: Given{H: h}, Raw: raw, CRC: crc32.ChecksumIEEE(content)}
}

func TestDeflated(t *testing.T) {
	content := bytes.Repeat([]byte("content "), 1000)
	var c Content
	if err := deflated(t, content, 6).Load(&c); err != nil {
		t.Fatal(err)
	}
	if !bytes.Equal(c.Bytes.B, content) || c.Coding != coding.Deflate {
		t.Errorf("%d bytes, coding %v", len(c.Bytes.B), c.Coding)
	}
	inflated, used, err := gzmember.Inflate(nil, c.Member.B, len(content))
	if err != nil || used != len(c.Member.B) || !bytes.Equal(inflated, content) {
		t.Errorf("the member: %d of %d bytes, %v", used, len(c.Member.B), err)
	}
	for what, damage := range map[string]func(d *Deflated){
		"CRC-32":        func(d *Deflated) { d.CRC++ },
		"size":          func(d *Deflated) { d.H.Size-- },
		"stream":        func(d *Deflated) { d.Raw.B = d.Raw.B[:len(d.Raw.B)-2] },
		"bytes behind":  func(d *Deflated) { d.Raw.B = append(d.Raw.B, 0, 0) },
		"larger size":   func(d *Deflated) { d.H.Size++ },
		"not a deflate": func(d *Deflated) { d.Raw.B = []byte("nonsense") },
	} {
		d := deflated(t, content, 6)
		damage(d)
		var pr *format.Problem
		if err := d.Load(new(Content)); !errors.As(err, &pr) || pr.Path != "f" {
			t.Errorf("%s: %v, want a problem of f", what, err)
		}
	}
}

func TestHeaders(t *testing.T) {
	for _, c := range []struct {
		latest, modTime time.Time
		want            int64
	}{
		{time.Time{}, time.Time{}, 0},
		{time.Time{}, time.Unix(5, 999), 5},
		{time.Unix(4, 0), time.Unix(5, 0), 4},
		{time.Unix(6, 0), time.Unix(5, 0), 5},
		{time.Unix(6, 0), time.Time{}, 0},
	} {
		fsys := fstest.MapFS{"f": {ModTime: c.modTime}}
		fi, err := fs.Stat(fsys, "f")
		if err != nil {
			t.Fatal(err)
		}
		h, err := (&Headers{LatestModTime: c.latest}).of("f", sidecar.TypeFile, fi, nil)
		if err != nil || h.ModTime != c.want {
			t.Error(fmt.Sprint(c.latest, c.modTime), h.ModTime, c.want, err)
		}
	}
}
