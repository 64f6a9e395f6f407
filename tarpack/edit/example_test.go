package edit_test

import (
	"context"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"testing/fstest"

	"github.com/tarpack/tpk/tarpack/edit"
	"github.com/tarpack/tpk/tarpack/format"
	"github.com/tarpack/tpk/tarpack/pack"
)

// Bring an archive up to date with the directory that it was packed from.
func ExampleUpdate() {
	ctx := context.Background()
	dir, err := os.MkdirTemp("", "example")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	site, name := filepath.Join(dir, "site"), filepath.Join(dir, "site.tar.gz")
	if err := os.CopyFS(site, fstest.MapFS{"index.html": {Data: []byte("Welcome")}}); err != nil {
		log.Fatal(err)
	}
	if _, err := pack.Pack(ctx, site, name, pack.Options{}); err != nil {
		log.Fatal(err)
	}
	if err := os.CopyFS(site, fstest.MapFS{"about.html": {Data: []byte("About")}}); err != nil {
		log.Fatal(err)
	}

	res, err := edit.Update(ctx, name, site, edit.UpdateOptions{
		Change: func(kind format.ChangeKind, path string) { fmt.Println(kind, path) },
	})
	if err != nil {
		log.Fatal(err)
	}
	fmt.Println(res.Added, "added,", res.Changed, "changed,", res.Kept, "kept")
	// Output:
	// added about.html
	// 1 added, 0 changed, 1 kept
}
