package export_test

import (
	"archive/zip"
	"bytes"
	"context"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"testing/fstest"

	"github.com/tarpack/tpk/tarpack"
	"github.com/tarpack/tpk/tarpack/export"
	"github.com/tarpack/tpk/tarpack/pack"
)

// Export one directory of an archive as a zip.
func ExampleFolder() {
	ctx := context.Background()
	dir, err := os.MkdirTemp("", "example")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	site, name := filepath.Join(dir, "site"), filepath.Join(dir, "site.tar.gz")
	err = os.CopyFS(site, fstest.MapFS{
		"index.html":    {Data: []byte("Welcome")},
		"docs/api.html": {Data: []byte("API")},
	})
	if err != nil {
		log.Fatal(err)
	}
	if _, err := pack.Pack(ctx, site, name, pack.Options{}); err != nil {
		log.Fatal(err)
	}
	a, err := tarpack.Open(ctx, name, nil)
	if err != nil {
		log.Fatal(err)
	}
	defer a.Close()

	f, err := export.Folder(a, "docs", export.Zip)
	if err != nil {
		log.Fatal(err)
	}
	var out bytes.Buffer
	if _, err := f.WriteTo(&out); err != nil {
		log.Fatal(err)
	}
	fmt.Println(f.Size() == int64(out.Len())) // the size was known before
	z, err := zip.NewReader(f, f.Size())      // a File can also be read where it is
	if err != nil {
		log.Fatal(err)
	}
	for _, zf := range z.File {
		fmt.Println(zf.Name)
	}
	// Output:
	// true
	// docs/
	// docs/api.html
}
