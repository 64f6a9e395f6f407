package browser

import (
	"bytes"
	"compress/gzip"
	"fmt"
	"io"
	"io/fs"
	"math/rand/v2"
	"os"
	"path/filepath"
	"strings"
	"testing"

	"github.com/tarpack/tpk/tarpack/pack"
	"github.com/tarpack/tpk/tarpack/website"
)

// writeWebTree writes a tree with pages, names that are special in URLs, links and large files.
func writeWebTree(t testing.TB, dir string) {
	t.Helper()
	r := rand.New(rand.NewPCG(1, 2))
	noise := func(n int) []byte {
		b := make([]byte, n)
		for i := range b {
			b[i] = byte(r.Uint32())
		}
		return b
	}
	var zipped bytes.Buffer
	z := gzip.NewWriter(&zipped)
	_, _ = io.WriteString(z, `<svg xmlns="http://www.w3.org/2000/svg" width="9" height="9"/>`)
	_ = z.Close()
	page := func(title string) []byte {
		return []byte("<!doctype html><title>" + title + "</title><main>" + title + "</main>")
	}
	files := map[string][]byte{
		"index.html": page("Start"), "about.html": page("About"), "about/more.txt": []byte("more\n"),
		"docs/index.html": page("Docs"), "docs/guide.html": page("Guide"), "docs/a/b/c.txt": {'c'},
		"404.html": page("Nothing here"), "plain/a.txt": []byte("a\n"),
		"plain/deep/b.md": []byte("# b\n"),
		"odd/100%.html":   page("per cent"), "odd/a%20b.txt": []byte("1"), "odd/what?.txt": []byte("2"),
		"odd/a#b.txt": []byte("3"), "odd/caf\xe9.txt": []byte("4"), "odd/日本語.txt": []byte("5"),
		"odd/a b+c&d;e=f@g.txt": []byte("6"), "odd/\"q\"'<b>.txt": []byte("7"),
		"odd/back\\slash.txt": []byte("8"), "odd/new\nline.txt": []byte("9"), "odd/c:d.txt": []byte("c"),
		"odd/...": []byte("dots"), "odd/%2e%2e": []byte("no dots"), "odd/?list": []byte("q"),
		"empty": {}, "empty.html": {}, "drawing.svgz": zipped.Bytes(), "tile.pbf": zipped.Bytes(),
		"backup.tar.gz": zipped.Bytes(), "noext": []byte("text\n"), ".hidden": []byte("dot\n"),
		"noise.bin": noise(3<<20 + 17), "text.txt": bytes.Repeat([]byte("some text, "), 400_000),
		"latin1.txt": []byte("caf\xe9"), "code.js": []byte("var x = 1\n"), "style.css": []byte("a{}\n"),
		"data.json": []byte("{}\n"), "page.xhtml": []byte("<?xml version='1.0'?><x/>"),
		"program.wasm": []byte("\x00asm\x01\x00\x00\x00"), "a.ts": []byte("let x = 1\n"),
	}
	for i := range 100 {
		files[fmt.Sprintf("many/%d/f%d.txt", i%7, i)] = noise(r.IntN(9000))
	}
	for name, content := range files {
		name = filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, content, 0o644); err != nil {
			t.Fatal(err)
		}
	}
	for name, target := range map[string]string{
		"link": "docs/guide.html", "folder-link": "docs", "chain": "folder-link", "away": "../outside",
		"nowhere": "missing", "loop": "loop", "absolute": "/etc/passwd", "docs/up": "../plain/a.txt",
		"docs/root": "..", "docs/a/slash": "../index.html/", "docs/below": "index.html/x",
	} {
		if err := os.Symlink(target, filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
	for name, target := range map[string]string{"hard.html": "about.html", "hard.bin": "noise.bin"} {
		if err := os.Link(filepath.Join(dir, target), filepath.Join(dir, name)); err != nil {
			t.Fatal(err)
		}
	}
}

// packWeb packs a tree and writes the viewer beside the archive, site.tar.gz, in root.
func packWeb(t testing.TB, dir, root string, o pack.Options, w website.Options) {
	t.Helper()
	if err := os.MkdirAll(root, 0o755); err != nil {
		t.Fatal(err)
	}
	if _, err := pack.Dir(t.Context(), dir, filepath.Join(root, "site.tar.gz"), o); err != nil {
		t.Fatal(err)
	}
	w.Archive = "site.tar.gz"
	if err := website.Write(root, &w); err != nil {
		t.Fatal(err)
	}
}

// escapeName escapes each byte of a path that is not a letter or a digit, but not its slashes.
func escapeName(path string) string {
	var b strings.Builder
	for i := range len(path) {
		switch c := path[i]; {
		case '0' <= c && c <= '9', 'a' <= c|0x20 && c|0x20 <= 'z', c == '/', c == '.', c == '-':
			b.WriteByte(c)
		default:
			fmt.Fprintf(&b, "%%%02X", c)
		}
	}
	return b.String()
}

// webPaths returns references to everything in a tree, in several forms, and to what isn't there.
func webPaths(t testing.TB, dir string) []string {
	t.Helper()
	paths := []string{"", "missing", "missing/", "docs/missing.html", "docs//guide.html", "//about",
		"docs/a//b/", "many/1//", "?x=1", "docs?x=1&y=%20", "plain?list", "?list", "docs/?list",
		"odd/%2fx", "%2F", "nowhere/x", "link/x", "index.html", "index", "docs/index", "about/",
		"about", "about.html/", "folder-link/guide", "folder-link/a/b/c.txt", "chain/guide.html",
		"docs/root/about", "docs/root/plain/", "docs/root/docs/root/plain/?list", "text.txt?list",
		"about?list", "docs/root/docs//guide"}
	err := filepath.WalkDir(dir, func(name string, d fs.DirEntry, err error) error {
		if err != nil || name == dir {
			return err
		}
		ref := escapeName(strings.TrimPrefix(name, dir+"/"))
		if ref == "odd/%2E%2E" || strings.HasSuffix(ref, "/...") {
			ref = strings.ReplaceAll(ref, "...", "%2E..")
		}
		paths = append(paths, ref)
		if d.IsDir() || d.Type()&fs.ModeSymlink != 0 {
			paths = append(paths, ref+"/")
		}
		if page, ok := strings.CutSuffix(ref, ".html"); ok {
			paths = append(paths, page, page+"/")
		}
		return nil
	})
	if err != nil {
		t.Fatal(err)
	}
	return paths
}
