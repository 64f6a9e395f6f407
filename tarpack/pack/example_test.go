package pack_test

import (
	"context"
	"fmt"
	"io"
	"log"
	"os"
	"path/filepath"
	"testing/fstest"
	"time"

	"github.com/tarpack/tpk/tarpack/pack"
)

// scratch returns a directory for an example, and a function that removes it.
func scratch() (dir string, remove func()) {
	dir, err := os.MkdirTemp("", "example")
	if err != nil {
		log.Fatal(err)
	}
	return dir, func() { os.RemoveAll(dir) }
}

// Pack a directory into an archive and its sidecar.
func ExampleDir() {
	dir, remove := scratch()
	defer remove()
	site := filepath.Join(dir, "site")
	if err := os.Mkdir(site, 0o755); err != nil {
		log.Fatal(err)
	}
	if err := os.WriteFile(filepath.Join(site, "index.html"), []byte("<h1>Hello</h1>"),
		0o644); err != nil {
		log.Fatal(err)
	}
	res, err := pack.Dir(context.Background(), site, filepath.Join(dir, "site.tar.gz"),
		pack.Options{Level: 9})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(res.Stats.Files, "file")
	// Output: 1 file
}

// Write an archive to a stream, such as a network connection.
func ExampleStream() {
	dir, remove := scratch()
	defer remove()
	if err := os.WriteFile(filepath.Join(dir, "index.html"), []byte("<h1>Hello</h1>"),
		0o644); err != nil {
		log.Fatal(err)
	}
	res, err := pack.Stream(context.Background(), dir, io.Discard, pack.StreamOptions{})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(res.Stats.Files, "file")
	// Output: 1 file
}

// Pack a file system: an embed.FS, an os.DirFS, a zip.Reader, or one in memory.
func ExampleFS() {
	dir, remove := scratch()
	defer remove()
	fsys := fstest.MapFS{
		"index.html":     {Data: []byte("<h1>Hello</h1>"), Mode: 0o644},
		"img/circle.svg": {Data: []byte("<svg/>"), Mode: 0o644},
	}
	res, err := pack.FS(context.Background(), fsys, filepath.Join(dir, "site.tar.gz"),
		pack.FSOptions{})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(res.Stats.Files, "files,", res.Stats.Dirs, "directory")
	// Output: 2 files, 1 directory
}

func ExampleStreamFS() {
	fsys := fstest.MapFS{"index.html": {Data: []byte("<h1>Hello</h1>"), Mode: 0o644}}
	res, err := pack.StreamFS(context.Background(), fsys, io.Discard, pack.FSOptions{})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(res.Stats.Files, "file")
	// Output: 1 file
}

// Make an archive of generated pages, without writing them to disk.
func ExampleNewWriter() {
	dir, remove := scratch()
	defer remove()
	w, err := pack.NewWriter(context.Background(), filepath.Join(dir, "site.tar.gz"),
		pack.WriterOptions{})
	if err != nil {
		log.Fatal(err)
	}
	defer w.Abort() // does nothing after Close
	built := time.Date(2026, 11, 29, 12, 0, 0, 0, time.UTC)
	for i := range 3 {
		page := fmt.Sprintf("<h1>Page %d</h1>", i)
		if err := w.WriteFile(fmt.Sprintf("pages/%d.html", i), []byte(page), 0o644, built); err != nil {
			log.Fatal(err)
		}
	}
	if err := w.Symlink("pages/0.html", "index.html", built); err != nil {
		log.Fatal(err)
	}
	if err := w.Close(); err != nil {
		log.Fatal(err)
	}
	fmt.Println(w.Result().Stats.Files, "files,", w.Result().Stats.Symlinks, "link")
	// Output: 3 files, 1 link
}
