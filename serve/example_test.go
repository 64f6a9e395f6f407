package serve_test

import (
	"context"
	"fmt"
	"io"
	"log"
	"net"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"

	"github.com/tarpack/tpk/serve"
	"github.com/tarpack/tpk/tarpack/pack"
)

// packExample packs a folder with one page, and returns the archive's name.
func packExample(dir string) (string, error) {
	page := filepath.Join(dir, "site", "index.html")
	if err := os.MkdirAll(filepath.Dir(page), 0o755); err != nil {
		return "", err
	}
	if err := os.WriteFile(page, []byte("<h1>hello</h1>"), 0o644); err != nil {
		return "", err
	}
	name := filepath.Join(dir, "site.tar.gz")
	_, err := pack.Pack(context.Background(), filepath.Dir(page), name, pack.Options{})
	return name, err
}

// A program with a server of its own mounts the files of an archive below a path.
func ExampleServer_Handler() {
	dir, err := os.MkdirTemp("", "example")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	archive, err := packExample(dir)
	if err != nil {
		log.Fatal(err)
	}

	site, err := serve.New(serve.Options{Archives: []serve.Archive{{Path: archive}}})
	if err != nil {
		log.Fatal(err)
	}
	defer site.Close()
	if err := site.Load(context.Background()); err != nil {
		log.Fatal(err)
	}
	mux := http.NewServeMux()
	mux.Handle("/docs/", http.StripPrefix("/docs", site.Handler()))

	w := httptest.NewRecorder()
	mux.ServeHTTP(w, httptest.NewRequest("GET", "/docs/", nil))
	fmt.Println(w.Code, w.Header().Get("Content-Type"))
	fmt.Println(w.Body)
	// Output:
	// 200 text/html; charset=utf-8
	// <h1>hello</h1>
}

// A program that does nothing else runs a complete server until its context ends.
func ExampleServer_Run() {
	dir, err := os.MkdirTemp("", "example")
	if err != nil {
		log.Fatal(err)
	}
	defer os.RemoveAll(dir)
	archive, err := packExample(dir)
	if err != nil {
		log.Fatal(err)
	}

	// In a program of its own: signal.NotifyContext(context.Background(), os.Interrupt).
	ctx, stop := context.WithCancel(context.Background())
	server, err := serve.New(serve.Options{Archives: []serve.Archive{{Path: archive}}})
	if err != nil {
		log.Fatal(err)
	}
	defer server.Close()
	err = server.Run(ctx, serve.RunOptions{
		Listen: []string{"127.0.0.1:0"},
		Watch:  true, // reload the archive when it is replaced
		Ready: func(addresses []net.Addr) {
			defer stop()
			res, err := http.Get("http://" + addresses[0].String() + "/")
			if err != nil {
				log.Fatal(err)
			}
			defer res.Body.Close()
			body, err := io.ReadAll(res.Body)
			if err != nil {
				log.Fatal(err)
			}
			fmt.Println(res.Status, string(body))
		},
	})
	fmt.Println("ended:", err)
	// Output:
	// 200 OK <h1>hello</h1>
	// ended: <nil>
}
