package text_test

import (
	"context"
	"fmt"
	"log"
	"os"
	"path/filepath"
	"testing/fstest"

	"github.com/tarpack/tpk/tarpack"
	"github.com/tarpack/tpk/tarpack/pack"
	"github.com/tarpack/tpk/tarpack/text"
)

// Build the text index of an archive, and search in it.
func Example() {
	dir, err := os.MkdirTemp("", "example")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	ctx, name := context.Background(), filepath.Join(dir, "docs.tar.gz")
	docs := fstest.MapFS{
		"guide.md": {Data: []byte("# Guide\n\nHow to connect to a server."), Mode: 0o644},
		"news.txt": {Data: []byte("Nothing is new."), Mode: 0o644},
	}
	if _, err := pack.FS(ctx, docs, name, pack.FSOptions{}); err != nil {
		log.Fatal(err)
	}
	a, err := tarpack.Open(ctx, name, nil)
	if err != nil {
		log.Fatal(err)
	}
	defer a.Close()
	if _, err := text.Build(ctx, a, name+text.Suffix, text.BuildOptions{}); err != nil {
		log.Fatal(err)
	}
	x, err := text.Open(name+text.Suffix, text.BindingOf(a))
	if err != nil {
		log.Fatal(err)
	}
	defer x.Close()
	hits, _, err := x.Search(ctx, text.Parse("connections server*"), text.SearchOptions{Limit: 10})
	if err != nil {
		log.Fatal(err)
	}
	for _, h := range hits {
		path, err := a.Index().Path(h.Ordinal)
		if err != nil {
			log.Fatal(err)
		}
		fmt.Println(path, h.Title)
	}
	// Output: guide.md Guide
}
