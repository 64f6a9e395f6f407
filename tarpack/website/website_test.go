package website

import (
	"bytes"
	"compress/gzip"
	"errors"
	"io/fs"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/tarpack/tpk/internal/filetest"
)

func names(t *testing.T, dir string) []string {
	t.Helper()
	entries, err := os.ReadDir(dir)
	if err != nil {
		t.Fatal(err)
	}
	var names []string
	for _, e := range entries {
		names = append(names, e.Name())
	}
	return names
}

func read(t *testing.T, dir, name string) string {
	t.Helper()
	b, err := os.ReadFile(filepath.Join(dir, name))
	if err != nil {
		t.Fatal(err)
	}
	return string(b)
}

// TestWrite: the files are there, small, complete, and have nothing from elsewhere.
func TestWrite(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "a", "b")
	if err := Write(dir, &Options{Archive: "x.tar.gz"}); err != nil {
		t.Fatal(err)
	}
	want := slices.Sorted(slices.Values(Files()))
	if got := names(t, dir); !slices.Equal(got, want) {
		t.Errorf("%q, want %q", got, want)
	}
	total := 0
	for _, name := range Files() {
		content := read(t, dir, name)
		var b bytes.Buffer
		z, _ := gzip.NewWriterLevel(&b, gzip.BestCompression)
		_, _ = z.Write([]byte(content))
		_ = z.Close()
		total += b.Len()
		for _, foreign := range []string{"src=\"http", "href=\"http", "import(\"http", "url(http"} {
			if strings.Contains(content, foreign) {
				t.Errorf("%s has %s", name, foreign)
			}
		}
	}
	if total >= 40_000 {
		t.Errorf("%d bytes compressed, the limit is 40,000", total)
	}
	if read(t, dir, startName) != read(t, dir, notFoundName) {
		t.Error("the start page and that of missing files differ")
	}
}

// TestOptions: each option has an effect on the worker.
func TestOptions(t *testing.T) {
	for want, o := range map[string]Options{
		`{"archive":"a b.tar.gz","scripts":true}`: {Archive: "a b.tar.gz"},
		`{"archive":"\u003c/script\u003e\"","scripts":false}`: {
			Archive: `</script>"`, NoScripts: true},
	} {
		dir := t.TempDir()
		if err := Write(dir, &o); err != nil {
			t.Fatal(err)
		}
		first, _, _ := strings.Cut(read(t, dir, workerName), "\n")
		if first != "self.tpkConfig = "+want+";" {
			t.Errorf("%s", first)
		}
	}
}

// TestForeign: what Write has not written stays, and then nothing is written. Its own is replaced.
func TestForeign(t *testing.T) {
	filetest.NeedSymlinks(t)
	file := func(content []byte) func(name string) error {
		return func(name string) error { return os.WriteFile(name, content, 0o644) }
	}
	kinds := map[string]func(name string) error{
		"a page":          file([]byte("<p>mine")),
		"an empty file":   file(nil),
		"a folder":        func(name string) error { return os.Mkdir(name, 0o755) },
		"a symbolic link": func(name string) error { return os.Symlink("elsewhere", name) },
		"a large file":    file(make([]byte, 2<<20)),
	}
	for _, file := range Files() {
		for kind, write := range kinds {
			dir := t.TempDir()
			if err := write(filepath.Join(dir, file)); err != nil {
				t.Fatal(err)
			}
			err := Write(dir, &Options{Archive: "x.tar.gz"})
			var where *fs.PathError
			if !errors.Is(err, ErrForeign) || !errors.As(err, &where) ||
				where.Path != filepath.Join(dir, file) {
				t.Errorf("%s, %s: %v", file, kind, err)
			}
			if got := names(t, dir); !slices.Equal(got, []string{file}) {
				t.Errorf("%s, %s: left %q", file, kind, got)
			}
		}
	}
	dir := t.TempDir()
	for _, archive := range []string{"x.tar.gz", "y.tar.gz"} {
		if err := Write(dir, &Options{Archive: archive}); err != nil {
			t.Fatal(err)
		}
	}
	if !strings.Contains(read(t, dir, workerName), "y.tar.gz") || len(names(t, dir)) != len(Files()) {
		t.Error("not replaced")
	}
}

// TestUnwritable: the error names what can't be written.
func TestUnwritable(t *testing.T) {
	file := filepath.Join(t.TempDir(), "file")
	if err := os.WriteFile(file, nil, 0o644); err != nil {
		t.Fatal(err)
	}
	for _, dir := range []string{file, filepath.Join(file, "sub")} {
		if err := Write(dir, &Options{}); err == nil || !strings.Contains(err.Error(), file) {
			t.Errorf("%s: %v", dir, err)
		}
	}
}
