package extract_test

import (
	"context"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"testing/fstest"

	"github.com/tarpack/tpk/tarpack"
	"github.com/tarpack/tpk/tarpack/extract"
	"github.com/tarpack/tpk/tarpack/pack"
)

// Extract one directory of an archive.
func ExampleExtract() {
	ctx := context.Background()
	name, err := packSite(ctx)
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(filepath.Dir(name))

	a, err := tarpack.Open(ctx, name, nil)
	if err != nil {
		log.Fatal(err)
	}
	defer a.Close()
	out := filepath.Join(filepath.Dir(name), "out")
	res, err := extract.Extract(ctx, a, out, extract.Options{Paths: []string{"css"}})
	if err != nil {
		log.Fatal(err)
	}
	for _, p := range res.Problems { // entries that could not be extracted
		fmt.Println(p)
	}
	fmt.Println(res.Entries, "entries,", res.Bytes, "bytes")
	// Output: 2 entries, 7 bytes
}

// packSite packs a small tree and returns the name of the archive.
func packSite(ctx context.Context) (string, error) {
	dir, err := os.MkdirTemp("", "example")
	if err != nil {
		return "", err
	}
	site, name := filepath.Join(dir, "site"), filepath.Join(dir, "site.tar.gz")
	err = os.CopyFS(site, fstest.MapFS{
		"index.html":   {Data: []byte("<h1>Welcome</h1>")},
		"css/main.css": {Data: []byte("h1 { }\n")},
	})
	if err != nil {
		return "", err
	}
	_, err = pack.Pack(ctx, site, name, pack.Options{})
	return name, err
}
