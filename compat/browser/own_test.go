package browser

import (
	"context"
	"fmt"
	"net"
	"os"
	"path/filepath"
	"slices"
	"testing"

	"github.com/chromedp/chromedp"
	"github.com/chromedp/chromedp/kb"

	"github.com/tarpack/tpk/serve"
	"github.com/tarpack/tpk/tarpack/pack"
)

// TestPagesBesideSite: in a site with pages of its own, tpk's pages work by links and forms alone,
// and the site's pages are the site's whatever their query is.
func TestPagesBesideSite(t *testing.T) {
	for _, spa := range []bool{false, true} {
		t.Run(fmt.Sprintf("spa=%t", spa), func(t *testing.T) {
			url := serveSite(t, spa, map[string]string{
				"index.html":        "<!doctype html><main>The start page",
				"search/index.html": "<!doctype html><main>Results of the shop",
				"search/code.js":    "1",
				"shoes/red.txt":     "red",
				"shoes/blue.txt":    "blue",
			})
			p := open(t, desktop, "/")
			show := func(path, want string) {
				t.Helper()
				p.run(chromedp.Navigate(url + path))
				if got := eval[string](p, `document.querySelector("main").textContent.trim()`); got != want {
					t.Errorf("%s: %q, want %q", path, got, want)
				}
			}
			show("/?q=shoes", "The start page")
			show("/search/?q=shoes&format=json", "Results of the shop")
			show("/search/?download=zip", "Results of the shop")
			if spa {
				show("/shoes/?q=red", "The start page")
			}

			p.run(chromedp.Navigate(url + "/?list"))
			p.until(`getComputedStyle(document.querySelector(".skip")).position == "absolute"`)
			if got := p.names(); !slices.Equal(got, []string{"search/", "shoes/", "index.html"}) {
				t.Errorf("/?list: %q", got)
			}
			p.follow("tbody a", `location.pathname == "/search/"`)
			if got := p.names(); !slices.Equal(got, []string{"code.js", "index.html"}) {
				t.Errorf("/search/ in the list: %q", got)
			}
			p.follow("th.size a", `location.search.includes("sort=size")`)
			p.until(`document.querySelector("th.size").ariaSort == "descending"`)
			p.click("#search")
			p.key("red" + kb.Enter)
			p.until(`location.pathname == "/search/" && location.search.includes("q=red")`)
			if got := p.names(); !slices.Equal(got, []string{"shoes/red.txt"}) {
				t.Errorf("search: %q", got)
			}
			// Every reference with a query has the reserved key.
			for _, path := range []string{"/shoes/?list=here", "/?list&q=s", "/shoes/?list&limit=1"} {
				p.run(chromedp.Navigate(url + path))
				bad := eval[[]string](p, `[...document.querySelectorAll("[href], [src]")]
					.map(e => e.getAttribute("href") || e.getAttribute("src"))
					.filter(r => r.includes("?") && !/\?list(=[a-z]+)?(&|#|$)/.test(r))`)
				if len(bad) > 0 {
					t.Errorf("%s: %q", path, bad)
				}
			}
		})
	}
}

// serveSite packs files and serves them until the test ends. It returns the server's URL.
func serveSite(t *testing.T, spa bool, files map[string]string) string {
	t.Helper()
	return serveArchive(t, spa, packSite(t, files))
}

// packSite packs files into an archive, and returns its name.
func packSite(t *testing.T, files map[string]string) string {
	t.Helper()
	dir := filepath.Join(t.TempDir(), "site")
	for name, content := range files {
		name = filepath.Join(dir, name)
		if err := os.MkdirAll(filepath.Dir(name), 0o755); err != nil {
			t.Fatal(err)
		}
		if err := os.WriteFile(name, []byte(content), 0o644); err != nil {
			t.Fatal(err)
		}
	}
	if _, err := pack.Dir(context.Background(), dir, dir+".tar.gz", pack.Options{}); err != nil {
		t.Fatal(err)
	}
	return dir + ".tar.gz"
}

// serveArchive serves an archive until the test ends. It returns the server's URL.
func serveArchive(t *testing.T, spa bool, name string) string {
	t.Helper()
	return serveOptions(t, serve.Options{
		Archives: []serve.Archive{{Path: name}}, Listing: true, SPA: spa,
	})
}

// serveOptions serves until the test ends. It returns the server's URL.
func serveOptions(t *testing.T, o serve.Options) string {
	t.Helper()
	server, err := serve.New(o)
	if err != nil {
		t.Fatal(err)
	}
	ctx, stop := context.WithCancel(context.Background())
	ready, done := make(chan string, 1), make(chan error, 1)
	go func() {
		done <- server.Run(ctx, serve.RunOptions{
			Listen: []string{"127.0.0.1:0"},
			Ready:  func(addresses []net.Addr) { ready <- "http://" + addresses[0].String() },
		})
	}()
	t.Cleanup(func() {
		stop()
		if err := <-done; err != nil {
			t.Error(err)
		}
		server.Close()
	})
	select {
	case url := <-ready:
		return url
	case err := <-done:
		done <- nil
		t.Fatal(err)
		return ""
	}
}
