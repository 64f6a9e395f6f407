package remote_test

import (
	"context"
	"fmt"
	"io/fs"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing/fstest"

	"github.com/tarpack/tpk/tarpack/pack"
	"github.com/tarpack/tpk/tarpack/remote"
	"github.com/tarpack/tpk/tarpack/remote/blocks"
)

// One page of a site is read. Its archive is on a web server.
func Example() {
	dir, err := os.MkdirTemp("", "example")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	site := fstest.MapFS{"index.html": {Data: []byte("<h1>hello</h1>\n"), Mode: 0o644}}
	name := filepath.Join(dir, "site.tar.gz")
	if _, err := pack.FS(context.Background(), site, name, pack.FSOptions{}); err != nil {
		log.Fatal(err)
	}
	// Go's server has no ETag for a file unless it is told one.
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		w.Header().Set("ETag", `"1"`)
		http.ServeFile(w, r, filepath.Join(dir, r.URL.Path))
	}))
	defer server.Close()

	cache := blocks.New(blocks.Options{Dir: filepath.Join(dir, "cache")})
	a, err := remote.Open(context.Background(), server.URL+"/site.tar.gz",
		&remote.Options{Blocks: cache})
	if err != nil {
		log.Fatal(err)
	}
	defer a.Close()
	page, err := fs.ReadFile(a.FS(), "index.html")
	if err != nil {
		log.Fatal(err)
	}
	fmt.Printf("%s", page)
	// Output: <h1>hello</h1>
}
