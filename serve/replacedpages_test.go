package serve_test

import (
	"context"
	"fmt"
	"io"
	"net/http"
	"os"
	"path/filepath"
	"strings"
	"sync"
	"testing"

	"github.com/tarpack/tpk/serve"
	"github.com/tarpack/tpk/tarpack/format"
)

// generation returns a tree in which everything has the number n.
func generation(n int) files {
	fs := files{"README.md": fmt.Sprintf("This is gen-%d.", n)}
	for i := range 300 {
		fs[fmt.Sprintf("gen-%d-%d/file-gen-%d.txt", n, i, n)] = fmt.Sprintf("gen-%d %d", n, i)
	}
	fs["same.txt"] = fmt.Sprintf("one\ngen-%d\n", n)
	return fs
}

// TestPagesOfReplaced: while an archive is replaced or written over all the time, each page is of
// one generation, an ETag stands for one content, and a 304 for that of the ETag.
func TestPagesOfReplaced(t *testing.T) {
	dir := t.TempDir()
	const generations = 2
	var sources [generations][2][]byte
	for n := range generations {
		name := generation(n).pack(t, filepath.Join(dir, fmt.Sprint(n, ".tar.gz")))
		for i, suffix := range []string{"", format.SidecarSuffix} {
			sources[n][i] = []byte(readFile(t, name+suffix))
		}
	}
	other := files{"same.txt": "one\ntwo\n"}.pack(t, filepath.Join(dir, "other.tar.gz"))
	for _, way := range []string{"renamed", "written over"} {
		t.Run(way, func(t *testing.T) {
			name := filepath.Join(t.TempDir(), "a.tar.gz")
			put := func(n int) {
				for i, suffix := range []string{format.SidecarSuffix, ""} {
					b := sources[n][1-i]
					if way == "renamed" {
						if err := os.Rename(writeFile(t, name+suffix+"~", b), name+suffix); err != nil {
							t.Error(err)
						}
						continue
					}
					writeFile(t, name+suffix, b)
				}
			}
			put(0)
			r := start(t, listed(serve.Archive{Path: name, Mount: "/a"},
				serve.Archive{Path: other, Mount: "/b"}), serve.RunOptions{Watch: true})
			ctx, stop := context.WithCancel(t.Context())
			asking := sync.WaitGroup{}
			for _, page := range []string{"/a/?list", "/a/?list=readme", "/a/?list=overview",
				"/a/?list=overview&format=json", "/a/?list=compare&with=/b&kind=all",
				"/b/?list=compare&with=/a&kind=all&format=json", "/a/?q=gen", "/",
				"/a/?list=compare&with=/b&file=same.txt", "/b/?list=compare&with=/a&file=same.txt"} {
				asking.Go(func() { (&onePage{page: page, contents: map[string]string{}}).ask(ctx, t, r) })
			}
			for n := range 40 {
				put(n % generations)
				_ = r.Reload(t.Context())
				if way == "written over" {
					eventually(t, "it is served again", func() bool {
						status, body := fetch(t, plainClient, r.url("/a/README.md"))
						return status == 200 && strings.Contains(body, fmt.Sprintf("gen-%d", n%generations))
					})
				}
			}
			stop()
			asking.Wait()
		})
	}
}

// onePage is a page that is asked for all the time.
type onePage struct {
	page     string
	contents map[string]string // by ETag
	last     string            // ETag
	answers  int
}

func (p *onePage) ask(ctx context.Context, t *testing.T, r *running) {
	for ctx.Err() == nil || len(p.contents) == 0 { // in the end it is answered
		req, err := http.NewRequest("GET", r.url(p.page), nil)
		if err != nil {
			t.Error(err)
			return
		}
		if p.answers++; p.answers%2 == 0 && p.last != "" {
			req.Header.Set("If-None-Match", p.last)
		}
		resp, err := plainClient.Do(req)
		if err != nil {
			t.Error(err)
			return
		}
		b, err := io.ReadAll(resp.Body)
		_ = resp.Body.Close()
		if err != nil {
			t.Error(err)
			return
		}
		tag, body := resp.Header.Get("ETag"), string(b)
		switch {
		case resp.StatusCode == 503:
		case resp.StatusCode == 304 && tag == p.last:
		case resp.StatusCode != 200:
			t.Errorf("%s: %s", p.page, resp.Status)
		case strings.Contains(body, "gen-0") && strings.Contains(body, "gen-1"):
			t.Errorf("%s mixes generations: %.2000s", p.page, body)
		case !strings.Contains(body, "gen-") && p.page != "/":
			t.Errorf("%s is of none: %.2000s", p.page, body)
		case p.contents[tag] != "" && p.contents[tag] != body:
			t.Errorf("%s: %s is of two contents", p.page, tag)
		default:
			p.contents[tag], p.last = body, tag
		}
	}
}
