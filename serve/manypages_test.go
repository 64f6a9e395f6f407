package serve_test

import (
	"fmt"
	"net/http"
	"path/filepath"
	"runtime"
	"strings"
	"sync"
	"testing"

	"github.com/tarpack/tpk/serve"
)

// TestManyPages: 50 clients ask for comparisons and overviews of different folders at once, more
// than are remembered. All answers are right, or a 503 to try again; files are answered meanwhile,
// and in the end nothing is left of the work.
func TestManyPages(t *testing.T) {
	dir, o := t.TempDir(), serve.Options{Listing: true, MaxSearchesPerIP: 64}
	const mounts, clients = 12, 50
	for m := range mounts {
		tree := files{}
		for i := range 200 {
			tree[fmt.Sprintf("d%d/f%d-%d.txt", i%20, i, i%(m+2))] = fmt.Sprint(m, i)
		}
		tree["plain.txt"] = words(2000)
		o.Archives = append(o.Archives, serve.Archive{Mount: fmt.Sprintf("/m%d", m),
			Path: tree.pack(t, filepath.Join(dir, fmt.Sprint(m, ".tar.gz")))})
	}
	r := start(t, o)
	plain := &http.Client{Transport: &http.Transport{MaxIdleConnsPerHost: clients}}
	defer plain.CloseIdleConnections()
	goroutines := runtime.NumGoroutine()
	var mu sync.Mutex
	seen := map[string]string{}
	var all sync.WaitGroup
	for n := range clients {
		all.Go(func() {
			for k := range 4 {
				a, b := (n+k)%mounts, (n*7+k*5+1)%mounts
				page := fmt.Sprintf("/m%d/?list=compare&with=/m%d&format=json", a, b)
				if k%2 == 0 {
					page = fmt.Sprintf("/m%d/d%d/?list=overview&format=json", a, n%20)
				}
				status, body := fetch(t, plain, r.url(page))
				mu.Lock()
				was := seen[page]
				if status == 200 {
					seen[page] = body
				}
				mu.Unlock()
				if status != 200 && status != 503 || status == 200 && was != "" && was != body ||
					status == 200 && !strings.HasPrefix(body, "{") {
					t.Errorf("%s: %d %s", page, status, body)
				}
				status, body = fetch(t, plain, r.url(fmt.Sprintf("/m%d/plain.txt", a)))
				if status != 200 || body != words(2000) {
					t.Errorf("a file: %d", status)
				}
			}
		})
	}
	all.Wait()
	if len(seen) < mounts {
		t.Errorf("only %d pages", len(seen))
	}
	for page, want := range seen {
		if status, body := fetch(t, plain, r.url(page)); status != 200 || body != want {
			t.Errorf("%s afterwards: %d %s", page, status, body)
		}
	}
	plain.CloseIdleConnections()
	eventually(t, "nothing is left", func() bool { return runtime.NumGoroutine() <= goroutines+5 })
}
