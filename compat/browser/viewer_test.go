package browser

import (
	"context"
	"crypto/sha256"
	"encoding/hex"
	"encoding/json"
	"fmt"
	"io"
	"net/http"
	"net/http/httptest"
	"os"
	"path/filepath"
	"slices"
	"strings"
	"testing"

	"github.com/chromedp/chromedp"

	"github.com/tarpack/tpk/serve"
	"github.com/tarpack/tpk/tarpack/pack"
	"github.com/tarpack/tpk/tarpack/shard"
	"github.com/tarpack/tpk/tarpack/website"
)

// opened navigates to a URL of a site whose service worker may have to start first. The page is
// there when an expression is true of it.
func (p *tab) opened(url, js string) {
	p.t.Helper()
	p.run(chromedp.Navigate(url))
	p.until("navigator.serviceWorker.controller && !document.title.startsWith('Opening') && (" +
		js + ")")
}

// A webAnswer is what a request for a path was answered with, after redirects.
type webAnswer struct {
	Path, Type, Range, Sum string
	Status                 int
}

// fetchAll requests paths below base from the page, each with a Range field or "".
func (p *tab) fetchAll(base string, paths []string, ranged string) []webAnswer {
	p.t.Helper()
	list, err := json.Marshal(paths)
	if err != nil {
		p.t.Fatal(err)
	}
	return eval[[]webAnswer](p, fmt.Sprintf(`(async (base, paths, range) => {
		const hex = b => [...new Uint8Array(b)].map(x => x.toString(16).padStart(2, "0")).join("")
		const out = []
		const worker = async () => {
			for (let i; (i = paths.length - 1) >= 0;) {
				const path = paths.pop()
				const r = await fetch(base + path, range ? {headers: {Range: range}} : {})
				const body = await r.arrayBuffer()
				out[i] = {Path: r.url.slice(base.length), Status: r.status,
					Type: r.headers.get("content-type") ?? "", Range: r.headers.get("content-range") ?? "",
					Sum: hex(await crypto.subtle.digest("SHA-256", body))}
			}
		}
		await Promise.all(Array.from({length: 6}, worker))
		return out
	})(%q, %s, %q)`, base, list, ranged))
}

// ask is fetchAll for one path and Go's client.
func ask(t testing.TB, base, path, ranged string) webAnswer {
	t.Helper()
	req, err := http.NewRequestWithContext(t.Context(), "GET", base+path, nil)
	if err != nil {
		t.Fatal(err)
	}
	req.Header.Set("Accept-Encoding", "identity")
	if ranged != "" {
		req.Header.Set("Range", ranged)
	}
	res, err := http.DefaultClient.Do(req)
	if err != nil {
		t.Fatal(err)
	}
	defer res.Body.Close()
	body, err := io.ReadAll(res.Body)
	if err != nil {
		t.Fatal(err)
	}
	sum := sha256.Sum256(body)
	return webAnswer{Path: strings.TrimPrefix(res.Request.URL.String(), base), Status: res.StatusCode,
		Type: res.Header.Get("Content-Type"), Range: res.Header.Get("Content-Range"),
		Sum: hex.EncodeToString(sum[:])}
}

// tpkServe serves an archive with package serve, and returns the URL with a slash at its end.
func tpkServe(t testing.TB, archive string) string {
	t.Helper()
	s, err := serve.New(serve.Options{Archives: []serve.Archive{{Path: archive}}, Listing: true})
	if err != nil {
		t.Fatal(err)
	}
	t.Cleanup(s.Close)
	if err := s.Load(context.Background()); err != nil {
		t.Fatal(err)
	}
	h := httptest.NewServer(s.Handler())
	t.Cleanup(h.Close)
	return h.URL + "/"
}

// TestViewerEqualsServe: the viewer answers each request as tpk serve does: the same status, page,
// media type and content, after the same redirects. Only its own pages are others.
func TestViewerEqualsServe(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "tree")
	writeWebTree(t, dir)
	url, root := nginx(t, "")
	for name, o := range map[string]pack.Options{"beside": {}, "embedded": {EmbedIndex: true}} {
		t.Run(name, func(t *testing.T) {
			packWeb(t, dir, filepath.Join(root, name), o, website.Options{})
			base := url + "/" + name + "/"
			p := newTab(t, desktop)
			p.expectLog("Failed to load resource")
			p.opened(base, `document.title == "Start"`)
			other := tpkServe(t, filepath.Join(root, name, "site.tar.gz"))
			paths := webPaths(t, dir)
			for _, ranged := range []string{"", "bytes=0-0", "bytes=-7", "bytes=70000-", "bytes=0-9,20-29"} {
				if ranged != "" { // of files only
					paths = []string{"noise.bin", "hard.bin", "text.txt", "empty", "about", "odd/a%23b.txt",
						"drawing.svgz", "missing", "backup.tar.gz"}
				}
				for i, got := range p.fetchAll(base, slices.Clone(paths), ranged) {
					want := ask(t, other, paths[i], ranged)
					if own := want.Type == "text/html; charset=utf-8" && want.Sum != got.Sum; own &&
						(strings.HasSuffix(want.Path, "/") || want.Path == "" ||
							strings.Contains(want.Path, "?")) {
						want.Sum = got.Sum // a list of a folder
					}
					if strings.HasPrefix(want.Type, "multipart/") {
						continue // it answers with everything
					}
					if want.Status == 416 {
						want.Sum, want.Type = got.Sum, got.Type
					}
					if got != want {
						t.Errorf("%q %s:\n%+v, tpk serve has\n%+v", paths[i], ranged, got, want)
					}
				}
			}
		})
	}
}

// TestViewerSet: a shard set is a site, too.
func TestViewerSet(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "tree")
	writeWebTree(t, dir)
	url, root := nginx(t, "")
	packWeb(t, dir, root, pack.Options{}, website.Options{})
	if _, err := shard.Split(t.Context(), filepath.Join(root, "site.tar.gz"),
		shard.SplitOptions{Shards: 3}); err != nil {
		t.Fatal(err)
	}
	other := tpkServe(t, filepath.Join(root, "site.tar.gz"))
	for _, name := range []string{"site.tar.gz", "site.tar.gz.tpi"} {
		if err := os.Remove(filepath.Join(root, name)); err != nil {
			t.Fatal(err)
		}
	}
	if err := website.Write(root, &website.Options{
		Archive: "site-of-00003.tar.gz.tps"}); err != nil {
		t.Fatal(err)
	}
	p := newTab(t, desktop)
	p.expectLog("Failed to load resource")
	p.opened(url+"/", `document.title == "Start"`)
	paths := []string{"", "about", "docs/guide", "odd/caf%E9.txt", "noise.bin", "text.txt", "hard.bin",
		"link", "folder-link/", "empty", "missing"}
	for i := range 40 {
		paths = append(paths, fmt.Sprintf("many/%d/f%d.txt", i%7, i))
	}
	for i, got := range p.fetchAll(url+"/", slices.Clone(paths), "") {
		if want := ask(t, other, paths[i], ""); got != want {
			t.Errorf("%s:\n%+v, tpk serve has\n%+v", paths[i], got, want)
		}
	}
	// The shards themselves are the server's.
	if got := eval[int](p, `fetch("/site-00001-of-00003.tar.gz", {method: "HEAD"})`+
		`.then(r => r.status)`); got != 200 {
		t.Errorf("a shard: %d", got)
	}
}

// TestViewerSeeks: a player seeks in a video, and gets the ranges that it asks for.
func TestViewerSeeks(t *testing.T) {
	dir := filepath.Join(t.TempDir(), "tree")
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	for _, name := range []string{"clip.webm", "photo.png"} {
		b, err := os.ReadFile("testdata/" + name)
		if err == nil {
			err = os.WriteFile(filepath.Join(dir, name), b, 0o644)
		}
		if err != nil {
			t.Fatal(err)
		}
	}
	if err := os.WriteFile(filepath.Join(dir, "tone.wav"), tone(), 0o644); err != nil {
		t.Fatal(err)
	}
	url, root := nginx(t, "")
	packWeb(t, dir, root, pack.Options{}, website.Options{})
	p := newTab(t, desktop)
	p.opened(url+"/", `document.title == "Home"`)
	p.opened(url+"/clip.webm?list&view", `document.querySelector("video")?.readyState >= 1`)
	eval[any](p, `{ const v = document.querySelector("video"); v.muted = true
		v.currentTime = v.duration * 0.8 }`)
	p.until(`document.querySelector("video").readyState >= 2 &&
		document.querySelector("video").currentTime > document.querySelector("video").duration * 0.7`)
	p.opened(url+"/tone.wav?list&view", `document.querySelector("audio")?.duration == 10`)
	eval[any](p, `void (document.querySelector("audio").currentTime = 9)`)
	p.until(`document.querySelector("audio").currentTime == 9 &&
		document.querySelector("audio").readyState >= 2`)
	p.opened(url+"/photo.png?list&view", `document.querySelector("img")?.naturalWidth > 0`)
	// A range of another version than the player has is not sent.
	got := eval[[]int](p, `(async () => {
		const tag = (await fetch("/tone.wav")).headers.get("etag"), got = []
		for (const value of [tag, '"other"', "W/" + tag, "Sat, 29 Oct 1994 19:43:31 GMT"]) {
			const headers = {Range: "bytes=0-9", "If-Range": value}
			got.push((await fetch("/tone.wav", {headers})).status)
		}
		return got
	})()`)
	if !slices.Equal(got, []int{206, 200, 200, 200}) {
		t.Error(got)
	}
}

// TestViewerPages looks at the viewer's own pages in every look, with axe-core. With -short it is
// the first and the last one.
func TestViewerPages(t *testing.T) {
	url, root := nginx(t, "")
	dir := filepath.Join(t.TempDir(), "tree")
	if err := os.Mkdir(dir, 0o755); err != nil {
		t.Fatal(err)
	}
	if err := writeSite(dir); err != nil {
		t.Fatal(err)
	}
	packWeb(t, dir, root, pack.Options{}, website.Options{})
	for i, l := range looks {
		if testing.Short() && i != 0 && i != 3 {
			continue
		}
		t.Run(l.name, func(t *testing.T) {
			p := newTab(t, l)
			p.expectLog("Failed to load resource") // the page of 404
			for _, page := range []struct{ name, path, js string }{
				{"root", "", `document.querySelectorAll("tbody tr").length == 8`},
				{"folder", "docs/", `document.querySelectorAll("tbody tr").length == 3`},
				{"names", "odd/", `document.querySelectorAll("tbody tr").length == 6`},
				{"list", "docs/api/?list", `document.querySelectorAll("tbody tr").length == 2`},
				{"crowd", "crowd/", `document.querySelectorAll("tbody tr").length == 1000`},
				{"image", "media/photo.png?list&view", `document.querySelector("img").naturalWidth > 0`},
				{"audio", "media/tone.wav?list&view", `document.querySelector("audio")`},
				{"video", "media/clip.webm?list&view", `document.querySelector("video")`},
				{"text", "docs/guide.md?list&view", `document.querySelector("pre")`},
				{"binary", "release-1.2.tar.gz?list&view", `document.querySelector("dl")`},
				{"missing", "no/such/page", `document.title == "404 Not Found"`},
			} {
				p.opened(url+"/"+page.path, page.js)
				switch page.name {
				case "crowd": // it takes long, and is as the others
				case "missing":
					axeRules(p, 8)
				default:
					axe(p)
				}
				p.picture("viewer-" + l.name + "-" + page.name)
			}
		})
	}
	// Every link of the folders leads somewhere, and pages lead on to all entries.
	p := newTab(t, desktop)
	for _, folder := range []string{"", "docs/", "odd/", "media/", "docs/?list"} {
		p.opened(url+"/"+folder, `document.querySelector("tbody")`)
		bad := eval[[]string](p, `Promise.all([...document.querySelectorAll("a[href], link, use")].map(
			async a => { const r = await fetch(a.href?.baseVal ?? a.href)
				return r.ok ? "" : r.status + " " + r.url })).then(all => all.filter(x => x))`)
		if len(bad) > 0 {
			t.Errorf("%s: %q", folder, bad)
		}
	}
	statuses := eval[[]int](p, `Promise.all(Array.from({length: 60}, (_, i) =>
		fetch("/?list&from=" + i * 25).then(r => r.status)))`)
	if slices.ContainsFunc(statuses, func(status int) bool { return status != 200 }) {
		t.Errorf("lists that begin anywhere: %d", statuses)
	}
	p.opened(url+"/crowd/", `document.querySelector("tbody")`)
	first := p.names()
	p.follow(`a[rel="next"]`, `location.search.includes("from") && document.querySelector("tbody")`)
	if rest := p.names(); len(first) != 1000 || len(rest) != crowd-1000 || rest[0] != "tile-1000.txt" {
		t.Errorf("%d and %d names", len(first), len(rest))
	}
}

// TestViewerReplaced: a version that replaces another is there with the next page, and no answer
// mixes the two. A page of the old one that is still open reads the new one, too.
func TestViewerReplaced(t *testing.T) {
	url, root := nginx(t, "")
	version := func(n string) {
		dir := filepath.Join(t.TempDir(), "v")
		for name, text := range map[string]string{"index.html": "<title>Version " + n + "</title>",
			"data.txt": strings.Repeat(n, 100_000), "large.txt": strings.Repeat(n, 3<<20),
			"only-" + n: n} {
			if err := os.MkdirAll(dir, 0o755); err != nil {
				t.Fatal(err)
			}
			if err := os.WriteFile(filepath.Join(dir, name), []byte(text), 0o644); err != nil {
				t.Fatal(err)
			}
		}
		packWeb(t, dir, root, pack.Options{}, website.Options{})
	}
	version("1")
	p := newTab(t, desktop)
	p.expectLog("Failed to load resource")
	p.opened(url+"/", `document.title == "Version 1"`)
	text := func(path string) string {
		return eval[string](p, `fetch("`+path+`").then(r => r.text())`)
	}
	if got := text("/data.txt"); got != strings.Repeat("1", 100_000) {
		t.Errorf("%.10s", got)
	}
	version("2")
	if got := text("/large.txt"); got != strings.Repeat("2", 3<<20) {
		t.Errorf("%.10s, %d bytes", got, len(got))
	}
	if got := text("/only-1"); !strings.Contains(got, "404 Not Found") {
		t.Errorf("%.300s", got)
	}
	if got := text("/data.txt"); got != strings.Repeat("2", 100_000) {
		t.Errorf("%.10s", got)
	}
	p.opened(url+"/", `document.title == "Version 2"`)
}
