package blocks_test

import (
	"bytes"
	"context"
	"fmt"
	"io"
	"io/fs"
	"log"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"testing/fstest"

	"github.com/tarpack/tpk/tarpack"
	"github.com/tarpack/tpk/tarpack/format"
	"github.com/tarpack/tpk/tarpack/pack"
	"github.com/tarpack/tpk/tarpack/remote/blocks"
)

// remote is a source.Source. A real one asks the server whether the object has changed.
type remote struct {
	*blocks.Generation
	etag string
}

func (r remote) Identity() string { return r.etag }
func (r remote) Check() error     { return nil }

// An archive is read from a web server. What was read once is not requested again.
func Example() {
	dir, err := os.MkdirTemp("", "example")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	name := filepath.Join(dir, "site.tar.gz")
	site := fstest.MapFS{"index.html": {Data: []byte("<h1>hello</h1>\n"), Mode: 0o644}}
	if _, err := pack.FS(context.Background(), site, name, pack.FSOptions{}); err != nil {
		log.Fatal(err)
	}
	requests := 0
	server := httptest.NewServer(http.HandlerFunc(func(w http.ResponseWriter, r *http.Request) {
		requests++
		http.ServeFile(w, r, name)
	}))
	defer server.Close()
	fi, err := os.Stat(name)
	if err != nil {
		log.Fatal(err)
	}
	index, err := os.ReadFile(name + format.SidecarSuffix)
	if err != nil {
		log.Fatal(err)
	}

	fetch := func(ctx context.Context, off, n int64) (io.ReadCloser, error) {
		req, err := http.NewRequestWithContext(ctx, http.MethodGet, server.URL, nil)
		if err != nil {
			return nil, err
		}
		req.Header.Set("Range", fmt.Sprintf("bytes=%d-%d", off, off+n-1))
		resp, err := http.DefaultClient.Do(req)
		if err != nil {
			return nil, err
		}
		return resp.Body, nil
	}
	for range 2 {
		cache := blocks.New(blocks.Options{Dir: filepath.Join(dir, "cache")})
		g := cache.Open(server.URL+" of today", fi.Size(), fetch)
		a, err := tarpack.OpenSource(context.Background(), server.URL, remote{g, "of today"},
			bytes.NewReader(index), int64(len(index)), nil)
		if err != nil {
			log.Fatal(err)
		}
		page, err := fs.ReadFile(a.FS(), "index.html")
		if err != nil {
			log.Fatal(err)
		}
		g.Begin().Confirm(0, g.Size()) // reading it has compared its checksum
		fmt.Printf("%s%d request\n", page, requests)
		if err := g.Close(); err != nil {
			log.Fatal(err)
		}
	}
	// Output:
	// <h1>hello</h1>
	// 1 request
	// <h1>hello</h1>
	// 1 request
}
