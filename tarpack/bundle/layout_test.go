package bundle

import (
	"bytes"
	"errors"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/tarpack/tpk/tarpack/internal/tartest"
	"github.com/tarpack/tpk/tarpack/pack"
)

// made returns a bundle of an archive behind an image, its program, and the bytes of the archive.
func made(t *testing.T, p *Program, o Options) (whole, archive []byte) {
	t.Helper()
	name := tartest.Pack(t, tartest.Tree(t, [2]string{"a/x", "text"}, [2]string{"b", "text"}),
		pack.Options{})
	var b bytes.Buffer
	n, err := Make(t.Context(), &b, p, tartest.Open(t, name), o)
	if err != nil || n != int64(b.Len()) {
		t.Fatal(n, err)
	}
	return b.Bytes(), tartest.Read(t, name)
}

// elf is the beginning of a program, with 3,000 more bytes.
func elf() *Program { return &Program{image: append([]byte("\x7fELF"), make([]byte, 3000)...)} }

func findIn(b []byte) (*layout, error) { return find(bytes.NewReader(b), int64(len(b))) }

// Every file is in the bundle as it was, at a page, and is found.
func TestMake(t *testing.T) {
	side := filepath.Join(t.TempDir(), "x")
	tartest.WriteFile(t, side, []byte("variants"))
	f, err := os.Open(side)
	if err != nil {
		t.Fatal(err)
	}
	defer f.Close()
	var progress int64
	whole, archive := made(t, elf(), Options{Name: "site.tar.gz",
		Beside: map[string]*os.File{".tpv": f}, Progress: func(n int64) { progress += n }})
	l, err := findIn(whole)
	if err != nil {
		t.Fatal(err)
	}
	var suffixes []string
	var size int64
	for _, p := range l.Files {
		suffixes = append(suffixes, p.Suffix)
		size += p.Size
		if l.offset(p)%partAlign != 0 {
			t.Errorf("%q at %d", p.Suffix, l.offset(p))
		}
	}
	if !slices.Equal(suffixes, []string{"", ".tpi", ".tpv"}) || progress != size {
		t.Errorf("%q, %d of %d bytes reported", suffixes, progress, size)
	}
	at := l.offset(l.Files[0])
	if !bytes.Equal(whole[at:at+l.Files[0].Size], archive) {
		t.Error("the archive has other bytes")
	}
	if l.Archive != "site.tar.gz" || l.program != 3004 || l.end != int64(len(whole)) {
		t.Errorf("%+v", l)
	}
}

// What happens to a bundle is named: it is found, it never was one, or it is damaged.
func TestFind(t *testing.T) {
	whole, _ := made(t, elf(), Options{})
	l, err := findIn(whole)
	if err != nil {
		t.Fatal(err)
	}
	longer := append(slices.Clone(whole), "x"...)
	change := func(i int) []byte {
		b := slices.Clone(whole)
		b[len(b)-i]++
		return b
	}
	for name, c := range map[string]struct {
		b    []byte
		want error
		text string
	}{
		"whole":                    {b: whole},
		"the program has grown":    {b: append(make([]byte, 5000), whole...)},
		"empty":                    {want: ErrNone},
		"another program":          {b: elf().image, want: ErrNone},
		"text":                     {b: []byte(strings.Repeat("text ", 100)), want: ErrNone},
		"the end is missing":       {b: whole[:len(whole)-1], want: ErrNone},
		"the beginning is missing": {b: whole[l.program+1:], want: ErrDamaged, text: "cut short"},
		"bytes follow":             {b: longer, want: ErrDamaged, text: "1 byte was added"},
		"the footer has changed":   {b: change(20), want: ErrDamaged, text: "its footer"},
		"the version has":          {b: change(56), want: ErrDamaged, text: "its footer"},
		"the directory has":        {b: change(70), want: ErrDamaged, text: "its directory"},
		"the archive has":          {b: change(int(l.Files[0].Back) - 1)},
	} {
		_, err := findIn(c.b)
		if !errors.Is(err, c.want) || err != nil && !strings.Contains(err.Error(), c.text) {
			t.Errorf("%s: %v", name, err)
		}
	}
}

// A newer version is refused as such.
func TestVersion(t *testing.T) {
	b := footer{directory: 1, payload: 100}.append(nil)
	b[8] = 2
	f := footer{}
	copy(b[56:], resum(b[:56]))
	if _, err := parseFooter(b, 100); !errors.Is(err, ErrVersion) {
		t.Error(f, err)
	}
}

// Directories that contradict themselves or the file are refused.
func TestDirectory(t *testing.T) {
	sum := strings.Repeat("0", 64)
	good := func() *directory {
		return &directory{"a.tar.gz", []part{{"", 900, 100, sum}, {".tpi", 800, 100, sum}}}
	}
	f := footer{directory: 200, payload: 1000}
	if err := good().check(f); err != nil {
		t.Fatal(err)
	}
	for name, change := range map[string]func(d *directory){
		"no name":      func(d *directory) { d.Archive = "" },
		"a path":       func(d *directory) { d.Archive = "../a.tar.gz" },
		"a long name":  func(d *directory) { d.Archive = strings.Repeat("x", 256) },
		"no files":     func(d *directory) { d.Files = nil },
		"no archive":   func(d *directory) { d.Files = d.Files[1:] },
		"twice":        func(d *directory) { d.Files[1].Suffix = "" },
		"a bad suffix": func(d *directory) { d.Files[1].Suffix = "/x" },
		"too far back": func(d *directory) { d.Files[0].Back = 1001 },
		"negative":     func(d *directory) { d.Files[0].Back = -1 },
		"no size":      func(d *directory) { d.Files[0].Size = -1 },
		"too long":     func(d *directory) { d.Files[1].Size = 537 },
		"no sum":       func(d *directory) { d.Files[1].SHA256 = "00" },
	} {
		d := good()
		if change(d); d.check(f) == nil {
			t.Errorf("%s: not refused", name)
		}
	}
}

// FuzzFind: whatever is found lies in the file.
func FuzzFind(f *testing.F) {
	d := &directory{"a", []part{{"", 2000, 100, strings.Repeat("0", 64)}}}
	b, err := d.encode(2100)
	if err != nil {
		f.Fatal(err)
	}
	f.Add(append(make([]byte, 2100-len(b)), b...))
	f.Add([]byte("MZ"))
	f.Add(elf().image)
	f.Fuzz(func(t *testing.T, b []byte) {
		if len(b) >= footerSize { // so that the fuzzer needs not find the hash
			copy(b[len(b)-8:], resum(b[len(b)-footerSize:len(b)-8]))
		}
		l, err := findIn(b)
		if err != nil {
			return
		}
		for _, p := range l.Files {
			if at := l.offset(p); at < 0 || p.Size < 0 || at+p.Size > int64(len(b)) {
				t.Errorf("%+v of %d bytes", p, len(b))
			}
		}
	})
}
